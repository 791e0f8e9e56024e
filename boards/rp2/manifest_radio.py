# SPDX-License-Identifier: MIT
# ruff: noqa: F821 (the names are those of MicroPython's manifest language)
# A checkout that has the radio's sources has micropython-lib too.
include("manifest.py")
require("bundle-networking")
require("aioble")
