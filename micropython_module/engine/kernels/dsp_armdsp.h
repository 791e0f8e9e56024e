// SPDX-License-Identifier: MIT
//
// Instructions of Armv7E-M and Armv8-M with the DSP extension that C has no words for, and what is exact with them.
#ifndef A8_DSP_ARMDSP_H
#define A8_DSP_ARMDSP_H

#include <string.h>

#include "matrix_generic.h"

// Functions in assembly, whose parameters are in registers.
#define A8_NAKED __attribute__((naked))
#define A8_UNUSED __attribute__((unused))

// A word at any address: these cores load it in one instruction.
static inline uint32_t a8_load_word(const void *p) {
    uint32_t word;
    memcpy(&word, p, sizeof(word));
    return word;
}

// The first n bytes of a word, 1 to 3, and 0 behind them.
static inline uint32_t a8_load_few(const int8_t *p, int32_t n) {
    uint32_t word = (uint8_t)p[0];
    if (n > 1) {
        word |= (uint32_t)(uint8_t)p[1] << 8;
    }
    return n > 2 ? word | (uint32_t)(uint8_t)p[2] << 16 : word;
}

// Bytes 0 and 2 of a word, each extended to 16 bits and added to a half of base.
static inline uint32_t a8_even_bytes(uint32_t base, uint32_t word) {
    uint32_t result;
    __asm("sxtab16 %0, %1, %2" : "=r"(result) : "r"(base), "r"(word));
    return result;
}

// The same of bytes 1 and 3.
static inline uint32_t a8_odd_bytes(uint32_t base, uint32_t word) {
    uint32_t result;
    __asm("sxtab16 %0, %1, %2, ror #8" : "=r"(result) : "r"(base), "r"(word));
    return result;
}

// sum + product of the low halves, or of the high halves. They may wrap around.
static inline uint32_t a8_add_low(uint32_t sum, uint32_t a, uint32_t b) {
    __asm("smlabb %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
    return sum;
}

// sum + both products.
static inline uint32_t a8_add_both(uint32_t sum, uint32_t a, uint32_t b) {
    __asm("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
    return sum;
}

static inline uint32_t a8_add_high(uint32_t sum, uint32_t a, uint32_t b) {
    __asm("smlatt %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
    return sum;
}

// Both halves the same.
static inline uint32_t a8_twice(int32_t value) {
    return ((uint32_t)value & 0xffff) * 0x10001u;
}

// (a * b + 2^31) / 2^32, rounded down.
static inline int32_t a8_high_rounded(int32_t a, int32_t b) {
    int32_t result;
    __asm("smmulr %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

static inline int32_t a8_saturate_s8(int32_t value) {
    int32_t result;
    __asm("ssat %0, #8, %1" : "=r"(result) : "r"(value) : "cc");
    return result;
}

// How sums of one output channel become int8 in few steps: exactly what a8_requantize, the zero point and the clamping
// make of them if the shift is to the right and no sum reaches A8_BRIEF_SUM, so that twice a sum, and what is added
// in front of the last shift, stay in 32 bits.
#define A8_BRIEF_SUM (1 << 29)
// So many terms of at most 255 * 128, and a bias from -A8_BRIEF_BIAS to below it, stay below A8_BRIEF_SUM.
#define A8_BRIEF_TERMS (1 << 12)
#define A8_BRIEF_BIAS (1 << 28)

static inline bool a8_is_brief_bias(int32_t bias) {
    return bias < A8_BRIEF_BIAS && bias >= -A8_BRIEF_BIAS;
}

// A zero point in front of this last shift stays in 32 bits with a sum.
#define A8_BRIEF_SHIFT_MAX (20)

typedef struct {
    int32_t multiplier;
    int32_t right; // at least 1
    int32_t rest; // what is added before the last shift: the zero point, and half of a unit to round
} a8_brief_t;

// False if it can't be done. A large shift may be one that takes all sums of terms and bias to 0.
static inline bool a8_brief(a8_brief_t *b, int32_t multiplier, int32_t shift, int32_t zero_point, int32_t terms,
    int32_t bias) {
    int32_t right = -shift;
    if (shift >= 0) {
        return false;
    }
    if (right > A8_BRIEF_SHIFT_MAX) {
        const uint32_t bound = (uint32_t)terms * (255 * 128) + (bias < 0 ? 0 - (uint32_t)bias : (uint32_t)bias);
        if (bound >> (right - 1) != 0) {
            return false;
        }
        multiplier = 0;
        right = 1;
    }
    b->multiplier = multiplier;
    b->right = right;
    b->rest = (1 << (right - 1)) + zero_point * (1 << right);
    return true;
}

// Before it is clamped. A negative number is one less where the last shift rounds, so that halves go away from zero.
static inline int32_t a8_brief_output(const a8_brief_t *b, uint32_t sum) {
    const int32_t value = a8_high_rounded((int32_t)(sum << 1), b->multiplier);
    return (value + (value >> 31) + b->rest) >> b->right;
}

#endif
