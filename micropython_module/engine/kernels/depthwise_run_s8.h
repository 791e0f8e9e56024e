// SPDX-License-Identifier: MIT
//
// A run of pixels of a depthwise convolution of int8; see depthwise_conv_s8_tiled.h.
#ifndef A8_DEPTHWISE_RUN_S8_H
#define A8_DEPTHWISE_RUN_S8_H

#include "product_s8.h"

// Output of a channel: the sum over rows and columns of (input - zero point) * filter.
typedef struct {
    const int8_t *input; // first tap of the first pixel, channel 0
    int32_t tap_step; // bytes from tap to tap of a row
    int32_t row_step; // and from row to row
    int32_t pixel_step; // and from a pixel's first tap to the next one's
    const int8_t *filter; // of the first tap, channel 0; a row of taps is filter_row on, a tap is channels on
    int32_t filter_row;
    int32_t rows; // taps inside of the image; 0 if there are none, then only the bias counts
    int32_t columns;
    int32_t channels;
    int32_t pixels;
    int32_t first; // channel to make, where the pointers are
    int32_t count; // and how many
    int8_t *output; // pixels are channels apart
    const a8_operands_t *operands; // bias, multipliers, shifts
    const a8_requantize_t *requantize;
} a8_depthwise_run_t;

#endif
