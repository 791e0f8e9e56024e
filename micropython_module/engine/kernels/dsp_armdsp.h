// SPDX-License-Identifier: MIT
//
// Instructions of Armv7E-M and Armv8-M with the DSP extension that C has no words for, and what is exact with them.
#ifndef A8_DSP_ARMDSP_H
#define A8_DSP_ARMDSP_H

#include <string.h>

#include "matrix_generic.h"

// A word at any address: these cores load it in one instruction.
static inline uint32_t a8_load_word(const void *p) {
    uint32_t word;
    memcpy(&word, p, sizeof(word));
    return word;
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

// How sums of one output channel become int8 in few steps. Exactly what a8_requantize, the zero point and the clamping
// make of them, as long as no sum reaches A8_BRIEF_SUM and a8_is_brief says yes: twice the sum and the zero point
// in front of the last shift then stay in 32 bits.
typedef struct {
    int32_t multiplier;
    int32_t right;
    int32_t rest; // half a unit of the last shift, plus the zero point in front of it
} a8_brief_t;

#define A8_BRIEF_SUM (1 << 29)
#define A8_BRIEF_SHIFT_MAX (20)
// Terms of at most 255 * 128 whose sum, with a bias below A8_BRIEF_BIAS, stays below A8_BRIEF_SUM.
#define A8_BRIEF_TERMS (1 << 12)
#define A8_BRIEF_BIAS (1 << 28)

static inline bool a8_is_brief(int32_t shift, int32_t bias) {
    return shift < 0 && shift >= -A8_BRIEF_SHIFT_MAX && bias < A8_BRIEF_BIAS && bias > -A8_BRIEF_BIAS;
}

static inline a8_brief_t a8_brief(int32_t multiplier, int32_t shift, int32_t zero_point) {
    a8_brief_t b = { multiplier, -shift, (1 << (-shift - 1)) + zero_point * (1 << -shift) };
    return b;
}

// Before it is clamped. A negative number is one less where the last shift rounds, so that halves go away from zero.
static inline int32_t a8_brief_output(const a8_brief_t *b, uint32_t sum) {
    const int32_t value = a8_high_rounded((int32_t)(sum << 1), b->multiplier);
    return (value + (value >> 31) + b->rest) >> b->right;
}

#endif
