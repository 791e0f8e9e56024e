# SPDX-License-Identifier: MIT
# riscv64-unknown-elf-gcc with picolibc for the Hazard3 cores of the RP2350. It is read for CMake's trial programs too.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PICO_SDK_PATH)

set(CMAKE_SYSTEM_PROCESSOR hazard3)
set(PICO_DEFAULT_GCC_TRIPLE riscv64-unknown-elf)
# The compiler is not told of Zbs, on which GCC 12 fails; the SDK's assembly needs it. The attribute section would
# name extensions that the libraries' objects don't have.
set(ARENA8_ARCH rv32imac_zicsr_zifencei_zba_zbb_zbkb)
string(CONCAT PICO_COMMON_LANG_FLAGS
    " -march=${ARENA8_ARCH} -Wa,-march=${ARENA8_ARCH}_zbs -mabi=ilp32 -mno-riscv-attribute"
    " -isystem /usr/lib/picolibc/riscv64-unknown-elf/include")
include(${PICO_SDK_PATH}/cmake/preload/toolchains/util/pico_arm_gcc_common.cmake)
