// SPDX-License-Identifier: MIT
#include "mac16_s8_xtensa.h"

#if A8_KERNELS_XTENSA

// Debian's assembler for Xtensa knows a core without these instructions: there they are given as bytes, which a test
// compares with another assembler's.
#ifndef A8_XTENSA_MNEMONICS
#if defined(__XTENSA_CALL0_ABI__)
#define A8_XTENSA_MNEMONICS (0)
#else
#define A8_XTENSA_MNEMONICS (1)
#endif
#endif

// LOOP runs what stands between it and LOOP_END a4 times (LOOP_A5: a5 times), at least once; size: bytes of both.
#if A8_XTENSA_MNEMONICS
#define CODE(mnemonic, b0, b1, b2) mnemonic "\n"
#define LOOP(size) "loop a4, 9f\n"
#define LOOP_A5(size) "loop a5, 9f\n"
#else
#define CODE(mnemonic, b0, b1, b2) ".byte " #b0 ", " #b1 ", " #b2 "\n"
#define TEXT(x) #x
#define LOOP(size) ".byte 0x76, 0x84, " TEXT(size) " - 4\n"
#define LOOP_A5(size) ".byte 0x76, 0x85, " TEXT(size) " - 4\n"
#endif
#define LOOP_END "9:\n"

// The sizes hold as long as the assembler makes no instruction shorter.
#if A8_XTENSA_MNEMONICS || defined(__clang__)
#define BEGIN ""
#define END ""
#else
#define BEGIN ".begin no-transform\n"
#define END ".end no-transform\n"
#endif

#if defined(__clang__)
#define CLOBBERS "memory"
#else
#define CLOBBERS "acc", "memory"
#endif

// Four products; the next words of x (at a2) and w (at a8) are loaded on the way. m0 and m2 are loaded before.
#define FOUR_PRODUCTS \
    CODE("mula.dd.ll.ldinc m1, a2, m0, m2", 0x04, 0x12, 0x08) \
    CODE("mula.dd.hh.ldinc m3, a8, m0, m2", 0x04, 0x38, 0x0b) \
    CODE("mula.dd.ll.ldinc m0, a2, m1, m3", 0x44, 0x42, 0x08) \
    CODE("mula.dd.hh.ldinc m2, a8, m1, m3", 0x44, 0x68, 0x0b)
// The same, of which the last x is the last of its row.
#define FOUR_PRODUCTS_LAST \
    CODE("mula.dd.ll.ldinc m1, a2, m0, m2", 0x04, 0x12, 0x08) \
    CODE("mula.dd.hh.ldinc m3, a8, m0, m2", 0x04, 0x38, 0x0b) \
    CODE("mula.dd.ll m1, m3", 0x44, 0x40, 0x28) \
    CODE("mula.dd.hh.ldinc m2, a8, m1, m3", 0x44, 0x68, 0x0b)
#define LOAD_X CODE("ldinc m0, a2", 0x04, 0x02, 0x80)
#define LOAD_W CODE("ldinc m2, a8", 0x04, 0x28, 0x80)
#define BEGIN_SUM CODE("wsr a6, acclo", 0x60, 0x10, 0x13) CODE("wsr a7, acchi", 0x70, 0x11, 0x13)
#define STORE_SUM \
    CODE("rsr a9, acclo", 0x90, 0x10, 0x03) \
    CODE("rsr a10, acchi", 0xa0, 0x11, 0x03) \
    "src a9, a10, a9\n" \
    "s32i a9, a5, 0\n" \
    "addi a5, a5, 4\n"

A8_HOT __attribute__((noinline)) void a8_mac16_rows_xtensa(const a8_mac16_rows_t *t) {
    register const a8_mac16_rows_t *rows __asm__("a2") = t;
    __asm__ volatile(BEGIN
        "l32i a3, a2, 4\n" // weights
        "l32i a4, a2, 8\n" // groups
        "l32i a5, a2, 12\n" // sums
        "l32i a6, a2, 16\n"
        "l32i a7, a2, 20\n"
        "l32i a11, a2, 24\n" // pixels
        "l32i a2, a2, 0\n"
        "ssai 8\n" LOAD_X
        "1:\n" BEGIN_SUM
        "mov a8, a3\n" LOAD_W LOOP(15) FOUR_PRODUCTS LOOP_END STORE_SUM
        "addi a11, a11, -1\n"
        "bnez a11, 1b\n" END
        : "+r"(rows)
        :
        : "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", CLOBBERS);
}

