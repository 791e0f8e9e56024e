// SPDX-License-Identifier: MIT
#include "../kernels/kernels.h"
#include "../quantize.h"
#include "check.h"

// A dimension of the output, and how far a step along it goes in each input (0 where that one is broadcast).
typedef struct {
    int32_t extent;
    int32_t step[2];
} dim_t;

// The node's block: this, then n_dims dim_t, outermost first.
typedef struct {
    a8_add_params_t params;
    int32_t n_dims;
} block_t;

typedef char a8_assert_add_block_t[sizeof(block_t) == 48 && sizeof(dim_t) == 12 ? 1 : -1];

// Extent of dimension i of rank, counted in the larger tensor: missing leading dimensions are 1.
static int32_t extent(const a8_tensor_info_t *info, uint32_t rank, uint32_t i) {
    return i + info->rank < rank ? 1 : info->dims[i + info->rank - rank];
}

// Pairs the inputs' shapes with the output's. Dimensions along which both inputs move as their neighbour
// does become one, so that tensors of equal shape are one long row. Returns their number or an error code.
static int broadcast(a8_ctx_t *ctx, const a8_tensor_info_t in[2], const a8_tensor_info_t *out,
    dim_t dims[A8_MAX_DIMS]) {
    uint32_t rank = in[0].rank > in[1].rank ? in[0].rank : in[1].rank;
    rank = rank > out->rank ? rank : out->rank;
    int32_t stride[2] = { 1, 1 };
    int n = 0; // filled from the end
    for (uint32_t i = rank; i-- > 0;) {
        int32_t a = extent(&in[0], rank, i);
        int32_t b = extent(&in[1], rank, i);
        if (a != b && a != 1 && b != 1) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "shapes of the inputs don't match in a dimension", a, b);
        }
        dim_t d = { a != 1 ? a : b, { a != 1 ? stride[0] : 0, b != 1 ? stride[1] : 0 } };
        if (extent(out, rank, i) != d.extent) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "output's shape is not that of the inputs' sum", d.extent,
                extent(out, rank, i));
        }
        stride[0] *= a;
        stride[1] *= b;
        if (d.extent == 1) {
            continue;
        }
        dim_t *inner = &dims[A8_MAX_DIMS - n];
        if (n > 0 && d.step[0] == inner->extent * inner->step[0] && d.step[1] == inner->extent * inner->step[1]) {
            inner->extent *= d.extent;
        } else {
            n++;
            dims[A8_MAX_DIMS - n] = d;
        }
    }
    if (n == 0) {
        n = 1;
        dims[A8_MAX_DIMS - 1] = (dim_t){ 1, { 0, 0 } };
    }
    return n;
}

int a8_add_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in[2];
    a8_tensor_info_t out;
    int code = a8_check_node(ctx, 2, &in[0], &out);
    if (code == A8_OK) {
        code = a8_ctx_input(ctx, 1, &in[1]);
    }
    if (code != A8_OK || (code = a8_check_quantized(ctx, &in[0], A8_INT8)) != A8_OK ||
        (code = a8_check_quantized(ctx, &in[1], A8_INT8)) != A8_OK ||
        (code = a8_check_quantized(ctx, &out, A8_INT8)) != A8_OK) {
        return code;
    }

    a8_add_params_t params = { .output_offset = out.zero_point, .min = INT8_MIN, .max = INT8_MAX };
    int32_t activation = a8_ctx_option_int8(ctx, 0, 0);
    if (a8_activation_range(activation, out.scale, out.zero_point, &params.min, &params.max) != 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "no such fused activation", A8_NONE, activation);
    }
    float max_scale = in[0].scale > in[1].scale ? in[0].scale : in[1].scale;
    a8_real_t twice_max = a8_real_scale(a8_real_from_float(max_scale), 1);
    for (int i = 0; i < 2; i++) {
        a8_multiplier_t m = a8_multiplier(a8_real_div(a8_real_from_float(in[i].scale), twice_max));
        params.input_offset[i] = -in[i].zero_point;
        params.input_multiplier[i] = m.multiplier;
        params.input_shift[i] = m.shift;
    }
    a8_multiplier_t m = a8_multiplier(a8_real_div(twice_max, a8_real_scale(a8_real_from_float(out.scale), 20)));
    if (m.shift > 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "output scale is below 2^-19 of an input's", A8_NONE, A8_NONE);
    }
    params.output_multiplier = m.multiplier;
    params.output_shift = m.shift;

    dim_t dims[A8_MAX_DIMS];
    int n = broadcast(ctx, in, &out, dims);
    if (n < 0) {
        return n;
    }
    block_t *block = a8_ctx_alloc(ctx, (uint32_t)(sizeof(block_t) + (uint32_t)n * sizeof(dim_t)));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->params = params;
    block->n_dims = n;
    dim_t *to = (dim_t *)(block + 1);
    for (int i = 0; i < n; i++) {
        to[i] = dims[A8_MAX_DIMS - n + i];
    }
    return A8_OK;
}

int a8_add_eval_s8(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const int32_t outer = block->n_dims - 1;
    const dim_t *dims = (const dim_t *)(block + 1);
    const dim_t *row = &dims[outer];
    const int8_t *a = a8_ctx_in(ctx, 0);
    const int8_t *b = a8_ctx_in(ctx, 1);
    int8_t *out = a8_ctx_out(ctx, 0);
    int32_t index[A8_MAX_DIMS] = { 0 };
    for (;;) {
        for (int32_t x = 0; x < row->extent; x += A8_POLL_ELEMENTS) {
            int32_t n = row->extent - x < A8_POLL_ELEMENTS ? row->extent - x : A8_POLL_ELEMENTS;
            a8_add_s8(&block->params, a + x * row->step[0], row->step[0], b + x * row->step[1], row->step[1], out, n);
            out += n;
            if (a8_ctx_stop(ctx)) {
                return A8_ERR_ABORTED;
            }
        }
        // The next row, as the wheels of a counter turn.
        int32_t i = outer - 1;
        for (; i >= 0; i--) {
            a += dims[i].step[0];
            b += dims[i].step[1];
            if (++index[i] < dims[i].extent) {
                break;
            }
            a -= dims[i].step[0] * dims[i].extent;
            b -= dims[i].step[1] * dims[i].extent;
            index[i] = 0;
        }
        if (i < 0) {
            return A8_OK;
        }
    }
}
