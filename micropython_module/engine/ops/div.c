// SPDX-License-Identifier: MIT
//
// DIV of int8 tensors.
#include "../kernels/kernels.h"
#include "../quantize.h"
#include "broadcast.h"

typedef struct {
    int32_t input_offset[2]; // minus the zero points
    int32_t multiplier;
    int32_t shift;
    int32_t output_offset;
    int32_t min; // of the fused activation
    int32_t max;
} params_t;

typedef char a8_assert_div_t[sizeof(params_t) == 28 ? 1 : -1];

int a8_div_prepare_s8(a8_ctx_t *ctx) {
    a8_tensor_info_t in[2];
    a8_tensor_info_t out;
    int code = a8_binary_tensors(ctx, true, in, &out);
    if (code != A8_OK) {
        return code;
    }
    params_t params = {
        .input_offset = { -in[0].zero_point, -in[1].zero_point },
        .output_offset = out.zero_point,
    };
    code = a8_broadcast_activation(ctx, &out, &params.min, &params.max);
    if (code != A8_OK) {
        return code;
    }
    // The reference multiplies and divides in float32.
    a8_real_t unit =
        a8_real_to_float(a8_real_mul(a8_real_from_float(in[1].scale), a8_real_from_float(out.scale)));
    if (unit.mantissa == 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "scales of divisor and output are too small", A8_NONE, A8_NONE);
    }
    a8_multiplier_t m = a8_multiplier(a8_real_to_float(a8_real_div(a8_real_from_float(in[0].scale), unit)));
    params.multiplier = m.multiplier;
    params.shift = m.shift;
    return a8_broadcast_prepare(ctx, 2, in, &out, &params, sizeof(params));
}

// 1 / b = result * 2^-(31 + *exponent) with result in (2^30, 2^31), for b from 1 to 255.
static int32_t reciprocal(int32_t b, int32_t *exponent) {
    uint32_t fraction = (uint32_t)b << 24;
    *exponent = 7;
    for (; fraction < (uint32_t)1 << 31; fraction <<= 1) {
        --*exponent;
    }
    return a8_one_over_one_plus((int32_t)(fraction - ((uint32_t)1 << 31)));
}

// How far a, of at most 9 bits, can be shifted to the left within 32 bits. 31 for 0.
static int32_t headroom(int32_t a) {
    int32_t room = 31;
    for (uint32_t magnitude = a < 0 ? ~(uint32_t)a : (uint32_t)a; magnitude != 0; magnitude >>= 1) {
        room--;
    }
    return room;
}

static int32_t divide(const params_t *p, int32_t a, int32_t inverse, int32_t exponent) {
    int32_t room = headroom(a);
    int32_t quotient = a8_high_mul((int32_t)((uint32_t)a << room), inverse); // 0, or at least 2^29 large
    int32_t shift = p->shift - exponent - room;
    if (shift > 0) {
        return quotient == 0 ? 0 : quotient < 0 ? INT16_MIN
                                                : INT16_MAX; // saturates any output
    }
    return shift < A8_SHIFT_MIN ? 0 : a8_requantize(quotient, p->multiplier, shift);
}

static int row_s8(const void *params, const a8_row_t *row) {
    const params_t *p = params;
    const int8_t *a = row->in[0];
    const int8_t *b = row->in[1];
    int8_t *out = row->out;
    int32_t inverse = 0;
    int32_t exponent = 0;
    int32_t divisor = 0;
    for (int32_t i = 0; i < row->n; i++) {
        if (i == 0 || row->step[1] != 0) {
            divisor = *b + p->input_offset[1];
            if (divisor == 0) {
                return A8_ERR_DATA;
            }
            inverse = reciprocal(divisor < 0 ? -divisor : divisor, &exponent);
        }
        int32_t x = *a + p->input_offset[0];
        x = divide(p, divisor < 0 ? -x : x, inverse, exponent) + p->output_offset;
        x = x < p->min ? p->min : x;
        x = x > p->max ? p->max : x;
        *out++ = (int8_t)x;
        a += row->step[0];
        b += row->step[1];
    }
    return A8_OK;
}

int a8_div_eval_s8(a8_ctx_t *ctx) {
    int code = a8_broadcast_eval(ctx, row_s8, sizeof(params_t));
    return code == A8_ERR_DATA ? a8_ctx_fail(ctx, code, "division by zero", A8_NONE, A8_NONE) : code;
}
