// SPDX-License-Identifier: MIT
//
// What RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR check alike.
#ifndef A8_RESIZE_H
#define A8_RESIZE_H

#include "../op.h"

// Sizes in pixels; a pixel is the bytes of all its channels.
typedef struct {
    int32_t batches;
    int32_t in_h;
    int32_t in_w;
    int32_t out_h;
    int32_t out_w;
    int32_t channels;
} a8_resize_t;

typedef char a8_assert_resize_t[sizeof(a8_resize_t) == 24 ? 1 : -1];

// Heights and widths are at most this.
#define A8_RESIZE_MAX (UINT16_MAX)

// Checks the node's tensors, of which the second is the constant output size.
int a8_resize_check(a8_ctx_t *ctx, a8_tensor_info_t *in, a8_tensor_info_t *out, a8_resize_t *resize);

// RESIZE_BILINEAR's options.
int a8_resize_bilinear_options(a8_ctx_t *ctx, uint8_t *align_corners, uint8_t *half_pixel);

#endif
