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

// Mean over some dimensions. Neighbouring dimensions that are both kept or both reduced count as one, so that
// three of each reach rank 6. Outermost first, unused ones have extent 1.
#define A8_MEAN_GROUPS (3)

typedef struct {
    int32_t kept[A8_MEAN_GROUPS];
    int32_t kept_stride[A8_MEAN_GROUPS];
    int32_t reduced[A8_MEAN_GROUPS];
    int32_t reduced_stride[A8_MEAN_GROUPS];
    int32_t count; // elements in a mean, below 2^23
    int32_t is_requantized; // 0: the quantization stays, a mean is the sum divided by count, rounded towards 0
    int32_t multiplier; // from a sum to a mean in the output's scale
    int32_t shift;
    int32_t sum_offset; // minus count times the input's zero point
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
typedef char a8_assert_mean_params_t[sizeof(a8_mean_params_t) == 72 ? 1 : -1];
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

#endif
