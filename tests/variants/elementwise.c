// SPDX-License-Identifier: MIT
//
// Pools and kernels that go element by element, as this core has them, against the plainest code that the reference's
// definitions give, over random shapes and quantizations. Prints the cases of each, or the first that differs.
//
//   elementwise [seed]
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"

#ifndef CASES
#define CASES (400)
#endif
#define ROOM (6144)
#define GUARD (16)
#define GUARD_BYTE (0xa5)

static uint32_t lcg = 1;

static int32_t pick(int32_t low, int32_t high) {
    lcg = lcg * 1664525 + 1013904223;
    return low + (int32_t)((lcg >> 8) % (uint32_t)(high - low + 1));
}

static int32_t any_multiplier(void) {
    return pick(0, 15) == 0 ? INT32_MAX : pick(0, 15) ? (1 << 30) + pick(0, 0xffffff) * 63
                                                      : 1 << 30;
}

static int8_t bytes[3][ROOM + 2 * GUARD + 4]; // two inputs and the output
static int8_t expected[ROOM];

// n bytes at an address of a random remainder by 4, or of 0.
static int8_t *place(int32_t i, int32_t n, bool aligned) {
    if (n > ROOM) {
        printf("too many elements: %d\n", (int)n);
        exit(2);
    }
    memset(bytes[i], GUARD_BYTE, sizeof(bytes[i]));
    int8_t *p = bytes[i] + GUARD;
    p += (4 - ((uintptr_t)p & 3)) % 4;
    return p + (aligned ? 0 : pick(0, 3));
}

static int8_t *some(int32_t i, int32_t n, bool aligned) {
    int8_t *p = place(i, n, aligned);
    const int32_t kind = pick(0, 7);
    for (int32_t k = 0; k < n; k++) { // now and then extremes alone, which make the largest sums
        p[k] = (int8_t)(kind == 0 ? -128 : kind == 1 ? 127
                : kind == 2                          ? pick(-2, 2)
                                                     : pick(-128, 127));
    }
    return p;
}

static void check(const char *kernel, int32_t number, const int8_t *out, int32_t n) {
    const int8_t *all = bytes[2];
    for (int32_t i = 0; i < (int32_t)sizeof(bytes[2]); i++) {
        const int32_t at = (int32_t)(all + i - out);
        const bool inside = at >= 0 && at < n;
        if (all[i] != (inside ? expected[at] : (int8_t)GUARD_BYTE)) {
            printf("%s differs in case %d, at %d of %d: %d instead of %d\n", kernel, (int)number, (int)at, (int)n,
                all[i], inside ? expected[at] : (int8_t)GUARD_BYTE);
            exit(1);
        }
    }
}

static int32_t clamp(int32_t value, int32_t min, int32_t max) {
    return value < min ? min : value > max ? max
                                           : value;
}

// ---- Pools and sums ---------------------------------------------------------

