// SPDX-License-Identifier: MIT
#include "product_s8_armdsp.h"

#if A8_KERNELS_ARMDSP

// ---- Sums of products -----------------------------------------------------
//
// In registers: r0 pixels, r1 weights, r2 how far the depth is done, r3 and lr four weights as two pairs, r4 .. the
// sums. LOAD gets the next four weights into lr; STEP multiplies four weights of each row; LAST is a STEP with the word
// that ends where the row does, from which those before are shifted out, so that nothing behind the weights is read.
// STEPS are as many as make DEPTH, which is MORE than 4 by that.
#define DOT_BY(STEPS, DEPTH, MORE, STEP, LAST) \
    "subs r2, #" DEPTH "\n" \
    "blt 2f\n" \
    ".balign 4\n" \
    "1:\n" STEPS \
    "subs r2, #" DEPTH "\n" \
    "bge 1b\n" \
    "2:\n" \
    "adds r2, #" MORE "\n" \
    "blt 4f\n" \
    "3:\n" STEP \
    "subs r2, #4\n" \
    "bge 3b\n" \
    "4:\n" \
    "cmn r2, #4\n" /* r2 is the rest of the depth, less 4 */ \
    "beq 5f\n" LAST \
    "5:\n"
#define DOT(STEP, LAST) DOT_BY(STEP STEP, "8", "4", STEP, LAST)
#define LONG_DOT(STEP, LAST) DOT_BY(STEP STEP STEP STEP, "16", "12", STEP, LAST)

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
#define DOT_6 DOT(LOAD("r1") ROW_6, LOAD_LAST("r1") SHIFT_COUNT SHIFT_OUT ROW_6)

// One row of weights, 4 pixels.
#define HALF_4(W) \
    "ldm r0!, {r8-r11}\n" MULTIPLY("r4", W, "r8") MULTIPLY("r5", W, "r9") \
        MULTIPLY("r6", W, "r10") MULTIPLY("r7", W, "r11")
#define ROW_4 WIDEN HALF_4("r3") HALF_4("lr")
#define DOT_4 DOT(LOAD("r1") ROW_4, LOAD_LAST("r1") SHIFT_COUNT SHIFT_OUT ROW_4)

// Two rows of weights, at r1 and r12, 2 pixels.
#define PIXELS_2 "ldm r0!, {r8-r11}\n"
#define ROW_2(SUM, NEXT) \
    WIDEN MULTIPLY(SUM, "r3", "r8") MULTIPLY(NEXT, "r3", "r9") MULTIPLY(SUM, "lr", "r10") MULTIPLY(NEXT, "lr", "r11")
#define DOT_2 \
    "add r12, r1, r2\n" DOT(PIXELS_2 LOAD("r1") ROW_2("r4", "r5") LOAD("r12") ROW_2("r6", "r7"), \
        "add r1, r2\nadd r12, r2\n" SHIFT_COUNT PIXELS_2 \
        "ldr lr, [r1]\n" SHIFT_OUT ROW_2("r4", "r5") "ldr lr, [r12]\n" SHIFT_OUT ROW_2("r6", "r7"))

// Four rows of weights, at r1, r10, r11 and r12, 1 pixel; the rests of the rows lie at the pointers.
#define ROW_1(SUM) WIDEN MULTIPLY(SUM, "r3", "r8") MULTIPLY(SUM, "lr", "r9")
#define ROWS_1 LOAD("r1") ROW_1("r4") LOAD("r10") ROW_1("r5") LOAD("r11") ROW_1("r6") LOAD("r12") ROW_1("r7")
#define LAST_ROWS_1 \
    "ldr lr, [r1]\n" SHIFT_OUT ROW_1("r4") "ldr lr, [r10]\n" SHIFT_OUT ROW_1("r5") "ldr lr, [r11]\n" SHIFT_OUT ROW_1("r6") "ldr lr, [r12]\n" SHIFT_OUT ROW_1("r7")
