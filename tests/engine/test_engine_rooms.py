# SPDX-License-Identifier: MIT
"""Who may know whom in the engine, read from its #include lines and from the symbols of its object files."""

import re
import shutil
import subprocess

import engine_build
import pytest

ENGINE = engine_build.ENGINE
STANDARD = {"stdint.h", "stdbool.h", "stddef.h"}
# What every MicroPython port has, and compilers call on their own.
LEAVES = {"memcpy", "memmove", "memset", "memcmp", "strlen"}

# Headers that a file may include, by the room that it is in.
COMMON = STANDARD | {"string.h", "limits.h", "float.h"}
ROOMS = {
    "kernels": {"kernels/", "target.h", "quantize.h", "high_mul.h", "functions.h", "sigmoid.h", "config.h"},
    "ops": {
        "ops/",
        "op.h",
        "arena8.h",
        "quantize.h",
        "sigmoid.h",
        "functions.h",
        "kernels/kernels.h",
        "kernels/scratch.h",
    },
    "interpreter": {"arena8.h", "op.h", "arena.h", "model.h", "planner.h", "registry.h", "interpreter.h"},
    "load": {"interpreter.h", "registry.h"},
    "context": {"interpreter.h", "flexbuffer.h"},
    "subgraphs": {"interpreter.h"},
    "registry": {"arena8.h", "op.h", "ops.def", "builtins.def", "registry.h", "model.h", "kernels/kernels.h"},
    "model": {"arena8.h", "model.h", "flatbuffer.h"},
    "labels": {"arena8.h", "model.h", "flatbuffer.h"},
    "message": {"arena8.h", "message.h"},
    "elements": {"arena8.h", "elements.h"},
    "flatbuffer": {"flatbuffer.h"},
    "flexbuffer": {"flatbuffer.h", "flexbuffer.h"},
    "arena": {"arena.h", "config.h"},
    "planner": {"planner.h", "config.h"},
    "quantize": {"quantize.h", "high_mul.h", "config.h"},
    "high_mul": set(),
    "functions": {"functions.h"},
    "sigmoid": {"sigmoid.h", "quantize.h"},
    "crc32": {"arena8.h"},
    "op": {"arena8.h"},
    "arena8": {"config.h", "target.h"},
    "target": {"config.h"},
    "config": {"arena8_build.h", "esp_attr.h", "pico.h", "xtensa/config/core-isa.h"},
}


def c_files():
    return sorted(p for p in ENGINE.rglob("*") if p.suffix in (".c", ".h"))


def test_includes():
    seen = 0
    for path in c_files():
        inside = path.relative_to(ENGINE)
        room = inside.parts[0] if len(inside.parts) > 1 else inside.stem
        allowed = ROOMS[room]
        for kind, name in re.findall(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', path.read_text(), re.M):
            seen += 1
            if kind == "<":
                assert name in COMMON, f"{inside} includes <{name}>"
                continue
            # Beside the file, or from the engine's folder.
            beside = path.parent / name
            target = str(beside.resolve().relative_to(ENGINE.resolve())) if beside.exists() else name
            fits = target in allowed or any(a.endswith("/") and target.startswith(a) for a in allowed)
            assert fits, f"{inside} includes {target}; {room} may include {sorted(allowed)}"
    assert seen > 50


def test_only_the_context_implements_op_h():
    text = re.sub(r"//.*", "", (ENGINE / "op.h").read_text())
    functions = set(re.findall(r"\b(a8_ctx_\w+)\(", text))
    assert len(functions) >= 15
    for path in c_files():
        defined = set(re.findall(r"^[^\s/#].*?\b(a8_ctx_\w+)\([^;]*\{$", path.read_text(), re.M))
        assert not defined & functions or path.name in ("context.c", "subgraphs.c")


def symbols(objects, nm):
    """{source: [(kind, name)]}"""
    found = {}
    for path in objects:
        out = subprocess.run([nm, path], check=True, capture_output=True, text=True).stdout
        found[path.name.rsplit("-", 1)[0]] = [tuple(line.split()[-2:]) for line in out.splitlines() if line]
    return found


def check_objects(compiler, flags, nm, runtime):
    objects = engine_build.compile_all(compiler, [*engine_build.STANDARD, *flags])
    tables = symbols(objects, nm)
    defined = {name for table in tables.values() for kind, name in table if kind in "TRW"}
    for file, table in tables.items():
        for kind, name in table:
            # No globals: neither initialised, nor zeroed, nor common.
            assert kind not in "dDbBCsSgG", f"{file} has the variable {name} (nm: {kind})"
            if kind in "TR":
                assert name.startswith("a8_"), f"{file} exports {name}, which lacks the prefix"
            if kind == "U":
                assert name in defined | LEAVES or re.fullmatch(runtime, name), f"{file} needs {name}"
    return tables


def test_host_objects():
    tables = check_objects("cc", ["-O2", "-fno-pic", "-fno-pie"], "nm", r"(?!)")
    assert len(tables) >= 20


# Helpers of the compiler's own library: long arithmetic, soft float, switch tables.
@pytest.mark.parametrize("cpu", ["cortex-m0plus", "cortex-m33"])
def test_board_objects(cpu):
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("NOT RUN: no arm-none-eabi-gcc")
    flags = ["-Os", f"-mcpu={cpu}", "-mthumb", "-Wdouble-promotion"]
    tables = check_objects("arm-none-eabi-gcc", flags, "arm-none-eabi-nm", r"__(aeabi|gnu_thumb1)_\w+")
    used = {(file, name) for file, table in tables.items() for kind, name in table if kind == "U"}
    doubles = {(f, n) for f, n in used if re.match(r"__aeabi_(d(add|sub|rsub|mul|div|cmp)|\w+2d$|d2)", n)}
    # elements.c takes float64 arrays of a user and narrows them; nothing else knows the type.
    assert doubles <= {("elements.c", "__aeabi_d2f")}, f"double arithmetic in the engine: {doubles}"
