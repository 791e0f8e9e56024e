// SPDX-License-Identifier: MIT
//
// Prototypes of the kernels, and one ladder that picks the variant for each
// target. A kernel sees plain structs and pointers. The portable version is
// always compiled under its own _generic name; an optimised one is tested
// against it on its own target. A kernel that may run long takes a range of
// output rows, so that its operator can poll between them.
#ifndef A8_KERNELS_H
#define A8_KERNELS_H

#include <stdint.h>

// ---- Convolutions, fully connected, pools ---------------------------------

// A window that slides over an input of in_h x in_w: where it stands for each
// output, and how far apart its taps are. Taps outside of the input count as absent.
typedef struct {
    int32_t in_h;
    int32_t in_w;
    int32_t out_h;
    int32_t out_w;
    int32_t filter_h;
    int32_t filter_w;
    int32_t pad_h; // above
    int32_t pad_w; // to the left
    uint16_t stride_h;
    uint16_t stride_w;
    uint16_t dilation_h;
    uint16_t dilation_w;
} a8_window_t;

// How a sum becomes an output of integers: requantized, plus out_zero_point, clamped to [min, max].
typedef struct {
    int16_t min;
    int16_t max;
    int8_t in_zero_point; // zero points are 0 where activations are int16
    int8_t out_zero_point;
    int8_t filter_zero_point; // of fully connected only
    uint8_t flags;
} a8_requantize_t;

// Multipliers and shifts are one an output channel, else one for all.
#define A8_PER_CHANNEL (1)
// Of int16 activations. Sums are of 64 bits, multipliers below 2^15, and a shift is the right shift of their
// product; else sums wrap around in 32 bits, and multipliers and shifts are as elsewhere.
#define A8_WIDE (2)
// The bias with A8_WIDE is int16, else int64; without it the bias is int32.
#define A8_BIAS_S16 (4)

// What floats are clamped to.
typedef struct {
    float min;
    float max;
} a8_range_t;

typedef union {
    a8_requantize_t requantize;
    a8_range_t range;
} a8_result_t;

// Output channels come in groups of group_out, each of which sees its own group_in input channels. A plain
// convolution is one group, a transposed one too; a depthwise one has as many as input channels.
typedef struct {
    a8_window_t window;
    int32_t batches;
    int32_t in_c;
    int32_t out_c;
    int32_t group_in;
    int32_t group_out;
    a8_result_t result;
} a8_conv_params_t;

typedef struct {
    int32_t batches;
    int32_t depth; // of the sums
    int32_t out_c;
    a8_result_t result;
} a8_fully_connected_params_t;

typedef struct {
    a8_window_t window;
    int32_t batches;
    int32_t channels;
    a8_result_t result;
} a8_pool_params_t;

// These lie in an interpreter's records, whose size is the same on every machine.
typedef char a8_assert_conv_params_t[sizeof(a8_conv_params_t) == 68 ? 1 : -1];
typedef char a8_assert_fully_connected_params_t[sizeof(a8_fully_connected_params_t) == 20 ? 1 : -1];
typedef char a8_assert_pool_params_t[sizeof(a8_pool_params_t) == 56 ? 1 : -1];

// What a kernel with weights works on. Input, filter and bias may have any alignment; the output's is its type's.
typedef struct {
    const void *input;
    const void *filter;
    const uint8_t *bias; // NULL: none
    const int32_t *multipliers; // of integers only, shifts too
    const int8_t *shifts;
    void *output;
} a8_operands_t;

// Kernels are named after the element type of input and output (s8, s16, f32) and, where it is another, of the
// filter: int8 with s16, int4 (two a byte, the first in the low half) in s8_s4.

// Input and output are one image (height, width, channels). These fill output rows y0 to y1 - 1. conv and
// transpose_conv: filter is [out_c][filter_h][filter_w][group_in]; depthwise_conv: [filter_h][filter_w][out_c],
// and group_in is 1. The window of transpose_conv slides over the output, one stop for each pixel of the input.
typedef void a8_conv_t(const a8_conv_params_t *params, const a8_operands_t *t, int32_t y0, int32_t y1);
a8_conv_t a8_conv_f32_generic;
a8_conv_t a8_depthwise_conv_f32_generic;
a8_conv_t a8_transpose_conv_f32_generic;
a8_conv_t a8_conv_s8_generic;
a8_conv_t a8_depthwise_conv_s8_generic;
a8_conv_t a8_transpose_conv_s8_generic;
a8_conv_t a8_conv_s8_s4_generic;
a8_conv_t a8_depthwise_conv_s8_s4_generic;
a8_conv_t a8_conv_s16_generic;
a8_conv_t a8_depthwise_conv_s16_generic;
a8_conv_t a8_transpose_conv_s16_generic;

// filter is [out_c][depth]; here a row is one of the batches.
typedef void a8_fully_connected_t(const a8_fully_connected_params_t *params, const a8_operands_t *t, int32_t y0,
    int32_t y1);
a8_fully_connected_t a8_fully_connected_f32_generic;
a8_fully_connected_t a8_fully_connected_s8_generic;
a8_fully_connected_t a8_fully_connected_s8_s4_generic;
a8_fully_connected_t a8_fully_connected_s16_generic;