#define POINTERS_1 "add r10, r1, r2\nadd r11, r10, r2\nadd r12, r11, r2\n"
#define TO_LAST_1 "add r1, r2\nadd r10, r2\nadd r11, r2\nadd r12, r2\n"
#define PIXELS_1 "ldm r0!, {r8-r9}\n"

// sums[...] += products of the pixels of a tile and rows of w, depth apart.
typedef void dot_t(const uint32_t *pixels, const int8_t *w, int32_t depth, uint32_t *sums);

static A8_HOT A8_NAKED void dot_1(A8_UNUSED const uint32_t *pixels, A8_UNUSED const int8_t *w, A8_UNUSED int32_t depth,
    A8_UNUSED uint32_t *sums) {
    __asm volatile(
        "push {r3-r11, lr}\n"
        "ldm r3, {r4-r7}\n" POINTERS_1
            LONG_DOT(PIXELS_1 ROWS_1, TO_LAST_1 SHIFT_COUNT PIXELS_1 LAST_ROWS_1) "ldr r3, [sp]\n"
                                                                                  "stm r3, {r4-r7}\n"
                                                                                  "pop {r3-r11, pc}\n");
}

// The same of a pixel that is not widened yet: int8, what takes the zero point off behind the sums.
#define WIDEN_PIXEL "ldr lr, [sp]\nsxtab16 r9, lr, r8, ror #8\nsxtab16 r8, lr, r8\n"

static A8_HOT A8_NAKED void dot_raw(A8_UNUSED const uint32_t *pixels, A8_UNUSED const int8_t *w,
    A8_UNUSED int32_t depth, A8_UNUSED uint32_t *sums) {
    __asm volatile(
        "push {r3-r11, lr}\n"
        "ldm r3, {r4-r8}\n"
        "push {r8}\n" POINTERS_1
            LONG_DOT("ldr r8, [r0], #4\n" WIDEN_PIXEL ROWS_1,
                TO_LAST_1 "ldr r8, [r0, r2]\n" SHIFT_COUNT "lsrs r8, r8, r2\n" WIDEN_PIXEL LAST_ROWS_1) "pop {r2, r3}\n"
                                                                                                        "stm r3, {r4-r7}\n"
                                                                                                        "pop {r4-r11, pc}\n");
}

// ---- Channels of a tile ---------------------------------------------------

// In assembly fields are read by offset.
typedef struct {
    const uint32_t *pixels; // 0
    const int8_t *w; // 4
    int32_t depth; // 8
    const a8_lane_armdsp_t *lanes; // 12
    int8_t *output; // 16
    int32_t step; // 20: from pixel to pixel
    int32_t channels; // 24: at least 1, and a multiple of the rows that are multiplied at once
    uint32_t *sums; // 28: NULL, or where the sums of the first rows go instead of outputs
} run_t;

typedef char a8_assert_lane_armdsp_t[sizeof(a8_lane_armdsp_t) == 16 ? 1 : -1];

// Outputs of a lane: r0 multiplier, r1 shift, r3 rest; r12 is free.
#define OUTPUT(SUM, AT) \
    "lsl " SUM ", " SUM ", #1\n" \
    "smmulr " SUM ", " SUM ", r0\n" \
    "add r12, r3, " SUM "\n" \
    "add r12, r12, " SUM ", asr #31\n" \
    "asr r12, r12, r1\n" \
    "ssat r12, #8, r12\n" \
    "strb r12, [" AT "]\n"

