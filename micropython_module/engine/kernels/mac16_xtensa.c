// SPDX-License-Identifier: MIT
#include "mac16_xtensa.h"

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

#if A8_XTENSA_MNEMONICS
#define CODE(mnemonic, b0, b1, b2) mnemonic "\n"
#else
#define CODE(mnemonic, b0, b1, b2) ".byte " #b0 ", " #b1 ", " #b2 "\n"
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
#define LOAD_X CODE("ldinc m0, a2", 0x04, 0x02, 0x80)
#define LOAD_W CODE("ldinc m2, a8", 0x04, 0x28, 0x80)
// The loop ends 15 bytes behind its own beginning, which are its instruction and four products.
#define LOOP CODE("loop a4, .+15", 0x76, 0x84, 0x0b)
#define BEGIN_SUM CODE("wsr a6, acclo", 0x60, 0x10, 0x13) CODE("wsr a7, acchi", 0x70, 0x11, 0x13)
#define STORE_SUM \
    CODE("rsr a9, acclo", 0x90, 0x10, 0x03) \
    CODE("rsr a10, acchi", 0xa0, 0x11, 0x03) \
    "src a9, a10, a9\n" \
    "s32i a9, a5, 0\n" \
    "addi a5, a5, 4\n"

A8_HOT __attribute__((noinline)) void a8_mac16_rows_xtensa(const a8_mac16_rows_t *t) {
    register const a8_mac16_rows_t *rows __asm__("a2") = t;
    __asm__ volatile(
        "l32i a3, a2, 4\n" // weights
        "l32i a4, a2, 8\n" // groups
        "l32i a5, a2, 12\n" // sums
        "l32i a6, a2, 16\n"
        "l32i a7, a2, 20\n"
        "l32i a11, a2, 24\n" // pixels
        "l32i a2, a2, 0\n"
        "ssai 8\n" LOAD_X
        "1:\n" BEGIN_SUM
        "mov a8, a3\n" LOAD_W LOOP FOUR_PRODUCTS STORE_SUM
        "addi a11, a11, -1\n"
        "bnez a11, 1b\n"
        : "+r"(rows)
        :
        : "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", CLOBBERS);
}

// a13 is where the window begins in memory, in halves of a word; a3 its weights; a11 the rows left.
A8_HOT __attribute__((noinline)) void a8_mac16_windows_xtensa(const a8_mac16_windows_t *t) {
    register const a8_mac16_windows_t *windows __asm__("a2") = t;
    __asm__ volatile(
        "mov a12, a2\n"
        "l32i a13, a12, 0\n"
        "l32i a3, a12, 4\n"
        "l32i a4, a12, 12\n" // pairs
        "l32i a5, a12, 24\n" // sums
        "l32i a6, a12, 28\n"
        "l32i a7, a12, 32\n"
        "l32i a14, a12, 36\n" // pixels
        "ssai 8\n"
        "1:\n" BEGIN_SUM
        "srli a2, a13, 2\n"
        "slli a2, a2, 2\n"
        "addi a2, a2, -4\n"
        "mov a8, a3\n"
        "l32i a11, a12, 20\n" // rows
        "l32i a9, a12, 16\n" // next_row
        LOAD_W
        "2:\n" LOAD_X LOOP FOUR_PRODUCTS
        "add a2, a2, a9\n"
        "addi a11, a11, -1\n"
        "bnez a11, 2b\n"
        "l32i a11, a12, 8\n" // other
        "l32i a9, a12, 40\n" // step
        "xor a3, a3, a11\n"
        "add a13, a13, a9\n" STORE_SUM
        "addi a14, a14, -1\n"
        "bnez a14, 1b\n"
        : "+r"(windows)
        :
        : "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", "a12", "a13", "a14", CLOBBERS);
}

A8_HOT void a8_widen_inputs_xtensa(int16_t *row, int32_t k, const int8_t *x, int32_t n, int32_t zero_point) {
    if (((uintptr_t)x & 3) != 0 || ((k | n) & 3) != 0) {
        for (const int8_t *end = x + n; x != end; x++, k++) {
            row[a8_mac16_place(k)] = (int16_t)(*x - zero_point);
        }
        return;
    }
    // Bytes plus 128 are not negative: the zero point plus 128 is taken from two at a time, and where the lower one
    // borrows, its sign tells.
    const uint32_t less = (uint32_t)(zero_point + 128) * 0x10001u;
    const uint32_t mask = 0x00ff00ff, flip = 0x80808080, sign = 0x8000;
    uint32_t *to = (uint32_t *)(void *)(row + k);
    for (const int8_t *end = x + n; x != end; x += 4, to += 2) {
        uint32_t word;
        memcpy(&word, __builtin_assume_aligned(x, 4), sizeof(word));
        word ^= flip;
        const uint32_t even = (word & mask) - less;
        const uint32_t odd = (word >> 8 & mask) - less;
        to[0] = even + 2 * (even & sign);
        to[1] = odd + 2 * (odd & sign);
    }
}

A8_HOT void a8_widen_weights_xtensa(int16_t *row, const int8_t *w, int32_t depth) {
    int32_t k = 0;
    if (((uintptr_t)w & 3) == 0) {
        const uint32_t mask = 0xff00ff00;
        uint32_t *to = (uint32_t *)(void *)row;
        for (const int8_t *end = w + (depth & ~3); w != end; w += 4, to += 2) {
            uint32_t word;
            memcpy(&word, __builtin_assume_aligned(w, 4), sizeof(word));
            to[0] = word << 8 & mask;
            to[1] = word & mask;
        }
        k = depth & ~3;
    }
    for (; k < depth; k++) {
        row[a8_mac16_place(k)] = (int16_t)(*w++ * 256);
    }
    for (; (k & 3) != 0; k++) {
        row[a8_mac16_place(k)] = 0;
    }
}

#endif
