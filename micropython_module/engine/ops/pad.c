// SPDX-License-Identifier: MIT
//
// PAD and PADV2 put a value around the input, MIRROR_PAD the input itself.
#include <string.h>

#include "indices.h"
#include "strided.h"

typedef struct {
    int32_t before;
    int32_t extent; // of the input
    int32_t after;
} dim_t;

// The node's block: this, then n_dims dim_t, outermost first. The last counts bytes; dimensions without padding
// are part of the next outer one.
typedef struct {
    int32_t n_dims;
    uint8_t value_input; // which input is the padding's value; 0: value is
    uint8_t element;
    uint8_t value[8];
    uint8_t reserved[2];
} block_t;

typedef struct {
    int32_t n_dims;
    int32_t element;
    int32_t offset; // 1: the edge is not repeated
    int32_t computed; // 1: the paddings are, of which dim_t only has the sum
    int32_t dtype; // of them
} mirror_t;

typedef char a8_assert_pad_blocks[sizeof(block_t) == 16 && sizeof(mirror_t) == 20 && sizeof(dim_t) == 12 ? 1 : -1];

// Reads the paddings into dims, of which extent is known and after is the sum of both.
static int read_paddings(a8_ctx_t *ctx, int code, a8_dtype_t dtype, const uint8_t *data, uint32_t n, dim_t *dims) {
    for (uint32_t i = 0; i < n; i++) {
        dim_t *d = &dims[i];
        int32_t out = d->extent + d->after;
        d->before = a8_index(dtype, data, 2 * i);
        d->after = a8_index(dtype, data, 2 * i + 1);
        if (d->before < 0 || d->after < 0) {
            return a8_ctx_fail(ctx, code, "a padding is negative", 0, d->before < 0 ? d->before : d->after);
        }
        if ((int64_t)d->before + d->extent + d->after != out) {
            return a8_ctx_fail(ctx, code, "a dimension of the output is not the input's with its padding",
                (int32_t)((uint32_t)d->before + (uint32_t)d->extent + (uint32_t)d->after), out);
        }
    }
    return A8_OK;
}

// Gets the tensors and, if they are constant, the paddings.
static int paddings(a8_ctx_t *ctx, const a8_tensor_info_t *in, const a8_tensor_info_t *out, a8_tensor_info_t *pads,
    dim_t dims[A8_MAX_DIMS]) {
    int code = a8_check_moved(ctx, in, out);
    if (code != A8_OK || (code = a8_check_indices(ctx, 1, 2 * (int32_t)in->rank, pads)) != A8_OK) {
        return code;
    }
    if (out->rank != in->rank) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not the input's rank", (int32_t)in->rank,
            (int32_t)out->rank);
    }
    for (uint32_t i = 0; i < in->rank; i++) {
        if (out->dims[i] < in->dims[i]) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "a dimension of the output is not the input's with its padding",
                in->dims[i], out->dims[i]);
        }
        dims[i] = (dim_t){ 0, in->dims[i], out->dims[i] - in->dims[i] };
    }
    return pads->data == NULL ? A8_OK : read_paddings(ctx, A8_ERR_MODEL, pads->dtype, pads->data, in->rank, dims);
}

// The value is 0 of real numbers, or the third input.
static int padding_value(a8_ctx_t *ctx, const a8_tensor_info_t *out, block_t *block) {
    block->element = (uint8_t)a8_dtype_size(out->dtype);
    if (block->element > sizeof(block->value)) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_WRONG_ELEMENTS, A8_NONE,
            (int32_t)out->dtype);
    }
    if (block->element == 1) {
        block->value[0] = (uint8_t)out->zero_point;
    }
    if (!a8_ctx_has_input(ctx, 2)) {
        return A8_OK;
    }
    a8_tensor_info_t value;
    int code = a8_ctx_input(ctx, 2, &value);
    if (code != A8_OK || (code = a8_check_moved(ctx, out, &value)) != A8_OK) {
        return code;
    }
    if (value.count != 1) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "the padding's value is not one element", 1, (int32_t)value.count);
    }
    block->value_input = 2;
    return a8_check_same_scale(ctx, &value, out);
}

int a8_pad_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    a8_tensor_info_t pads;
    dim_t dims[A8_MAX_DIMS];
    block_t head = { 0 };
    int code = a8_check_node(ctx, a8_ctx_inputs(ctx) == 3 ? 3 : 2, &in, &out);
    if (code != A8_OK || (code = a8_check_constant_indices(ctx, 1, A8_NONE, &pads)) != A8_OK ||
        (code = paddings(ctx, &in, &out, &pads, dims)) != A8_OK ||
        (code = padding_value(ctx, &out, &head)) != A8_OK) {
        return code;
    }
    // Whole slices of an unpadded dimension are elements of the one around it. Written from the end.
    dim_t merged[A8_MAX_DIMS + 1];
    int32_t n = 0;
    int32_t slice = head.element;
    for (uint32_t i = in.rank; i-- > 0;) {
        if (dims[i].before == 0 && dims[i].after == 0) {
            slice *= dims[i].extent;
        } else {
            n++;
            dim_t d = { dims[i].before * slice, dims[i].extent * slice, dims[i].after * slice };
            merged[A8_MAX_DIMS + 1 - n] = d;
            slice = 1;
        }
    }
    if (slice != 1 || n == 0) {
        n++;
        merged[A8_MAX_DIMS + 1 - n] = (dim_t){ 0, slice, 0 };
    }
    head.n_dims = n;
    block_t *block = a8_ctx_alloc(ctx, (uint32_t)(sizeof(block_t) + (uint32_t)n * sizeof(dim_t)));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    *block = head;
    memcpy(block + 1, &merged[A8_MAX_DIMS + 1 - n], (uint32_t)n * sizeof(dim_t));
    return A8_OK;
}

