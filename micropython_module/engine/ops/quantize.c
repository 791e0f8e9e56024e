// SPDX-License-Identifier: MIT
//
// QUANTIZE: from float32, or from one quantization to another.
#include <string.h>

#include "../functions.h"
#include "../kernels/kernels.h"
#include "../quantize.h"
#include "check.h"

typedef struct {
    int32_t count;
    int32_t input_zero_point;
    int32_t output_zero_point;
    a8_multiplier_t m; // of integers
    float scale; // of the output, where the input is float32
    int32_t output; // a8_dtype_t
    int32_t min; // of results without the zero point
    int32_t max;
} block_t;

typedef char a8_assert_quantize_block_t[sizeof(block_t) == 36 ? 1 : -1];

// An int32 output can't saturate: larger shifts would wrap around even inputs of 8 bits.
#define MAX_SHIFT_INT32 (22)
#define MAX_ZERO_POINT_INT32 (1 << 30)

static int output_range(a8_ctx_t *ctx, a8_dtype_t dtype, int32_t *min, int32_t *max) {
    switch (dtype) {
        case A8_INT8:
            *min = INT8_MIN;
            *max = INT8_MAX;
            return A8_OK;
        case A8_UINT8:
            *min = 0;
            *max = UINT8_MAX;
            return A8_OK;
        case A8_INT16:
            *min = INT16_MIN;
            *max = INT16_MAX;
            return A8_OK;
        case A8_INT32:
            *min = INT32_MIN;
            *max = INT32_MAX;
            return A8_OK;
        default:
            return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "QUANTIZE can't write this type", A8_NONE, (int32_t)dtype);
    }
}

static int derive(a8_ctx_t *ctx, const a8_tensor_info_t *in, const a8_tensor_info_t *out, a8_multiplier_t *m) {
    *m = a8_multiplier(a8_real_div(a8_real_from_float(in->scale), a8_real_from_float(out->scale)));
    int32_t most = in->dtype == A8_INT16 || in->dtype == A8_INT32 ? A8_SHIFT_MAX : A8_SATURATING_SHIFT;
    if (out->dtype == A8_INT32) {
        if (m->shift > MAX_SHIFT_INT32) {
            return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "input scale is more than 2^22 output scales", A8_NONE,
                A8_NONE);
        }
    } else if (m->shift > most) {
        m->shift = most;
    }
    return A8_OK;
}

int a8_quantize_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    block_t q = { 0 };
    int code = a8_check_node(ctx, 1, &in, &out);
    if (code != A8_OK ||
        (code = in.dtype == A8_FLOAT32 ? a8_check_type(ctx, &in, A8_FLOAT32)
                                       : a8_check_quantized(ctx, &in, in.dtype)) != A8_OK ||
        (code = a8_check_quantized(ctx, &out, out.dtype)) != A8_OK ||
        (code = a8_check_counts(ctx, &in, &out)) != A8_OK ||
        (code = output_range(ctx, out.dtype, &q.min, &q.max)) != A8_OK) {
        return code;
    }
    if (out.dtype != A8_INT32) {
        q.min -= out.zero_point;
        q.max -= out.zero_point;
    } else if (in.dtype == A8_FLOAT32) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "QUANTIZE can't write this type from float32", A8_NONE, A8_INT32);
    } else if (out.zero_point > MAX_ZERO_POINT_INT32 || out.zero_point < -MAX_ZERO_POINT_INT32) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "zero point of the int32 output is too large",
            MAX_ZERO_POINT_INT32, out.zero_point);
    }
    q.count = (int32_t)in.count;
    q.input_zero_point = in.zero_point;
    q.output_zero_point = out.zero_point;
    q.output = (int32_t)out.dtype;
    q.scale = out.scale;
    if (in.dtype != A8_FLOAT32 && (code = derive(ctx, &in, &out, &q.m)) != A8_OK) {
        return code;
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    *block = q;
    return A8_OK;
}

static void store(const block_t *q, void *out, int32_t i, int32_t value) {
    value = value < q->min ? q->min : value;
    value = value > q->max ? q->max : value;
    uint32_t bits = (uint32_t)value + (uint32_t)q->output_zero_point;
    switch (q->output) {
        case A8_INT16:
            ((uint16_t *)out)[i] = (uint16_t)bits;
            break;
        case A8_INT32:
            ((uint32_t *)out)[i] = bits;
            break;
        default:
            ((uint8_t *)out)[i] = (uint8_t)bits;
            break;
    }
}

// Of a float's bits.
#define FRACTION_BITS (23)
#define EXPONENT_MAX (255) // of infinity and NaN

// How many steps of a scale a float is, without a division. In units of 2^-shift of a step, of which there are 2^30 to
// 2^32, it is found but for ERROR; what is that near to half a step is left to the division, as are other numbers
// whose rounding to a float could matter.
#define ERROR (256) // half of the last place of a float, and less than 4 more

typedef struct {
    uint32_t reciprocal; // 2^55 / the scale's fraction
    int32_t exponent; // of the scale; 0 if there is only the division
} steps_t;

static steps_t steps_of(float scale) {
    const uint32_t bits = a8_float_bits(scale);
    const uint32_t fraction = (bits & ((1u << FRACTION_BITS) - 1)) | 1u << FRACTION_BITS;
    const steps_t steps = { (uint32_t)((((uint64_t)1 << 55) - 1) / fraction), (int32_t)(bits >> FRACTION_BITS) };
    return steps;
}

