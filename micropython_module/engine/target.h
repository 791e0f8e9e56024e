// SPDX-License-Identifier: MIT
//
// Instruction sets with kernels of their own, and which of them this build has.
#ifndef A8_TARGET_H
#define A8_TARGET_H

#include "config.h"

// Kernel variants differ in the scratch they need; a size can therefore be asked for any of them anywhere.
#ifndef __ASSEMBLER__
typedef enum {
    A8_TARGET_GENERIC = 0,
    A8_TARGET_ARMV6M = 1,
    A8_TARGET_ARMDSP = 2,
    A8_TARGET_RV32 = 3,
    A8_TARGET_XTENSA = 4,
    A8_TARGET_COUNT = 5,
} a8_target_t;
#endif

// What the compiler builds for decides which kernels run, unless the build asks for the portable ones alone.
// A8_NATIVE_<target> is 1 for it; A8_KERNELS_<target> says what is compiled, which a test may set to 1 for
// more than runs.
#ifndef A8_KERNELS_GENERIC
#define A8_KERNELS_GENERIC (0)
#endif
#if A8_KERNELS_GENERIC
#define A8_TARGET_NATIVE A8_TARGET_GENERIC
#elif defined(__ARM_FEATURE_DSP) && __ARM_ARCH_PROFILE == 'M'
#define A8_NATIVE_ARMDSP (1)
#define A8_TARGET_NATIVE A8_TARGET_ARMDSP
#elif defined(__ARM_ARCH_6M__)
#define A8_NATIVE_ARMV6M (1)
#define A8_TARGET_NATIVE A8_TARGET_ARMV6M
#elif defined(__riscv) && __riscv_xlen == 32
#define A8_NATIVE_RV32 (1)
#define A8_TARGET_NATIVE A8_TARGET_RV32
#elif defined(__XTENSA__) && A8_XTENSA_MAC16
#define A8_NATIVE_XTENSA (1)
#define A8_TARGET_NATIVE A8_TARGET_XTENSA
#else
#define A8_TARGET_NATIVE A8_TARGET_GENERIC
#endif

#ifndef A8_NATIVE_ARMV6M
#define A8_NATIVE_ARMV6M (0)
#endif
#ifndef A8_NATIVE_ARMDSP
#define A8_NATIVE_ARMDSP (0)
#endif
#ifndef A8_NATIVE_RV32
#define A8_NATIVE_RV32 (0)
#endif
#ifndef A8_NATIVE_XTENSA
#define A8_NATIVE_XTENSA (0)
#endif

#ifndef A8_KERNELS_ARMV6M
#define A8_KERNELS_ARMV6M A8_NATIVE_ARMV6M
#endif
#ifndef A8_KERNELS_ARMDSP
#define A8_KERNELS_ARMDSP A8_NATIVE_ARMDSP
#endif
#ifndef A8_KERNELS_RV32
#define A8_KERNELS_RV32 A8_NATIVE_RV32
#endif
#ifndef A8_KERNELS_XTENSA
#define A8_KERNELS_XTENSA A8_NATIVE_XTENSA
#endif

#endif
