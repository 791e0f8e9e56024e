// SPDX-License-Identifier: MIT
//
// Depthwise convolution, four output channels at a time over all pixels of a call: their weights are widened once,
// unless all four channels come from one of the input.
// Fewer than four channels go the portable way.
#include <stddef.h>

#include "dsp_armdsp.h"
#include "scratch_armdsp.h"

#if A8_KERNELS_ARMDSP

#define LANES (4)

// ---- Runs of pixels -------------------------------------------------------

// Pixels of a row whose windows have the same columns of taps inside of the image. What is said of a place is counted
// from the image's, weights' and output's row, until a run is made of it.
typedef struct {
    intptr_t x; // of the first tap
    intptr_t weights;
    intptr_t output;
    int32_t count; // pixels
    int32_t columns;
    int32_t weights_skip; // bytes of columns outside of the image
    int32_t row_step; // bytes from where a row's taps end; from where they begin if it is whole or lacks one
    int32_t kind; // 3: all of three columns, 2: two of three, 0: any
} segment_t;

// In assembly fields are read by offset.
typedef struct {
    segment_t segment; // x at 0, weights 4, output 8, count 12, columns 16, weights_skip 20, row_step 24, kind 28
    int32_t column_step; // 32
    int32_t rows; // 36: of taps
    int32_t x_step; // 40: from pixel to pixel
    int32_t output_step; // 44
    uint32_t base; // 48: what takes the zero point off two elements
    uint32_t bias[LANES]; // 52
    a8_brief_t outputs[LANES]; // 68
    int32_t tap_step; // 116: bytes from a tap's weights to the next one's
} run_t;

typedef char a8_assert_run_t[offsetof(run_t, bias) == 52 && offsetof(run_t, outputs) == 68 &&
            offsetof(run_t, tap_step) == 116
        ? 1
        : -1];

// Taps of four channels of the input, whose weights are widened: two words a tap.
#define FOUR_BEGIN ""
#define FOUR(AT) \
    "ldr r8, [r1" AT "]\n" \
    "sxtab16 r9, r12, r8, ror #8\n" \
    "sxtab16 r8, r12, r8\n" \
    "ldrd r10, r11, [r3], #8\n" \
    "smlabb r4, r8, r10, r4\n" \
    "smlabb r5, r9, r11, r5\n" \
    "smlatt r6, r8, r10, r6\n" \
    "smlatt r7, r9, r11, r7\n"
#define FOUR_SKIP "add r3, #8\n"
// Taps of one channel that makes all four. It needs fewer registers, so weights are widened on the way: r9 is the step
// from a tap's to the next one's.
#define ONE_BEGIN "ldr r9, [r0, #116]\n"
#define ONE(AT) \
    "ldrsb r8, [r1" AT "]\n" \
    "ldr r10, [r3]\n" \
    "add r3, r9\n" \
    "add r8, r8, r12\n" \
    "sxtb16 r11, r10, ror #8\n" \
    "sxtb16 r10, r10\n" \
    "smlabb r4, r8, r10, r4\n" \
    "smlabb r5, r8, r11, r5\n" \
    "smlabt r6, r8, r10, r6\n" \
    "smlabt r7, r8, r11, r7\n"
#define ONE_SKIP "add r3, r9\n"
// clang-format off
// Behind a row of taps: the next one, if there is any, by going back to AGAIN.
#define NEXT_ROW(AGAIN) \
    "ldrd r8, r10, [r0, #16]\n" \
    "ldr r11, [r0, #24]\n" \
    "add r3, r10\n" \
    "add r1, r11\n" \
    "sub lr, #1\n" \
    "add lr, lr, r8, lsl #16\n" \
    "lsls r8, lr, #16\n" \
    "bne " AGAIN "\n"
// Rows of taps whose columns are a multiple of four; the rest is as behind label 4 of RUN.
#define ONE_FOURS \
    "tst r8, #3\n" \
    "bne 8f\n" \
    "sub lr, #0x40000\n" \
    "7:\n" \
    ONE("") ONE(", r2") "add r1, r1, r2, lsl #1\n" \
    ONE("") ONE(", r2") "add r1, r1, r2, lsl #1\n" \
    "subs lr, #0x40000\n" \
    "bpl 7b\n" \
    NEXT_ROW("7b") \
    "b 6f\n" \
    "8:\n"