static bool quick_steps(const steps_t *steps, uint32_t bits, int32_t *whole) {
    const int32_t exponent = (int32_t)(bits >> FRACTION_BITS & EXPONENT_MAX);
    const int32_t shift = 31 - exponent + steps->exponent;
    if (bits << 1 == 0 || (shift > 33 && exponent != 0)) { // less than a quarter of a step
        *whole = 0;
        return true;
    }
    if (exponent == 0 || exponent == EXPONENT_MAX || steps->exponent == 0 || shift < 12 || shift > 32) {
        return false;
    }
    const uint32_t high = (bits >> 8 & 0x7fff) | 0x8000; // the fraction times 2^8, in halves
    const uint32_t low = (bits & 0xff) << 8;
    const uint32_t middle = (high * (steps->reciprocal & 0xffff) >> 16) + (low * (steps->reciprocal >> 16) >> 16);
    const uint32_t units = high * (steps->reciprocal >> 16) + middle;
    const uint32_t half = (uint32_t)1 << (shift - 1);
    const uint32_t behind = units & (half + (half - 1));
    if (behind - half + ERROR < 2 * ERROR) {
        return false;
    }
    const uint32_t steps_below = shift > 31 ? 0 : units >> shift;
    const int32_t magnitude = (int32_t)(steps_below + (behind >= half));
    *whole = bits >> 31 ? -magnitude : magnitude;
    return true;
}

int a8_quantize_eval_f32(a8_ctx_t *ctx) {
    const float far = 1 << 20; // beyond every output, and every fraction below it is exact
    const block_t *q = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    void *out = a8_ctx_out(ctx, 0);
    const steps_t steps = steps_of(q->scale);
    for (int32_t i = 0; i < q->count; i++) {
        float x;
        int32_t whole;
        memcpy(&x, in + 4 * i, sizeof(x)); // a constant may have any alignment
        if (!quick_steps(&steps, a8_float_bits(x), &whole)) {
            if ((a8_float_bits(x) & INT32_MAX) > A8_INFINITY_BITS) {
                return a8_ctx_fail(ctx, A8_ERR_DATA, "QUANTIZE met a NaN at this element", A8_NONE, i);
            }
            x /= q->scale;
            x = x > far ? far : x;
            x = x < -far ? -far : x;
            whole = (int32_t)x;
            float fraction = x - (float)whole;
            whole += (fraction >= 0.5f) - (fraction <= -0.5f);
        }
        store(q, out, i, whole);
        if (i % A8_POLL_ELEMENTS == A8_POLL_ELEMENTS - 1 && a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}

// To 8 bits from 8 bits.
static int requantize_bytes(a8_ctx_t *ctx, int32_t flip) {
    const block_t *q = a8_ctx_data(ctx);
    const a8_requantize_s8_params_t params = {
        .in_zero_point = q->input_zero_point - flip,
        .multiplier = q->m.multiplier,
        .shift = q->m.shift,
        .out_zero_point = q->output_zero_point,
        .min = q->min,
        .max = q->max,
        .in_flip = flip,
    };
    const uint8_t *in = a8_ctx_in(ctx, 0);
    uint8_t *out = a8_ctx_out(ctx, 0);
    for (int32_t i = 0, n; i < q->count; i += n) {
        n = q->count - i < A8_POLL_ELEMENTS ? q->count - i : A8_POLL_ELEMENTS;
        a8_requantize_s8(&params, in + i, out + i, n);
        if (a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}

// Scaled inputs of 16 and 32 bits may wrap around, where the scales are far apart, as in the reference.
static int requantize(a8_ctx_t *ctx, a8_dtype_t dtype) {
    const block_t *q = a8_ctx_data(ctx);
    if ((dtype == A8_INT8 || dtype == A8_UINT8) && (q->output == A8_INT8 || q->output == A8_UINT8)) {
        return requantize_bytes(ctx, dtype == A8_UINT8 ? 0x80 : 0);
    }
    const uint8_t *in = a8_ctx_in(ctx, 0);
    void *out = a8_ctx_out(ctx, 0);
    for (int32_t i = 0; i < q->count; i++) {
        int32_t x;
        switch (dtype) {
            case A8_INT8:
                x = (int8_t)in[i];
                break;
            case A8_UINT8:
                x = in[i];
                break;
            case A8_INT16:
                x = (int16_t)(in[2 * i] | in[2 * i + 1] << 8);
                break;
            default:
                x = a8_load_i32(in + 4 * i);
                break;
        }
        x = (int32_t)((uint32_t)x - (uint32_t)q->input_zero_point);
        store(q, out, i, a8_requantize(x, q->m.multiplier, q->m.shift));
        if (i % A8_POLL_ELEMENTS == A8_POLL_ELEMENTS - 1 && a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}

int a8_quantize_eval_s8(a8_ctx_t *ctx) {
    return requantize(ctx, A8_INT8);
}

int a8_quantize_eval_u8(a8_ctx_t *ctx) {
    return requantize(ctx, A8_UINT8);
}

int a8_quantize_eval_s16(a8_ctx_t *ctx) {
    return requantize(ctx, A8_INT16);
}

int a8_quantize_eval_s32(a8_ctx_t *ctx) {
    return requantize(ctx, A8_INT32);
}
