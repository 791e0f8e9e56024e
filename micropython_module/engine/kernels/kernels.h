// SPDX-License-Identifier: MIT
//
// Prototypes of the kernels, and one ladder that picks the variant for each
// target. A kernel sees plain structs and pointers. The portable version is
// always compiled under its own _generic name; an optimised one is tested
// against it on its own target. A kernel that may run long takes a range of
// output rows, so that its operator can poll between them.
#ifndef A8_KERNELS_H
#define A8_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "../quantize.h"
#include "../target.h"

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

// Whether each output pixel sees one input pixel, all of it, in the same order.
static inline bool a8_conv_is_flat(const a8_conv_params_t *params) {
    const a8_window_t *win = &params->window;
    return win->filter_h == 1 && win->filter_w == 1 && win->stride_h == 1 && win->stride_w == 1 && win->pad_h == 0 &&
        win->pad_w == 0 && win->out_w == win->in_w && params->group_in == params->in_c;
}

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
    int16_t min; // of integers
    int16_t max;
} a8_pool_params_t;

// What the pools of floats have.
typedef struct {
    a8_pool_params_t pool;
    a8_range_t range;
} a8_pool_f32_params_t;

// These lie in an interpreter's records, whose size is the same on every machine.
typedef char a8_assert_conv_params_t[sizeof(a8_conv_params_t) == 68 ? 1 : -1];
typedef char a8_assert_fully_connected_params_t[sizeof(a8_fully_connected_params_t) == 20 ? 1 : -1];
typedef char a8_assert_pool_params_t[sizeof(a8_pool_params_t) == 52 ? 1 : -1];
typedef char a8_assert_pool_f32_params_t[sizeof(a8_pool_f32_params_t) == 60 ? 1 : -1];

