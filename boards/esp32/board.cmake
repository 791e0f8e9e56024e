# SPDX-License-Identifier: MIT
# What the boards of this folder share. Each is MicroPython's own board, and variant, of the same name, with a
# partition table that has room for arena8 and for models; MicroPython's settings come first, ours win.

get_filename_component(ARENA8_BOARD ${MICROPY_BOARD_DIR} NAME)
string(REGEX MATCH "^([^-]+)-?(.*)$" ARENA8_BOARD "${ARENA8_BOARD}")
set(ARENA8_VARIANT ${CMAKE_MATCH_2})
set(ARENA8_STOCK ${CMAKE_CURRENT_SOURCE_DIR}/boards/${CMAKE_MATCH_1})
if(NOT EXISTS ${ARENA8_STOCK}/mpconfigboard.cmake)
    message(FATAL_ERROR "this MicroPython has no board ${ARENA8_STOCK}")
endif()
include(${ARENA8_STOCK}/mpconfigboard.cmake)
if(ARENA8_VARIANT)
    include(${ARENA8_STOCK}/mpconfigvariant_${ARENA8_VARIANT}.cmake)
endif()

# The partition table by its whole path, since the project is the port's folder.
file(READ ${MICROPY_BOARD_DIR}/facts.json ARENA8_FACTS)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${MICROPY_BOARD_DIR}/facts.json)
string(JSON ARENA8_PARTITIONS GET ${ARENA8_FACTS} esp partitions)
get_filename_component(ARENA8_PARTITIONS ${MICROPY_BOARD_DIR}/${ARENA8_PARTITIONS} ABSOLUTE)
file(WRITE ${CMAKE_BINARY_DIR}/sdkconfig.partitions
    "CONFIG_PARTITION_TABLE_CUSTOM=y\nCONFIG_PARTITION_TABLE_CUSTOM_FILENAME=\"${ARENA8_PARTITIONS}\"\n")
list(APPEND SDKCONFIG_DEFAULTS ${CMAKE_BINARY_DIR}/sdkconfig.partitions)
if(EXISTS ${MICROPY_BOARD_DIR}/sdkconfig.board)
    list(APPEND SDKCONFIG_DEFAULTS ${MICROPY_BOARD_DIR}/sdkconfig.board)
endif()
