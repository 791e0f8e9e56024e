// SPDX-License-Identifier: MIT
#include "product_s8_armdsp.h"

#if A8_KERNELS_ARMDSP

// sums[...] += products of the pixels of a tile and rows of w, depth apart. In registers:
// r0 pixels, r1 weights, r2 how far the depth is done, r3 and lr four weights as two pairs, r4 .. the sums.
typedef void dot_t(const uint32_t *pixels, const int8_t *w, int32_t depth, uint32_t *sums);

#define A8_NAKED __attribute__((naked))
#define A8_UNUSED __attribute__((unused))

// LOAD gets the next four weights into lr; STEP multiplies four weights of each row; LAST is a STEP with the word that
// ends where the row does, from which those before are shifted out, so that nothing behind the weights is read.
#define DOT(FIRST, STEP, LAST, SUMS) \
    __asm volatile( \
        "push {r3-r11, lr}\n" \
        "ldm r3, " SUMS "\n" FIRST \
        "subs r2, #8\n" \
        "blt 2f\n" \
        ".balign 4\n" \
        "1:\n" STEP STEP \
        "subs r2, #8\n" \
        "bge 1b\n" \
        "2:\n" \
        "adds r2, #4\n" \
        "blt 3f\n" STEP \
        "subs r2, #4\n" \
        "3:\n" \
        "cmn r2, #4\n" /* r2 is the rest of the depth, less 4 */ \
        "beq 4f\n" LAST \
        "4:\n" \
        "ldr r3, [sp]\n" \
        "stm r3, " SUMS "\n" \
        "pop {r3-r11, pc}\n")

#define LOAD(POINTER) "ldr lr, [" POINTER "], #4\n"
#define LOAD_LAST(POINTER) "ldr lr, [" POINTER ", r2]\n"
#define SHIFT_COUNT "rsb r2, r2, #0\nlsls r2, r2, #3\n"
#define SHIFT_OUT "lsrs lr, lr, r2\n"
#define WIDEN "sxtb16 r3, lr\nsxtb16 lr, lr, ror #8\n"
#define MULTIPLY(SUM, W, X) "smlad " SUM ", " W ", " X ", " SUM "\n"

// One row of weights, 6 pixels.
#define HALF_6(W) \
    "ldm r0!, {r10-r12}\n" MULTIPLY("r4", W, "r10") MULTIPLY("r5", W, "r11") MULTIPLY("r6", W, "r12") "ldm r0!, {r10-r12}\n" MULTIPLY("r7", W, "r10") MULTIPLY("r8", W, "r11") MULTIPLY("r9", W, "r12")
#define ROW_6 WIDEN HALF_6("r3") HALF_6("lr")

static A8_HOT A8_NAKED void dot_6(A8_UNUSED const uint32_t *pixels, A8_UNUSED const int8_t *w, A8_UNUSED int32_t depth,
    A8_UNUSED uint32_t *sums) {
    DOT("", LOAD("r1") ROW_6, LOAD_LAST("r1") SHIFT_COUNT SHIFT_OUT ROW_6, "{r4-r9}");
}

// One row of weights, 4 pixels.
#define HALF_4(W) \
    "ldm r0!, {r8-r11}\n" MULTIPLY("r4", W, "r8") MULTIPLY("r5", W, "r9") MULTIPLY("r6", W, "r10") MULTIPLY("r7", W, "r11")
#define ROW_4 WIDEN HALF_4("r3") HALF_4("lr")

static A8_HOT A8_NAKED void dot_4(A8_UNUSED const uint32_t *pixels, A8_UNUSED const int8_t *w, A8_UNUSED int32_t depth,
    A8_UNUSED uint32_t *sums) {
    DOT("", LOAD("r1") ROW_4, LOAD_LAST("r1") SHIFT_COUNT SHIFT_OUT ROW_4, "{r4-r7}");
}

// Two rows of weights, at r1 and r12, 2 pixels.
#define PIXELS_2 "ldm r0!, {r8-r11}\n"
#define ROW_2(SUM, NEXT) \
    WIDEN MULTIPLY(SUM, "r3", "r8") MULTIPLY(NEXT, "r3", "r9") MULTIPLY(SUM, "lr", "r10") MULTIPLY(NEXT, "lr", "r11")

static A8_HOT A8_NAKED void dot_2(A8_UNUSED const uint32_t *pixels, A8_UNUSED const int8_t *w, A8_UNUSED int32_t depth,
    A8_UNUSED uint32_t *sums) {
    DOT("add r12, r1, r2\n",
        PIXELS_2 LOAD("r1") ROW_2("r4", "r5") LOAD("r12") ROW_2("r6", "r7"),
        "add r1, r2\nadd r12, r2\n" SHIFT_COUNT PIXELS_2 "ldr lr, [r1]\n" SHIFT_OUT ROW_2("r4", "r5") "ldr lr, [r12]\n" SHIFT_OUT ROW_2("r6", "r7"),
        "{r4-r7}");
}

// Four rows of weights, at r1, r10, r11 and r12, 1 pixel.
#define PIXELS_1 "ldm r0!, {r8-r9}\n"
#define ROW_1(SUM) WIDEN MULTIPLY(SUM, "r3", "r8") MULTIPLY(SUM, "lr", "r9")

