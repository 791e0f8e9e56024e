// SPDX-License-Identifier: MIT
//
// Elements of tensors as real numbers and as integers. Bytes may lie at any
// alignment (a caller's buffer, a constant in the model), so elements wider
// than a byte are put together byte by byte, little-endian as every target.
#include "elements.h"

#include <stddef.h>
#include <string.h>

static uint32_t load_u16(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t load_u32(const uint8_t *p) {
    return load_u16(p) | load_u16(p + 2) << 16;
}

static uint64_t load_u64(const uint8_t *p) {
    return (uint64_t)load_u32(p) | (uint64_t)load_u32(p + 4) << 32;
}

static void store(uint8_t *p, uint64_t bits, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) {
        p[i] = (uint8_t)(bits >> (8 * i));
    }
}

int64_t a8_element_int(a8_dtype_t dtype, const void *data, uint32_t i) {
    const uint8_t *p = data;
    switch (dtype) {
        case A8_INT8:
            return (int8_t)p[i];
        case A8_UINT8:
            return p[i];
        case A8_BOOL:
            return p[i] != 0;
        case A8_INT16:
            return (int16_t)load_u16(p + 2 * (size_t)i);
        case A8_UINT16:
            return load_u16(p + 2 * (size_t)i);
        case A8_INT32:
            return (int32_t)load_u32(p + 4 * (size_t)i);
        case A8_UINT32:
            return load_u32(p + 4 * (size_t)i);
        case A8_INT64:
            return (int64_t)load_u64(p + 8 * (size_t)i);
        default:
            return 0;
    }
}