int a8_pad_eval(a8_ctx_t *ctx) {
    const block_t *block = a8_ctx_data(ctx);
    const dim_t *dims = (const dim_t *)(block + 1);
    const int32_t outer = block->n_dims - 1;
    const dim_t *row = &dims[outer];
    const int32_t row_bytes = row->before + row->extent + row->after;
    const uint8_t *in = a8_ctx_in(ctx, 0);
    const uint8_t *value = block->value_input != 0 ? a8_ctx_in(ctx, block->value_input) : block->value;
    uint8_t *out = a8_ctx_out(ctx, 0);
    int32_t index[A8_MAX_DIMS + 1] = { 0 }; // of the output row
    int32_t left = A8_POLL_BYTES;
    for (;;) {
        bool inside = true;
        for (int32_t i = 0; i < outer; i++) {
            inside = inside && index[i] >= dims[i].before && index[i] < dims[i].before + dims[i].extent;
        }
        if (inside) {
            int code = a8_fill(ctx, value, block->element, out, (uint32_t)row->before, &left);
            if (code == A8_OK) {
                code = a8_copy(ctx, in, out + row->before, (uint32_t)row->extent, &left);
            }
            if (code == A8_OK) {
                code = a8_fill(ctx, value, block->element, out + row->before + row->extent, (uint32_t)row->after, &left);
            }
            if (code != A8_OK) {
                return code;
            }
            in += row->extent;
        } else if (a8_fill(ctx, value, block->element, out, (uint32_t)row_bytes, &left) != A8_OK) {
            return A8_ERR_ABORTED;
        }
        out += row_bytes;
        int32_t i = outer - 1;
        for (; i >= 0; i--) {
            if (++index[i] < dims[i].before + dims[i].extent + dims[i].after) {
                break;
            }
            index[i] = 0;
        }
        if (i < 0) {
            return A8_OK;
        }
    }
}

static int check_mirror(a8_ctx_t *ctx, int code, const mirror_t *block, const dim_t *dims) {
    for (int32_t i = 0; i < block->n_dims; i++) {
        int32_t most = dims[i].extent - block->offset;
        int32_t pad = dims[i].before > dims[i].after ? dims[i].before : dims[i].after;
        if (pad > most) {
            return a8_ctx_fail(ctx, code, "a padding is larger than what it mirrors", most, pad);
        }
    }
    return A8_OK;
}

int a8_mirror_pad_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    a8_tensor_info_t pads;
    dim_t dims[A8_MAX_DIMS];
    int code = a8_check_node(ctx, 2, &in, &out);
    if (code != A8_OK || (code = paddings(ctx, &in, &out, &pads, dims)) != A8_OK) {
        return code;
    }
    mirror_t *block = a8_ctx_alloc(ctx, (uint32_t)(sizeof(mirror_t) + in.rank * sizeof(dim_t)));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    block->n_dims = (int32_t)in.rank;
    block->element = (int32_t)a8_dtype_size(in.dtype);
    block->offset = a8_ctx_option_int8(ctx, 0, 0) == 0; // mode: REFLECT is 0
    block->computed = pads.data == NULL;
    block->dtype = (int32_t)pads.dtype;
    memcpy(block + 1, dims, in.rank * sizeof(dim_t));
    return block->computed != 0 ? A8_OK : check_mirror(ctx, A8_ERR_MODEL, block, dims);
}

// Each dimension is its padding before, the input and the padding behind: the output is made of as many boxes as
// there are ways to choose one of the three in all dimensions.
int a8_mirror_pad_eval(a8_ctx_t *ctx) {
    const mirror_t *block = a8_ctx_data(ctx);
    const int32_t n = block->n_dims;
    dim_t dims[A8_MAX_DIMS];
    memcpy(dims, block + 1, (uint32_t)n * sizeof(dim_t));
    if (block->computed != 0) {
        int code = read_paddings(ctx, A8_ERR_DATA, (a8_dtype_t)block->dtype, a8_ctx_in(ctx, 1), (uint32_t)n, dims);
        if (code != A8_OK || (code = check_mirror(ctx, A8_ERR_DATA, block, dims)) != A8_OK) {
            return code;
        }
    }
    uint8_t part[A8_MAX_DIMS] = { 0 }; // 0 before, 1 the input, 2 behind
    for (;;) {
        a8_strided_t box = a8_strided(block->element);
        int32_t in_stride = block->element;
        int32_t out_stride = block->element;
        bool empty = false;
        for (int32_t i = n; i-- > 0;) {
            const dim_t *d = &dims[i];
            int32_t extent = part[i] == 0 ? d->before : part[i] == 1 ? d->extent
                                                                     : d->after;
            int32_t in_first = part[i] == 0 ? d->before - 1 + block->offset : d->extent - 1 - block->offset;
            int32_t out_first = part[i] == 0 ? 0 : part[i] == 1 ? d->before
                                                                : d->before + d->extent;
            empty = empty || extent == 0;
            box.in += part[i] == 1 ? 0 : in_first * in_stride;
            box.out += out_first * out_stride;
            a8_strided_add(&box, extent, part[i] == 1 ? in_stride : -in_stride, out_stride);
            in_stride *= d->extent;
            out_stride *= d->before + d->extent + d->after;
        }
        int code = empty ? A8_OK : a8_strided_copy(ctx, &box, a8_ctx_in(ctx, 0), a8_ctx_out(ctx, 0));
        if (code != A8_OK) {
            return code;
        }
        int32_t i = n - 1;
        while (i >= 0 && part[i] == 2) {
            part[i--] = 0;
        }
        if (i < 0) {
            return A8_OK;
        }
        part[i]++;
    }
}
