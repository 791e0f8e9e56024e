// SPDX-License-Identifier: MIT
//
// Compares the kernels of one target with the portable ones over random shapes. Compiled with VARIANT (as in
// a8_conv_s8_VARIANT) and COMPARED (its number in target.h); prints the cases of each kernel, or the first that differs.
//
//   compare [seed]
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/scratch.h"

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define KERNEL(name) JOIN(name##_, VARIANT)

#ifndef CASES
#define CASES (400)
#endif
#ifdef PAGE
void protect(void *pages, size_t size); // from any access
#endif
#define GUARD (32)
#define GUARD_BYTE (0xa5)

static uint32_t lcg = 1;

static uint32_t draw(void) {
    lcg = lcg * 1664525 + 1013904223;
    return lcg >> 8;
}

// A number from low to high.
static int32_t pick(int32_t low, int32_t high) {
    return low + (int32_t)(draw() % (uint32_t)(high - low + 1));
}

// Guarded bytes at an address of a chosen remainder by 4. Where memory comes in pages of PAGE bytes there is one behind
// them that cannot be read, as there may be none behind a model in flash.
typedef struct {
    uint8_t *data;
    uint32_t size;
#ifdef PAGE
    uint8_t bytes[40960] __attribute__((aligned(PAGE)));
    uint8_t beyond[PAGE];
#else
    uint8_t bytes[40000];
#endif
} block_t;

static block_t input, filter, bias, expected, output, scratch, overlap;
static int32_t multipliers[256];
static int8_t shifts[256];

static void fill(block_t *b, uint32_t size, uint32_t offset) {
    if (size + offset + 2 * GUARD + 16 > sizeof(b->bytes)) {
        printf("too large a block: %u\n", (unsigned)size);
        exit(2);
    }
    memset(b->bytes, GUARD_BYTE, sizeof(b->bytes));
    b->data = b->bytes + GUARD;
    b->data += (16 - ((uintptr_t)b->data & 15)) % 16 + offset;
    b->size = size;
}

static void fill_random(block_t *b, uint32_t size, uint32_t offset) {
    const int32_t kind = pick(0, 7);
    fill(b, size, offset);
#ifdef PAGE
    if (pick(0, 1)) {
        b->data = b->beyond - size;
    }
#endif
    for (uint32_t i = 0; i < size; i++) {
        // Now and then extremes alone, which make the largest sums.
        b->data[i] = (uint8_t)(kind == 0 ? 0x80 : kind == 1 ? 0x7f + (draw() & 1)
                                                            : draw());
    }
}

static bool intact(const block_t *b) {
    for (const uint8_t *p = b->bytes; p < b->bytes + sizeof(b->bytes); p++) {
        if (*p != GUARD_BYTE && (p < b->data || p >= b->data + b->size)) {
            return false;
        }
    }
    return true;
}

static a8_requantize_t requantization(int32_t channels) {
    a8_requantize_t rq = { 0 };
    rq.min = (int16_t)(pick(0, 2) ? INT8_MIN : pick(-128, 126));
    rq.max = (int16_t)(pick(0, 2) ? INT8_MAX : pick(rq.min, 127));
    rq.in_zero_point = (int8_t)(pick(0, 3) ? pick(-128, 127) : pick(0, 1) ? -128
                                                                          : 127);
    rq.out_zero_point = (int8_t)(pick(0, 3) ? pick(-128, 127) : pick(0, 1) ? -128
                                                                           : 127);
    rq.flags = pick(0, 1) ? A8_PER_CHANNEL : 0;
    // Mostly such that outputs are neither all clamped nor all the same; sometimes anything.
    const int32_t usual = pick(-12, -5);
    for (int32_t i = 0; i < channels; i++) {
        multipliers[i] = pick(0, 30) ? (1 << 30) + (int32_t)(draw() & 0xffffff) * 63 : 0;
        shifts[i] = (int8_t)(pick(0, 15) ? usual + pick(-1, 1) : pick(A8_SHIFT_MIN, A8_SHIFT_MAX));
    }
    if (pick(0, 15) == 0) {
        multipliers[0] = pick(0, 1) ? INT32_MAX : 1 << 30;
    }
    return rq;
}

static a8_operands_t operands(uint32_t in_bytes, uint32_t filter_bytes, int32_t channels, uint32_t out_bytes,
    uint32_t scratch_bytes) {
    const bool small = pick(0, 7) != 0;
    a8_operands_t t = { 0 };
    fill_random(&input, in_bytes, (uint32_t)pick(0, 3));
    fill_random(&filter, filter_bytes, (uint32_t)pick(0, 3));
    fill_random(&bias, 4 * (uint32_t)channels, pick(0, 1) ? 0 : (uint32_t)pick(0, 3));
    for (int32_t i = 0; i < channels && small; i++) {
        bias.data[4 * i + 3] = bias.data[4 * i + 2] = bias.data[4 * i + 1] & 0x80 ? 0xff : 0;
    }
    fill(&expected, out_bytes, 0);
    fill(&output, out_bytes, (uint32_t)pick(0, 3));
    fill(&scratch, scratch_bytes, 0);
    t.input = input.data;
    t.filter = filter.data;
    t.bias = pick(0, 4) ? bias.data : NULL;
    t.multipliers = multipliers;
    t.shifts = shifts;
    return t;
}

static void check(const char *kernel, int32_t number, const void *params, size_t size) {
    const bool same = memcmp(expected.data, output.data, output.size) == 0;
    if (same && intact(&output) && intact(&scratch)) {
        return;
    }
    printf("%s differs in case %d:%s%s%s; parameters:", kernel, (int)number, same ? "" : " output",
        intact(&output) ? "" : " writes beside the output", intact(&scratch) ? "" : " writes beside the scratch");
    for (size_t i = 0; i < size / 4; i++) {
        printf(" %d", (int)((const int32_t *)params)[i]);
    }
    for (uint32_t i = 0; i < output.size; i++) {
        if (expected.data[i] != output.data[i]) {
            printf("; at %u of %u: %d instead of %d", (unsigned)i, (unsigned)output.size, (int8_t)output.data[i],
                (int8_t)expected.data[i]);
            break;
        }
    }
    printf("\n");
    exit(1);
}

// Where input and output of a call in place lie: the output lag bytes in front of the input.
static void lay_over(int32_t lag, a8_operands_t *t) {
    const uint32_t behind = (uint32_t)lag + input.size;
    fill(&overlap, behind > output.size ? behind : output.size, 0);
    memcpy(overlap.data + lag, input.data, input.size);
    t->input = overlap.data + lag;
    t->output = overlap.data;
}

static void check_overlap(const char *kernel, int32_t number, const void *params, size_t size) {
    memcpy(output.data, overlap.data, output.size);
    if (!intact(&overlap)) {
        printf("in place, ");
        output.data[0] = (uint8_t)(expected.data[0] + 1);
    }
    check(kernel, number, params, size);
}

// The reference in one call, the variant in calls of random lengths.
static void run_conv(const char *name, int32_t number, a8_conv_t *reference, a8_conv_t *variant,
    const a8_conv_params_t *params, a8_operands_t *t) {
    t->output = expected.data;
    reference(params, t, 0, params->window.out_h);
    t->output = output.data;
    t->scratch = scratch.data;
    for (int32_t y = 0; y < params->window.out_h;) {
        const int32_t end = pick(0, 1) ? params->window.out_h : pick(y + 1, params->window.out_h);
        variant(params, t, y, end);
        y = end;
    }
    check(name, number, params, sizeof(*params));

    // In place, as far as a8_conv_s8_lag says, in calls of as many rows.
    const int32_t rows = pick(0, 1) ? 1 : pick(1, params->window.out_h);
    lay_over(a8_conv_s8_lag(params, rows), t);
    for (int32_t y = 0; y < params->window.out_h; y += rows) {
        variant(params, t, y, params->window.out_h - y < rows ? params->window.out_h : y + rows);
    }
    check_overlap("in place, conv_s8 or depthwise_conv_s8", number, params, sizeof(*params));
}

// Every window has its first tap left of and above the image's end, as prepare makes sure.
static void window(a8_window_t *win, bool pointwise) {
    win->in_h = pick(1, 9);
    win->in_w = pick(1, 9);
    win->filter_h = pointwise ? 1 : pick(1, 4);
    win->filter_w = pointwise ? 1 : pick(0, 2) ? 3
                                               : pick(1, 5);
    win->stride_h = (uint16_t)(pick(0, 1) ? 1 : pick(1, 3));
    win->stride_w = (uint16_t)(pick(0, 1) ? 1 : pick(1, 3));
    win->dilation_h = (uint16_t)(pick(0, 3) ? 1 : pick(1, 3));
    win->dilation_w = (uint16_t)(pick(0, 3) ? 1 : pick(1, 3));
    win->pad_h = pick(0, 1) ? 0 : pick(0, (win->filter_h - 1) * win->dilation_h);
    win->pad_w = pick(0, 1) ? 0 : pick(0, (win->filter_w - 1) * win->dilation_w);
    win->out_h = (win->in_h - 1 + win->pad_h) / win->stride_h + 1;
    win->out_w = (win->in_w - 1 + win->pad_w) / win->stride_w + 1;
    win->out_h = pick(1, win->out_h);
    win->out_w = pick(0, 1) ? win->out_w : pick(1, win->out_w);
}

// Larger than a variant may take at once.
static void large_window(a8_window_t *win) {
    win->in_h = pick(5, 16);
    win->in_w = pick(8, 40);
    win->filter_h = pick(5, 12);
    win->filter_w = pick(0, 1) ? pick(2, 9) : 4 * pick(1, 2);
    win->stride_h = (uint16_t)pick(1, 2);
    win->stride_w = (uint16_t)pick(1, 2);
    win->dilation_h = win->dilation_w = 1;
    win->pad_h = pick(0, win->filter_h - 1);
    win->pad_w = pick(0, win->filter_w - 1);
    win->out_h = (win->in_h - 1 + win->pad_h) / win->stride_h + 1;
    win->out_w = (win->in_w - 1 + win->pad_w) / win->stride_w + 1;
}

static void compare_conv(int32_t number) {
    a8_conv_params_t params = { .batches = 1 };
    const bool pointwise = pick(0, 2) == 0;
    const int32_t groups = pick(0, 5) ? 1 : pick(1, 3);
    window(&params.window, pointwise);
    params.group_in = pick(0, 3) ? pick(1, 9) : pick(1, pointwise ? 70 : 30);
    params.group_out = pick(0, 3) ? pick(1, 9) : pick(1, 20);
    if (pick(0, 31) == 0) { // more weights than stay in a cache
        params.window.filter_h = params.window.filter_w = 3;
        params.group_in = pick(61, 70);
        params.group_out = pick(16, 21);
    }
    params.in_c = params.group_in * groups;
    params.out_c = params.group_out * groups;
    const a8_window_t *win = &params.window;
    const int32_t depth = win->filter_h * win->filter_w * params.group_in;
    params.result.requantize = requantization(params.out_c);
    a8_operands_t t = operands((uint32_t)(win->in_h * win->in_w * params.in_c), (uint32_t)(depth * params.out_c),
        params.out_c, (uint32_t)(win->out_h * win->out_w * params.out_c), a8_conv_s8_scratch(COMPARED, &params));
    run_conv("conv_s8", number, a8_conv_s8_generic, KERNEL(a8_conv_s8), &params, &t);
}

static void compare_depthwise_conv(int32_t number) {
    a8_conv_params_t params = { .batches = 1 };
    const bool large = pick(0, 15) == 0, spread = large && pick(0, 1); // of one input channel many are made
    const int32_t multiplier = spread ? pick(3, 9) : pick(0, 5) ? 1
                                                                : pick(1, 8);
    window(&params.window, false);
    if (large) {
        large_window(&params.window);
    }
    params.group_in = 1;
    params.group_out = multiplier;
    params.in_c = multiplier > 1 && pick(0, 1) ? 1 : pick(0, 3) ? pick(1, 9)
                                                                : pick(1, 30);
    if (large) {
        params.in_c = spread ? 1 : pick(1, 3);
    }
    params.out_c = params.in_c * multiplier;
    const a8_window_t *win = &params.window;
    params.result.requantize = requantization(params.out_c);
    a8_operands_t t = operands((uint32_t)(win->in_h * win->in_w * params.in_c),
        (uint32_t)(win->filter_h * win->filter_w * params.out_c), params.out_c,
        (uint32_t)(win->out_h * win->out_w * params.out_c), a8_depthwise_conv_s8_scratch(COMPARED, &params));
    run_conv("depthwise_conv_s8", number, a8_depthwise_conv_s8_generic, KERNEL(a8_depthwise_conv_s8), &params, &t);
}

static void compare_fully_connected(int32_t number) {
    a8_fully_connected_params_t params = { .batches = pick(0, 1) ? 1 : pick(1, 5) };
    params.depth = pick(0, 1) ? pick(1, 20) : pick(1, 300);
    params.out_c = pick(0, 1) ? pick(1, 9) : pick(1, 40);
    if (pick(0, 15) == 0) { // longer than some variants gather
        params.depth = pick(510, 1250);
        params.out_c = pick(1, 9);
    }
    params.result.requantize = requantization(params.out_c);
    if (pick(0, 3) == 0) {
        params.result.requantize.filter_zero_point = (int8_t)pick(-128, 127);
    }
    a8_operands_t t = operands((uint32_t)(params.batches * params.depth), (uint32_t)(params.depth * params.out_c),
        params.out_c, (uint32_t)(params.batches * params.out_c), a8_fully_connected_s8_scratch(COMPARED, &params));
    for (uint32_t i = 0; i < input.size && number % 4 == 0; i++) { // as behind a ReLU
        input.data[i] = pick(0, 1) ? (uint8_t)params.result.requantize.in_zero_point : input.data[i];
    }
    t.output = expected.data;
    a8_fully_connected_s8_generic(&params, &t, 0, params.batches);
    t.output = output.data;
    t.scratch = scratch.data;
    for (int32_t y = 0; y < params.batches;) {
        const int32_t end = pick(y + 1, params.batches);
        KERNEL(a8_fully_connected_s8)(&params, &t, y, end);
        y = end;
    }
    check("fully_connected_s8", number, &params, sizeof(params));
    const int32_t rows = pick(1, params.batches);
    lay_over(a8_fully_connected_s8_lag(&params, rows), &t);
    for (int32_t y = 0; y < params.batches; y += rows) {
        KERNEL(a8_fully_connected_s8)(&params, &t, y, params.batches - y < rows ? params.batches : y + rows);
    }
    check_overlap("in place, fully_connected_s8", number, &params, sizeof(params));
}

#if COMPARED <= 3
// Scales from 2^-31 to 1/2 and to 1, of which one is often 1/2.
static void compare_add(int32_t number) {
    a8_add_params_t params = { .output_multiplier = (1 << 30) + (int32_t)(draw() & 0xffffff) * 63 };
    const int32_t n = pick(0, 70);
    for (int32_t i = 0; i < 2; i++) {
        params.input_offset[i] = pick(-127, 128);
        params.input_multiplier[i] = pick(0, 2) ? (1 << 30) + (int32_t)(draw() & 0xffffff) * 63 : 1 << 30;
        params.input_shift[i] = pick(0, 1) ? 0 : pick(0, 3) ? pick(-8, 0)
                                                            : pick(A8_SHIFT_MIN, 0);
    }
    params.output_shift = pick(0, 7) ? pick(-22, -16) : pick(A8_SHIFT_MIN, 0);
    params.output_offset = pick(-128, 127);
    params.min = pick(0, 1) ? INT8_MIN : pick(-128, 126);
    params.max = pick(0, 1) ? INT8_MAX : pick(params.min, 127);
    fill_random(&input, (uint32_t)n + 1, (uint32_t)pick(0, 3));
    fill_random(&filter, (uint32_t)n + 1, (uint32_t)pick(0, 3));
    fill(&expected, (uint32_t)n, 0);
    fill(&output, (uint32_t)n, (uint32_t)pick(0, 3));
    fill(&scratch, 0, 0);
    const int32_t steps[2] = { pick(0, 3) != 0, pick(0, 3) != 0 };
    const int8_t *a = (const int8_t *)input.data;
    const int8_t *b = (const int8_t *)filter.data;
    a8_add_s8_generic(&params, a, steps[0], b, steps[1], (int8_t *)expected.data, n);
    KERNEL(a8_add_s8)(&params, a, steps[0], b, steps[1], (int8_t *)output.data, n);
    check("add_s8", number, &params, sizeof(params));
}
#endif

int main(int argc, char **argv) {
#ifdef PAGE
    protect(input.beyond, PAGE);
    protect(filter.beyond, PAGE);
    protect(bias.beyond, PAGE);
#endif
    lcg = argc > 1 ? (uint32_t)atoi(argv[1]) : 1;
    for (int32_t i = 0; i < CASES; i++) {
        compare_conv(i);
        compare_depthwise_conv(i);
        compare_fully_connected(i);
#if COMPARED <= 3
        compare_add(i);
#endif
    }
    printf("conv_s8 depthwise_conv_s8 fully_connected_s8: %d cases each\n", (int)CASES);
    return 0;
}
