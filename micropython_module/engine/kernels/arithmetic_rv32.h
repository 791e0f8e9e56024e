// SPDX-License-Identifier: MIT
//
// Multiply and add, and what makes an output of a sum, as the fast kernels of RV32IM want them compiled.
#ifndef A8_ARITHMETIC_RV32_H
#define A8_ARITHMETIC_RV32_H

#include <stddef.h>

#include "product_s8.h"

// sum += a * b. In a block of sums the compiler would order the products anew, and then run out of registers.
#ifdef __riscv
#define A8_ADD_PRODUCT(sum, a, b) \
    do { \
        int32_t product_; \
        __asm__ volatile("mul %1, %2, %3\n\tadd %0, %0, %1" \
            : "+r"(sum), "=&r"(product_) \
            : "r"(a), "r"(b)); \
    } while (0)
// Keeps a pointer in a register of its own, instead of as another one and an offset.
#define A8_KEEP(pointer) __asm__ volatile("" : "+r"(pointer))
#else
#define A8_ADD_PRODUCT(sum, a, b) ((sum) += (uint32_t)((a) * (b)))
#define A8_KEEP(pointer) ((void)0)
#endif

// Walks n elements from pointer x on, eight at a time and then one by one, by the file's own STEP(k), for the k-th from
// where the pointers are, and ADVANCE(count) of them.
#define A8_WALK_RV32(x, n) \
    do { \
        const int8_t *eights_ = (x) + ((n) & ~7), *end_ = (x) + (n); \
        while ((x) != eights_) { \
            STEP(0); \
            STEP(1); \
            STEP(2); \
            STEP(3); \
            STEP(4); \
            STEP(5); \
            STEP(6); \
            STEP(7); \
            ADVANCE(8); \
        } \
        while ((x) != end_) { \
            STEP(0); \
            ADVANCE(1); \
        } \
    } while (0)

// Depthwise convolution where a8_depthwise_is_conv_rv32.
a8_conv_t a8_depthwise_as_conv_s8_rv32;

// A multiplier and a shift, ready for use.
typedef struct {
    uint32_t twice; // the multiplier
    int32_t right; // the shift to the right less 1
} a8_scaling_rv32_t;

static inline a8_scaling_rv32_t a8_scaling_rv32(const int32_t *multipliers, const int8_t *shifts, int32_t i) {
    const a8_scaling_rv32_t scaling = { (uint32_t)multipliers[i] << 1, -shifts[i] - 1 };
    return scaling;
}

// The saturating rounding doubling high multiply of the reference: the high word of the product with the doubled
// multiplier, and the bit below that rounds it.
static inline int32_t a8_high_product_rv32(uint32_t value, uint32_t twice) {
    const uint64_t product = (uint64_t)((int64_t)(int32_t)value * (int64_t)twice);
    return (int32_t)((uint32_t)(product >> 32) + ((uint32_t)product >> 31));
}

// Bias i of any alignment, which is nearly always a word's; without a bias 0.
static inline int32_t a8_bias_rv32(const uint8_t *bias, int32_t i) {
    if (bias == NULL) {
        return 0;
    }
    return (uintptr_t)bias % sizeof(int32_t) == 0 ? ((const int32_t *)(const void *)bias)[i] : a8_load_i32(bias + 4 * i);
}

// Sums that begin with such a bias and have no more terms are within 2^30.
#define A8_DEPTH_RV32 (1 << 13)
static inline bool a8_small_bias_rv32(int32_t bias) {
    return (uint32_t)bias + ((uint32_t)1 << 29) < (uint32_t)1 << 30;
}

// Output of a sum; the same numbers as a8_requantized gives, clamped. scaling->right is not below 0, and above it
// if the sum may not be within 2^30.
static inline int8_t a8_scaled_rv32(uint32_t sum, const a8_scaling_rv32_t *scaling, const a8_requantize_t *rq) {
    int32_t value = a8_high_product_rv32(sum, scaling->twice);
    // Half away from zero. value is not INT32_MIN, since multipliers are not negative.
    value += value >> 31;
    value >>= scaling->right;
    value = ((value + 1) >> 1) + rq->out_zero_point;
    return (int8_t)a8_clamp(value, rq->min, rq->max);
}

#endif
