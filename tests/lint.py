# SPDX-License-Identifier: MIT
"""Checks the style of C (clang-format) and Python (ruff), and the house rules that a program can check.

    python tests/lint.py [--fix]

Exits 1 and names every file and line that is not as it should be.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
C_SUFFIXES = {".c", ".h"}
HEADER = "SPDX-License-Identifier: MIT"
# Files that start with a licence line: programs and build files, not data.
WITH_HEADER = {".c", ".h", ".S", ".def", ".py", ".cmake", ".mk", ".toml", ".ini"}
# What is true on one machine only, or speaks of a registry instead of a package.
MACHINE = re.compile(
    r"(?<![\w.$}])/(?:work|root|home)/\w|deb\.debian\.org|files\.pythonhosted|pypi\.org/simple"
)
TOOLS = Path(sys.executable).parent  # of the environment that runs this, not of the shell
OPERATOR = re.compile(r"^A8_OP\((\w+), (\w+), (\w+), (\w+)\)$")


def tracked() -> list[Path]:
    """Files that git tracks or would add, relative to the root."""
    out = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return sorted(p for p in map(Path, out.stdout.split("\n")) if p.name and (ROOT / p).is_file())


def c_style(files: list[Path], fix: bool) -> list[str]:
    sources = [str(p) for p in files if p.suffix in C_SUFFIXES]
    mode = ["-i"] if fix else ["--dry-run", "-Werror"]
    done = subprocess.run([TOOLS / "clang-format", *mode, *sources], cwd=ROOT, capture_output=True, text=True)
    return [] if done.returncode == 0 else [line for line in done.stderr.split("\n") if "error:" in line]


def python_style(fix: bool) -> list[str]:
    found = []
    for command in (["check", *(["--fix"] if fix else [])], ["format", *([] if fix else ["--check"])]):
        done = subprocess.run(
            [TOOLS / "ruff", *command, "--quiet", "."], cwd=ROOT, capture_output=True, text=True
        )
        if done.returncode:
            found += (done.stdout + done.stderr).strip().split("\n")
    return found


def house_rules(files: list[Path]) -> list[str]:
    found = []
    for path in files:
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        head = "\n".join(text.split("\n")[:2])
        if (path.suffix in WITH_HEADER or path.name == "Makefile") and HEADER not in head:
            found.append(f"{path}:1: no line `{HEADER}`")
        if path != Path("tests/lint.py"):
            for number, line in enumerate(text.split("\n"), 1):
                if MACHINE.search(line):
                    found.append(f"{path}:{number}: names a path or host of one machine: {line.strip()[:80]}")
    return found


def names_of_tests(files: list[Path]) -> list[str]:
    """pytest imports a test by its file's name alone: the same name in two folders ends the run."""
    seen: dict[str, Path] = {}
    found = []
    for path in files:
        if path.parts[0] == "tests" and path.name.startswith("test_") and path.suffix == ".py":
            first = seen.setdefault(path.name, path)
            if first != path:
                found.append(f"{path}:1: {first} has this name too, which pytest does not allow")
    return found


def lists_agree() -> list[str]:
    """Each list is kept once; what is on disk and what is listed must not drift apart."""
    found = []
    engine = ROOT / "micropython_module/engine"
    lines = (engine / "sources.txt").read_text().split("\n")
    listed = {line for line in lines if line and not line.startswith("#")}
    present = {str(p.relative_to(engine)) for p in engine.rglob("*") if p.suffix in {".c", ".S"}}
    found += [f"sources.txt: {name} is listed but not there" for name in sorted(listed - present)]
    found += [f"sources.txt: {name} is there but not listed" for name in sorted(present - listed)]
    rows = []
    for number, line in enumerate((engine / "ops.def").read_text().split("\n"), 1):
        if line.startswith("A8_OP("):
            row = OPERATOR.match(line)
            if not row:
                found.append(f"ops.def:{number}: not of the form A8_OP(OPERATOR, FAMILY, prepare, eval)")
            else:
                rows.append(row.group(1, 2))
    found += [
        f"ops.def: {op} {family} is not in order or is there twice"
        for (op, family), before in zip(rows[1:], rows, strict=False)
        if (op, family) <= before
    ]
    return found


def main() -> int:
    fix = "--fix" in sys.argv[1:]
    files = tracked()
    found = c_style(files, fix) + python_style(fix) + house_rules(files)
    found += names_of_tests(files) + lists_agree()
    for line in found:
        print(line)
    counts = {
        kind: sum(p.suffix in kinds for p in files)
        for kind, kinds in (("C", C_SUFFIXES), ("Python", {".py"}))
    }
    print(f"  lint: {counts['C']} C and {counts['Python']} Python files, {len(found)} complaints")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