// input and output are one image. Every window holds at least one tap, at most A8_POOL_MAX_TAPS of its type.
#define A8_POOL_MAX_TAPS_S8 (1 << 22) // so that the sum of a window stays in 32 bits
#define A8_POOL_MAX_TAPS_S16 (1 << 15)
#define A8_POOL_MAX_TAPS_F32 (1 << 24) // exact as a float
typedef void a8_pool_t(const a8_pool_params_t *params, const void *input, void *output, int32_t y0, int32_t y1);
a8_pool_t a8_average_pool_f32_generic;
a8_pool_t a8_max_pool_f32_generic;
a8_pool_t a8_average_pool_s8_generic;
a8_pool_t a8_max_pool_s8_generic;
a8_pool_t a8_average_pool_s16_generic;
a8_pool_t a8_max_pool_s16_generic;

// ---- Element by element, reductions, softmax ------------------------------

// Sum of two tensors: both rescaled to a common scale with 20 bits of headroom, added, rescaled to the output's.
typedef struct {
    int32_t input_offset[2]; // minus the zero points
    int32_t input_multiplier[2];
    int32_t input_shift[2]; // <= 0
    int32_t output_multiplier;
    int32_t output_shift; // <= 0
    int32_t output_offset;
    int32_t min; // of the fused activation
    int32_t max;
} a8_add_params_t;

// n elements in a row. A step is 1, or 0 for an input that is the same for the whole row.
void a8_add_s8_generic(const a8_add_params_t *params, const int8_t *a, int32_t a_step, const int8_t *b, int32_t b_step,
    int8_t *out, int32_t n);

// Mean over some dimensions, of less than 2^23 elements each. Neighbouring dimensions that are both kept or
// both reduced count as one, so that three of each reach rank 6. Outermost first, unused ones have extent 1.
#define A8_MEAN_GROUPS (3)

typedef struct {
    int32_t kept[A8_MEAN_GROUPS];
    int32_t kept_stride[A8_MEAN_GROUPS];
    int32_t reduced[A8_MEAN_GROUPS];
    int32_t reduced_stride[A8_MEAN_GROUPS];
    int32_t multiplier; // from a sum to a mean in the output's scale
    int32_t shift;
    int32_t sum_offset; // minus the input's zero point for each element of a mean
    int32_t output_offset;
} a8_mean_params_t;

// Outputs [begin, end) of all.
void a8_mean_s8_generic(const a8_mean_params_t *params, const int8_t *in, int8_t *out, int32_t begin, int32_t end);

// Softmax over rows of depth elements.
typedef struct {
    int32_t depth; // below 2^13
    int32_t multiplier; // from a difference of inputs to a number with 5 integer bits
    int32_t shift;
    int32_t diff_min; // differences below it count as e^-infinity
} a8_softmax_params_t;

// These lie in an interpreter's records, whose size is the same on every machine.
typedef char a8_assert_add_params_t[sizeof(a8_add_params_t) == 44 ? 1 : -1];
typedef char a8_assert_mean_params_t[sizeof(a8_mean_params_t) == 64 ? 1 : -1];
typedef char a8_assert_softmax_params_t[sizeof(a8_softmax_params_t) == 16 ? 1 : -1];

void a8_softmax_s8_generic(const a8_softmax_params_t *params, const int8_t *in, int8_t *out, int32_t rows);
void a8_softmax_s8_s16_generic(const a8_softmax_params_t *params, const int8_t *in, int16_t *out, int32_t rows);

// Fixed-point functions of the reference. Results have 31 fractional bits, 1 is INT32_MAX.
// e^x for x in (-2^integer_bits, 0] with 31 - integer_bits fractional bits; integer_bits is 1 to 5.
int32_t a8_exp_on_negative(int32_t x, int32_t integer_bits);
// 1 / (1 + x) for x in [0, 1) with 31 fractional bits.
int32_t a8_one_over_one_plus(int32_t x);

// ---- The ladder -----------------------------------------------------------

#define a8_add_s8 a8_add_s8_generic
#define a8_mean_s8 a8_mean_s8_generic
#define a8_softmax_s8 a8_softmax_s8_generic
#define a8_softmax_s8_s16 a8_softmax_s8_s16_generic
#define a8_conv_f32 a8_conv_f32_generic
#define a8_depthwise_conv_f32 a8_depthwise_conv_f32_generic
#define a8_transpose_conv_f32 a8_transpose_conv_f32_generic
#define a8_fully_connected_f32 a8_fully_connected_f32_generic
#define a8_average_pool_f32 a8_average_pool_f32_generic
#define a8_max_pool_f32 a8_max_pool_f32_generic
#define a8_conv_s8 a8_conv_s8_generic
#define a8_depthwise_conv_s8 a8_depthwise_conv_s8_generic
#define a8_transpose_conv_s8 a8_transpose_conv_s8_generic
#define a8_fully_connected_s8 a8_fully_connected_s8_generic
#define a8_average_pool_s8 a8_average_pool_s8_generic
#define a8_max_pool_s8 a8_max_pool_s8_generic
#define a8_conv_s8_s4 a8_conv_s8_s4_generic
#define a8_depthwise_conv_s8_s4 a8_depthwise_conv_s8_s4_generic
#define a8_fully_connected_s8_s4 a8_fully_connected_s8_s4_generic
#define a8_conv_s16 a8_conv_s16_generic
#define a8_depthwise_conv_s16 a8_depthwise_conv_s16_generic
#define a8_transpose_conv_s16 a8_transpose_conv_s16_generic
#define a8_fully_connected_s16 a8_fully_connected_s16_generic
#define a8_average_pool_s16 a8_average_pool_s16_generic
#define a8_max_pool_s16 a8_max_pool_s16_generic

#endif