#define OUTPUT(LANE, SUM) \
    "ldm r2!, {r8-r10}\n" \
    "lsl " SUM ", " SUM ", #1\n" \
    "smmulr " SUM ", " SUM ", r8\n" \
    "add r10, r10, " SUM "\n" \
    "add r10, r10, " SUM ", asr #31\n" \
    "asr r9, r10, r9\n" \
    "ssat r9, #8, r9\n" \
    "strb r9, [r3, #" LANE "]\n"

// In registers: r0 the run, r1 a row of taps, r2 the step of columns, r3 weights, r4-r7 sums, r12 the zero point, lr
// rows in the low half, and in the high one the columns of this row that follow.
#define RUN(BEGIN, TAP, SKIP, FOURS) \
    __asm volatile( \
        "push {r4-r11, lr}\n" \
        "ldr r12, [r0, #48]\n" \
        "1:\n" \
        "add lr, r0, #52\n" \
        "ldm lr, {r4-r7}\n" \
        "ldrd r1, r3, [r0]\n" \
        "ldrd r2, lr, [r0, #32]\n" \
        "ldr r8, [r0, #28]\n" \
        BEGIN \
        "cmp r8, #2\n" \
        "blt 4f\n" \
        "beq 3f\n" \
        ".balign 4\n" \
        "2:\n" \
        TAP("") TAP(", r2") TAP(", r2, lsl #1") \
        "ldr r8, [r0, #24]\n" \
        "subs lr, #1\n" \
        "add r1, r8\n" \
        "bne 2b\n" \
        "b 6f\n" \
        "3:\n" \
        TAP("") TAP(", r2") \
        "ldr r8, [r0, #24]\n" \
        "subs lr, #1\n" \
        "add r1, r8\n" \
        SKIP \
        "bne 3b\n" \
        "b 6f\n" \
        "4:\n" \
        "ldr r8, [r0, #16]\n" \
        "add lr, lr, r8, lsl #16\n" \
        FOURS \
        "sub lr, #0x10000\n" \
        "5:\n" \
        TAP("") \
        "add r1, r2\n" \
        "subs lr, #0x10000\n" \
        "bpl 5b\n" \
        NEXT_ROW("5b") \
        "6:\n" \
        "add r2, r0, #68\n" \
        "ldr r3, [r0, #8]\n" \
        OUTPUT("0", "r4") OUTPUT("1", "r5") OUTPUT("2", "r6") OUTPUT("3", "r7") \
        "ldr r8, [r0]\n" \
        "ldrd r9, r10, [r0, #40]\n" \
        "ldr r11, [r0, #12]\n" \
        "add r8, r9\n" \
        "add r3, r10\n" \
        "subs r11, #1\n" \
        "str r8, [r0]\n" \
        "strd r3, r11, [r0, #8]\n" \
        "bne 1b\n" \
        "pop {r4-r11, pc}\n")
// clang-format on

// Four channels of the input, each of which makes one of the output.
static A8_HOT A8_NAKED void run_four(A8_UNUSED run_t *run) {
    RUN(FOUR_BEGIN, FOUR, FOUR_SKIP, "");
}

// One channel of the input, which makes all four.
static A8_HOT A8_NAKED void run_one(A8_UNUSED run_t *run) {
    RUN(ONE_BEGIN, ONE, ONE_SKIP, ONE_FOURS);
}

// ---- Blocks of four channels ----------------------------------------------

typedef struct {
    const a8_conv_params_t *params;
    const int8_t *input; // of the first channel
    const int8_t *weights; // of the first tap; widened: two words a tap, of channels 0 and 2, 1 and 3
    int8_t *output; // of the first channel, in the first row
    const int32_t *multipliers; // of the four channels, or of all
    const int8_t *shifts;
    int32_t per_channel; // 1 or 0
    bool from_one; // all four channels come from one of the input; their weights are as they lie
    run_t run;
} lanes_t;

