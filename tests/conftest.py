# SPDX-License-Identifier: MIT
"""The option that says which boards the device tests run on."""

from __future__ import annotations

import os


def pytest_addoption(parser):
    parser.addoption(
        "--arena8-boards",
        default=os.environ.get("ARENA8_BOARDS", ""),
        metavar="BOARDS",
        help="boards that the device tests must run on: names with commas, or all. A missing firmware is "
        "then an error. Default (or ARENA8_BOARDS): those whose firmware has been built",
    )


def pytest_collection_modifyitems(items):
    """The many short files of tests/kernels at the end, so that no worker is left alone with a long one."""
    items.sort(key=lambda item: item.path.parent.name == "kernels")
