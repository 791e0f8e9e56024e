// SPDX-License-Identifier: MIT
#include "product_s8_armdsp.h"

#if A8_KERNELS_ARMDSP

// sums[...] += products of the pixels of a tile and rows of w, depth apart. In registers:
// r0 pixels, r1 weights, r2 how far the depth is done, r3 and lr four weights as two pairs, r4 .. the sums.
typedef void dot_t(const uint32_t *pixels, const int8_t *w, int32_t depth, uint32_t *sums);

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
#define ROWS_1 LOAD("r1") ROW_1("r4") LOAD("r10") ROW_1("r5") LOAD("r11") ROW_1("r6") LOAD("r12") ROW_1("r7")
#define PIXELS_1 "ldm r0!, {r8-r9}\n"
#define ROW_1(SUM) WIDEN MULTIPLY(SUM, "r3", "r8") MULTIPLY(SUM, "lr", "r9")

static A8_HOT A8_NAKED void dot_1(A8_UNUSED const uint32_t *pixels, A8_UNUSED const int8_t *w, A8_UNUSED int32_t depth,
    A8_UNUSED uint32_t *sums) {
    DOT("add r10, r1, r2\nadd r11, r10, r2\nadd r12, r11, r2\n",
        PIXELS_1 ROWS_1,
        "add r1, r2\nadd r10, r2\nadd r11, r2\nadd r12, r2\n" SHIFT_COUNT PIXELS_1 "ldr lr, [r1]\n" SHIFT_OUT ROW_1("r4") "ldr lr, [r10]\n" SHIFT_OUT ROW_1("r5") "ldr lr, [r11]\n" SHIFT_OUT ROW_1("r6") "ldr lr, [r12]\n" SHIFT_OUT ROW_1("r7"),
        "{r4-r7}");
}

// The same of a pixel that is not widened yet: int8, what takes the zero point off behind the sums.
#define WIDEN_PIXEL "ldr lr, [sp]\nldr lr, [lr, #16]\nsxtab16 r9, lr, r8, ror #8\nsxtab16 r8, lr, r8\n"

static A8_HOT A8_NAKED void dot_raw(A8_UNUSED const uint32_t *pixels, A8_UNUSED const int8_t *w,
    A8_UNUSED int32_t depth, A8_UNUSED uint32_t *sums) {
    DOT("add r10, r1, r2\nadd r11, r10, r2\nadd r12, r11, r2\n",
        "ldr r8, [r0], #4\n" WIDEN_PIXEL ROWS_1,
        "add r1, r2\nadd r10, r2\nadd r11, r2\nadd r12, r2\nldr r8, [r0, r2]\n" SHIFT_COUNT
        "lsrs r8, r8, r2\n" WIDEN_PIXEL
        "ldr lr, [r1]\n" SHIFT_OUT ROW_1("r4") "ldr lr, [r10]\n" SHIFT_OUT ROW_1("r5") "ldr lr, [r11]\n" SHIFT_OUT ROW_1("r6") "ldr lr, [r12]\n" SHIFT_OUT ROW_1("r7"),
        "{r4-r7}");
}

static inline uint32_t bias_of(const a8_product_armdsp_t *t, int32_t c) {
    return (t->bias != NULL ? a8_load_word(t->bias + 4 * c) : 0) + t->before;
}

// One row where there are fewer than the kernel of the tile takes.
static A8_HOT void dot_row(const a8_product_armdsp_t *t, const int8_t *w, uint32_t *sums) {
    for (int32_t p = 0; p < t->count; p++) {
        const int16_t *x = (const int16_t *)(const void *)(t->pixels + p);
        for (int32_t k = 0; k < t->depth && t->raw != NULL; k++) {
            sums[p] += (uint32_t)((t->raw[k] - t->requantize->in_zero_point) * w[k]);
        }
        for (int32_t k = 0; k < t->depth && t->raw == NULL; k++) {
            const int32_t word = (k >> 2) * 2 + (k & 1);
            sums[p] += (uint32_t)(x[2 * word * t->tile + (k >> 1 & 1)] * w[k]);
        }
    }
}

// Outputs of one channel, whatever its bias, shift and limits are.
static void put_any(const a8_product_armdsp_t *t, int32_t c, const uint32_t *sums) {
    const a8_requantize_t *rq = t->requantize;
    const int32_t i = c * t->per_channel;
    for (int32_t p = 0; p < t->count; p++) {
        const uint32_t value = (uint32_t)a8_requantize((int32_t)sums[p], t->multipliers[i], t->shifts[i]);
        t->output[p * t->output_step + c] = (int8_t)a8_clamp((int32_t)(value + (uint32_t)(int32_t)rq->out_zero_point),
            rq->min, rq->max);
    }
}

