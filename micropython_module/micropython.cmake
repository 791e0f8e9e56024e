# SPDX-License-Identifier: MIT
# arena8 as a user C module of MicroPython's cmake ports (rp2, ...).
#
#   cmake -DUSER_C_MODULES=<this file> ...
#
# ARENA8_GENERATED_DIR names the folder with arena8_build.h and arena8_frozen.c, if models are frozen or a
# static arena is reserved; without it there is neither.

set(ARENA8_DIR ${CMAKE_CURRENT_LIST_DIR})

file(STRINGS ${ARENA8_DIR}/engine/sources.txt ARENA8_LINES)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${ARENA8_DIR}/engine/sources.txt)
set(ARENA8_ENGINE)
foreach(ARENA8_LINE IN LISTS ARENA8_LINES)
    string(REGEX REPLACE "#.*" "" ARENA8_LINE "${ARENA8_LINE}")
    string(STRIP "${ARENA8_LINE}" ARENA8_LINE)
    if(ARENA8_LINE)
        list(APPEND ARENA8_ENGINE ${ARENA8_DIR}/engine/${ARENA8_LINE})
    endif()
endforeach()

# The engine is plain C without Python names, so it is a library of its own: none of the port's definitions
# reach it, none of its flags reach the port, and an edit there does not restart the scan for names.
add_library(arena8_engine STATIC ${ARENA8_ENGINE})
set_target_properties(arena8_engine PROPERTIES C_STANDARD 99 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
target_include_directories(arena8_engine PRIVATE ${ARENA8_DIR}/engine)
target_compile_options(arena8_engine PRIVATE
    -ffp-contract=off -O2 -Wall -Wextra -Werror -ffunction-sections -fdata-sections)

set(ARENA8_BINDING ${ARENA8_DIR}/modarena8.c ${ARENA8_DIR}/tensor_obj.c)
set_source_files_properties(${ARENA8_BINDING} PROPERTIES COMPILE_OPTIONS "-ffp-contract=off;-O2")

add_library(usermod_arena8 INTERFACE)
target_sources(usermod_arena8 INTERFACE ${ARENA8_BINDING})
target_include_directories(usermod_arena8 INTERFACE ${ARENA8_DIR})
if(ARENA8_GENERATED_DIR)
    target_sources(usermod_arena8 INTERFACE ${ARENA8_GENERATED_DIR}/arena8_frozen.c)
    target_include_directories(usermod_arena8 INTERFACE ${ARENA8_GENERATED_DIR})
endif()
target_link_libraries(usermod_arena8 INTERFACE arena8_engine)
target_link_libraries(usermod INTERFACE usermod_arena8)