static int32_t rounded_mean(int32_t sum, int32_t count) {
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

static void pool(int32_t number, bool average) {
    const bool many = pick(0, 15) == 0; // taps, more than a sum of lanes has room for
    const bool aligned = pick(0, 2) != 0;
    a8_pool_params_t params = { .batches = 1, .channels = pick(0, 1) ? 4 * pick(1, 4) : pick(1, 9) };
    a8_window_t *win = &params.window;
    params.channels = many ? pick(1, 8) : params.channels;
    win->in_h = many ? pick(17, 20) : pick(1, 9);
    win->in_w = many ? pick(17, 20) : pick(1, 9);
    win->filter_h = many ? pick(15, 20) : pick(1, 4);
    win->filter_w = many ? pick(15, 20) : pick(1, 5);
    win->stride_h = (uint16_t)pick(1, 3);
    win->stride_w = (uint16_t)pick(1, 3);
    win->dilation_h = win->dilation_w = 1;
    win->pad_h = pick(0, win->filter_h - 1);
    win->pad_w = pick(0, win->filter_w - 1);
    win->out_h = pick(1, (win->in_h - 1 + win->pad_h) / win->stride_h + 1);
    win->out_w = pick(1, (win->in_w - 1 + win->pad_w) / win->stride_w + 1);
    params.min = (int16_t)(pick(0, 2) ? INT8_MIN : pick(-128, 126));
    params.max = (int16_t)(pick(0, 2) ? INT8_MAX : pick(params.min, 127));
    const int8_t *in = some(0, win->in_h * win->in_w * params.channels, aligned);
    const int32_t n = win->out_h * win->out_w * params.channels;
    for (int32_t i = 0; i < n; i++) {
        const int32_t c = i % params.channels;
        const int32_t top = i / params.channels / win->out_w * win->stride_h - win->pad_h;
        const int32_t left = i / params.channels % win->out_w * win->stride_w - win->pad_w;
        int32_t sum = 0, count = 0, best = INT8_MIN;
        for (int32_t tap = 0; tap < win->filter_h * win->filter_w; tap++) {
            const int32_t y = top + tap / win->filter_w, x = left + tap % win->filter_w;
            if (y >= 0 && y < win->in_h && x >= 0 && x < win->in_w) {
                const int32_t value = in[(y * win->in_w + x) * params.channels + c];
                sum += value;
                best = value > best ? value : best;
                count++;
            }
        }
        expected[i] = (int8_t)clamp(average ? rounded_mean(sum, count) : best, params.min, params.max);
    }
    int8_t *out = place(2, n, aligned);
    const int32_t middle = pick(0, win->out_h);
    (average ? a8_average_pool_s8 : a8_max_pool_s8)(&params, in, out, 0, middle);
    (average ? a8_average_pool_s8 : a8_max_pool_s8)(&params, in, out, middle, win->out_h);
    check(average ? "average_pool_s8" : "max_pool_s8", number, out, n);
}

// One pixel of four channels: every sum that so many elements of nearly one value have. All counts, in turn.
static void every_mean(int32_t number) {
    const int32_t count = number % 280 + 1;
    a8_pool_params_t params = { .batches = 1, .channels = 4, .min = INT8_MIN, .max = INT8_MAX };
    const a8_window_t win = { 1, count, 1, 1, 1, count, 0, 0, 1, 1, 1, 1 };
    params.window = win;
    int8_t *in = place(0, 4 * count, true);
    for (int32_t i = 0; i < 16; i++) {
        for (int32_t c = 0; c < 4; c++) {
            const int32_t base = pick(-128, 126), more = pick(0, count);
            for (int32_t k = 0; k < count; k++) {
                in[4 * k + c] = (int8_t)(base + (k < more));
            }
            expected[c] = (int8_t)rounded_mean(base * count + more, count);
        }
        int8_t *out = place(2, 4, true);
        a8_average_pool_s8(&params, in, out, 0, 1);
        check("average_pool_s8", number, out, 4);
    }
}

static void sums(int32_t number) {
    const bool is_row = pick(0, 3) == 0;
    const int32_t columns = is_row ? 1 : pick(1, 9);
    const int32_t n = pick(0, 15) == 0 ? pick(250, 300) : pick(0, 7) ? pick(1, 60)
                                                                     : 1;
    const int32_t stride = n == 1 && pick(0, 1) ? 0 : is_row ? 1
        : pick(0, 1)                                         ? 4 * pick(3, 5)
                                                             : pick(columns, 20);
    const int8_t *in = some(0, n * stride + columns, pick(0, 2) != 0);
    int32_t seen[9], wanted[9];
    for (int32_t c = 0; c < columns; c++) {
        seen[c] = wanted[c] = pick(-1000, 1000);
        for (int32_t i = 0; i < n; i++) {
            wanted[c] += in[i * stride + c];
        }
    }
    a8_sum_s8(seen, in, n, stride, columns);
    if (memcmp(seen, wanted, (size_t)columns * sizeof(seen[0])) != 0) {
        printf("sum_s8 differs in case %d\n", (int)number);
        exit(1);
    }
}

// ---- Element by element -----------------------------------------------------

// Scales from 2^-31 to 1/2 and to 1, of which one is often 1/2.
static void add(int32_t number, bool subtract) {
    a8_add_params_t params = { .output_multiplier = any_multiplier() };
    const int32_t n = pick(0, 70);
    for (int32_t i = 0; i < 2; i++) {
        params.input_offset[i] = pick(-127, 128);
        params.input_multiplier[i] = any_multiplier();
        params.input_shift[i] = pick(0, 1) ? 0 : pick(0, 3) ? pick(-8, 0)
                                                            : pick(A8_SHIFT_MIN, 0);
    }
    params.output_shift = pick(0, 7) ? pick(-22, -16) : pick(A8_SHIFT_MIN, 0);
    params.output_offset = pick(-128, 127);
    params.min = pick(0, 1) ? INT8_MIN : pick(-128, 126);
    params.max = pick(0, 1) ? INT8_MAX : pick(params.min, 127);
    const int32_t steps[2] = { pick(0, 3) != 0, pick(0, 3) != 0 };
    const int8_t *in[2] = { some(0, n + 1, false), some(1, n + 1, false) };
    for (int32_t i = 0; i < n; i++) {
        int32_t scaled[2];
        for (int32_t k = 0; k < 2; k++) {
            const int32_t value = (in[k][i * steps[k]] + params.input_offset[k]) * (1 << A8_ADD_SHIFT_S8);
            scaled[k] = a8_requantize(value, params.input_multiplier[k], params.input_shift[k]);
        }
        const int32_t sum = subtract ? scaled[0] - scaled[1] : scaled[0] + scaled[1];
        const int32_t value = a8_requantize(sum, params.output_multiplier, params.output_shift);
        expected[i] = (int8_t)clamp(value + params.output_offset, params.min, params.max);
    }
    int8_t *out = place(2, n, false);
    (subtract ? a8_sub_s8 : a8_add_s8)(&params, in[0], steps[0], in[1], steps[1], out, n);
    check(subtract ? "sub_s8" : "add_s8", number, out, n);
}

static void mul(int32_t number) {
    a8_mul_params_t params = {
        .input_offset = { pick(-127, 128), pick(-127, 128) },
        .multiplier = any_multiplier(),
        .shift = pick(0, 7) ? pick(-10, 0) : pick(A8_SHIFT_MIN, 8),
        .output_offset = pick(-128, 127),
    };
    const int32_t n = pick(0, 70);
    params.min = pick(0, 1) ? INT8_MIN : pick(-128, 126);
    params.max = pick(0, 1) ? INT8_MAX : pick(params.min, 127);
    const int32_t steps[2] = { pick(0, 3) != 0, pick(0, 3) != 0 };
    const int8_t *in[2] = { some(0, n + 1, false), some(1, n + 1, false) };
    for (int32_t i = 0; i < n; i++) {
        const int32_t product = (in[0][i * steps[0]] + params.input_offset[0]) *
            (in[1][i * steps[1]] + params.input_offset[1]);
        const int32_t value = a8_requantize(product, params.multiplier, params.shift);
        expected[i] = (int8_t)clamp(value + params.output_offset, params.min, params.max);
    }
    int8_t *out = place(2, n, false);
    a8_mul_s8(&params, in[0], steps[0], in[1], steps[1], out, n);
    check("mul_s8", number, out, n);
}

static void requantize(int32_t number) {
    const bool from_unsigned = pick(0, 1), to_unsigned = pick(0, 1);
    const int32_t out_zero = to_unsigned ? pick(0, 255) : pick(-128, 127);
    const int32_t min = (to_unsigned ? 0 : -128) - out_zero;
    const a8_requantize_s8_params_t params = {
        .in_zero_point = pick(-128, 127),
        .multiplier = any_multiplier(),
        .shift = pick(0, 3) ? pick(-8, 3) : pick(A8_SHIFT_MIN, 20),
        .out_zero_point = out_zero,
        .min = min,
        .max = min + 255,
        .in_flip = from_unsigned ? 0x80 : 0,
    };
    const int32_t n = pick(0, 70);
    const int8_t *in = some(0, n, false);
    for (int32_t i = 0; i < n; i++) {
        const int32_t x = (from_unsigned ? (uint8_t)in[i] - 128 : in[i]) - params.in_zero_point;
        const int32_t value = a8_requantize(x, params.multiplier, params.shift);
        expected[i] = (int8_t)(uint8_t)(clamp(value, params.min, params.max) + out_zero);
    }
    int8_t *out = place(2, n, false);
    a8_requantize_s8(&params, (const uint8_t *)in, (uint8_t *)out, n);
    check("requantize_s8", number, out, n);
}

static void lookup(int32_t number) {
    const int8_t *table = some(1, 256, false);
    const int32_t n = pick(0, 70);
    const int8_t *in = some(0, n, false);
    for (int32_t i = 0; i < n; i++) {
        expected[i] = table[(uint8_t)in[i]];
    }
    int8_t *out = place(2, n, false);
    a8_lookup_s8(table, in, out, n);
    check("lookup_s8", number, out, n);
}

int main(int argc, char **argv) {
    lcg = argc > 1 ? (uint32_t)atoi(argv[1]) : 1;
    for (int32_t i = 0; i < CASES; i++) {
        pool(i, false);
        pool(i, true);
        every_mean(i);
        sums(i);
        add(i, false);
        add(i, true);
        mul(i);
        requantize(i);
        lookup(i);
    }
    printf("pools, sums, element by element: %d cases each\n", (int)CASES);
    return 0;
}
