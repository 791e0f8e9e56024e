// SPDX-License-Identifier: MIT
#include "broadcast.h"

#include <string.h>

#include "../quantize.h"

// The walk, behind the parameters: this, then for each dimension, outermost first, its extent and how many bytes a
// step along it goes in each input (0 where that one is broadcast), all int32.
typedef struct {
    uint8_t n_dims; // at least 1
    uint8_t n_inputs;
    uint8_t out_size; // bytes of an output element
    uint8_t in_sizes; // two bits for each input, the first lowest: an element has 1 << them bytes
} walk_t;

typedef char a8_assert_walk_t[sizeof(walk_t) == 4 ? 1 : -1];

typedef struct {
    int32_t extent;
    int32_t step[A8_BROADCAST_INPUTS]; // in elements
} dim_t;

int a8_broadcast_tensors(a8_ctx_t *ctx, int32_t n, a8_tensor_info_t *in, a8_tensor_info_t *out) {
    int code = a8_check_node(ctx, (uint32_t)n, in, out);
    for (int32_t i = 1; i < n && code == A8_OK; i++) {
        code = a8_ctx_input(ctx, (uint32_t)i, &in[i]);
    }
    for (int32_t i = 0; i < n && code == A8_OK; i++) {
        code = a8_check_type(ctx, &in[i], in[i].dtype);
    }
    return code == A8_OK ? a8_check_type(ctx, out, out->dtype) : code;
}

int a8_broadcast_movable(a8_ctx_t *ctx, const a8_tensor_info_t *info) {
    uint32_t size = a8_dtype_size(info->dtype);
    if (size == 0 || size > 8) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_WRONG_ELEMENTS, A8_NONE,
            (int32_t)info->dtype);
    }
    return A8_OK;
}

int a8_binary_tensors(a8_ctx_t *ctx, bool quantized, a8_tensor_info_t in[2], a8_tensor_info_t *out) {
    int code = a8_broadcast_tensors(ctx, 2, in, out);
    const a8_tensor_info_t *all[] = { &in[0], &in[1], out };
    for (int i = 0; i < 3 && code == A8_OK; i++) {
        code = quantized ? a8_check_quantized(ctx, all[i], in[0].dtype) : a8_check_type(ctx, all[i], in[0].dtype);
    }
    return code;
}

int a8_broadcast_activation(a8_ctx_t *ctx, const a8_tensor_info_t *out, int32_t *min, int32_t *max) {
    int32_t activation = a8_ctx_option_int8(ctx, 0, 0);
    *min = out->dtype == A8_INT16 ? INT16_MIN : INT8_MIN;
    *max = out->dtype == A8_INT16 ? INT16_MAX : INT8_MAX;
    if (a8_activation_range(activation, out->scale, out->zero_point, min, max) != 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_WRONG_ACTIVATION, A8_NONE, activation);
    }
    return A8_OK;
}

int a8_broadcast_symmetric(a8_ctx_t *ctx, const a8_tensor_info_t *in, int32_t n, const a8_tensor_info_t *out) {
    int32_t zero_point = out->zero_point;
    for (int32_t i = 0; i < n && zero_point == 0; i++) {
        zero_point = in[i].zero_point;
    }
    if (zero_point != 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_INT16_ZERO, 0, zero_point);
    }
    return A8_OK;
}

// Extent of dimension i of rank, counted in the larger tensor: missing leading dimensions are 1.
static int32_t extent(const a8_tensor_info_t *info, uint32_t rank, uint32_t i) {
    return i + info->rank < rank ? 1 : info->dims[i + info->rank - rank];
}

// Dimension i of the output, and the steps along it. stride: elements of each input in one step along it. d->extent
// is set on entry: at least that, if it is not 1.
static int dimension(a8_ctx_t *ctx, int32_t n, const a8_tensor_info_t *in, uint32_t rank, uint32_t i,
    int32_t stride[A8_BROADCAST_INPUTS], dim_t *d) {
    for (int32_t k = 0; k < n; k++) {
        int32_t e = extent(&in[k], rank, i);
        if (e != 1 && d->extent != 1 && e != d->extent) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "shapes of the inputs don't match in a dimension", d->extent, e);
        }
        if (e != 1) {
            d->extent = e;
            d->step[k] = stride[k];
            stride[k] *= e;
        }
    }
    return A8_OK;
}

