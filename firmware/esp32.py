# SPDX-License-Identifier: MIT
"""Building for the ESP32 family: what it needs from the user, ESP-IDF's build, the image that comes out.

Neither ESP-IDF nor MicroPython with the submodules of its esp32 port is in a package registry, so the user
brings both: MICROPYTHON_DIR and IDF_PATH, or the vendor's container, which has ESP-IDF.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import fetch

# What the port needs of MicroPython's submodules, by a file that tells it from an empty folder.
SUBMODULES = ("lib/micropython-lib/README.md", "lib/tinyusb/src/tusb.c")
# The series of ESP-IDF to take, by the MicroPython release from which on it is right.
SERIES = (((1, 27), "5.5"), ((1, 25), "5.4"))
CONTAINERS = {"5.4": "espressif/idf:v5.4.2", "5.5": "espressif/idf:v5.5.1"}
IMAGE_MAGIC = 0xE9
MERGED = "firmware.bin"
# Where ESP-IDF's build leaves what is flashed.
BUILT = {
    "bootloader.bin": "bootloader/bootloader.bin",
    "partition-table.bin": "partition_table/partition-table.bin",
    "micropython.bin": "micropython.bin",
    "micropython.elf": "micropython.elf",
}


class EspError(Exception):
    """A sentence for the user; the command ends with exit code 1."""


def series_for(micropython):
    """The series of ESP-IDF for a MicroPython version such as 1.25.0."""
    version = tuple(int(part) for part in micropython.split("-")[0].split(".")[:2])
    for since, series in SERIES:
        if version >= since:
            return series
    raise EspError(f"MicroPython {micropython} is too old for a ROMFS on the ESP32: take 1.25 or newer")


def container_command(board, series):
    return (
        'docker run --rm -v "$PWD":/arena8 -v "$MICROPYTHON_DIR":/micropython '
        f"-e MICROPYTHON_DIR=/micropython -w /arena8 {CONTAINERS[series]} "
        f"make firmware BOARD={board} MODEL=model.tflite"
    )


def idf_version(folder):
    """(5, 4) of an ESP-IDF checkout."""
    text = (folder / "tools/cmake/version.cmake").read_text(encoding="utf-8")
    return tuple(int(re.search(rf"IDF_VERSION_{part} (\d+)", text).group(1)) for part in ("MAJOR", "MINOR"))


def requirements(board, environ):
    """IDF_PATH's folder, or an EspError that names all that is missing and the way through a container."""
    missing = []
    micropython = environ.get("MICROPYTHON_DIR")
    series = SERIES[-1][1]
    if not micropython:
        missing.append("MICROPYTHON_DIR: a git checkout of MicroPython, 1.25 or newer, with submodules")
    elif not (Path(micropython) / fetch.PROOF["micropython"]).is_file():
        missing.append(
            f"MICROPYTHON_DIR: {micropython} is no MicroPython, it has no {fetch.PROOF['micropython']}"
        )
    else:
        version = fetch.micropython_version(Path(micropython))
        series = series_for(version)
        empty = [name for name in SUBMODULES if not (Path(micropython) / name).is_file()]
        if empty:
            folders = " and ".join("/".join(name.split("/")[:2]) for name in empty)
            missing.append(
                f"in MICROPYTHON_DIR ({micropython}) {folders}: "
                f"`make -C {micropython}/ports/esp32 BOARD={board.partition('-')[0]} submodules` fetches them"
            )
    idf = environ.get("IDF_PATH")
    if not idf:
        missing.append(f"IDF_PATH: ESP-IDF {series}, installed by its own install.sh")
    elif not (Path(idf) / "tools/cmake/project.cmake").is_file():
        missing.append(f"IDF_PATH: {idf} is no ESP-IDF, it has no tools/cmake/project.cmake")
    if missing:
        raise EspError(
            f"{board} cannot be built from package registries alone. Missing is {'; '.join(missing)}. "
            "With a MicroPython checkout, Espressif's container has the rest: "
            f"{container_command(board, series)}"
        )
    found = ".".join(map(str, idf_version(Path(idf))))
    if found != series:
        raise EspError(
            f"IDF_PATH is ESP-IDF {found}, and MicroPython {version} wants {series}: "
            f"git -C {idf} checkout release/v{series} and its install.sh, or "
            f"{container_command(board, series)}"
        )
    return Path(idf)


def idf_command(idf, which=shutil.which):
    """How to call idf.py: as it is where the environment is set, else after export.sh."""
    if which("idf.py"):
        return ["idf.py"]
    return ["bash", "-c", f'. "{idf}/export.sh" >&2 && exec idf.py "$@"', "idf.py"]