// a13 is where a window begins, less 4, in halves of a word; a3 its weights.
#define NEXT_WINDOW \
    "srli a2, a13, 2\n" \
    "slli a2, a2, 2\n" \
    "mov a8, a3\n" LOAD_W

// For rows of one four of weights: the loop is over the rows.
static A8_HOT __attribute__((noinline)) void narrow_windows(const a8_mac16_windows_t *t) {
    register const a8_mac16_windows_t *windows __asm__("a2") = t;
    __asm__ volatile(BEGIN
        "l32i a3, a2, 4\n"
        "l32i a12, a2, 8\n" // other
        "l32i a11, a2, 16\n" // next_row
        "l32i a4, a2, 20\n" // rows
        "l32i a5, a2, 24\n" // sums
        "l32i a6, a2, 28\n"
        "l32i a7, a2, 32\n"
        "l32i a14, a2, 36\n" // pixels
        "l32i a15, a2, 40\n" // step
        "l32i a13, a2, 0\n"
        "ssai 8\n"
        "1:\n" BEGIN_SUM NEXT_WINDOW LOOP(21) LOAD_X FOUR_PRODUCTS_LAST
        "add a2, a2, a11\n" LOOP_END
        "xor a3, a3, a12\n"
        "add a13, a13, a15\n" STORE_SUM
        "addi a14, a14, -1\n"
        "bnez a14, 1b\n" END
        : "+r"(windows)
        :
        : "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", "a12", "a13", "a14", "a15", CLOBBERS);
}

static A8_HOT __attribute__((noinline)) void wide_windows(const a8_mac16_windows_t *t) {
    register const a8_mac16_windows_t *windows __asm__("a2") = t;
    __asm__ volatile(BEGIN
        "mov a12, a2\n"
        "l32i a13, a12, 0\n"
        "l32i a3, a12, 4\n"
        "l32i a4, a12, 12\n" // groups
        "l32i a5, a12, 24\n" // sums
        "l32i a6, a12, 28\n"
        "l32i a7, a12, 32\n"
        "l32i a14, a12, 36\n" // pixels
        "ssai 8\n"
        "1:\n" BEGIN_SUM NEXT_WINDOW
        "l32i a11, a12, 20\n" // rows
        "l32i a9, a12, 16\n" // next_row
        "2:\n" LOAD_X LOOP(15) FOUR_PRODUCTS LOOP_END
        "add a2, a2, a9\n"
        "addi a11, a11, -1\n"
        "bnez a11, 2b\n"
        "l32i a11, a12, 8\n" // other
        "l32i a9, a12, 40\n" // step
        "xor a3, a3, a11\n"
        "add a13, a13, a9\n" STORE_SUM
        "addi a14, a14, -1\n"
        "bnez a14, 1b\n" END
        : "+r"(windows)
        :
        : "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", "a12", "a13", "a14", CLOBBERS);
}

A8_HOT void a8_mac16_windows_xtensa(const a8_mac16_windows_t *t) {
    if (t->groups == 1) {
        narrow_windows(t);
    } else {
        wide_windows(t);
    }
}

// Four weights as they lie, at a8: their even and odd bytes, times 256, in a10 and a9.
A8_HOT __attribute__((noinline)) uint32_t a8_mac16_bytes_xtensa(const a8_mac16_bytes_t *t) {
    register uintptr_t at __asm__("a2") = (uintptr_t)t;
    __asm__ volatile(BEGIN
        "l32i a8, a2, 4\n" // weights
        "l32i a4, a2, 8\n" // groups
        "l32i a6, a2, 12\n"
        "l32i a2, a2, 0\n"
        "ssai 8\n"
        "srai a7, a6, 24\n"
        "slli a6, a6, 8\n"
        "movi a5, -1\n" // the mask 0xff00ff00
        "slli a5, a5, 24\n"
        "extui a9, a5, 16, 16\n"
        "or a5, a5, a9\n" BEGIN_SUM LOAD_X LOOP(30) "l32i a9, a8, 0\n"
                                                    "addi a8, a8, 4\n"
                                                    "slli a10, a9, 8\n"
                                                    "and a10, a10, a5\n"
                                                    "and a9, a9, a5\n" CODE("mula.da.ll.ldinc m1, a2, m0, a10", 0xa4, 0x12, 0x48)
                                                        CODE("mula.da.hh m0, a10", 0xa4, 0x00, 0x6b) CODE("mula.da.ll.ldinc m0, a2, m1, a9", 0x94, 0x42, 0x48)
                                                            CODE("mula.da.hh m1, a9", 0x94, 0x40, 0x6b) LOOP_END CODE("rsr a9, acclo", 0x90, 0x10, 0x03)
                                                                CODE("rsr a10, acchi", 0xa0, 0x11, 0x03) "src a2, a10, a9\n" END
        : "+r"(at)
        :
        : "a4", "a5", "a6", "a7", "a8", "a9", "a10", CLOBBERS);
    return (uint32_t)at;
}

