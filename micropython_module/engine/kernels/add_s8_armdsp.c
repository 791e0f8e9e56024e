// SPDX-License-Identifier: MIT
#include "dsp_armdsp.h"

#if A8_KERNELS_ARMDSP

// a8_requantize of a number below 2^30 that is given twice as large, for a shift that is not to the left.
typedef struct {
    int32_t multiplier;
    int32_t right;
    int32_t half;
    int32_t rounds; // -1 if there is a shift, whose halves go away from zero; else 0
} scale_t;

static inline scale_t scale_of(int32_t multiplier, int32_t shift) {
    scale_t s = { multiplier, -shift, (int32_t)(((uint32_t)1 << -shift) >> 1), shift < 0 ? -1 : 0 };
    return s;
}

static inline int32_t scaled(const scale_t *s, int32_t twice) {
    const int32_t value = a8_high_rounded(twice, s->multiplier);
    return (value + (s->rounds & value >> 31) + s->half) >> s->right;
}

typedef struct {
    const int8_t *x;
    int32_t step;
    int32_t offset;
    scale_t scale;
} input_t;

static inline input_t input_of(const a8_add_params_t *params, int32_t i, const int8_t *x, int32_t step) {
    input_t in = { x, step, params->input_offset[i], scale_of(params->input_multiplier[i], params->input_shift[i]) };
    return in;
}

// An input minus its zero point has 9 bits: shifted, doubled and with the other one added it stays below 2^31.
// halved: a is divided by two and no more, which takes no rounding.
static A8_INLINE void add(const a8_add_params_t *params, input_t a, input_t b, int8_t *out, int32_t n, bool halved) {
    const scale_t scale = scale_of(params->output_multiplier, params->output_shift);
    const int32_t offset = params->output_offset;
    const int32_t min = params->min;
    const int32_t max = params->max;
    const bool saturates = min == INT8_MIN && max == INT8_MAX;
    for (int8_t *end = out + n; out != end; a.x += a.step, b.x += b.step) {
        const int32_t y = scaled(&b.scale, (b.offset + *b.x) * (1 << (A8_ADD_SHIFT_S8 + 1)));
        const int32_t x = halved ? (a.offset + *a.x) * (1 << (A8_ADD_SHIFT_S8 - 1))
                                 : scaled(&a.scale, (a.offset + *a.x) * (1 << (A8_ADD_SHIFT_S8 + 1)));
        const int32_t value = scaled(&scale, 2 * (x + y)) + offset;
        *out++ = (int8_t)(saturates ? a8_saturate_s8(value) : a8_clamp(value, min, max));
    }
}

// The input of the larger scale is halved.
static inline bool is_half(const a8_add_params_t *params, int32_t i) {
    return params->input_multiplier[i] == 1 << 30 && params->input_shift[i] == 0;
}

A8_HOT void a8_add_s8_armdsp(const a8_add_params_t *params, const int8_t *a, int32_t a_step, const int8_t *b,
    int32_t b_step, int8_t *out, int32_t n) {
    const input_t first = input_of(params, 0, a, a_step);
    const input_t second = input_of(params, 1, b, b_step);
    if (is_half(params, 0)) {
        add(params, first, second, out, n, true);
    } else if (is_half(params, 1)) {
        add(params, second, first, out, n, true);
    } else {
        add(params, first, second, out, n, false);
    }
}

#endif
