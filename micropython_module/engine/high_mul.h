// SPDX-License-Identifier: MIT
//
// The doubling high multiply of the reference, in line.
#ifndef A8_HIGH_MUL_H
#define A8_HIGH_MUL_H

#include <stdint.h>

// Cores without a 32x32->64 multiply instruction call a library routine for a 64-bit product, which costs
// more than four 16x16 products. Either way gives the same numbers.
#ifndef A8_HIGH_MUL_16
#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__) || defined(__XTENSA_CALL0_ABI__)
#define A8_HIGH_MUL_16 (1)
#else
#define A8_HIGH_MUL_16 (0)
#endif
#endif

// floor(a * b / 2^31 + 1/2): this is what the reference's nudge and truncating division come to. Not for
// a == b == INT32_MIN, whose result would be 2^31. Shifts of
// negative numbers are arithmetic in every compiler this is built with; a test of the kernels would tell.
static inline int32_t a8_high_product(int32_t a, int32_t b) {
#if A8_HIGH_MUL_16
    int32_t ah = a >> 16;
    int32_t bh = b >> 16;
    uint32_t al = (uint32_t)a & 0xffff;
    uint32_t bl = (uint32_t)b & 0xffff;
    // None of these sums leaves 32 bits; bits below the product's 16th can't change the result.
    int32_t low = ah * (int32_t)bl + (int32_t)(al * bl >> 16);
    int32_t mid = (int32_t)al * bh + (low & 0xffff);
    uint32_t high = (uint32_t)(ah * bh + (low >> 16) + (mid >> 16));
    uint32_t top = (uint32_t)mid >> 14 & 3; // bits 30 and 31 of the product
    return (int32_t)(2 * high + ((top + 1) >> 1));
#else
    uint64_t product = (uint64_t)((int64_t)a * b);
    return (int32_t)(uint32_t)((product + ((uint64_t)1 << 30)) >> 31);
#endif
}

#endif
