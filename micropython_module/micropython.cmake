# SPDX-License-Identifier: MIT
# arena8 as a user C module of MicroPython's cmake ports (rp2, esp32, ...).
#
#   cmake -DUSER_C_MODULES=<this file> ...
#
# ARENA8_GENERATED_DIR names the folder with arena8_build.h and arena8_frozen.c, if models are frozen or a
# static arena is reserved; without it there is neither.

set(ARENA8_DIR ${CMAKE_CURRENT_LIST_DIR})

# The files that a sources.txt lists, one a line, relative to it; an edit of the list configures again.
function(arena8_read_sources OUT FOLDER)
    file(STRINGS ${FOLDER}/sources.txt LINES)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${FOLDER}/sources.txt)
    set(FOUND)
    foreach(LINE IN LISTS LINES)
        string(REGEX REPLACE "#.*" "" LINE "${LINE}")
        string(STRIP "${LINE}" LINE)
        if(LINE)
            list(APPEND FOUND ${FOLDER}/${LINE})
        endif()
    endforeach()
    set(${OUT} ${FOUND} PARENT_SCOPE)
endfunction()

arena8_read_sources(ARENA8_ENGINE ${ARENA8_DIR}/engine)
arena8_read_sources(ARENA8_BINDING ${ARENA8_DIR})

# The engine is plain C without Python names, so it is a library of its own: none of the port's definitions
# reach it, none of its flags reach the port, and an edit there does not restart the scan for names.
add_library(arena8_engine STATIC ${ARENA8_ENGINE})
set_target_properties(arena8_engine PROPERTIES C_STANDARD 99 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
target_include_directories(arena8_engine PRIVATE ${ARENA8_DIR}/engine ${ARENA8_GENERATED_DIR})
target_compile_options(arena8_engine PRIVATE
    -ffp-contract=off -Wall -Wextra -ffunction-sections -fdata-sections)

# Code of the fast kernels runs from RAM where the Pico SDK copies it there: flash lies behind a small cache.
if(PICO_SDK_PATH)
    target_compile_definitions(arena8_engine PRIVATE A8_HOT_SECTION=.time_critical.arena8)
endif()

# Speed where the time goes, flash everywhere else.
set(ARENA8_KERNELS ${ARENA8_ENGINE})
list(FILTER ARENA8_KERNELS INCLUDE REGEX "/engine/kernels/")
list(REMOVE_ITEM ARENA8_ENGINE ${ARENA8_KERNELS})
# Also for the top folder: there the esp32 port makes the program that compiles the binding once more.
set(ARENA8_SCOPES DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_SOURCE_DIR})
set_property(SOURCE ${ARENA8_KERNELS} ${ARENA8_SCOPES} PROPERTY COMPILE_OPTIONS -O2)
set_property(SOURCE ${ARENA8_ENGINE} ${ARENA8_SCOPES} PROPERTY COMPILE_OPTIONS -Os)
set_property(SOURCE ${ARENA8_BINDING} ${ARENA8_SCOPES} PROPERTY COMPILE_OPTIONS -ffp-contract=off -Os)

# ESP-IDF gives what its compilers need for the chip (PSRAM's errata among it) to its own components only, and
# neither a library nor a user module is one. The binding is compiled twice there, in the component `main` and in
# the program itself, whose copy wins the link.
if(COMMAND idf_build_get_property)
    idf_build_get_property(ARENA8_CHIP_OPTIONS COMPILE_OPTIONS)
    list(FILTER ARENA8_CHIP_OPTIONS INCLUDE REGEX "^-m")
    idf_build_get_property(ARENA8_IDF_CONFIG CONFIG_DIR)
    idf_component_get_property(ARENA8_ESP_COMMON esp_common COMPONENT_DIR)
    # esp_attr.h, which places what is hot in RAM.
    target_include_directories(arena8_engine PRIVATE ${ARENA8_ESP_COMMON}/include ${ARENA8_IDF_CONFIG})
    target_compile_options(arena8_engine PRIVATE ${ARENA8_CHIP_OPTIONS})
    set_property(SOURCE ${ARENA8_BINDING} ${ARENA8_SCOPES} APPEND PROPERTY COMPILE_OPTIONS ${ARENA8_CHIP_OPTIONS})
endif()

add_library(usermod_arena8 INTERFACE)
target_sources(usermod_arena8 INTERFACE ${ARENA8_BINDING})
target_include_directories(usermod_arena8 INTERFACE ${ARENA8_DIR})
if(ARENA8_GENERATED_DIR)
    target_sources(usermod_arena8 INTERFACE ${ARENA8_GENERATED_DIR}/arena8_frozen.c)
    target_include_directories(usermod_arena8 INTERFACE ${ARENA8_GENERATED_DIR})
endif()
target_link_libraries(usermod_arena8 INTERFACE arena8_engine)
target_link_libraries(usermod INTERFACE usermod_arena8)
