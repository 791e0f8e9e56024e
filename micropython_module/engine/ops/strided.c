// SPDX-License-Identifier: MIT
#include "strided.h"

#include <string.h>

typedef char a8_assert_strided_t[sizeof(a8_strided_t) == 16 + 12 * A8_STRIDED_DIMS ? 1 : -1];

a8_strided_t a8_strided(int32_t unit) {
    a8_strided_t box = { 0, 0, unit, 0, { { 0, 0, 0 } } };
    return box;
}

void a8_strided_add(a8_strided_t *box, int32_t extent, int32_t in, int32_t out) {
    if (extent == 1) {
        return;
    }
    a8_strided_dim_t *inner = box->n_dims == 0 ? NULL : &box->dims[box->n_dims - 1];
    if (inner == NULL && in == box->unit && out == box->unit) {
        box->unit *= extent;
    } else if (inner != NULL && in == inner->extent * inner->in && out == inner->extent * inner->out) {
        inner->extent *= extent;
    } else {
        box->dims[box->n_dims++] = (a8_strided_dim_t){ extent, in, out };
    }
}

uint32_t a8_strided_bytes(const a8_strided_t *box) {
    return (uint32_t)(offsetof(a8_strided_t, dims) + (uint32_t)box->n_dims * sizeof(a8_strided_dim_t));
}

int a8_strided_record(a8_ctx_t *ctx, const a8_strided_t *box) {
    void *block = a8_ctx_alloc(ctx, a8_strided_bytes(box));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    memcpy(block, box, a8_strided_bytes(box));
    return A8_OK;
}

// n units. Elements of one, two and four bytes move without a call each.
static void copy_units(const a8_strided_dim_t *dim, int32_t unit, const uint8_t *in, uint8_t *out, int32_t n) {
    uintptr_t together = (uintptr_t)in | (uintptr_t)out | (uintptr_t)dim->in | (uintptr_t)dim->out;
    if (unit == 1) {
        for (; n > 0; n--, in += dim->in, out += dim->out) {
            *out = *in;
        }
    } else if (unit == 2 && together % 2 == 0) {
        const uint16_t *from = (const void *)in;
        uint16_t *to = (void *)out;
        for (; n > 0; n--, from += dim->in / 2, to += dim->out / 2) {
            memcpy(to, from, sizeof(*to));
        }
    } else if (unit == 4 && together % 4 == 0) {
        const uint32_t *from = (const void *)in;
        uint32_t *to = (void *)out;
        for (; n > 0; n--, from += dim->in / 4, to += dim->out / 4) {
            memcpy(to, from, sizeof(*to));
        }
    } else {
        for (; n > 0; n--, in += dim->in, out += dim->out) {
            memcpy(out, in, (uint32_t)unit);
        }
    }
}

// At most A8_POLL_BYTES have been written. True: stop.
static bool wrote(a8_ctx_t *ctx, int32_t bytes, int32_t *left) {
    *left -= bytes;
    if (*left > 0) {
        return false;
    }
    *left += A8_POLL_BYTES;
    return a8_ctx_stop(ctx);
}

static uint32_t until_poll(uint32_t bytes) {
    return bytes < A8_POLL_BYTES ? bytes : A8_POLL_BYTES;
}