static inline void widen_weights(const int8_t *w, int32_t taps, int32_t step, uint32_t *widened) {
    for (int32_t i = 0; i < taps; i++, w += step) {
        const uint32_t four = a8_load_word(w);
        *widened++ = a8_even_bytes(0, four);
        *widened++ = a8_odd_bytes(0, four);
    }
}

// Whether runs give the outputs; if not, only biases are there.
static inline bool prepare_lanes(lanes_t *l, const a8_operands_t *operands, int32_t c) {
    const a8_requantize_t *rq = &l->params->result.requantize;
    const a8_window_t *win = &l->params->window;
    bool runs = rq->min == INT8_MIN && rq->max == INT8_MAX && win->filter_h * win->filter_w <= A8_BRIEF_TERMS;
    l->multipliers = operands->multipliers + c * l->per_channel;
    l->shifts = operands->shifts + c * l->per_channel;
    for (int32_t i = 0; i < LANES; i++) {
        const int32_t shift = l->shifts[i * l->per_channel];
        l->run.bias[i] = operands->bias != NULL ? a8_load_word(operands->bias + 4 * (c + i)) : 0;
        const int32_t bias = (int32_t)l->run.bias[i];
        runs = runs && a8_is_brief_bias(bias) && a8_brief(&l->run.outputs[i], l->multipliers[i * l->per_channel], shift, rq->out_zero_point, win->filter_h * win->filter_w, bias);
    }
    return runs;
}

// Any pixel, in C.
static void one_pixel(const lanes_t *l, a8_taps_t ty, int32_t top, int8_t *output, int32_t x) {
    const a8_conv_params_t *params = l->params;
    const a8_window_t *win = &params->window;
    const a8_requantize_t *rq = &params->result.requantize;
    const int32_t left = x * win->stride_w - win->pad_w;
    const a8_taps_t tx = a8_taps(left, win->in_w, win->filter_w, win->dilation_w);
    for (int32_t i = 0; i < LANES; i++) {
        uint32_t sum = l->run.bias[i];
        for (int32_t fy = ty.first; fy < ty.end; fy++) {
            for (int32_t fx = tx.first; fx < tx.end; fx++) {
                const int8_t *in = l->input +
                    ((top + fy * win->dilation_h) * win->in_w + left + fx * win->dilation_w) * params->in_c;
                const int8_t *tap = l->weights + (fy * win->filter_w + fx) * l->run.tap_step;
                const int32_t weight = l->from_one ? tap[i] : (int16_t)(a8_load_word(tap + 4 * (i & 1)) >> 8 * (i & 2));
                sum += (uint32_t)((in[l->from_one ? 0 : i] - rq->in_zero_point) * weight);
            }
        }
        const uint32_t value = (uint32_t)a8_requantize((int32_t)sum, l->multipliers[i * l->per_channel],
            l->shifts[i * l->per_channel]);
        output[x * params->out_c + i] = (int8_t)a8_clamp((int32_t)(value + (uint32_t)(int32_t)rq->out_zero_point),
            rq->min, rq->max);
    }
}

// Rows of the four channels. segments are those of a row, or NULL.
static inline void run_rows(lanes_t *l, const segment_t *segments, const segment_t *end, int32_t y0, int32_t y1) {
    const a8_conv_params_t *params = l->params;
    const a8_window_t *win = &params->window;
    const int32_t in_row = win->in_w * params->in_c;
    int8_t *output = l->output;
    for (int32_t y = y0; y < y1; y++, output += win->out_w * params->out_c) {
        const int32_t top = y * win->stride_h - win->pad_h;
        const a8_taps_t ty = a8_taps(top, win->in_h, win->filter_h, win->dilation_h);
        if (segments == NULL || ty.end <= ty.first) {
            for (int32_t x = 0; x < win->out_w; x++) {
                one_pixel(l, ty, top, output, x);
            }
            continue;
        }
        const int8_t *x = l->input + (top + ty.first * win->dilation_h) * in_row;
        const int8_t *w = l->weights + ty.first * win->filter_w * l->run.tap_step;
        l->run.rows = ty.end - ty.first;
        for (const segment_t *s = segments; s != end; s++) {
            l->run.segment = *s;
            l->run.segment.x += (intptr_t)x;
            l->run.segment.weights += (intptr_t)w;
            l->run.segment.output += (intptr_t)output;
            if (l->from_one) {
                run_one(&l->run);
            } else {
                run_four(&l->run);
            }
        }
    }
}