// Along outer, does every input go on as it ends along inner?
static bool continues(const dim_t *outer, const dim_t *inner, int32_t n) {
    for (int32_t k = 0; k < n; k++) {
        if (outer->step[k] != inner->extent * inner->step[k]) {
            return false;
        }
    }
    return true;
}

// Pairs the inputs' shapes with the output's. Dimensions along which all inputs move as their neighbour
// does become one, so that tensors of equal shape are one long row. Returns their number or an error code.
// grow: the output may be larger than the inputs.
static int broadcast(a8_ctx_t *ctx, int32_t n, const a8_tensor_info_t *in, const a8_tensor_info_t *out, bool grow,
    dim_t dims[A8_MAX_DIMS]) {
    uint32_t rank = out->rank;
    int32_t stride[A8_BROADCAST_INPUTS];
    for (int32_t k = 0; k < n; k++) {
        stride[k] = 1;
        rank = in[k].rank > rank ? in[k].rank : rank;
    }
    int count = 0; // filled from the end
    for (uint32_t i = rank; i-- > 0;) {
        dim_t d = { grow ? extent(out, rank, i) : 1, { 0 } };
        int code = dimension(ctx, n, in, rank, i, stride, &d);
        if (code != A8_OK) {
            return code;
        }
        if (extent(out, rank, i) != d.extent) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "output's shape is not that of the inputs together", d.extent,
                extent(out, rank, i));
        }
        if (d.extent == 1) {
            continue;
        }
        dim_t *inner = &dims[A8_MAX_DIMS - count];
        if (count > 0 && continues(&d, inner, n)) {
            inner->extent *= d.extent;
        } else {
            count++;
            dims[A8_MAX_DIMS - count] = d;
        }
    }
    if (count == 0) {
        count = 1;
        dims[A8_MAX_DIMS - 1] = (dim_t){ 1, { 0 } };
    }
    return count;
}

static int prepare(a8_ctx_t *ctx, int32_t n, const a8_tensor_info_t *in, const a8_tensor_info_t *out, bool grow,
    const void *params, uint32_t params_size) {
    dim_t dims[A8_MAX_DIMS];
    int count = broadcast(ctx, n, in, out, grow, dims);
    if (count < 0) {
        return count;
    }
    uint32_t size = params_size + (uint32_t)sizeof(walk_t) + (uint32_t)(count * (1 + n)) * (uint32_t)sizeof(int32_t);
    uint8_t *block = a8_ctx_alloc(ctx, size);
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    if (params_size > 0) {
        memcpy(block, params, params_size);
    }
    walk_t *walk = (walk_t *)(void *)(block + params_size);
    walk->n_dims = (uint8_t)count;
    walk->n_inputs = (uint8_t)n;
    walk->out_size = (uint8_t)a8_dtype_size(out->dtype);
    for (int32_t k = 0; k < n; k++) {
        uint32_t size = a8_dtype_size(in[k].dtype);
        walk->in_sizes |= (uint8_t)((size == 8 ? 3 : size >> 1) << 2 * k);
    }
    int32_t *to = (int32_t *)(walk + 1);
    for (const dim_t *d = &dims[A8_MAX_DIMS - count]; d < &dims[A8_MAX_DIMS]; d++) {
        *to++ = d->extent;
        for (int32_t k = 0; k < n; k++) {
            *to++ = d->step[k] * (int32_t)a8_dtype_size(in[k].dtype);
        }
    }
    return A8_OK;
}

int a8_broadcast_prepare(a8_ctx_t *ctx, int32_t n, const a8_tensor_info_t *in, const a8_tensor_info_t *out,
    const void *params, uint32_t params_size) {
    return prepare(ctx, n, in, out, false, params, params_size);
}

int a8_broadcast_prepare_to(a8_ctx_t *ctx, const a8_tensor_info_t *in, const a8_tensor_info_t *out,
    const void *params, uint32_t params_size) {
    return prepare(ctx, 1, in, out, true, params, params_size);
}

// Moves to the next row, as the wheels of a counter turn. False after the last.
static bool next_row(const walk_t *walk, int32_t *index, const uint8_t **in) {
    const int32_t width = 1 + walk->n_inputs;
    const int32_t *dim = (const int32_t *)(walk + 1) + (walk->n_dims - 1) * width;
    for (int32_t i = walk->n_dims - 2; i >= 0; i--) {
        dim -= width;
        bool turned = ++index[i] == dim[0];
        for (int32_t k = 0; k < walk->n_inputs; k++) {
            in[k] += dim[1 + k];
            if (turned) {
                in[k] -= dim[1 + k] * dim[0];
            }
        }
        if (!turned) {
            return true;
        }
        index[i] = 0;
    }
    return false;
}

