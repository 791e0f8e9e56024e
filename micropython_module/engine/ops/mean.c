// SPDX-License-Identifier: MIT
#include "../kernels/kernels.h"
#include "../quantize.h"
#include "check.h"

#define MAX_COUNT (1 << 23) // elements in a mean: below it, a sum of differences of int8 fits 32 bits
#define MAX_SHIFT (20) // of input scale / output scale, so that no scaled sum wraps around

typedef struct {
    a8_mean_params_t params;
    int32_t outputs;
    int32_t poll_outputs; // between two polls
} block_t;

typedef char a8_assert_mean_block_t[sizeof(block_t) == 72 ? 1 : -1];
typedef char a8_assert_mean_groups[A8_MAX_DIMS <= 2 * A8_MEAN_GROUPS ? 1 : -1];

// Marks the dimensions that the constant second input names.
static int reduced_dims(a8_ctx_t *ctx, const a8_tensor_info_t *in, bool reduced[A8_MAX_DIMS]) {
    a8_tensor_info_t axis;
    int code = a8_ctx_input(ctx, 1, &axis);
    if (code != A8_OK) {
        return code;
    }
    if (axis.dtype != A8_INT32) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "axes are not int32 (type 2)", A8_INT32, (int32_t)axis.dtype);
    }
    if (axis.data == NULL) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "axes are not constant", A8_NONE, A8_NONE);
    }
    int32_t rank = (int32_t)in->rank;
    for (uint32_t i = 0; i < axis.count && rank > 0; i++) {
        int32_t a = a8_load_i32(axis.data + 4 * i);
        if (a < -rank || a >= rank) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "an axis is outside of the input's rank", rank, a);
        }
        reduced[a < 0 ? a + rank : a] = true;
    }
    return A8_OK;
}

// Groups of dimensions; returns the number of elements in a mean.
static int32_t group_dims(const a8_tensor_info_t *in, const bool reduced[A8_MAX_DIMS], a8_mean_params_t *params) {
    for (int g = 0; g < A8_MEAN_GROUPS; g++) {
        params->kept[g] = params->reduced[g] = 1;
    }
    int next[2] = { A8_MEAN_GROUPS - 1, A8_MEAN_GROUPS - 1 }; // where the next group goes, kept and reduced
    int last = -1;
    int32_t stride = 1;
    int32_t count = 1;
    for (uint32_t i = in->rank; i-- > 0;) {
        int32_t extent = in->dims[i];
        if (extent == 1) {
            continue;
        }
        int which = reduced[i];
        int32_t *extents = which ? params->reduced : params->kept;
        int32_t *strides = which ? params->reduced_stride : params->kept_stride;
        if (which == last) {
            extents[next[which] + 1] *= extent;
        } else {
            extents[next[which]] = extent;
            strides[next[which]] = stride;
            next[which]--;
        }
        last = which;
        stride *= extent;
        if (which) {
            count *= extent;
        }
    }
    return count;
}

int a8_mean_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    bool reduced[A8_MAX_DIMS] = { false };
    int code = a8_check_node(ctx, 2, &in, &out);
    if (code != A8_OK || (code = a8_check_quantized(ctx, &in, A8_INT8)) != A8_OK ||
        (code = a8_check_quantized(ctx, &out, A8_INT8)) != A8_OK ||
        (code = reduced_dims(ctx, &in, reduced)) != A8_OK) {
        return code;
    }
    block_t *block = a8_ctx_alloc(ctx, sizeof(block_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    a8_mean_params_t *params = &block->params;
    int32_t count = group_dims(&in, reduced, params);
    block->outputs = (int32_t)in.count / count;
    if (out.count != (uint32_t)block->outputs) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not one element for each mean", block->outputs,
            (int32_t)out.count);
    }
    if (count >= MAX_COUNT) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "a mean has too many elements", MAX_COUNT - 1, count);
    }
    block->poll_outputs = 1 + A8_POLL_ELEMENTS / count;

    a8_multiplier_t m = a8_multiplier(a8_real_div(a8_real_from_float(in.scale), a8_real_from_float(out.scale)));
    if (m.shift > MAX_SHIFT) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "input scale is more than 2^20 output scales", A8_NONE, A8_NONE);
    }
    // The division by count goes into the multiplier, with as many bits as the shift can make up for.
    int32_t shift = 0;
    while (shift < 30 && count >> (shift + 1) != 0) {
        shift++;
    }
    if (shift > m.shift - A8_SHIFT_MIN) {
        shift = m.shift - A8_SHIFT_MIN;
    }
    params->multiplier = (int32_t)(((int64_t)m.multiplier << shift) / count);
    params->shift = m.shift - shift;
    params->sum_offset = -in.zero_point * count;
    params->output_offset = out.zero_point;
    return A8_OK;
}

int a8_mean_eval_s8(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const int8_t *in = a8_ctx_in(ctx, 0);
    int8_t *out = a8_ctx_out(ctx, 0);
    for (int32_t i = 0; i < block->outputs;) {
        int32_t end = block->outputs - i < block->poll_outputs ? block->outputs : i + block->poll_outputs;
        a8_mean_s8(&block->params, in, out, i, end);
        i = end;
        if (a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}