#define SEGMENTS (12)

// The segments of a row: their number, or 0 if there are too many of them or a window lies outside altogether.
static int32_t divide_row(const a8_conv_params_t *params, int32_t tap_step, segment_t *s) {
    const a8_window_t *win = &params->window;
    const int32_t column = win->dilation_w * params->in_c;
    int32_t n = 0;
    if (win->filter_h > 255 || win->filter_w > 255) {
        return 0;
    }
    for (int32_t x = 0; x < win->out_w; x++) {
        const int32_t left = x * win->stride_w - win->pad_w;
        const a8_taps_t tx = a8_taps(left, win->in_w, win->filter_w, win->dilation_w);
        const int32_t columns = tx.end - tx.first;
        if (columns <= 0) {
            return 0;
        }
        if (n > 0 && columns == win->filter_w && s[-1].columns == columns) {
            s[-1].count++;
            continue;
        }
        if (++n > SEGMENTS) {
            return 0;
        }
        s->x = (left + tx.first * win->dilation_w) * params->in_c;
        s->weights = tx.first * tap_step;
        s->output = x * params->out_c;
        s->count = 1;
        s->columns = columns;
        s->weights_skip = (win->filter_w - columns) * tap_step;
        s->kind = win->filter_w == 3 && columns > 1 ? columns : 0;
        s->row_step = win->dilation_h * win->in_w * params->in_c - (s->kind != 0 ? 0 : columns * column);
        s++;
    }
    return n;
}

A8_HOT void a8_depthwise_conv_s8_armdsp(const a8_conv_params_t *params, const a8_operands_t *operands, int32_t y0,
    int32_t y1) {
    const a8_window_t *win = &params->window;
    const a8_requantize_t *rq = &params->result.requantize;
    const int32_t out_c = params->out_c;
    const int32_t group = params->group_out;
    const int32_t together = group == 1 ? out_c : group; // channels that blocks are made of
    if (together < LANES) {
        a8_depthwise_conv_s8_generic(params, operands, y0, y1);
        return;
    }
    lanes_t l = { .params = params, .weights = operands->scratch, .from_one = group != 1 };
    l.run.tap_step = l.from_one ? out_c : A8_WIDENED_TAP_ARMDSP;
    l.per_channel = rq->flags & A8_PER_CHANNEL ? 1 : 0;
    segment_t segments[SEGMENTS];
    const int32_t n = divide_row(params, l.run.tap_step, segments);
    l.run.x_step = win->stride_w * params->in_c;
    l.run.column_step = win->dilation_w * params->in_c;
    l.run.output_step = out_c;
    l.run.base = l.from_one ? (uint32_t)-rq->in_zero_point : a8_twice(-rq->in_zero_point);
    for (int32_t first = 0; first < out_c; first += together) {
        for (int32_t i = 0; i < together; i += LANES) {
            const int32_t c = first + (i + LANES <= together ? i : together - LANES); // some once more
            const int8_t *filter = (const int8_t *)operands->filter + c;
            if (l.from_one) {
                l.weights = filter;
            } else {
                widen_weights(filter, win->filter_h * win->filter_w, out_c, operands->scratch);
            }
            l.input = (const int8_t *)operands->input + (l.from_one ? c / group : c);
            l.output = (int8_t *)operands->output + y0 * win->out_w * out_c + c;
            const bool runs = prepare_lanes(&l, operands, c) && n > 0;
            run_rows(&l, runs ? segments : NULL, segments + n, y0, y1);
        }
    }
}

#endif
