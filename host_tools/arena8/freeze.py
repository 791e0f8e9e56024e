# SPDX-License-Identifier: MIT
"""Turn .tflite files into C sources that a firmware links as const bytes in flash.

Each model's file is included by the assembler, aligned to 16 bytes, behind a const MicroPython bytes object:
no copy in RAM, and no parsing of megabytes of C. The output is rewritten only when it changes, so a build
that depends on it stays incremental.
"""

import keyword
import os
import zlib
from pathlib import Path

ALIGN = 16
HEADER = "arena8_build.h"
SOURCE = "arena8_frozen.c"


class FreezeError(ValueError):
    """A model that cannot be frozen, or a name that cannot be imported."""


def freeze(models, out_dir, arena_bytes, defines=None):
    """Write arena8_build.h and arena8_frozen.c into `out_dir` and return what was frozen.

    `models` lists paths, or (name, path); a path alone is named after its file. `arena_bytes` is the size of
    the static arena, 0 for none. `defines` adds macros to the header.
    """
    if arena_bytes < 0:
        raise FreezeError(f"a static arena of {arena_bytes} bytes is not possible: give 0 or more")
    entries = [_entry(model) for model in models]
    seen = {}
    for entry in entries:
        other = seen.setdefault(entry["name"], entry)
        if other is not entry:
            raise FreezeError(
                f"two models are named {entry['name']}: {other['path']} and {entry['path']}; "
                "rename one of the files"
            )
    out = Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    write_if_changed(out / HEADER, _header(entries, arena_bytes, defines or {}))
    write_if_changed(out / SOURCE, _source(entries))
    return {"arena_bytes": arena_bytes, "models": entries}


def model_name(name, origin):
    """Check that `name` can follow `from models import`, and return it."""
    if not name.isascii() or not name.isidentifier():
        wanted = "".join(c if c.isascii() and c.isalnum() else "_" for c in name)
        wanted = "m" + wanted if not wanted or wanted[0].isdigit() else wanted
        raise FreezeError(
            f"{origin}: {name!r} is not a Python identifier, so the model could not be imported; "
            f"rename the file, for example to {wanted}.tflite"
        )
    if keyword.iskeyword(name):
        raise FreezeError(
            f"{origin}: {name!r} is a keyword of Python, so the model could not be imported; rename the file"
        )
    if name.startswith("__"):
        raise FreezeError(
            f"{origin}: {name!r} starts with two underscores, which Python keeps for itself; rename the file"
        )
    return name


def write_if_changed(path, text):
    """Leave the file and its time alone when it already says this. It is replaced whole or not at all."""
    data = text.encode()
    path = path.resolve()  # what a link names is replaced, not the link
    if path.is_file():
        if path.read_bytes() == data:
            return False
    elif path.exists():  # a device or a pipe
        path.write_bytes(data)
        return True
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        fresh.write_bytes(data)
        os.replace(fresh, path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return True


def _entry(model):
    name, path = (None, model) if isinstance(model, (str, os.PathLike)) else model
    path = Path(path)
    name = model_name(path.stem if name is None else name, path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FreezeError(f"{path}: {error.strerror}") from error
    if data[4:8] != b"TFL3":
        raise FreezeError(
            f"{path} ({len(data)} bytes) is not a TensorFlow Lite model: "
            f"bytes 4 to 8 are {data[4:8]!r}, not b'TFL3'"
        )
    return {
        "name": name,
        "path": str(path.resolve()),
        "bytes": len(data),
        "crc32": f"{zlib.crc32(data):08x}",
        "symbol": f"a8_model_{name}",
    }


def _header(entries, arena_bytes, defines):
    lines = [
        "// SPDX-License-Identifier: MIT",
        "// Generated: what this firmware was built with.",
        f"#define A8_STATIC_ARENA_BYTES {arena_bytes}",
    ]
    if entries:
        lines.append("#define A8_FROZEN_MODELS 1")
    lines += [f"#define {name} {value}" for name, value in defines.items()]
    return "\n".join(lines) + "\n"


def _source(entries):
    if not entries:
        return "// SPDX-License-Identifier: MIT\n// Generated: this firmware carries no models.\n"
    parts = [
        """\
// SPDX-License-Identifier: MIT
// Generated: the models that this firmware carries in flash.
#include "py/objstr.h"
#include "py/runtime.h"
#include "frozen_models.h"
"""
    ]
    for entry in entries:
        # The checksum makes the source change with the model, which recompiles this file. A zero byte always
        # follows the data, as MicroPython expects of bytes.
        path = entry["path"].replace("\\", "\\\\\\\\").replace('"', '\\\\\\"')
        parts.append(f"""
// {entry["name"]}: {entry["bytes"]} bytes, crc32 {entry["crc32"]}
__asm__ (
    ".pushsection .rodata.{entry["symbol"]},\\"a\\",%progbits\\n"
    ".balign {ALIGN}\\n"
    ".global {entry["symbol"]}\\n"
    ".type {entry["symbol"]}, %object\\n"
    "{entry["symbol"]}:\\n"
    ".incbin \\"{path}\\"\\n"
    ".size {entry["symbol"]}, {entry["bytes"]}\\n"
    ".byte 0\\n"
    ".balign {ALIGN}\\n"
    ".popsection\\n");
extern const byte {entry["symbol"]}[];
static const mp_obj_str_t {entry["symbol"]}_obj = {{
    {{&mp_type_bytes}}, 0, {entry["bytes"]}, {entry["symbol"]}
}};
""")
    table = "\n".join(f'    {{"{e["name"]}", MP_ROM_PTR(&{e["symbol"]}_obj)}},' for e in entries)
    names = "\n".join(
        f"    {{MP_ROM_QSTR(MP_QSTR_{e['name']}), MP_ROM_PTR(&{e['symbol']}_obj)}}," for e in entries
    )
    parts.append(f"""
const a8_frozen_model_t a8_frozen_models[] = {{
{table}
}};
const size_t a8_frozen_models_len = MP_ARRAY_SIZE(a8_frozen_models);

static const mp_rom_map_elem_t a8_models_globals_table[] = {{
    {{MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_models)}},
{names}
}};
static MP_DEFINE_CONST_DICT(a8_models_globals, a8_models_globals_table);

const mp_obj_module_t a8_models_module = {{
    .base = {{&mp_type_module}},
    .globals = (mp_obj_dict_t *)&a8_models_globals,
}};

MP_REGISTER_MODULE(MP_QSTR_models, a8_models_module);
""")
    return "".join(parts)
