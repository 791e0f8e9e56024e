# SPDX-License-Identifier: MIT
# What the boards of this folder share. Each is MicroPython's own board of the same name (SDK board, pins, radio,
# size of the filesystem) with a ROMFS before the filesystem; sizes come from the board's facts.json. A folder named
# BOARD-VARIANT is a variant of MicroPython's board.

get_filename_component(ARENA8_BOARD ${MICROPY_BOARD_DIR} NAME)
set(ARENA8_VARIANT)
if(ARENA8_BOARD MATCHES "^([^-]+)-(.+)$")
    set(ARENA8_BOARD ${CMAKE_MATCH_1})
    set(ARENA8_VARIANT _${CMAKE_MATCH_2})
endif()
set(ARENA8_STOCK ${MICROPY_PORT_DIR}/boards/${ARENA8_BOARD})
if(NOT EXISTS ${ARENA8_STOCK}/mpconfigboard.cmake)
    message(FATAL_ERROR "this MicroPython has no board ${ARENA8_BOARD}: ${ARENA8_STOCK}")
endif()
include(${ARENA8_STOCK}/mpconfigboard.cmake)
if(ARENA8_VARIANT)
    include(${ARENA8_STOCK}/mpconfigvariant${ARENA8_VARIANT}.cmake)
elseif(NOT MICROPY_BOARD_VARIANT)
    include(${ARENA8_STOCK}/mpconfigvariant.cmake OPTIONAL)
endif()

# Older MicroPython takes the pins by the first two, newer by the last.
set(GEN_PINS_BOARD_CSV ${ARENA8_STOCK}/pins.csv)
set(GEN_PINS_CSV_ARG --board-csv ${GEN_PINS_BOARD_CSV})
set(MICROPY_BOARD_PINS ${GEN_PINS_BOARD_CSV})

# A manifest given on the command line still wins.
set(MICROPY_FROZEN_MANIFEST ${CMAKE_CURRENT_LIST_DIR}/manifest.py)
if(MICROPY_PY_NETWORK_CYW43)
    set(MICROPY_FROZEN_MANIFEST ${CMAKE_CURRENT_LIST_DIR}/manifest_radio.py)
endif()

file(READ ${MICROPY_BOARD_DIR}/facts.json ARENA8_FACTS)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${MICROPY_BOARD_DIR}/facts.json)
string(JSON ARENA8_FIRMWARE_BYTES GET ${ARENA8_FACTS} flash_map firmware bytes)
string(JSON MICROPY_HW_ROMFS_BYTES GET ${ARENA8_FACTS} flash_map romfs bytes)
list(APPEND MICROPY_DEF_BOARD MICROPY_HW_ROMFS_BYTES=${MICROPY_HW_ROMFS_BYTES})

# The link fails when the firmware would reach into the ROMFS.
add_link_options(
    -Wl,--defsym=__arena8_firmware_bytes=${ARENA8_FIRMWARE_BYTES} ${CMAKE_CURRENT_LIST_DIR}/flash_map.ld)