static A8_HOT void product_any(const a8_product_armdsp_t *t) {
    for (int32_t c = 0; c < t->channels; c++) {
        uint32_t sums[6];
        for (int32_t p = 0; p < t->count; p++) {
            sums[p] = bias_of(t, c);
        }
        dot_row(t, t->filter + c * t->depth, sums);
        put_any(t, c, sums);
    }
}

// Outputs of one channel. Whole tiles unroll.
static A8_INLINE void put(const a8_product_armdsp_t *t, int32_t c, const a8_brief_t *b, const uint32_t *sums,
    const int32_t tile) {
    const int32_t step = t->output_step;
    int8_t *output = t->output + c;
    if (tile == 1 || t->count == tile) {
#pragma GCC unroll 6
        for (int32_t p = 0; p < tile; p++, output += step) {
            *output = (int8_t)a8_saturate_s8(a8_brief_output(b, sums[p]));
        }
    } else {
        for (int32_t p = 0; p < t->count; p++, output += step) {
            *output = (int8_t)a8_saturate_s8(a8_brief_output(b, sums[p]));
        }
    }
}

// dot takes so many rows of weights and pixels.
static A8_INLINE void product(const a8_product_armdsp_t *given, dot_t *dot, const int32_t rows, const int32_t tile) {
    const a8_product_armdsp_t t = *given; // which no output can overwrite
    const a8_requantize_t rq = *t.requantize;
    const bool quick = t.is_brief && rq.min == INT8_MIN && rq.max == INT8_MAX;
    a8_brief_t b;
    bool brief = quick && a8_brief(&b, *t.multipliers, *t.shifts, rq.out_zero_point, A8_BRIEF_TERMS, A8_BRIEF_BIAS);
    if (t.depth < A8_GATHER_MULTIPLE || t.channels < rows) {
        product_any(given);
        return;
    }
    for (int32_t next = 0; next < t.channels; next += rows) {
        const int32_t c = next + rows <= t.channels ? next : t.channels - rows; // some once more
        uint32_t sums[6];
#pragma GCC unroll 4
        for (int32_t r = 0; r < rows; r++) {
            const uint32_t bias = bias_of(&t, c + r);
#pragma GCC unroll 6
            for (int32_t p = 0; p < tile; p++) {
                sums[r * tile + p] = bias;
            }
        }
        if (tile == 1 && t.raw != NULL) {
            sums[4] = a8_twice(-rq.in_zero_point);
            dot_raw((const uint32_t *)(const void *)t.raw, t.filter + c * t.depth, t.depth, sums);
        } else {
            dot(t.pixels, t.filter + c * t.depth, t.depth, sums);
        }
#pragma GCC unroll 4
        for (int32_t r = 0; r < rows; r++) {
            if (t.per_channel) {
                brief = quick && a8_brief(&b, t.multipliers[c + r], t.shifts[c + r], rq.out_zero_point, t.depth, (int32_t)bias_of(&t, c + r));
            }
            if (brief) {
                put(&t, c + r, &b, sums + r * tile, tile);
            } else {
                put_any(&t, c + r, sums + r * tile);
            }
        }
    }
}

bool a8_is_brief_armdsp(const uint8_t *bias, int32_t channels, int32_t depth) {
    uint32_t high = 0; // the highest bits of biases, shifted so that small ones are positive
    for (int32_t c = 0; c < channels && bias != NULL; c++) {
        high |= a8_load_word(bias + 4 * c) + A8_BRIEF_BIAS;
    }
    return depth <= A8_BRIEF_TERMS && high < 2 * (uint32_t)A8_BRIEF_BIAS;
}

A8_HOT void a8_product_s8_armdsp(const a8_product_armdsp_t *t) {
    switch (t->tile) {
        case 6:
            product(t, dot_6, 1, 6);
            break;
        case 4:
            product(t, dot_4, 1, 4);
            break;
        case 2:
            product(t, dot_2, 2, 2);
            break;
        default:
            product(t, dot_1, 4, 1);
    }
}

static A8_INLINE void widen(uint32_t *word, const int32_t tile, const int8_t *x, int32_t n, uint32_t base) {
    int32_t words = n >> 2;
    for (; words >= 4; words -= 4, x += 16, word += 8 * tile) {
#pragma GCC unroll 4
        for (int32_t i = 0; i < 4; i++) {
            const uint32_t four = a8_load_word(x + 4 * i);
            word[2 * i * tile] = a8_even_bytes(base, four);
            word[(2 * i + 1) * tile] = a8_odd_bytes(base, four);
        }
    }
    for (; words > 0; words--, x += 4, word += 2 * tile) {
        const uint32_t four = a8_load_word(x);
        word[0] = a8_even_bytes(base, four);
        word[tile] = a8_odd_bytes(base, four);
    }
    if (n & 3) {
        uint32_t four = 0;
        for (int32_t i = 0; i < (n & 3); i++) {
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
        case 2:
            widen(pixels + p, 2, x, n, base);
            break;
        default:
            widen(pixels, 1, x, n, base);
    }
}

#endif
