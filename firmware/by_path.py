# SPDX-License-Identifier: MIT
"""Python files loaded by their path: modules of the package arena8 that need nothing else of it, which may
not be built yet when a firmware is."""

import importlib.util
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "host_tools" / "arena8"


def load(path):
    """The module in the file, in no package and not in sys.modules."""
    spec = importlib.util.spec_from_file_location(f"by_path_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def package(name):
    """That module of the package."""
    return load(PACKAGE / f"{name}.py")
