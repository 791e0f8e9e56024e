// SPDX-License-Identifier: MIT
//
// CONCATENATION and PACK put parts side by side into a whole; SPLIT, SPLIT_V
// and UNPACK take a whole apart. Along the axis each step of the whole is a
// run of bytes of every part in turn.
#include "indices.h"
#include "strided.h"

enum { JOIN = -1 };

// What parts are alike in.
typedef enum {
    ALONG, // the axis is one of theirs
    EVEN, // likewise, and all have the same extent
    STACKED, // each is one step along an axis that they lack
} parts_t;

// The node's block: this, then the bytes of each part at every outer step.
typedef struct {
    int32_t outer; // steps of the dimensions around the axis
    int32_t whole; // bytes of the whole at every step
    int32_t n_parts;
    int32_t whole_input; // which input is the whole, or JOIN: it is the output
} block_t;

typedef char a8_assert_concatenation_block_t[sizeof(block_t) == 16 ? 1 : -1];

// A part of a stacked whole lacks the axis. Returns its extent along the axis or an error code.
static int32_t check_part(a8_ctx_t *ctx, const a8_tensor_info_t *whole, const a8_tensor_info_t *part, uint32_t axis,
    bool stacked) {
    int code = a8_check_moved(ctx, whole, part);
    if (code != A8_OK) {
        return code;
    }
    if (part->rank + stacked != whole->rank) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "a part has not the rank that it needs", (int32_t)whole->rank - stacked,
            (int32_t)part->rank);
    }
    for (uint32_t i = 0, k = 0; i < whole->rank; i++) {
        if (i == axis) {
            k += !stacked;
            continue;
        }
        if (part->dims[k] != whole->dims[i]) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "a dimension of a part is not that of the whole", whole->dims[i],
                part->dims[k]);
        }
        k++;
    }
    return stacked ? 1 : part->dims[axis];
}

// Parts are the inputs of a whole that is the output (JOIN), or the outputs of the whole_input-th input. sizes:
// what extents the parts have, a constant, or NULL.
static int prepare(a8_ctx_t *ctx, int32_t whole_input, int32_t axis, parts_t kind, const a8_tensor_info_t *sizes) {
    bool join = whole_input == JOIN;
    uint32_t n = join ? a8_ctx_inputs(ctx) : a8_ctx_outputs(ctx);
    if (n == 0 || (join && a8_ctx_outputs(ctx) != 1)) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "wrong number of inputs or outputs", 1,
            (int32_t)(n == 0 ? n : a8_ctx_outputs(ctx)));
    }
    a8_tensor_info_t whole;
    int code = join ? a8_ctx_output(ctx, 0, &whole) : a8_ctx_input(ctx, (uint32_t)whole_input, &whole);
    if (code == A8_OK) {
        code = axis = a8_check_axis(ctx, axis, whole.rank);
    }
    if (code < 0) {
        return code;
    }
    block_t *block = a8_ctx_alloc(ctx, (uint32_t)(sizeof(block_t) + n * sizeof(int32_t)));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    int32_t *parts = (int32_t *)(block + 1);
    block->n_parts = (int32_t)n;
    block->whole_input = whole_input;
    int32_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        a8_tensor_info_t part;
        code = join ? a8_ctx_input(ctx, i, &part) : a8_ctx_output(ctx, i, &part);
        int32_t extent = code == A8_OK ? check_part(ctx, &whole, &part, (uint32_t)axis, kind == STACKED) : code;
        if (extent < 0) {
            return extent;
        }
        int32_t size = kind == EVEN && i > 0 ? parts[0] : -1;
        if (sizes != NULL) {
            size = a8_index(sizes->dtype, sizes->data, i);
        }
        if (size != -1 && size != extent) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "a part has not the size that it should", size, extent);
        }
        if (extent > whole.dims[axis] - sum) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "the parts are larger than the whole", whole.dims[axis] - sum,
                extent);
        }
        sum += extent;
        parts[i] = extent;
    }
    if (sum != whole.dims[axis]) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "the parts are smaller than the whole", whole.dims[axis], sum);
    }
    int32_t inner = (int32_t)a8_dtype_size(whole.dtype);
    for (uint32_t i = (uint32_t)axis + 1; i < whole.rank; i++) {
        inner *= whole.dims[i];
    }
    for (uint32_t i = 0; i < n; i++) {
        parts[i] *= inner;
    }
    block->whole = whole.dims[axis] * inner;
    block->outer = (int32_t)whole.bytes / block->whole;
    return A8_OK;
}