// (a11 * multiplier + 2^30) >> 31 in a12: of four products of 16 bits, or with MULSH of two of 32.
#ifndef A8_XTENSA_MULSH
#define A8_XTENSA_MULSH (0) // never run
#endif
#if A8_XTENSA_MULSH
#define OUTPUT_BYTES 51
#define MULTIPLIER "l32i a6, a15, 16\n"
#define HIGH_PRODUCT \
    "mulsh a12, a11, a6\n" \
    "mull a11, a11, a6\n" \
    "extui a11, a11, 30, 2\n" \
    "addi a11, a11, 1\n" \
    "srli a11, a11, 1\n" \
    "addx2 a12, a12, a11\n"
#else
#define OUTPUT_BYTES 78
#define MULTIPLIER \
    "l32i a6, a15, 16\n" \
    "extui a7, a6, 0, 16\n" \
    "srai a6, a6, 16\n"
#define HIGH_PRODUCT \
    "srai a12, a11, 16\n" \
    "extui a11, a11, 0, 16\n" \
    "mull a13, a11, a7\n" \
    "mull a14, a12, a7\n" \
    "mull a11, a11, a6\n" \
    "mull a12, a12, a6\n" \
    "extui a13, a13, 16, 16\n" \
    "add a14, a14, a13\n" \
    "extui a13, a14, 0, 16\n" \
    "add a11, a11, a13\n" \
    "addmi a11, a11, 0x4000\n" \
    "srai a14, a14, 16\n" \
    "add a12, a12, a14\n" \
    "srli a11, a11, 15\n" \
    "addx2 a12, a12, a11\n"
#endif

A8_HOT __attribute__((noinline)) void a8_mac16_outputs_xtensa(const a8_mac16_outputs_t *t) {
    register const a8_mac16_outputs_t *at __asm__("a2") = t;
    __asm__ volatile(BEGIN
        "mov a15, a2\n"
        "l32i a2, a15, 0\n" // sums
        "l32i a3, a15, 4\n" // output
        "l32i a4, a15, 8\n" // output_step
        "l32i a5, a15, 12\n" // count
        MULTIPLIER
        "l32i a8, a15, 20\n" // rest
        "l32i a11, a15, 24\n" // right
        "l32i a9, a15, 28\n" // min
        "l32i a10, a15, 32\n" // max
        "ssr a11\n" LOOP_A5(OUTPUT_BYTES) "l32i a11, a2, 0\n"
                                          "addi a2, a2, 4\n" HIGH_PRODUCT
                                          // A negative number is one less where the last shift rounds, so that halves go away from zero.
                                          "srai a11, a12, 31\n"
                                          "add a12, a12, a11\n"
                                          "add a12, a12, a8\n"
                                          "sra a12, a12\n" CODE("max a12, a12, a9", 0x90, 0xcc, 0x53) CODE("min a12, a12, a10", 0xa0, 0xcc, 0x43) "s8i a12, a3, 0\n"
                                                                                                                                                  "add a3, a3, a4\n" LOOP_END END
        : "+r"(at)
        :
        : "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", "a12", "a13", "a14", "a15", CLOBBERS);
}

A8_HOT void a8_put_outputs_xtensa(const a8_requantize_t *rq, int32_t multiplier, int32_t shift, int32_t bias,
    int32_t terms, const uint32_t *sums, int32_t count, int8_t *output, int32_t output_step) {
    if (a8_mac16_is_brief(shift, terms, bias)) {
        a8_mac16_outputs_t t = a8_mac16_outputs_of(rq, multiplier, shift, output, output_step);
        t.sums = sums;
        t.count = count;
        a8_mac16_outputs_xtensa(&t);
        return;
    }
    for (int32_t p = 0; p < count; p++, output += output_step) {
        const uint32_t value = (uint32_t)a8_requantize((int32_t)sums[p], multiplier, shift);
        *output = (int8_t)a8_clamp((int32_t)(value + (uint32_t)(int32_t)rq->out_zero_point), rq->min, rq->max);
    }
}