int a8_copy(a8_ctx_t *ctx, const uint8_t *in, uint8_t *out, uint32_t bytes, int32_t *left) {
    for (uint32_t i = 0; i < bytes; i += A8_POLL_BYTES) {
        uint32_t n = until_poll(bytes - i);
        memcpy(out + i, in + i, n);
        if (wrote(ctx, (int32_t)n, left)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}

int a8_fill(a8_ctx_t *ctx, const uint8_t *value, uint32_t element, uint8_t *out, uint32_t bytes, int32_t *left) {
    bool same = true; // all bytes of the value, so that any number of them does
    for (uint32_t i = 1; i < element; i++) {
        same = same && value[i] == value[0];
    }
    for (uint32_t i = 0; i < bytes; i += A8_POLL_BYTES) {
        uint32_t n = until_poll(bytes - i);
        if (same) {
            memset(out + i, value[0], n);
        } else {
            for (uint32_t k = 0; k < n; k += element) {
                memcpy(out + i + k, value, element);
            }
        }
        if (wrote(ctx, (int32_t)n, left)) {
            return A8_ERR_ABORTED;
        }
    }
    return A8_OK;
}

int a8_strided_copy(a8_ctx_t *ctx, const a8_strided_t *box, const uint8_t *in, uint8_t *out) {
    static const a8_strided_dim_t one = { 1, 0, 0 };
    const a8_strided_dim_t *row = box->n_dims > 0 ? &box->dims[0] : &one;
    const int32_t unit = box->unit;
    const int32_t chunk = unit < A8_POLL_BYTES ? A8_POLL_BYTES / unit : 1; // units between two polls
    int32_t index[A8_STRIDED_DIMS] = { 0 };
    int32_t left = A8_POLL_BYTES;
    in += box->in;
    out += box->out;
    for (;;) {
        for (int32_t x = 0; x < row->extent; x += chunk) {
            int32_t n = row->extent - x < chunk ? row->extent - x : chunk;
            const uint8_t *from = in + x * row->in;
            uint8_t *to = out + x * row->out;
            bool stop;
            if (n == 1) {
                stop = a8_copy(ctx, from, to, (uint32_t)unit, &left) != A8_OK;
            } else {
                copy_units(row, unit, from, to, n);
                stop = wrote(ctx, n * unit, &left);
            }
            if (stop) {
                return A8_ERR_ABORTED;
            }
        }
        // The next row, as the wheels of a counter turn.
        int32_t i = 1;
        for (; i < box->n_dims; i++) {
            const a8_strided_dim_t *dim = &box->dims[i];
            if (++index[i] < dim->extent) {
                in += dim->in;
                out += dim->out;
                break;
            }
            index[i] = 0;
            in -= dim->in * (dim->extent - 1);
            out -= dim->out * (dim->extent - 1);
        }
        if (i >= box->n_dims) {
            return a8_ctx_stop(ctx) ? A8_ERR_ABORTED : A8_OK;
        }
    }
}

int a8_strided_eval(a8_ctx_t *ctx) {
    return a8_strided_copy(ctx, a8_ctx_data(ctx), a8_ctx_in(ctx, 0), a8_ctx_out(ctx, 0));
}

int a8_check_moved(a8_ctx_t *ctx, const a8_tensor_info_t *in, const a8_tensor_info_t *out) {
    if (in->dtype != out->dtype) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not the input's type", (int32_t)in->dtype,
            (int32_t)out->dtype);
    }
    if (a8_dtype_size(in->dtype) == 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_WRONG_ELEMENTS, A8_NONE,
            (int32_t)in->dtype);
    }
    if (in->count == 0 || out->count == 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_NO_ELEMENTS, 1, 0);
    }
    return A8_OK;
}

int a8_check_same_shape(a8_ctx_t *ctx, const a8_tensor_info_t *in, const a8_tensor_info_t *out) {
    if (in->rank != out->rank) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not the input's rank", (int32_t)in->rank,
            (int32_t)out->rank);
    }
    for (uint32_t i = 0; i < in->rank; i++) {
        if (in->dims[i] != out->dims[i]) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not the input's shape", in->dims[i], out->dims[i]);
        }
    }
    return A8_OK;
}

int a8_check_same_scale(a8_ctx_t *ctx, const a8_tensor_info_t *in, const a8_tensor_info_t *out) {
    bool same = memcmp(&in->scale, &out->scale, sizeof(in->scale)) == 0 && in->zero_point == out->zero_point;
    if (a8_dtype_size(in->dtype) == 1 && !same) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "an input's scale or zero point is not the output's",
            out->zero_point, in->zero_point);
    }
    return A8_OK;
}

void a8_strides(const a8_tensor_info_t *info, int32_t strides[A8_MAX_DIMS]) {
    int32_t stride = (int32_t)a8_dtype_size(info->dtype);
    for (uint32_t i = info->rank; i-- > 0;) {
        strides[i] = stride;
        stride *= info->dims[i];
    }
}
