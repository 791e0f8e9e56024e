// SPDX-License-Identifier: MIT
#include "resize.h"

#include "../quantize.h"
#include "check.h"

int a8_resize_check(a8_ctx_t *ctx, a8_tensor_info_t *in, a8_tensor_info_t *out, a8_resize_t *resize) {
    a8_tensor_info_t size;
    int code = a8_check_node(ctx, 2, in, out);
    if (code != A8_OK || (code = a8_ctx_input(ctx, 1, &size)) != A8_OK) {
        return code;
    }
    if (size.dtype != A8_INT32) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "the size is not int32 (type 2)", A8_INT32, (int32_t)size.dtype);
    }
    if (size.data == NULL) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "the size is not constant", A8_NONE, A8_NONE);
    }
    if (size.count != 2) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "the size is not a height and a width", 2, (int32_t)size.count);
    }
    if (out->dtype != in->dtype) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "output has not the input's type", (int32_t)in->dtype,
            (int32_t)out->dtype);
    }
    if (in->rank != 4 || out->rank != 4) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, A8_WRONG_RANK, 4,
            (int32_t)(in->rank != 4 ? in->rank : out->rank));
    }
    for (uint32_t i = 0; i < 4; i++) {
        int32_t wanted = i == 1 || i == 2 ? a8_load_i32(size.data + 4 * (i - 1)) : in->dims[i];
        if (out->dims[i] != wanted) {
            return a8_ctx_fail(ctx, A8_ERR_MODEL, "output has not the shape that the size says", wanted, out->dims[i]);
        }
    }
    if (in->count == 0 || out->count == 0) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, A8_NO_ELEMENTS, A8_NONE, A8_NONE);
    }
    resize->batches = in->dims[0];
    resize->in_h = in->dims[1];
    resize->in_w = in->dims[2];
    resize->out_h = out->dims[1];
    resize->out_w = out->dims[2];
    resize->channels = in->dims[3];
    for (uint32_t i = 1; i <= 2; i++) {
        int32_t larger = in->dims[i] > out->dims[i] ? in->dims[i] : out->dims[i];
        if (larger > A8_RESIZE_MAX) {
            return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "an image is too high or too wide", A8_RESIZE_MAX, larger);
        }
    }
    return A8_OK;
}

int a8_resize_bilinear_options(a8_ctx_t *ctx, uint8_t *align_corners, uint8_t *half_pixel) {
    *align_corners = a8_ctx_option_int8(ctx, 2, 0) != 0;
    *half_pixel = a8_ctx_option_int8(ctx, 3, 0) != 0;
    if (*align_corners && *half_pixel) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "corners can't be aligned to half pixels", A8_NONE, A8_NONE);
    }
    return A8_OK;
}