// FILL makes sums of the bias in r4 (and of the next lane's, at r3), OUTPUTS writes those of ROWS channels, after which
// r10 points to the next one's and lanes are behind them; NEXT moves the weights in r0 on by so many rows of r1.
#define RUN(FILL, DOT_TILE, SUMS, OUTPUTS, ROWS, NEXT) \
    __asm volatile( \
        "push {r0, r4-r11, lr}\n" \
        "7:\n" \
        "ldr r3, [r0, #12]\n" \
        "ldr r4, [r3, #12]\n" FILL \
        "ldrd r1, r2, [r0, #4]\n" \
        "ldr r0, [r0]\n" DOT_TILE \
        "ldr lr, [sp]\n" \
        "ldrd r2, r3, [lr, #24]\n" \
        "cmp r3, #0\n" \
        "bne 8f\n" \
        "ldr r12, [lr, #12]\n" \
        "ldrd r10, r11, [lr, #16]\n" OUTPUTS \
        "str r10, [lr, #16]\n" \
        "ldrd r0, r1, [lr, #4]\n" \
        "subs r2, #" ROWS "\n" \
        "str r2, [lr, #24]\n" NEXT \
        "str r0, [lr, #4]\n" \
        "mov r0, lr\n" \
        "bne 7b\n" \
        "b 9f\n" \
        "8:\n" \
        "stm r3, " SUMS "\n" \
        "9:\n" \
        "pop {r0, r4-r11, pc}\n")

// The first lane's numbers; r12 pointed to it. Its bias is not wanted any more.
#define LANE(FREE) "ldm r12!, {r0, r1, r3, " FREE "}\nstr r12, [lr, #12]\n"

static A8_HOT A8_NAKED void run_6(A8_UNUSED run_t *run) {
    RUN("mov r5, r4\nmov r6, r4\nmov r7, r4\nmov r8, r4\nmov r9, r4\n", DOT_6, "{r4-r9}",
        LANE("r11") "ldrd r10, r11, [lr, #16]\n" OUTPUT("r4", "r10") OUTPUT("r5", "r10, r11") OUTPUT("r6", "r10, r11, lsl #1") "add r4, r10, #1\n"
                                                                                                                               "add r10, r10, r11\nadd r10, r10, r11, lsl #1\n" OUTPUT("r7", "r10") OUTPUT("r8", "r10, r11") OUTPUT("r9", "r10, r11, lsl #1") "mov r10, r4\n",
        "1", "add r0, r1\n");
}

static A8_HOT A8_NAKED void run_4(A8_UNUSED run_t *run) {
    RUN("mov r5, r4\nmov r6, r4\nmov r7, r4\n", DOT_4, "{r4-r7}",
        LANE("r9")
            OUTPUT("r4", "r10") OUTPUT("r5", "r10, r11") OUTPUT("r6", "r10, r11, lsl #1") "add r4, r10, #1\n"
                                                                                          "add r10, r10, r11\nadd r10, r10, r11, lsl #1\n" OUTPUT("r7", "r10") "mov r10, r4\n",
        "1", "add r0, r1\n");
}

static A8_HOT A8_NAKED void run_2(A8_UNUSED run_t *run) {
    RUN("ldr r6, [r3, #28]\nmov r5, r4\nmov r7, r6\n", DOT_2, "{r4-r7}",
        LANE("r9")
            OUTPUT("r4", "r10") OUTPUT("r5", "r10, r11") "ldr r12, [lr, #12]\nadd r10, #1\n" LANE("r9")
                OUTPUT("r6", "r10") OUTPUT("r7", "r10, r11") "add r10, #1\n",
        "2", "add r0, r0, r1, lsl #1\n");
}

#define ROWS_OF_1 (4)

static inline uint32_t bias_of(const a8_product_armdsp_t *t, int32_t c) {
    return (t->bias != NULL ? a8_load_word(t->bias + 4 * c) : 0) + t->before;
}