// What a kernel with weights works on. Input, filter and bias may have any alignment; the output's is its type's.
typedef struct {
    const void *input;
    const void *filter;
    const uint8_t *bias; // NULL: none
    const int32_t *multipliers; // of integers only, shifts too
    const int8_t *shifts;
    void *output;
    void *scratch; // of as many bytes as scratch.h says
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
a8_conv_t a8_conv_s8_armdsp;
a8_conv_t a8_depthwise_conv_s8_armdsp;
a8_conv_t a8_conv_s8_armv6m;
a8_conv_t a8_conv_s8_rv32;
a8_conv_t a8_depthwise_conv_s8_armv6m;
a8_conv_t a8_depthwise_conv_s8_rv32;
a8_conv_t a8_conv_s8_xtensa;
a8_conv_t a8_depthwise_conv_s8_xtensa;
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
a8_fully_connected_t a8_fully_connected_s8_armdsp;
a8_fully_connected_t a8_fully_connected_s8_armv6m;
a8_fully_connected_t a8_fully_connected_s8_rv32;
a8_fully_connected_t a8_fully_connected_s8_xtensa;
a8_fully_connected_t a8_fully_connected_s8_s4_generic;
a8_fully_connected_t a8_fully_connected_s16_generic;

// input and output are one image. params of floats are those of an a8_pool_f32_params_t. Every window holds at least one tap, at most A8_POOL_MAX_TAPS of its type.
#define A8_POOL_MAX_TAPS_S8 (1 << 22) // so that the sum of a window stays in 32 bits
#define A8_POOL_MAX_TAPS_S16 (1 << 15)
#define A8_POOL_MAX_TAPS_F32 (1 << 24) // exact as a float
typedef void a8_pool_t(const a8_pool_params_t *params, const void *input, void *output, int32_t y0, int32_t y1);
a8_pool_t a8_average_pool_f32_generic;
a8_pool_t a8_max_pool_f32_generic;
a8_pool_t a8_l2_pool_f32_generic;
a8_pool_t a8_average_pool_s8_generic;
a8_pool_t a8_max_pool_s8_generic;
a8_pool_t a8_average_pool_s8_armdsp;
a8_pool_t a8_max_pool_s8_armdsp;
a8_pool_t a8_average_pool_s16_generic;
a8_pool_t a8_max_pool_s16_generic;

// ---- Element by element, reductions, softmax ------------------------------

// Sum or difference of two tensors: both rescaled to a common scale with headroom (shifted up by this many bits),
// added, rescaled to the output's.
#define A8_ADD_SHIFT_S8 (20)
#define A8_ADD_SHIFT_S16 (15)

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
typedef void a8_add_s8_t(const a8_add_params_t *params, const int8_t *a, int32_t a_step, const int8_t *b,
    int32_t b_step, int8_t *out, int32_t n);
typedef void a8_add_s16_t(const a8_add_params_t *params, const int16_t *a, int32_t a_step, const int16_t *b,
    int32_t b_step, int16_t *out, int32_t n);
a8_add_s8_t a8_add_s8_generic;
a8_add_s8_t a8_add_s8_armdsp;
a8_add_s8_t a8_add_s8_armv6m;
a8_add_s8_t a8_add_s8_rv32;
a8_add_s8_t a8_sub_s8_generic;
a8_add_s16_t a8_add_s16_generic;
a8_add_s16_t a8_sub_s16_generic;

// Product of two tensors, as wide as 32 bits hold it.
typedef struct {
    int32_t input_offset[2]; // minus the zero points
    int32_t multiplier;
    int32_t shift;
    int32_t output_offset;
    int32_t min; // of the fused activation
    int32_t max;
} a8_mul_params_t;

typedef char a8_assert_mul_params_t[sizeof(a8_mul_params_t) == 28 ? 1 : -1];

typedef void a8_mul_s8_t(const a8_mul_params_t *params, const int8_t *a, int32_t a_step, const int8_t *b,
    int32_t b_step, int8_t *out, int32_t n);
typedef void a8_mul_s16_t(const a8_mul_params_t *params, const int16_t *a, int32_t a_step, const int16_t *b,
    int32_t b_step, int16_t *out, int32_t n);
a8_mul_s8_t a8_mul_s8_generic;
a8_mul_s16_t a8_mul_s16_generic;

// Adds to each of so many sums n elements, stride apart: to the first those from x on, to the next those beside
// them. n is at most 2^24.
typedef void a8_sum_s8_t(int32_t *sums, const int8_t *x, int32_t n, int32_t stride, int32_t columns);
a8_sum_s8_t a8_sum_s8_generic;
a8_sum_s8_t a8_sum_s8_armdsp;

// n elements through a table of 256, by their bits taken as unsigned.
void a8_lookup_s8_generic(const int8_t *table, const int8_t *in, int8_t *out, int32_t n);

// From one quantization of 8 bits to another.
typedef struct {
    int32_t in_zero_point; // of int8, also where elements are uint8
    int32_t multiplier;
    int32_t shift; // at most 20
    int32_t out_zero_point;
    int32_t min; // of results without the zero point
    int32_t max;
    int32_t in_flip; // 0x80 for uint8, else 0
} a8_requantize_s8_params_t;

void a8_requantize_s8_generic(const a8_requantize_s8_params_t *params, const uint8_t *in, uint8_t *out, int32_t n);

// Softmax over rows of depth elements.
typedef struct {
    int32_t depth; // below 2^13
    int32_t multiplier; // from a difference of inputs to a number with 5 integer bits
    int32_t shift;
    int32_t diff_min; // differences below it count as e^-infinity
} a8_softmax_params_t;

// These lie in an interpreter's records, whose size is the same on every machine.
typedef char a8_assert_add_params_t[sizeof(a8_add_params_t) == 44 ? 1 : -1];
typedef char a8_assert_softmax_params_t[sizeof(a8_softmax_params_t) == 16 ? 1 : -1];

// scratch has room for the elements of a row, or for A8_SOFTMAX_S8_MANY if there are more; a row of
// A8_SOFTMAX_S8_FEW needs none.
#define A8_SOFTMAX_S8_FEW (16)
#define A8_SOFTMAX_S8_MANY (256)
void a8_softmax_s8_generic(const a8_softmax_params_t *params, const int8_t *in, int8_t *out, int32_t rows,
    int32_t *scratch);
void a8_softmax_s8_s16_generic(const a8_softmax_params_t *params, const int8_t *in, int16_t *out, int32_t rows,
    int32_t *scratch);

// Softmax of int16 over rows of depth elements, less than 2^16. in may have any alignment.
typedef struct {
    int32_t depth;
    int32_t multiplier; // from a difference of inputs to one of 65535ths of 10
    int32_t shift; // at most 20
} a8_softmax_s16_params_t;

typedef char a8_assert_softmax_s16_params_t[sizeof(a8_softmax_s16_params_t) == 12 ? 1 : -1];

void a8_softmax_s16_generic(const a8_softmax_s16_params_t *params, const void *in, int16_t *out, int32_t rows);

// Fixed-point functions of the reference. Results have 31 fractional bits, 1 is INT32_MAX.
// e^x for x in (-2^integer_bits, 0] with 31 - integer_bits fractional bits; integer_bits is 1 to 5.
int32_t a8_exp_on_negative(int32_t x, int32_t integer_bits);
// 1 / (1 + x) for x in [0, 1) with 31 fractional bits.
int32_t a8_one_over_one_plus(int32_t x);
// log(x) with 26 fractional bits, of an x of at least 1 with 19.
int32_t a8_log_of_q12(int32_t x);
// The multiplier and (negative) shift that stand for 1 / sqrt(x); 1 if x is 0.
a8_multiplier_t a8_inverse_sqrt(int32_t x);
// Zero bits above the highest one; 32 of 0.
int32_t a8_leading_zeros(uint32_t x);

// ---- Recurrent operators and products of computed matrices ----------------

// SVDF (Nakkiran et al., "Compressing Deep Neural Networks using a Rank-Constrained Topology", 2015): each filter
// weighs the input, remembers its last results, and weighs these. An output is the sum of `rank` filters.
typedef struct {
    int32_t batches;
    int32_t inputs;
    int32_t units; // outputs; there are units * rank filters
    int32_t rank;
    int32_t memory; // results that a filter remembers
    int32_t in_zero_point;
    int32_t state_zero_point; // 0 if the state is int16
    int32_t out_zero_point;
    int32_t state_multiplier; // from a sum over inputs to a result in the state's scale
    int32_t state_shift;
    int32_t out_multiplier; // from a sum over results to an output
    int32_t out_shift;
} a8_svdf_params_t;

typedef char a8_assert_svdf_params_t[sizeof(a8_svdf_params_t) == 48 ? 1 : -1];

// Outputs u0 to u1 - 1 of one batch. features is [units * rank][inputs], times [units * rank][memory], of the
// state's type and any alignment; bias is int32 of any alignment, or NULL. state is [units * rank][memory].
void a8_svdf_s8_generic(const a8_svdf_params_t *params, const int8_t *input, const int8_t *features,
    const int8_t *times, const uint8_t *bias, int8_t *state, int8_t *output, int32_t u0, int32_t u1);
void a8_svdf_s8_s16_generic(const a8_svdf_params_t *params, const int8_t *input, const int8_t *features,
    const uint8_t *times, const uint8_t *bias, int16_t *state, int8_t *output, int32_t u0, int32_t u1);

// The same of float32, all but state and output of any alignment; only the sizes in params count.
void a8_svdf_f32_generic(const a8_svdf_params_t *params, const uint8_t *input, const uint8_t *features,
    const uint8_t *times, const uint8_t *bias, float *state, float *output, int32_t u0, int32_t u1);

// Largest shift of a multiplier for 64-bit sums.
#define A8_WIDE_SHIFT_MAX (14)

// One gate of an LSTM: what the input adds to it and what the state before adds are scaled to 12 fractional bits,
// saturated to int16 and added.
typedef struct {
    int32_t inputs;
    int32_t units;
    int32_t in_zero_point; // 0 if the input is int16, and so is hidden's
    int32_t hidden_zero_point;
    int32_t in_multiplier;
    int32_t in_shift;
    int32_t hidden_multiplier;
    int32_t hidden_shift;
} a8_lstm_gate_params_t;

typedef char a8_assert_lstm_gate_params_t[sizeof(a8_lstm_gate_params_t) == 32 ? 1 : -1];

// Units u0 to u1 - 1 of one batch and time step, before sigmoid or tanh; output[0] is unit u0's. input and hidden (the
// output of the step before) are int8 or int16 of any alignment, in_weights is [units][inputs], hidden_weights
// [units][units]. bias is int32 (int64 for int16) of any alignment.
typedef void a8_lstm_gate_t(const a8_lstm_gate_params_t *params, const void *input, const void *hidden,
    const int8_t *in_weights, const int8_t *hidden_weights, const uint8_t *bias, int16_t *output, int32_t u0,
    int32_t u1);
a8_lstm_gate_t a8_lstm_gate_s8_generic;
a8_lstm_gate_t a8_lstm_gate_s16_generic;

// The same of float32 of any alignment; only the sizes in params count.
void a8_lstm_gate_f32_generic(const a8_lstm_gate_params_t *params, const uint8_t *input, const uint8_t *hidden,
    const uint8_t *in_weights, const uint8_t *hidden_weights, const uint8_t *bias, float *output, int32_t u0,
    int32_t u1);

// Product of two matrices of which the right lies in any order: elements of a column are right_step apart, columns
// right_column. For float32 only sizes and steps count, for int16 the zero points are 0.
typedef struct {
    int32_t depth; // of the sums
    int32_t columns;
    int32_t right_step;
    int32_t right_column;
    int32_t left_zero_point;
    int32_t right_zero_point;
    int32_t out_zero_point;
    int32_t multiplier;
    int32_t shift;
} a8_batch_matmul_params_t;

typedef char a8_assert_batch_matmul_params_t[sizeof(a8_batch_matmul_params_t) == 36 ? 1 : -1];

// Columns c0 to c1 - 1 of one row of a product: left is that row, right the whole matrix, both int8, int16 or float32
// of any alignment; output is the row of the product.
typedef void a8_batch_matmul_t(const a8_batch_matmul_params_t *params, const void *left, const void *right,
    void *output, int32_t c0, int32_t c1);
a8_batch_matmul_t a8_batch_matmul_s8_generic;
a8_batch_matmul_t a8_batch_matmul_s16_generic;
a8_batch_matmul_t a8_batch_matmul_f32_generic;
// ---- Audio front end -------------------------------------------------------

// A real FFT of 2 n samples and its twiddle factors: the first quarter of a cosine, quarter + 1 elements.
typedef struct {
    uint32_t n;
    uint32_t quarter;
    uint32_t ties; // how the reference rounds cosines of 1/2, two bits for each twelfth of a turn; 0: there are none
} a8_fft_t;

typedef char a8_assert_fft_t[sizeof(a8_fft_t) == 12 ? 1 : -1];

#define A8_FFT_MAX (1 << 14)

// Returns -1 for a length that is odd, below 4, above A8_FFT_MAX, or whose half has prime factors above 5.
int a8_fft_prepare(a8_fft_t *fft, uint32_t length);
void a8_fft_table_s16(const a8_fft_t *fft, int16_t *table);
void a8_fft_table_s32(const a8_fft_t *fft, int32_t *table);
void a8_fft_table_f32(const a8_fft_t *fft, float *table);

// From samples, of which those behind the given count as 0, to n + 1 complex bins, divided by the length in fixed
// point. Inputs have any alignment.
void a8_rfft_s16_generic(const a8_fft_t *fft, const int16_t *table, const uint8_t *in, uint32_t samples, int16_t *out);
void a8_rfft_s32_generic(const a8_fft_t *fft, const int32_t *table, const uint8_t *in, uint32_t samples, int32_t *out);
void a8_rfft_f32_generic(const a8_fft_t *fft, const float *table, const uint8_t *in, uint32_t samples, float *out);
// From n + 1 complex bins to 2 n samples, divided by the length.
void a8_irfft_s16_generic(const a8_fft_t *fft, const int16_t *table, const uint8_t *in, int16_t *out);
void a8_irfft_s32_generic(const a8_fft_t *fft, const int32_t *table, const uint8_t *in, int32_t *out);
void a8_irfft_f32_generic(const a8_fft_t *fft, const float *table, const uint8_t *in, float *out);

// ---- The ladder -----------------------------------------------------------

// A variant serves every case that its portable kernel does, and wants the scratch of its target (scratch.h).
#if A8_NATIVE_ARMDSP
#define a8_add_s8 a8_add_s8_armdsp
#define a8_average_pool_s8 a8_average_pool_s8_armdsp
#define a8_max_pool_s8 a8_max_pool_s8_armdsp
#define a8_sum_s8 a8_sum_s8_armdsp
#define a8_conv_s8 a8_conv_s8_armdsp
#define a8_depthwise_conv_s8 a8_depthwise_conv_s8_armdsp
#define a8_fully_connected_s8 a8_fully_connected_s8_armdsp
#elif A8_NATIVE_ARMV6M
#define a8_conv_s8 a8_conv_s8_armv6m
#define a8_depthwise_conv_s8 a8_depthwise_conv_s8_armv6m
#define a8_add_s8 a8_add_s8_armv6m
#define a8_fully_connected_s8 a8_fully_connected_s8_armv6m
#elif A8_NATIVE_RV32
#define a8_add_s8 a8_add_s8_rv32
#define a8_conv_s8 a8_conv_s8_rv32
#define a8_depthwise_conv_s8 a8_depthwise_conv_s8_rv32
#define a8_fully_connected_s8 a8_fully_connected_s8_rv32
#elif A8_NATIVE_XTENSA
#define a8_conv_s8 a8_conv_s8_xtensa
#define a8_depthwise_conv_s8 a8_depthwise_conv_s8_xtensa
#define a8_fully_connected_s8 a8_fully_connected_s8_xtensa
#endif

// What no variant was named for.
#ifndef a8_conv_s8
#define a8_conv_s8 a8_conv_s8_generic
#endif
#ifndef a8_depthwise_conv_s8
#define a8_depthwise_conv_s8 a8_depthwise_conv_s8_generic
#endif
#ifndef a8_fully_connected_s8
#define a8_fully_connected_s8 a8_fully_connected_s8_generic
#endif
#ifndef a8_add_s8
#define a8_add_s8 a8_add_s8_generic
#endif
#ifndef a8_sum_s8
#define a8_sum_s8 a8_sum_s8_generic
#endif
#define a8_lookup_s8 a8_lookup_s8_generic
#define a8_requantize_s8 a8_requantize_s8_generic
#define a8_add_s16 a8_add_s16_generic
#define a8_sub_s8 a8_sub_s8_generic
#define a8_sub_s16 a8_sub_s16_generic
#define a8_mul_s8 a8_mul_s8_generic
#define a8_mul_s16 a8_mul_s16_generic
#define a8_softmax_s8 a8_softmax_s8_generic
#define a8_softmax_s8_s16 a8_softmax_s8_s16_generic
#define a8_softmax_s16 a8_softmax_s16_generic
#define a8_conv_f32 a8_conv_f32_generic
#define a8_depthwise_conv_f32 a8_depthwise_conv_f32_generic
#define a8_transpose_conv_f32 a8_transpose_conv_f32_generic
#define a8_fully_connected_f32 a8_fully_connected_f32_generic
#define a8_average_pool_f32 a8_average_pool_f32_generic
#define a8_max_pool_f32 a8_max_pool_f32_generic
#define a8_l2_pool_f32 a8_l2_pool_f32_generic
#define a8_transpose_conv_s8 a8_transpose_conv_s8_generic
#define a8_irfft_f32 a8_irfft_f32_generic
#define a8_irfft_s16 a8_irfft_s16_generic
#define a8_irfft_s32 a8_irfft_s32_generic
#define a8_rfft_f32 a8_rfft_f32_generic
#define a8_rfft_s16 a8_rfft_s16_generic
#define a8_rfft_s32 a8_rfft_s32_generic
#ifndef a8_average_pool_s8
#define a8_average_pool_s8 a8_average_pool_s8_generic
#define a8_max_pool_s8 a8_max_pool_s8_generic
#endif
#define a8_batch_matmul_s8 a8_batch_matmul_s8_generic
#define a8_batch_matmul_s16 a8_batch_matmul_s16_generic
#define a8_batch_matmul_f32 a8_batch_matmul_f32_generic
#define a8_lstm_gate_f32 a8_lstm_gate_f32_generic
#define a8_lstm_gate_s8 a8_lstm_gate_s8_generic
#define a8_lstm_gate_s16 a8_lstm_gate_s16_generic
#define a8_svdf_f32 a8_svdf_f32_generic
#define a8_svdf_s8 a8_svdf_s8_generic
#define a8_svdf_s8_s16 a8_svdf_s8_s16_generic
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