A8_HOT void a8_widen_inputs_xtensa(int16_t *row, const int8_t *x, int32_t n, int32_t zero_point, bool fours) {
    const int8_t *end = x + (n & ~3);
    if (!fours) {
        for (; x != end; x += 4, row += 4) {
            row[0] = (int16_t)(x[0] - zero_point);
            row[1] = (int16_t)(x[1] - zero_point);
            row[2] = (int16_t)(x[2] - zero_point);
            row[3] = (int16_t)(x[3] - zero_point);
        }
        for (end += n & 3; x != end; x++) {
            *row++ = (int16_t)(*x - zero_point);
        }
        return;
    }
    if (((uintptr_t)x & 3) != 0) {
        for (; x != end; x += 4, row += 4) {
            row[0] = (int16_t)(x[0] - zero_point);
            row[1] = (int16_t)(x[2] - zero_point);
            row[2] = (int16_t)(x[1] - zero_point);
            row[3] = (int16_t)(x[3] - zero_point);
        }
        return;
    }
    // Bytes plus 128 are not negative: the zero point plus 128 is taken from two at a time, and where the lower one
    // borrows, its sign tells.
    const uint32_t less = (uint32_t)(zero_point + 128) * 0x10001u;
    const uint32_t mask = 0x00ff00ff, flip = 0x80808080, sign = 0x8000;
    uint32_t *to = (uint32_t *)(void *)row;
    for (; x != end; x += 4, to += 2) {
        uint32_t word;
        memcpy(&word, __builtin_assume_aligned(x, 4), sizeof(word));
        word ^= flip;
        const uint32_t even = (word & mask) - less;
        const uint32_t odd = (word >> 8 & mask) - less;
        to[0] = even + 2 * (even & sign);
        to[1] = odd + 2 * (odd & sign);
    }
}

static A8_HOT __attribute__((noinline)) void widen_words(int16_t *row, const int8_t *w, int32_t words) {
    register int16_t *to __asm__("a2") = row;
    register const int8_t *from __asm__("a3") = w;
    register int32_t n __asm__("a4") = words;
    __asm__ volatile(BEGIN
        "movi a5, -1\n" // the mask 0xff00ff00
        "slli a5, a5, 24\n"
        "extui a6, a5, 16, 16\n"
        "or a5, a5, a6\n" LOOP(27) "l32i a6, a3, 0\n"
                                   "addi a3, a3, 4\n"
                                   "slli a7, a6, 8\n"
                                   "and a6, a6, a5\n"
                                   "and a7, a7, a5\n"
                                   "s32i a6, a2, 4\n"
                                   "s32i a7, a2, 0\n"
                                   "addi a2, a2, 8\n" LOOP_END END
        : "+r"(to), "+r"(from), "+r"(n)
        :
        : "a5", "a6", "a7", "memory");
}

A8_HOT __attribute__((noinline)) void a8_widen_channel_xtensa(int16_t *row, const int8_t *x, int32_t n, int32_t step,
    int32_t zero_point) {
    register int16_t *to __asm__("a2") = row;
    register const int8_t *from __asm__("a3") = x;
    register int32_t count __asm__("a4") = n;
    register int32_t by __asm__("a5") = step;
    register int32_t less __asm__("a6") = zero_point;
    __asm__ volatile(BEGIN LOOP(21) "l8ui a7, a3, 0\n"
                                    "add a3, a3, a5\n" CODE("sext a7, a7, 7", 0x00, 0x77, 0x23) "sub a7, a7, a6\n"
                                                                                                "s16i a7, a2, 0\n"
                                                                                                "addi a2, a2, 2\n" LOOP_END END
        : "+r"(to), "+r"(from), "+r"(count)
        : "r"(by), "r"(less)
        : "a7", "memory");
}

A8_HOT void a8_widen_weights_xtensa(int16_t *row, const int8_t *w, int32_t depth, bool fours) {
    const int8_t *end = w + (depth & ~3);
    if (fours && ((uintptr_t)w & 3) == 0 && depth >= 4) {
        widen_words(row, w, depth / 4);
        return;
    }
    const int32_t second = fours ? 2 : 1;
    for (; w != end; w += 4, row += 4) {
        row[0] = (int16_t)(w[0] * 256);
        row[second] = (int16_t)(w[1] * 256);
        row[3 - second] = (int16_t)(w[2] * 256);
        row[3] = (int16_t)(w[3] * 256);
    }
    const int32_t rest = depth & 3;
    for (int32_t k = 0; k < 4 && rest != 0; k++) {
        row[k] = k < rest ? (int16_t)(w[k] * 256) : 0;
    }
}

#endif