// Products of one widened pixel of a tile and a row of weights.
static A8_INLINE uint32_t dot_pixel(uint32_t sum, const uint32_t *pixel, int32_t tile, const int8_t *w, int32_t depth) {
    for (; depth >= 4; depth -= 4, w += 4, pixel += 2 * tile) {
        const uint32_t four = a8_load_word(w);
        sum = a8_add_both(sum, a8_even_bytes(0, four), pixel[0]);
        sum = a8_add_both(sum, a8_odd_bytes(0, four), pixel[tile]);
    }
    if (depth > 0) {
        const uint32_t few = a8_load_few(w, depth);
        sum = a8_add_both(sum, a8_even_bytes(0, few), pixel[0]);
        sum = a8_add_both(sum, a8_odd_bytes(0, few), pixel[tile]);
    }
    return sum;
}

// The same of a pixel that is not widened.
static A8_INLINE uint32_t dot_raw_pixel(uint32_t sum, const int8_t *x, const int8_t *w, int32_t depth, int32_t zero_point) {
    for (const int8_t *end = x + depth; x != end; x++, w++) {
        sum += (uint32_t)((*x - zero_point) * *w);
    }
    return sum;
}

// Output of one sum, whatever the bias, shift and limits are.
static A8_HOT __attribute__((noinline)) void put_one(const a8_product_armdsp_t *t, int32_t c, int8_t *output, uint32_t sum) {
    const a8_requantize_t *rq = t->requantize;
    const int32_t i = c * t->per_channel;
    const uint32_t value = (uint32_t)a8_requantize((int32_t)sum, t->multipliers[i], t->shifts[i]);
    *output = (int8_t)a8_clamp((int32_t)(value + (uint32_t)(int32_t)rq->out_zero_point), rq->min, rq->max);
}

// Outputs of one channel.
static void put_any(const a8_product_armdsp_t *t, int32_t c, const uint32_t *sums) {
    for (int32_t p = 0; p < t->tile; p++) {
        put_one(t, c, t->output + p * t->output_step + c, sums[p]);
    }
}

// One row where there are fewer than the kernel of the tile takes.
static A8_HOT void product_any(const a8_product_armdsp_t *t) {
    for (int32_t c = 0; c < t->channels; c++) {
        uint32_t sums[6];
        for (int32_t p = 0; p < t->tile; p++) {
            sums[p] = dot_pixel(bias_of(t, c), t->pixels + p, t->tile, t->filter + c * t->depth, t->depth);
        }
        put_any(t, c, sums);
    }
}

// One pixel, so many rows at a time: 4, or 1 if there are fewer or they are short.
static A8_INLINE void product_1(const a8_product_armdsp_t *given, const int32_t rows) {
    const a8_product_armdsp_t t = *given; // which no output can overwrite
    const a8_requantize_t rq = *t.requantize;
    const bool quick = t.is_brief && rq.min == INT8_MIN && rq.max == INT8_MAX;
    a8_brief_t b;
    bool brief = quick && a8_brief(&b, *t.multipliers, *t.shifts, rq.out_zero_point, A8_BRIEF_TERMS, A8_BRIEF_BIAS);
    for (int32_t next = 0; next < t.channels; next += rows) {
        const int32_t c = next + rows <= t.channels ? next : t.channels - rows; // some once more
        const int8_t *w = t.filter + c * t.depth;
        uint32_t sums[ROWS_OF_1 + 1];
        uint32_t high = 0; // the highest bits of biases, shifted so that small ones are positive
#pragma GCC unroll 4
        for (int32_t r = 0; r < rows; r++) {
            sums[r] = bias_of(&t, c + r);
            high |= sums[r] + A8_BRIEF_BIAS;
        }
        const bool small = high < 2 * (uint32_t)A8_BRIEF_BIAS;
        if (rows == 1) {
            sums[0] = t.raw != NULL ? dot_raw_pixel(sums[0], t.raw, w, t.depth, rq.in_zero_point)
                                    : dot_pixel(sums[0], t.pixels, 1, w, t.depth);
        } else if (t.raw != NULL) {
            sums[ROWS_OF_1] = a8_twice(-rq.in_zero_point);
            dot_raw((const uint32_t *)(const void *)t.raw, w, t.depth, sums);
        } else {
            dot_1(t.pixels, w, t.depth, sums);
        }
#pragma GCC unroll 4
        for (int32_t r = 0; r < rows; r++) {
            if (t.per_channel) {
                brief = quick && a8_brief(&b, t.multipliers[c + r], t.shifts[c + r], rq.out_zero_point, t.depth, (int32_t)bias_of(&t, c + r));
            }
            if (brief && small) {
                t.output[c + r] = (int8_t)a8_saturate_s8(a8_brief_output(&b, sums[r]));
            } else {
                put_one(&t, c + r, t.output + c + r, sums[r]);
            }
        }
    }
}