static A8_HOT A8_NAKED void dot_1(A8_UNUSED const uint32_t *pixels, A8_UNUSED const int8_t *w, A8_UNUSED int32_t depth,
    A8_UNUSED uint32_t *sums) {
    DOT("add r10, r1, r2\nadd r11, r10, r2\nadd r12, r11, r2\n",
        PIXELS_1 LOAD("r1") ROW_1("r4") LOAD("r10") ROW_1("r5") LOAD("r11") ROW_1("r6") LOAD("r12") ROW_1("r7"),
        "add r1, r2\nadd r10, r2\nadd r11, r2\nadd r12, r2\n" SHIFT_COUNT PIXELS_1 "ldr lr, [r1]\n" SHIFT_OUT ROW_1("r4") "ldr lr, [r10]\n" SHIFT_OUT ROW_1("r5") "ldr lr, [r11]\n" SHIFT_OUT ROW_1("r6") "ldr lr, [r12]\n" SHIFT_OUT ROW_1("r7"),
        "{r4-r7}");
}

// One row where there are fewer than the kernel of the tile takes.
static A8_HOT void dot_row(const a8_product_armdsp_t *t, const int8_t *w, uint32_t *sums) {
    for (int32_t p = 0; p < t->count; p++) {
        const int16_t *x = (const int16_t *)(const void *)(t->pixels + p);
        for (int32_t k = 0; k < t->depth; k++) {
            const int32_t word = (k >> 2) * 2 + (k & 1);
            sums[p] += (uint32_t)(x[2 * word * t->tile + (k >> 1 & 1)] * w[k]);
        }
    }
}

// Outputs of one channel.
static inline void put(const a8_product_armdsp_t *t, int32_t c, int32_t bias, const uint32_t *sums) {
    const a8_requantize_t *rq = t->requantize;
    const int32_t i = c * t->per_channel;
    const int32_t multiplier = t->multipliers[i];
    const int32_t shift = t->shifts[i];
    const int32_t step = t->output_step;
    int8_t *output = t->output + c;
    if (t->depth > A8_BRIEF_TERMS || !a8_is_brief(shift, bias)) {
        for (int32_t p = 0; p < t->count; p++, output += step) {
            const int32_t value = a8_requantize((int32_t)sums[p], multiplier, shift);
            *output = (int8_t)a8_clamp((int32_t)((uint32_t)value + (uint32_t)(int32_t)rq->out_zero_point), rq->min, rq->max);
        }
        return;
    }
    const a8_brief_t b = a8_brief(multiplier, shift, rq->out_zero_point);
    const uint32_t *end = sums + t->count;
    if (rq->min == INT8_MIN && rq->max == INT8_MAX) {
        do {
            *output = (int8_t)a8_saturate_s8(a8_brief_output(&b, *sums++));
            output += step;
        } while (sums != end);
    } else {
        const int32_t min = rq->min;
        const int32_t max = rq->max;
        do {
            *output = (int8_t)a8_clamp(a8_brief_output(&b, *sums++), min, max);
            output += step;
        } while (sums != end);
    }
}

static inline int32_t bias_of(const a8_product_armdsp_t *t, int32_t c) {
    const uint32_t bias = t->bias != NULL ? a8_load_word(t->bias + 4 * c) : 0;
    return (int32_t)(bias + t->before);
}

A8_HOT void a8_product_s8_armdsp(const a8_product_armdsp_t *t) {
    static dot_t *const dots[7] = { NULL, dot_1, dot_2, NULL, dot_4, NULL, dot_6 };
    const int32_t rows = t->tile == 1 ? 4 : t->tile == 2 ? 2
                                                         : 1;
    const int32_t sums_of_row = t->tile;
    dot_t *dot = dots[t->tile];
    for (int32_t c = 0; c < t->channels;) {
        uint32_t sums[6];
        int32_t n = rows;
        if (c + rows > t->channels) {
            if (t->channels >= rows) {
                c = t->channels - rows; // some once more
            } else {
                n = 1;
            }
        }
        for (int32_t r = 0; r < n; r++) {
            const uint32_t bias = (uint32_t)bias_of(t, c + r);
            for (int32_t p = 0; p < sums_of_row; p++) {
                sums[r * sums_of_row + p] = bias;
            }
        }
        const int8_t *w = t->filter + c * t->depth;
        if (n < rows || t->depth < 4) {
            for (int32_t r = 0; r < n; r++) {
                dot_row(t, w + r * t->depth, sums + r * sums_of_row);
            }
        } else {
            dot(t->pixels, w, t->depth, sums);
        }
        for (int32_t r = 0; r < n; r++) {
            put(t, c + r, bias_of(t, c + r), sums + r * sums_of_row);
        }
        c += n;
    }
}

static inline void widen(uint32_t *word, int32_t tile, const int8_t *x, int32_t n, uint32_t base) {
    const int8_t *end = x + n / 4 * 4;
    for (; x != end; x += 4, word += 2 * tile) {
        const uint32_t four = a8_load_word(x);
        word[0] = a8_even_bytes(base, four);
        word[tile] = a8_odd_bytes(base, four);
    }
    if (n % 4 != 0) {
        uint32_t four = 0;
        for (int32_t i = 0; i < n % 4; i++) {
            four |= (uint32_t)(uint8_t)x[i] << 8 * i;
        }
        word[0] = a8_even_bytes(base, four);
        word[tile] = a8_odd_bytes(base, four);
    }
}

A8_HOT void a8_widen_s8_armdsp(uint32_t *pixels, int32_t tile, int32_t p, const int8_t *x, int32_t n,
    int32_t zero_point) {
    const uint32_t base = a8_twice(-zero_point);
    switch (tile) {
        case 6:
            widen(pixels + p, 6, x, n, base);
            break;
        case 4:
            widen(pixels + p, 4, x, n, base);
            break;
        default:
            widen(pixels + p, tile, x, n, base);
    }
}

#endif
