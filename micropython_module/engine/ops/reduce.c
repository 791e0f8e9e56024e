// SPDX-License-Identifier: MIT
#include "reduce.h"

#include "../quantize.h"
#include "check.h"

typedef char a8_assert_reduce_groups[A8_MAX_DIMS <= 2 * A8_REDUCE_GROUPS ? 1 : -1];

// The constant int32 axes of input 1 as bits, a set bit for each dimension of rank that they name.
static int axes_of(a8_ctx_t *ctx, uint32_t rank, uint32_t *axes) {
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
    *axes = 0;
    int32_t n = (int32_t)rank;
    for (uint32_t i = 0; i < axis.count && n > 0; i++) {
        int32_t a = a8_load_i32(axis.data + 4 * i);
        if (a < -n || a >= n) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "an axis is outside of the input's rank", n, a);
        }
        *axes |= (uint32_t)1 << (a < 0 ? a + n : a);
    }
    return A8_OK;
}

int a8_reduce_prepare(a8_ctx_t *ctx, const a8_tensor_info_t *in, const a8_tensor_info_t *out, a8_reduce_t *reduce) {
    uint32_t axes;
    int code = axes_of(ctx, in->rank, &axes);
    if (code != A8_OK) {
        return code;
    }
    for (int g = 0; g < A8_REDUCE_GROUPS; g++) {
        reduce->kept[g] = reduce->reduced[g] = 1;
    }
    reduce->count = 1;
    int next[2] = { A8_REDUCE_GROUPS - 1, A8_REDUCE_GROUPS - 1 }; // where the next group goes, kept and reduced
    int last = -1;
    int32_t stride = (int32_t)(in->bytes / in->count);
    for (uint32_t i = in->rank; i-- > 0;) {
        int32_t extent = in->dims[i];
        if (extent == 1) {
            continue;
        }
        int which = axes >> i & 1;
        int32_t *extents = which ? reduce->reduced : reduce->kept;
        int32_t *strides = which ? reduce->reduced_stride : reduce->kept_stride;
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
            reduce->count *= extent;
        }
    }
    reduce->outputs = (int32_t)in->count / reduce->count;
    if (out->count != (uint32_t)reduce->outputs) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not one element for each group of the input's",
            reduce->outputs, (int32_t)out->count);
    }
    return A8_OK;
}

int a8_reduce_axis(a8_ctx_t *ctx, const a8_tensor_info_t *in, a8_axis_t *axis) {
    uint32_t axes;
    int code = axes_of(ctx, in->rank, &axes);
    if (code != A8_OK) {
        return code;
    }
    if (axes == 0 || (axes & (axes - 1)) != 0) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "the operator needs one axis", 1, axes == 0 ? 0 : 2);
    }
    if (in->count == 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_NO_ELEMENTS, A8_NONE, A8_NONE);
    }
    axis->outer = axis->inner = 1;
    for (uint32_t i = 0; i < in->rank; i++) {
        if (axes >> i == 1) {
            axis->extent = in->dims[i];
        } else if (axes >> i != 0) {
            axis->outer *= in->dims[i];
        } else {
            axis->inner *= in->dims[i];
        }
    }
    return A8_OK;
}

int a8_reduce_eval(a8_ctx_t *ctx, const a8_reduce_t *reduce, const a8_reducer_t *reducer, const void *params) {
    const uint8_t *in = a8_ctx_in(ctx, 0);
    void *out = a8_ctx_out(ctx, 0);
    int32_t index[A8_REDUCE_GROUPS] = { 0 };
    int32_t done = 0; // elements since the last poll
    const int32_t inner = A8_REDUCE_GROUPS - 1;
    const bool bytes = reducer->columns != NULL && reduce->kept_stride[inner] == 1;
    const int32_t most = bytes ? A8_POLL_ELEMENTS / A8_REDUCE_COLUMNS : A8_POLL_ELEMENTS;
    for (int32_t o = 0, k; o < reduce->outputs; o += k) {
        int32_t states[A8_REDUCE_COLUMNS];
        k = reduce->kept[inner] - index[inner];
        k = !bytes ? 1 : k < A8_REDUCE_COLUMNS ? k
                                               : A8_REDUCE_COLUMNS;
        for (int32_t i = 0; i < k; i++) {
            states[i] = reducer->init;
        }
        const uint8_t *plane = in;
        for (int32_t i = 0; i < reduce->reduced[0]; i++) {
            const uint8_t *row = plane;
            for (int32_t j = 0; j < reduce->reduced[1]; j++) {
                const uint8_t *x = row;
                for (int32_t rest = reduce->reduced[2]; rest > 0;) {
                    int32_t n = rest < most ? rest : most;
                    if (bytes) {
                        reducer->columns(states, (const int8_t *)x, n, reduce->reduced_stride[2], k);
                    } else {
                        states[0] = reducer->row(states[0], reducer->flip, x, n, reduce->reduced_stride[2]);
                    }
                    x += n * reduce->reduced_stride[2];
                    rest -= n;
                    done += n * k;
                    if (done >= A8_POLL_ELEMENTS) {
                        done = 0;
                        if (a8_ctx_stop(ctx)) {
                            return A8_ERR_ABORTED;
                        }
                    }
                }
                row += reduce->reduced_stride[1];
            }
            plane += reduce->reduced_stride[0];
        }
        for (int32_t i = 0; i < k; i++) {
            reducer->put(params, states[i], reducer->flip, out, o + i);
        }
        // The next outputs' elements, as the wheels of a counter turn.
        int32_t turn = k;
        for (int32_t g = inner; g >= 0; g--) {
            in += turn * reduce->kept_stride[g];
            index[g] += turn;
            if (index[g] < reduce->kept[g]) {
                break;
            }
            in -= reduce->kept[g] * reduce->kept_stride[g];
            index[g] = 0;
            turn = 1;
        }
    }
    return A8_OK;
}