def build(builder):
    """Compile and link; {name: file} of what is flashed, with all of it merged into one file first."""
    idf = requirements(builder.board, os.environ)
    module = Path(__file__).resolve().parent.parent / "micropython_module"
    arguments = [
        *idf_command(idf),
        *("-B", builder.obj),
        *("-D", f"MICROPY_BOARD={builder.board}"),
        *("-D", f"MICROPY_BOARD_DIR={builder.folder}"),
        *("-D", f"USER_C_MODULES={module / 'micropython.cmake'}"),
        *("-D", f"ARENA8_GENERATED_DIR={builder.generated}"),
        *("-D", "CMAKE_EXPORT_COMPILE_COMMANDS=ON"),
        *("-D", f"CCACHE_ENABLE={int(bool(shutil.which('ccache')))}"),
        "build",
    ]
    if not builder.configured(arguments):
        builder.remember(arguments)
    port = builder.trees.micropython / "ports/esp32"
    builder.run("idf.py", arguments, {"IDF_PATH": str(idf)}, cwd=port)
    builder.step("compiled and linked")
    files = {name: builder.obj / path for name, path in BUILT.items()}
    places = builder.facts["esp"]["images"]
    merged = builder.obj / MERGED
    merged.write_bytes(merge({int(at, 0): files[name].read_bytes() for name, at in places.items()}))
    return {MERGED: merged, **files}


def merge(images):
    """{offset: bytes} as one file, from the lowest offset on, with erased flash between."""
    start = min(images)
    out = bytearray()
    for offset in sorted(images):
        if offset - start < len(out):
            raise EspError(
                f"what lies at 0x{offset:x} begins before the image in front of it ends, "
                f"at 0x{start + len(out):x}"
            )
        out += b"\xff" * (offset - start - len(out)) + images[offset]
    return bytes(out)


def segments(image):
    """[(address, offset in the file, bytes)] of an app image as the chip's loader reads it."""
    if len(image) < 24 or image[0] != IMAGE_MAGIC:
        raise EspError(f"not an image of an ESP32 app: it begins with {image[:4].hex() or 'nothing'}")
    found = []
    at = 24
    for _ in range(image[1]):
        address, size = (int.from_bytes(image[at + i : at + i + 4], "little") for i in (0, 4))
        if at + 8 + size > len(image):
            raise EspError(f"an app image cut off: a segment of {size} bytes at 0x{at:x} of {len(image)}")
        found.append((address, at + 8, size))
        at += 8 + size
    return found


def offset_of(image, address, size):
    """Where in an app image the bytes lie that run at this address."""
    for start, at, length in segments(image):
        if start <= address and address + size <= start + length:
            return at + address - start
    raise EspError(f"{size} bytes at address 0x{address:x} are in no segment of the app image")


def symbols(builder, elf):
    """{name: address}, by the nm of the compiler that ESP-IDF chose."""
    cache = (builder.obj / "CMakeCache.txt").read_text(encoding="utf-8")
    nm = re.search(r"^CMAKE_NM:FILEPATH=(.+)$", cache, re.M).group(1)
    out = subprocess.run([nm, str(elf)], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in out.splitlines()]
    return {row[2]: int(row[0], 16) for row in rows if len(row) == 3}


def describe(builder, frozen, files, operators):
    """The firmware.json of a build. Each model is looked for in the image and compared with its file."""
    facts = builder.about(frozen, files, operators)
    idf = ".".join(map(str, idf_version(Path(os.environ["IDF_PATH"]))))
    facts["sources"] = [*facts["sources"], {"name": "esp-idf", "version": idf}]
    app = files["micropython.bin"].read_bytes()
    room = builder.facts["flash_map"]["firmware"]["bytes"]
    if len(app) > room:
        raise EspError(builder.does_not_fit(len(app)))
    parts = builder.flash_parts(lambda address: address and not in_ram(builder.facts["esp"]["chip"], address))
    facts["flash"] = {
        "used": len(app),
        "free": room - len(app),
        "micropython": len(app) - sum(parts.values()),
        **parts,
    }
    names = symbols(builder, files["micropython.elf"])
    if {"_data_start", "_bss_end", "_iram_start", "_iram_end"} <= set(names):
        used = names["_bss_end"] - names["_data_start"] + names["_iram_end"] - names["_iram_start"]
        facts["ram"] = {"used": used, "free": builder.facts["ram"]["bytes"] - used}
    base = int(builder.facts["esp"]["images"]["micropython.bin"], 0)
    facts["models"] = []
    for model in frozen["models"]:
        address = names[model["symbol"]]
        at = offset_of(app, address, model["bytes"])
        if app[at : at + model["bytes"]] != Path(model["path"]).read_bytes():
            raise EspError(
                f"{model['path']}: its bytes are not those at address 0x{address:x} of the firmware"
            )
        if address % 16:
            raise EspError(f"{model['path']} lies at 0x{address:x}, which is not a multiple of 16")
        kept = {key: model[key] for key in ("name", "path", "bytes", "crc32")}
        facts["models"].append({**kept, "address": address, "offset": base + at})
    return facts


def in_ram(chip, address):
    """Whether an address is one of data RAM, whose zeroed part takes no flash."""
    first, end = {
        "esp32": (0x3FFA0000, 0x40000000),
        "esp32s3": (0x3FC80000, 0x3FD00000),
        "esp32c3": (0x3FC80000, 0x3FCE0000),
        "esp32c6": (0x40800000, 0x40880000),
    }[chip]
    return first <= address < end
