# SPDX-License-Identifier: MIT
# ruff: noqa: F821 (the names are those of MicroPython's manifest language)
freeze("$(PORT_DIR)/modules")
include("$(MPY_DIR)/extmod/asyncio")

# The drivers of the stock firmware live in micropython-lib, which a release tarball does not carry.
for _driver in ("onewire", "ds18x20", "dht", "neopixel"):
    try:
        require(_driver)
    except Exception as _error:
        if "not found" not in str(_error):
            raise
