# SPDX-License-Identifier: MIT
set(PICO_BOARD "pico")
set(PICO_PLATFORM "rp2040")

# A manifest given on the command line still wins.
set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)

# The link fails when the firmware would reach into the ROMFS.
add_link_options(${MICROPY_BOARD_DIR}/flash_map.ld)
