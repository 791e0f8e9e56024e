// SPDX-License-Identifier: MIT
//
// Elements of tensors as a user meets them: by index, quantized from and
// dequantized to real numbers. Both bindings are built on these.
#ifndef A8_ELEMENTS_H
#define A8_ELEMENTS_H

#include "arena8.h"

// How a tensor's elements stand for real numbers. scale 0: they are the numbers themselves.
typedef struct {
    a8_dtype_t dtype;
    float scale;
    int32_t zero_point;
} a8_elements_t;

// Integer value of element i (not for float types). data may have any alignment.
int64_t a8_element_int(a8_dtype_t dtype, const void *data, uint32_t i);
float a8_element_float(const void *data, uint32_t i); // of float32 data
// Range of an integer type; false for other types.
bool a8_dtype_range(a8_dtype_t dtype, int64_t *min, int64_t *max);
// Stores a value that is in range.
void a8_element_set_int(a8_dtype_t dtype, void *data, uint32_t i, int64_t value);
void a8_element_set_float(void *data, uint32_t i, float value);

// Whether a value is NaN, looked at as bits: the float arithmetic of some chips (RP2040's, in its ROM) takes NaN for
// infinity, so comparing doesn't tell.
bool a8_is_nan(float value);
// value * scale + offset, both steps rounded to float32. Returns false if the result is NaN.
bool a8_transform(float value, float scale, float offset, float *result);

// value / scale + zero_point, rounded half away from zero in float32, saturated, stored at i.
// float32 tensors take the value. A8_ERR_DATA if value is NaN or the dtype can't be quantized to.
int a8_quantize_element(const a8_elements_t *el, void *data, uint32_t i, float value);
// Elements src[0..n) (uint8, int8, int16, uint16, int32, float32 or float64: src_dtype) times scale plus offset,
// both steps rounded to float32, then quantized into data. Nothing is written if any is NaN: then A8_ERR_DATA,
// and *bad is its index.
int a8_quantize_elements(const a8_elements_t *el, void *data, uint32_t n, const void *src, a8_dtype_t src_dtype,
    float scale, float offset, uint32_t *bad);
// (element - zero_point) * scale in float32.
float a8_dequantize_element(const a8_elements_t *el, const void *data, uint32_t i);
void a8_dequantize_elements(const a8_elements_t *el, const void *data, uint32_t n, float *out);

// Index of the largest element, the first of equals; n > 0.
uint32_t a8_argmax(a8_dtype_t dtype, const void *data, uint32_t n);

#endif
