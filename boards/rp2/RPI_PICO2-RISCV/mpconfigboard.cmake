# SPDX-License-Identifier: MIT
include(${CMAKE_CURRENT_LIST_DIR}/../board.cmake)

# Debian's compiler for RISC-V in place of the SDK's choice, which no package registry has.
set(CMAKE_TOOLCHAIN_FILE ${CMAKE_CURRENT_LIST_DIR}/toolchain.cmake)
set(PICO_CLIB picolibc)

# The SDK names newlib's nosys.specs, and picolibc brings none; its own specs would put another linker script first.
file(WRITE ${CMAKE_BINARY_DIR}/specs/nosys.specs "")
# There are no headers of the C++ library either; no C++ is in the firmware but the SDK's own new and delete.
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-DPICO_CXX_DISABLE_ALLOCATION_OVERRIDES=1>)
# Libraries are found by the instruction set's name in the older specification, without Hazard3's extensions.
add_link_options(
    -march=rv32imac -misa-spec=2.2 -nostartfiles
    -B${CMAKE_BINARY_DIR}/specs -L/usr/lib/picolibc/riscv64-unknown-elf/lib/rv32imac/ilp32)