static int check_inputs(a8_ctx_t *ctx, uint32_t n) {
    if (a8_ctx_inputs(ctx) != n) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "wrong number of inputs", (int32_t)n, (int32_t)a8_ctx_inputs(ctx));
    }
    return A8_OK;
}

int a8_concatenation_prepare(a8_ctx_t *ctx) {
    int32_t activation = a8_ctx_option_int8(ctx, 1, 0);
    if (activation != 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "no fused activation can be had here", 0, activation);
    }
    int code = prepare(ctx, JOIN, a8_ctx_option_int32(ctx, 0, 0), ALONG, NULL);
    for (uint32_t i = 0; i < a8_ctx_inputs(ctx) && code == A8_OK; i++) {
        a8_tensor_info_t in;
        a8_tensor_info_t out;
        if ((code = a8_ctx_input(ctx, i, &in)) == A8_OK && (code = a8_ctx_output(ctx, 0, &out)) == A8_OK) {
            code = a8_check_same_scale(ctx, &in, &out);
        }
    }
    return code;
}

int a8_pack_prepare(a8_ctx_t *ctx) {
    int code = check_inputs(ctx, (uint32_t)a8_ctx_option_int32(ctx, 0, 0));
    return code != A8_OK ? code : prepare(ctx, JOIN, a8_ctx_option_int32(ctx, 1, 0), STACKED, NULL);
}

int a8_unpack_prepare(a8_ctx_t *ctx) {
    int code = check_inputs(ctx, 1);
    if (code != A8_OK) {
        return code;
    }
    int32_t count = a8_ctx_option_int32(ctx, 0, 0);
    if (count != (int32_t)a8_ctx_outputs(ctx)) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "wrong number of outputs", count, (int32_t)a8_ctx_outputs(ctx));
    }
    return prepare(ctx, 0, a8_ctx_option_int32(ctx, 1, 0), STACKED, NULL);
}

int a8_split_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t axis;
    int code = check_inputs(ctx, 2);
    if (code != A8_OK || (code = a8_check_constant_indices(ctx, 0, 1, &axis)) != A8_OK) {
        return code;
    }
    return prepare(ctx, 1, a8_index(axis.dtype, axis.data, 0), EVEN, NULL);
}

// Computed sizes can only repeat those of the outputs.
int a8_split_v_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t sizes;
    a8_tensor_info_t axis;
    int code = check_inputs(ctx, 3);
    if (code != A8_OK || (code = a8_check_indices(ctx, 1, (int32_t)a8_ctx_outputs(ctx), &sizes)) != A8_OK ||
        (code = a8_check_constant_indices(ctx, 2, 1, &axis)) != A8_OK) {
        return code;
    }
    return prepare(ctx, 0, a8_index(axis.dtype, axis.data, 0), ALONG, sizes.data != NULL ? &sizes : NULL);
}

int a8_concatenation_eval(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const int32_t *parts = (const int32_t *)(block + 1);
    bool join = block->whole_input == JOIN;
    int32_t at = 0;
    int code = A8_OK;
    for (int32_t i = 0; i < block->n_parts && code == A8_OK; i++) {
        a8_strided_t box = a8_strided(parts[i]);
        if (join) {
            box.out = at;
            a8_strided_add(&box, block->outer, parts[i], block->whole);
            code = a8_strided_copy(ctx, &box, a8_ctx_in(ctx, (uint32_t)i), a8_ctx_out(ctx, 0));
        } else {
            box.in = at;
            a8_strided_add(&box, block->outer, block->whole, parts[i]);
            code = a8_strided_copy(ctx, &box, a8_ctx_in(ctx, (uint32_t)block->whole_input),
                a8_ctx_out(ctx, (uint32_t)i));
        }
        at += parts[i];
    }
    return code;
}