float a8_element_float(const void *data, uint32_t i) {
    uint32_t bits = load_u32((const uint8_t *)data + 4 * (size_t)i);
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

bool a8_dtype_range(a8_dtype_t dtype, int64_t *min, int64_t *max) {
    switch (dtype) {
        case A8_INT8:
            *min = INT8_MIN;
            *max = INT8_MAX;
            return true;
        case A8_UINT8:
            *min = 0;
            *max = UINT8_MAX;
            return true;
        case A8_BOOL:
            *min = 0;
            *max = 1;
            return true;
        case A8_INT16:
            *min = INT16_MIN;
            *max = INT16_MAX;
            return true;
        case A8_UINT16:
            *min = 0;
            *max = UINT16_MAX;
            return true;
        case A8_INT32:
            *min = INT32_MIN;
            *max = INT32_MAX;
            return true;
        case A8_UINT32:
            *min = 0;
            *max = UINT32_MAX;
            return true;
        case A8_INT64:
            *min = INT64_MIN;
            *max = INT64_MAX;
            return true;
        default:
            return false;
    }
}

void a8_element_set_int(a8_dtype_t dtype, void *data, uint32_t i, int64_t value) {
    uint32_t bytes = a8_dtype_size(dtype);
    store((uint8_t *)data + bytes * (size_t)i, (uint64_t)value, bytes);
}

void a8_element_set_float(void *data, uint32_t i, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    store((uint8_t *)data + 4 * (size_t)i, bits, 4);
}

// Nearest integer, halves away from zero, saturated to int64. From 2^23 up a float32 is an integer already.
static int64_t round_away(float value) {
    if (value > -8388608.0f && value < 8388608.0f) {
        int32_t whole = (int32_t)value;
        float rest = value - (float)whole;
        return rest >= 0.5f ? whole + 1 : rest <= -0.5f ? whole - 1
                                                        : whole;
    }
    if (value >= 9223372036854775808.0f) {
        return INT64_MAX;
    }
    if (value < -9223372036854775808.0f) {
        return INT64_MIN;
    }
    return (int64_t)value;
}

// The reference rounds before it adds the zero point: halves go away from the
// real 0, not from the quantized one.
static int64_t quantize(const a8_elements_t *el, int64_t min, int64_t max, float value) {
    int64_t q = round_away(el->scale != 0.0f ? value / el->scale : value);
    int64_t zero_point = el->scale != 0.0f ? el->zero_point : 0;
    if (zero_point > 0 && q > INT64_MAX - zero_point) {
        return max;
    }
    if (zero_point < 0 && q < INT64_MIN - zero_point) {
        return min;
    }
    q += zero_point;
    return q < min ? min : q > max ? max
                                   : q;
}

static uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

enum { INFINITY_BITS = 0x7f800000,
    MAGNITUDE_BITS = 0x7fffffff };

bool a8_is_nan(float value) {
    return (bits_of(value) & MAGNITUDE_BITS) > INFINITY_BITS;
}

static bool is_infinite(float value) {
    return (bits_of(value) & MAGNITUDE_BITS) == INFINITY_BITS;
}

static bool is_finite(float value) {
    return (bits_of(value) & MAGNITUDE_BITS) < INFINITY_BITS;
}

bool a8_transform(float value, float scale, float offset, float *result) {
    bool is_zero_times_infinity = (is_infinite(value) && scale == 0.0f) || (value == 0.0f && is_infinite(scale));
    if (a8_is_nan(value) || a8_is_nan(scale) || a8_is_nan(offset) || is_zero_times_infinity) {
        return false;
    }
    float product = value * scale;
    if (is_infinite(product) && is_infinite(offset) && bits_of(product) != bits_of(offset)) {
        return false;
    }
    *result = product + offset;
    return true;
}

int a8_quantize_element(const a8_elements_t *el, void *data, uint32_t i, float value) {
    int64_t min, max;
    if (a8_is_nan(value)) {
        return A8_ERR_DATA;
    }
    if (el->dtype == A8_FLOAT32) {
        a8_element_set_float(data, i, value);
        return A8_OK;
    }
    if (!a8_dtype_range(el->dtype, &min, &max)) {
        return A8_ERR_DATA;
    }
    a8_element_set_int(el->dtype, data, i, quantize(el, min, max, value));
    return A8_OK;
}

static float source_element(a8_dtype_t dtype, const void *src, uint32_t i) {
    if (dtype == A8_FLOAT32) {
        return a8_element_float(src, i);
    }
    if (dtype == A8_FLOAT64) {
        uint64_t bits = load_u64((const uint8_t *)src + 8 * (size_t)i);
        if ((bits & INT64_MAX) > 0x7ff0000000000000) {
            uint32_t nan = INFINITY_BITS + 1;
            return a8_element_float(&nan, 0); // converting might lose it
        }
        double value;
        memcpy(&value, &bits, sizeof(value));
        return (float)value;
    }
    if (dtype == A8_INT64) {
        return (float)a8_element_int(dtype, src, i);
    }
    if (dtype == A8_UINT32) {
        return (float)load_u32((const uint8_t *)src + 4 * (size_t)i);
    }
    return (float)(int32_t)a8_element_int(dtype, src, i);
}

// For sources that have been found free of NaN.
static float transformed(a8_dtype_t dtype, const void *src, uint32_t i, float scale, float offset) {
    float value = source_element(dtype, src, i) * scale;
    return value + offset;
}

static bool any_nan(a8_dtype_t dtype, const void *src, uint32_t n, float scale, float offset, uint32_t *bad) {
    bool is_float = dtype == A8_FLOAT32 || dtype == A8_FLOAT64;
    bool plain = is_finite(scale) && is_finite(offset);
    if (plain && !is_float) {
        return false; // finite numbers times and plus finite numbers
    }
    for (uint32_t i = 0; i < n; i++) {
        float value = source_element(dtype, src, i);
        float result;
        // No arithmetic for what is finite: it costs a core without a floating-point unit most.
        if (!(plain && is_finite(value)) && !a8_transform(value, scale, offset, &result)) {
            *bad = i;
            return true;
        }
    }
    return false;
}

int a8_quantize_elements(const a8_elements_t *el, void *data, uint32_t n, const void *src, a8_dtype_t src_dtype,
    float scale, float offset, uint32_t *bad) {
    int64_t min = 0, max = 0;
    bool to_float = el->dtype == A8_FLOAT32;
    *bad = 0;
    if (!to_float && !a8_dtype_range(el->dtype, &min, &max)) {
        return A8_ERR_DATA;
    }
    if (any_nan(src_dtype, src, n, scale, offset, bad)) {
        return A8_ERR_DATA;
    }
    // A byte has 256 values: for more elements than that a table saves the float arithmetic (an image, mostly).
    if (n > 256 && a8_dtype_size(el->dtype) == 1 && a8_dtype_size(src_dtype) == 1) {
        uint8_t table[256];
        for (uint32_t i = 0; i < 256; i++) {
            uint8_t byte = (uint8_t)i;
            float value = transformed(src_dtype, &byte, 0, scale, offset);
            a8_element_set_int(el->dtype, table, i, quantize(el, min, max, value));
        }
        const uint8_t *from = src;
        uint8_t *to = data;
        for (uint32_t i = 0; i < n; i++) {
            to[i] = table[from[i]];
        }
        return A8_OK;
    }
    for (uint32_t i = 0; i < n; i++) {
        float value = transformed(src_dtype, src, i, scale, offset);
        if (to_float) {
            a8_element_set_float(data, i, value);
        } else {
            a8_element_set_int(el->dtype, data, i, quantize(el, min, max, value));
        }
    }
    return A8_OK;
}

float a8_dequantize_element(const a8_elements_t *el, const void *data, uint32_t i) {
    if (el->dtype == A8_FLOAT32) {
        return a8_element_float(data, i);
    }
    int64_t value = a8_element_int(el->dtype, data, i);
    if (el->scale == 0.0f) {
        return (float)value;
    }
    if (el->dtype == A8_INT64) {
        // Far from the range of real quantized values; unsigned arithmetic keeps it defined.
        return (float)(int64_t)((uint64_t)value - (uint64_t)(int64_t)el->zero_point) * el->scale;
    }
    value -= el->zero_point;
    if (value >= INT32_MIN && value <= INT32_MAX) {
        return (float)(int32_t)value * el->scale; // many cores convert 32 bits faster
    }
    return (float)value * el->scale;
}

void a8_dequantize_elements(const a8_elements_t *el, const void *data, uint32_t n, float *out) {
    for (uint32_t i = 0; i < n; i++) {
        a8_element_set_float(out, i, a8_dequantize_element(el, data, i));
    }
}

uint32_t a8_argmax(a8_dtype_t dtype, const void *data, uint32_t n) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < n; i++) {
        if (dtype == A8_FLOAT32) {
            float value = a8_element_float(data, i);
            float most = a8_element_float(data, best);
            // Any number beats a NaN.
            if (!a8_is_nan(value) && (a8_is_nan(most) || value > most)) {
                best = i;
            }
        } else if (a8_element_int(dtype, data, i) > a8_element_int(dtype, data, best)) {
            best = i;
        }
    }
    return best;
}
