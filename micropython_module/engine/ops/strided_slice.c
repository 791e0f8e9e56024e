// SPDX-License-Identifier: MIT
//
// STRIDED_SLICE: Python's in[begin:end:stride, ...], with bit i of a mask for
// the i-th triple of the indices.
#include "indices.h"
#include "strided.h"

enum {
    BEGIN_MASK, // begin is left out
    END_MASK,
    ELLIPSIS_MASK, // all dimensions that no other triple takes
    NEW_AXIS_MASK, // a new dimension of 1 in the output
    SHRINK_AXIS_MASK, // one step, and no dimension in the output
    OFFSET, // end counts from begin
    N_OPTIONS,
};

typedef struct {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    a8_tensor_info_t indices[3]; // begin, end, stride
    int32_t options[N_OPTIONS];
} slice_t;

static bool has(const slice_t *slice, uint32_t option, uint32_t i) {
    return ((uint32_t)slice->options[option] >> i & 1) != 0;
}

// An index that may count from the end, within [low, high].
static int32_t clamp(int32_t index, int32_t extent, int32_t low, int32_t high) {
    index += index < 0 ? extent : 0;
    return index < low ? low : index > high ? high
                                            : index;
}

// What the i-th triple takes of a dimension: the first index and the number of steps. Returns A8_OK or an error.
static int range(a8_ctx_t *ctx, const slice_t *slice, uint32_t i, int32_t extent, int32_t *first, int32_t *stride,
    int32_t *steps) {
    int32_t triple[3];
    for (uint32_t k = 0; k < 3; k++) {
        triple[k] = a8_index(slice->indices[k].dtype, slice->indices[k].data, i);
    }
    *stride = triple[2];
    if (*stride == 0) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "a stride is 0", A8_NONE, A8_NONE);
    }
    bool back = *stride < 0;
    int32_t low = back ? -1 : 0;
    int32_t high = back ? extent - 1 : extent;
    *first = clamp(triple[0], extent, low, high);
    if (has(slice, BEGIN_MASK, i)) {
        *first = back ? high : low;
    }
    if (has(slice, SHRINK_AXIS_MASK, i)) {
        *steps = 1;
        if (back || *first >= extent) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "an index of a dimension that goes away is out of range", extent,
                triple[0]);
        }
        return A8_OK;
    }
    int32_t end = triple[1];
    if (slice->options[OFFSET] != 0) {
        int64_t sum = (int64_t)end + *first;
        end = sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN
                                                            : (int32_t)sum;
    }
    end = clamp(end, extent, low, high);
    if (has(slice, END_MASK, i)) {
        end = back ? low : high;
    }
    uint32_t span = back ? (uint32_t)(*first - end) : (uint32_t)(end - *first);
    uint32_t pace = back ? 0 - (uint32_t)*stride : (uint32_t)*stride;
    *steps = (back ? *first > end : end > *first) ? (int32_t)((span - 1) / pace + 1) : 0;
    return A8_OK;
}

// Goes through triples and dimensions, outermost first. dims[k] becomes what is taken of dimension k of the input.
static int resolve(a8_ctx_t *ctx, const slice_t *slice, a8_strided_dim_t dims[A8_MAX_DIMS], int32_t *first) {
    const a8_tensor_info_t *in = &slice->in;
    const a8_tensor_info_t *out = &slice->out;
    uint32_t n = slice->indices[0].count;
    int32_t strides[A8_MAX_DIMS];
    a8_strides(in, strides);
    uint32_t rest = in->rank; // dimensions that have no triple of their own
    for (uint32_t i = 0; i < n; i++) {
        bool own = !has(slice, ELLIPSIS_MASK, i) && !has(slice, NEW_AXIS_MASK, i);
        if (own && rest-- == 0) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "more indices than the input has dimensions", (int32_t)in->rank,
                (int32_t)n);
        }
    }
    uint32_t at = 0; // in the input's dimensions
    uint32_t out_at = 0;
    for (uint32_t i = 0; i <= n; i++) {
        bool whole = i == n || has(slice, ELLIPSIS_MASK, i); // without an ellipsis, as if there were one at the end
        bool fresh = !whole && has(slice, NEW_AXIS_MASK, i);
        bool gone = !whole && !fresh && has(slice, SHRINK_AXIS_MASK, i);
        for (uint32_t k = whole ? rest : 1; k > 0; k--) {
            int32_t begin = 0;
            int32_t stride = 1;
            int32_t steps = fresh ? 1 : in->dims[at];
            int code = whole || fresh ? A8_OK : range(ctx, slice, i, in->dims[at], &begin, &stride, &steps);
            if (code != A8_OK) {
                return code;
            }
            if (!gone && (out_at >= out->rank || out->dims[out_at++] != steps)) {
                return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not the slice's shape", steps, A8_NONE);
            }
            if (!fresh) {
                *first += begin * strides[at];
                dims[at] = (a8_strided_dim_t){ steps, steps > 1 ? stride * strides[at] : 0, 0 };
                at++;
            }
        }
        rest = whole ? 0 : rest;
    }
    if (out_at != out->rank) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not the slice's rank", (int32_t)out_at, (int32_t)out->rank);
    }
    return A8_OK;
}

int a8_strided_slice_prepare(a8_ctx_t *ctx) {
    slice_t slice;
    int code = a8_check_node(ctx, 4, &slice.in, &slice.out);
    if (code != A8_OK || (code = a8_check_moved(ctx, &slice.in, &slice.out)) != A8_OK) {
        return code;
    }
    for (uint32_t i = 0; i < 3; i++) {
        int32_t count = i == 0 ? A8_NONE : (int32_t)slice.indices[0].count;
        code = a8_check_constant_indices(ctx, 1 + i, count, &slice.indices[i]);
        if (code != A8_OK) {
            return code;
        }
    }
    if (slice.indices[0].count > 2 * A8_MAX_DIMS) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "too many indices", 2 * A8_MAX_DIMS, (int32_t)slice.indices[0].count);
    }
    for (uint32_t i = 0; i < OFFSET; i++) {
        slice.options[i] = a8_ctx_option_int32(ctx, i, 0);
    }
    slice.options[OFFSET] = a8_ctx_option_int8(ctx, OFFSET, 0);
    uint32_t ellipsis = (uint32_t)slice.options[ELLIPSIS_MASK] & ((1u << slice.indices[0].count) - 1);
    if ((ellipsis & (ellipsis - 1)) != 0) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "more than one ellipsis", A8_NONE, A8_NONE);
    }
    a8_strided_dim_t dims[A8_MAX_DIMS];
    a8_strided_t box = a8_strided((int32_t)a8_dtype_size(slice.in.dtype));
    code = resolve(ctx, &slice, dims, &box.in);
    if (code != A8_OK) {
        return code;
    }
    int32_t out_stride = box.unit;
    for (uint32_t i = slice.in.rank; i-- > 0;) {
        a8_strided_add(&box, dims[i].extent, dims[i].in, out_stride);
        out_stride *= dims[i].extent;
    }
    return a8_strided_record(ctx, &box);
}