// Goes through all rows, in pieces that end where it is time to poll.
static int walk_rows(a8_ctx_t *ctx, const walk_t *walk, a8_row_fn_t *fn, const void *params) {
    const int32_t *inner = (const int32_t *)(walk + 1) + (walk->n_dims - 1) * (1 + walk->n_inputs);
    const uint8_t *in[A8_BROADCAST_INPUTS] = { 0 };
    a8_row_t row = { .n = 0 };
    for (int32_t k = 0; k < walk->n_inputs; k++) {
        in[k] = a8_ctx_in(ctx, (uint32_t)k);
        row.step[k] = inner[1 + k] != 0;
    }
    uint8_t *out = a8_ctx_out(ctx, 0);
    int32_t index[A8_MAX_DIMS] = { 0 };
    int32_t until_poll = A8_POLL_ELEMENTS;
    do {
        for (int32_t x = 0; x < inner[0]; x += row.n) {
            row.n = inner[0] - x < until_poll ? inner[0] - x : until_poll;
            for (int32_t k = 0; k < walk->n_inputs; k++) {
                row.in[k] = in[k] + x * inner[1 + k];
            }
            row.out = out;
            int code = fn(params, &row);
            if (code != A8_OK) {
                return code;
            }
            out += row.n * walk->out_size;
            until_poll -= row.n;
            if (until_poll == 0) {
                until_poll = A8_POLL_ELEMENTS;
                if (a8_ctx_stop(ctx)) {
                    return A8_ERR_ABORTED;
                }
            }
        }
    } while (next_row(walk, index, in));
    return A8_OK;
}

int a8_broadcast_eval(a8_ctx_t *ctx, a8_row_fn_t *fn, uint32_t params_size) {
    const uint8_t *params = a8_ctx_data(ctx);
    return walk_rows(ctx, (const walk_t *)(const void *)(params + params_size), fn, params);
}

typedef struct {
    a8_row_fn_t *fn;
    const void *params;
    const walk_t *walk;
} aligned_t;

static int32_t in_size(const walk_t *walk, int32_t k) {
    return 1 << (walk->in_sizes >> 2 * k & 3);
}

// Calls fn for the row; or, if an input lies at an odd address, for pieces of it of which copies are aligned.
static int aligned_row(const void *params, const a8_row_t *row) {
    const aligned_t *to = params;
    uint64_t copies[A8_BROADCAST_INPUTS][8];
    bool odd[A8_BROADCAST_INPUTS] = { false };
    int32_t most = row->n; // elements of a piece
    for (int32_t k = 0; k < to->walk->n_inputs; k++) {
        const int32_t size = in_size(to->walk, k);
        odd[k] = ((uintptr_t)row->in[k] & (uintptr_t)(size - 1)) != 0;
        if (odd[k] && most > (int32_t)sizeof(copies[k]) / size) {
            most = (int32_t)sizeof(copies[k]) / size;
        }
    }
    a8_row_t piece = *row;
    int code = A8_OK;
    for (int32_t x = 0; x < row->n && code == A8_OK; x += piece.n) {
        piece.n = row->n - x < most ? row->n - x : most;
        for (int32_t k = 0; k < to->walk->n_inputs; k++) {
            const int32_t size = in_size(to->walk, k);
            piece.in[k] = (const uint8_t *)row->in[k] + x * row->step[k] * size;
            if (odd[k]) {
                memcpy(copies[k], piece.in[k], (uint32_t)(row->step[k] ? piece.n * size : size));
                piece.in[k] = copies[k];
            }
        }
        piece.out = (uint8_t *)row->out + x * to->walk->out_size;
        code = to->fn(to->params, &piece);
    }
    return code;
}

int a8_broadcast_eval_aligned(a8_ctx_t *ctx, a8_row_fn_t *fn, uint32_t params_size) {
    const uint8_t *params = a8_ctx_data(ctx);
    const walk_t *walk = (const walk_t *)(const void *)(params + params_size);
    const aligned_t to = { fn, params, walk };
    return walk_rows(ctx, walk, aligned_row, &to);
}