// More pixels.
static A8_INLINE void product(const a8_product_armdsp_t *t, void (*run)(run_t *), int32_t rows) {
    run_t r = { t->pixels, t->filter, t->depth, t->lanes, t->output, t->output_step, t->channels - t->channels % rows, NULL };
    if (t->lanes != NULL) {
        run(&r);
        if (t->channels % rows != 0) { // some once more
            const int32_t c = t->channels - rows;
            r.w = t->filter + c * t->depth;
            r.lanes = t->lanes + c;
            r.output = t->output + c;
            r.channels = rows;
            run(&r);
        }
        return;
    }
    for (int32_t next = 0; next < t->channels; next += rows) {
        const int32_t c = next + rows <= t->channels ? next : t->channels - rows;
        a8_lane_armdsp_t lanes[2] = { 0 };
        uint32_t sums[6];
        for (int32_t i = 0; i < rows; i++) {
            lanes[i].bias = (int32_t)bias_of(t, c + i);
        }
        r.w = t->filter + c * t->depth;
        r.lanes = lanes;
        r.channels = rows;
        r.sums = sums;
        run(&r);
        for (int32_t i = 0; i < rows; i++) {
            put_any(t, c + i, sums + i * t->tile);
        }
    }
}

bool a8_is_brief_armdsp(const uint8_t *bias, int32_t channels, int32_t depth) {
    uint32_t high = 0; // the highest bits of biases, shifted so that small ones are positive
    if (bias == NULL) {
        return depth <= A8_BRIEF_TERMS;
    }
#pragma GCC unroll 4
    for (const uint8_t *end = bias + 4 * channels; bias != end; bias += 4) {
        high |= a8_load_word(bias) + A8_BRIEF_BIAS;
    }
    return depth <= A8_BRIEF_TERMS && high < 2 * (uint32_t)A8_BRIEF_BIAS;
}

bool a8_lanes_armdsp(const a8_product_armdsp_t *t, a8_lane_armdsp_t *lanes) {
    const a8_requantize_t *rq = t->requantize;
    bool brief = t->is_brief && rq->min == INT8_MIN && rq->max == INT8_MAX;
    for (int32_t c = 0; c < t->channels && brief; c++) {
        const int32_t i = c * t->per_channel;
        lanes[c].bias = (int32_t)bias_of(t, c);
        brief = a8_brief(&lanes[c].brief, t->multipliers[i], t->shifts[i], rq->out_zero_point, t->depth, lanes[c].bias);
    }
    return brief;
}

A8_HOT void a8_product_s8_armdsp(const a8_product_armdsp_t *t) {
    const bool is_short = t->depth < A8_GATHER_MULTIPLE;
    if (t->tile == 1) {
        if (is_short || t->channels < ROWS_OF_1) {
            product_1(t, 1);
        } else {
            product_1(t, ROWS_OF_1);
        }
        return;
    }
    if (is_short || t->channels < (t->tile == 2 ? 2 : 1)) {
        product_any(t);
        return;
    }
    switch (t->tile) {
        case 6:
            product(t, run_6, 1);
            break;
        case 4:
            product(t, run_4, 1);
            break;
        default:
            product(t, run_2, 2);
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
        const uint32_t four = a8_load_few(x, n & 3);
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
