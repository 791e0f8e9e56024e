// SPDX-License-Identifier: MIT
//
// EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL, LESS and LESS_EQUAL, which answer with bools.
#include "../quantize.h"
#include "broadcast.h"

// What a comparison can come to, as bits of params_t.accept. Floats may be unordered.
#define LESS (1)
#define EQUAL (2)
#define GREATER (4)
#define UNORDERED (8)

// Room for what rescaling rounds away.
#define LEFT_SHIFT (8)

typedef struct {
    int32_t accept; // the outcomes that count as true
} params_t;

// Quantized inputs are rescaled to real numbers with LEFT_SHIFT fractional bits; or, if a scale is not below 1, to
// as many fewer as it takes.
typedef struct {
    params_t params;
    int32_t input_offset[2]; // minus the zero points
    int32_t multiplier[2];
    int32_t shift[2]; // <= 0
} quantized_t;

typedef char a8_assert_compare_t[sizeof(quantized_t) == 28 ? 1 : -1];

static void rescaling(const a8_tensor_info_t in[2], quantized_t *q) {
    float max_scale = in[0].scale > in[1].scale ? in[0].scale : in[1].scale;
    int32_t over = a8_multiplier(a8_real_from_float(max_scale)).shift;
    over = over > 0 ? over : 0;
    for (int i = 0; i < 2; i++) {
        a8_multiplier_t m = a8_multiplier(a8_real_scale(a8_real_from_float(in[i].scale), -over));
        q->input_offset[i] = -in[i].zero_point;
        q->multiplier[i] = m.multiplier;
        q->shift[i] = m.shift;
    }
}

static int prepare(a8_ctx_t *ctx, int32_t accept) {
    a8_tensor_info_t in[2];
    a8_tensor_info_t out;
    int code = a8_broadcast_tensors(ctx, 2, in, &out);
    if (code != A8_OK || (code = a8_check_type(ctx, &in[1], in[0].dtype)) != A8_OK ||
        (code = a8_check_type(ctx, &out, A8_BOOL)) != A8_OK) {
        return code;
    }
    quantized_t q = { .params = { accept } };
    if (in[0].dtype != A8_INT8 && in[0].dtype != A8_INT16) {
        return a8_broadcast_prepare(ctx, 2, in, &out, &q.params, sizeof(q.params));
    }
    for (int i = 0; i < 2; i++) {
        code = a8_check_quantized(ctx, &in[i], in[0].dtype);
        if (code != A8_OK) {
            return code;
        }
    }
    rescaling(in, &q);
    return a8_broadcast_prepare(ctx, 2, in, &out, &q, sizeof(q));
}

int a8_equal_prepare(a8_ctx_t *ctx) {
    return prepare(ctx, EQUAL);
}

int a8_not_equal_prepare(a8_ctx_t *ctx) {
    return prepare(ctx, LESS | GREATER | UNORDERED);
}

int a8_greater_prepare(a8_ctx_t *ctx) {
    return prepare(ctx, GREATER);
}

int a8_greater_equal_prepare(a8_ctx_t *ctx) {
    return prepare(ctx, EQUAL | GREATER);
}

int a8_less_prepare(a8_ctx_t *ctx) {
    return prepare(ctx, LESS);
}

int a8_less_equal_prepare(a8_ctx_t *ctx) {
    return prepare(ctx, LESS | EQUAL);
}

static int32_t rescale(const quantized_t *q, int32_t which, int32_t value) {
    int32_t shifted = (q->input_offset[which] + value) * (1 << LEFT_SHIFT);
    return a8_requantize(shifted, q->multiplier[which], q->shift[which]);
}

// first and second: how *a and *b are looked at. unordered: whether they can be.
#define ROW(name, type, seen, first, second, unordered) \
    static int name(const void *params, const a8_row_t *row) { \
        const params_t *p = params; \
        const type *a = row->in[0]; \
        const type *b = row->in[1]; \
        uint8_t *out = row->out; \
        for (int32_t i = 0; i < row->n; i++) { \
            const seen x = first; \
            const seen y = second; \
            int32_t outcome = x > y ? GREATER : x == y ? EQUAL \
                : !(unordered) || x < y                ? LESS \
                                                       : UNORDERED; \
            *out++ = (p->accept & outcome) != 0; \
            a += row->step[0]; \
            b += row->step[1]; \
        } \
        return A8_OK; \
    }

ROW(row_s8, int8_t, int32_t, rescale(params, 0, *a), rescale(params, 1, *b), false)
ROW(row_s16, int16_t, int32_t, rescale(params, 0, *a), rescale(params, 1, *b), false)
ROW(row_s32, int32_t, int32_t, *a, *b, false)
ROW(row_s64, int64_t, int64_t, *a, *b, false)
ROW(row_bool, uint8_t, bool, *a != 0, *b != 0, false)
ROW(row_f32, float, float, *a, *b, true)

int a8_compare_eval_s8(a8_ctx_t *ctx) {
    return a8_broadcast_eval(ctx, row_s8, sizeof(quantized_t));
}

int a8_compare_eval_s16(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, row_s16, sizeof(quantized_t));
}

int a8_compare_eval_s32(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, row_s32, sizeof(params_t));
}

int a8_compare_eval_s64(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, row_s64, sizeof(params_t));
}

int a8_compare_eval_bool(a8_ctx_t *ctx) {
    return a8_broadcast_eval(ctx, row_bool, sizeof(params_t));
}

int a8_compare_eval_f32(a8_ctx_t *ctx) {
    return a8_broadcast_eval_aligned(ctx, row_f32, sizeof(params_t));
}
