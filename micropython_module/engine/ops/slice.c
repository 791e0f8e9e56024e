// SPDX-License-Identifier: MIT
//
// SLICE, and DYNAMIC_UPDATE_SLICE that writes one. What they copy is a box of
// known shape whose corner may be computed.
#include <string.h>

#include "indices.h"
#include "strided.h"

typedef struct {
    int32_t room; // the corner is at most here
    int32_t stride; // bytes a step of it
} corner_t;

// The node's block: this, then n_corners corner_t, then the box (without the dimensions that it lacks).
typedef struct {
    int32_t n_corners; // 0: the corner is constant, and in the box already
    int32_t dtype; // of the computed corner
    uint32_t bytes; // of the whole tensor
    int32_t reserved;
} block_t;

typedef char a8_assert_slice_block_t[sizeof(block_t) == 16 && sizeof(corner_t) == 8 ? 1 : -1];

static const a8_strided_t *box_of(const block_t *block) {
    return (const a8_strided_t *)((const corner_t *)(block + 1) + block->n_corners);
}

static int record(a8_ctx_t *ctx, const block_t *block, const corner_t corners[A8_MAX_DIMS], const a8_strided_t *box) {
    uint32_t corner_bytes = (uint32_t)block->n_corners * (uint32_t)sizeof(corner_t);
    block_t *to = a8_ctx_alloc(ctx, (uint32_t)sizeof(block_t) + corner_bytes + a8_strided_bytes(box));
    if (to == NULL) {
        return A8_ERR_MEMORY;
    }
    *to = *block;
    memcpy(to + 1, corners, corner_bytes);
    memcpy((uint8_t *)(to + 1) + corner_bytes, box, a8_strided_bytes(box));
    return A8_OK;
}

int a8_slice_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    a8_tensor_info_t begin;
    a8_tensor_info_t size;
    int code = a8_check_node(ctx, 3, &in, &out);
    if (code != A8_OK || (code = a8_check_moved(ctx, &in, &out)) != A8_OK ||
        (code = a8_check_indices(ctx, 1, (int32_t)in.rank, &begin)) != A8_OK ||
        (code = a8_check_indices(ctx, 2, (int32_t)in.rank, &size)) != A8_OK) {
        return code;
    }
    if (out.rank != in.rank) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not the input's rank", (int32_t)in.rank, (int32_t)out.rank);
    }
    block_t block = { begin.data == NULL ? (int32_t)in.rank : 0, (int32_t)begin.dtype, in.bytes, 0 };
    corner_t corners[A8_MAX_DIMS];
    a8_strided_t box = a8_strided((int32_t)a8_dtype_size(in.dtype));
    int32_t in_strides[A8_MAX_DIMS];
    int32_t out_strides[A8_MAX_DIMS];
    a8_strides(&in, in_strides);
    a8_strides(&out, out_strides);
    for (uint32_t i = in.rank; i-- > 0;) {
        int32_t room = in.dims[i] - out.dims[i];
        if (room < 0) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "output is larger than the input in a dimension", in.dims[i],
                out.dims[i]);
        }
        int32_t first = 0;
        if (begin.data != NULL) {
            first = a8_index(begin.dtype, begin.data, i);
            if (first < 0 || first > room) {
                return a8_ctx_fail(ctx, A8_ERR_MODEL, "the slice begins outside of where it fits the input", room,
                    first);
            }
            box.in += first * in_strides[i];
        }
        // A size of -1 is whatever is left, which only a constant begin tells. Computed sizes repeat the output's.
        if (size.data != NULL) {
            int32_t wanted = a8_index(size.dtype, size.data, i);
            if (wanted == -1) {
                wanted = begin.data != NULL ? in.dims[i] - first : out.dims[i];
            }
            if (wanted != out.dims[i]) {
                return a8_ctx_fail(ctx, A8_ERR_MODEL, "a dimension of the output is not the slice's size", wanted,
                    out.dims[i]);
            }
        }
        corners[i] = (corner_t){ room, in_strides[i] };
        a8_strided_add(&box, out.dims[i], in_strides[i], out_strides[i]);
    }
    return record(ctx, &block, corners, &box);
}

int a8_slice_eval(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const corner_t *corners = (const corner_t *)(block + 1);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    const uint8_t *begin = a8_ctx_in(ctx, 1);
    for (int32_t i = 0; i < block->n_corners; i++) {
        int32_t first = a8_index((a8_dtype_t)block->dtype, begin, (uint32_t)i);
        if (first < 0 || first > corners[i].room) {
            return a8_ctx_fail(ctx, A8_ERR_DATA, "the slice begins outside of where it fits the input",
                corners[i].room, first);
        }
        in += first * corners[i].stride;
    }
    return a8_strided_copy(ctx, box_of(block), in, a8_ctx_out(ctx, 0));
}

int a8_dynamic_update_slice_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    a8_tensor_info_t update;
    a8_tensor_info_t begin;
    int code = a8_check_node(ctx, 3, &in, &out);
    if (code != A8_OK || (code = a8_ctx_input(ctx, 1, &update)) != A8_OK ||
        (code = a8_check_moved(ctx, &in, &out)) != A8_OK || (code = a8_check_moved(ctx, &in, &update)) != A8_OK ||
        (code = a8_check_same_shape(ctx, &in, &out)) != A8_OK ||
        (code = a8_check_indices(ctx, 2, (int32_t)in.rank, &begin)) != A8_OK) {
        return code;
    }
    if (update.rank != in.rank) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "the update has not the input's rank", (int32_t)in.rank,
            (int32_t)update.rank);
    }
    block_t block = { (int32_t)in.rank, (int32_t)begin.dtype, in.bytes, 0 };
    corner_t corners[A8_MAX_DIMS];
    a8_strided_t box = a8_strided((int32_t)a8_dtype_size(in.dtype));
    int32_t update_strides[A8_MAX_DIMS];
    int32_t out_strides[A8_MAX_DIMS];
    a8_strides(&update, update_strides);
    a8_strides(&out, out_strides);
    for (uint32_t i = in.rank; i-- > 0;) {
        corners[i] = (corner_t){ in.dims[i] - update.dims[i], out_strides[i] };
        if (corners[i].room < 0) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "the update is larger than the input in a dimension", in.dims[i],
                update.dims[i]);
        }
        a8_strided_add(&box, update.dims[i], update_strides[i], out_strides[i]);
    }
    return record(ctx, &block, corners, &box);
}

// A corner that the update would not fit at gives way to the nearest that it does.
int a8_dynamic_update_slice_eval(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const corner_t *corners = (const corner_t *)(block + 1);
    const uint8_t *begin = a8_ctx_in(ctx, 2);
    uint8_t *out = a8_ctx_out(ctx, 0);
    int32_t left = A8_POLL_BYTES;
    int code = a8_copy(ctx, a8_ctx_in(ctx, 0), out, block->bytes, &left);
    if (code != A8_OK) {
        return code;
    }
    for (int32_t i = 0; i < block->n_corners; i++) {
        int32_t first = a8_index((a8_dtype_t)block->dtype, begin, (uint32_t)i);
        first = first < 0 ? 0 : first;
        out += (first > corners[i].room ? corners[i].room : first) * corners[i].stride;
    }
    return a8_strided_copy(ctx, box_of(block), a8_ctx_in(ctx, 1), out);
}
