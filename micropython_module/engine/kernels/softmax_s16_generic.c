// SPDX-License-Identifier: MIT
//
// Softmax of int16: the exponential and the reciprocal come from tables of 512 steps, interpolated.
#include <string.h>

#include "../quantize.h"
#include "kernels.h"
#include "softmax_s16_tables.h"

static int32_t lookup(const int16_t *table, int32_t x) {
    x = x < INT16_MIN ? INT16_MIN : x;
    x = x > INT16_MAX ? INT16_MAX : x;
    x -= INT16_MIN;
    const int16_t *base = table + (x >> 7);
    return base[0] + (((base[1] - base[0]) * (x & 0x7f) + 64) >> 7);
}

static int32_t load(const uint8_t *in, int32_t i) {
    int16_t x;
    memcpy(&x, in + (uint32_t)i * sizeof(x), sizeof(x));
    return x;
}

static void softmax_row(const a8_softmax_s16_params_t *params, const uint8_t *in, int16_t *out) {
    int32_t max = INT16_MIN;
    for (int32_t i = 0; i < params->depth; i++) {
        int32_t x = load(in, i);
        max = x > max ? x : max;
    }
    // A larger difference is minus infinity, but would wrap around when shifted.
    int32_t diff_min = INT32_MIN >> (params->shift > 0 ? params->shift : 0);
    uint32_t sum = 0;
    for (int32_t i = 0; i < params->depth; i++) {
        int32_t diff = load(in, i) - max;
        diff = diff < diff_min ? diff_min : diff;
        diff = a8_requantize(diff, params->multiplier, params->shift);
        out[i] = (int16_t)lookup(exp_table, diff < -UINT16_MAX ? INT16_MIN : diff + INT16_MAX);
        sum += (uint32_t)out[i];
    }
    // sum = (1 + x) * 2^k with x in [0, 1)
    int32_t zeros = a8_leading_zeros(sum);
    uint32_t fraction = ((sum << (zeros - 1)) + (1 << 13)) >> 14; // 1 + x with 16 fractional bits
    int32_t scale = lookup(one_over_one_plus_table, (int32_t)fraction - (1 << 16) + INT16_MIN);
    int32_t right = 31 - zeros;
    for (int32_t i = 0; i < params->depth; i++) {
        int32_t y = (out[i] * scale + (1 << (right - 1))) >> right;
        out[i] = (int16_t)(y > INT16_MAX ? INT16_MAX : y);
    }
}

void a8_softmax_s16_generic(const a8_softmax_s16_params_t *params, const void *in, int16_t *out, int32_t rows) {
    const uint8_t *row = in;
    for (int32_t r = 0; r < rows; r++) {
        softmax_row(params, row, out);
        row += (uint32_t)params->depth * sizeof(int16_t);
        out += params->depth;
    }
}
