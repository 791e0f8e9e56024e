// SPDX-License-Identifier: MIT
//
// Elements of tensors: range, rounding, saturation and NaN, against arithmetic in double, at any alignment.
#include <string.h>

#include "check.h"
#include "elements.h"

static const a8_dtype_t integers[] = { A8_INT8, A8_UINT8, A8_INT16, A8_UINT16, A8_INT32, A8_UINT32, A8_INT64, A8_BOOL };

static float from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static const float infinity = 1e38f * 1e38f;

// round(value / scale) + zero_point, clamped. The quotient is a float32; the rest is exact in double for |q| < 2^51.
static int64_t expected(float value, float scale, int32_t zero_point, int64_t min, int64_t max) {
    double q = (double)(value / scale);
    if (q > 1e15) {
        return max;
    }
    if (q < -1e15) {
        return min;
    }
    int64_t rounded = q < 0 ? -(int64_t)(-q + 0.5) : (int64_t)(q + 0.5);
    rounded += zero_point;
    return rounded < min ? min : rounded > max ? max
                                               : rounded;
}

static void integers_by_index(void) {
    uint8_t room[8 * 5 + 3];
    for (uint32_t t = 0; t < sizeof(integers) / sizeof(integers[0]); t++) {
        int64_t min, max;
        CHECK(a8_dtype_range(integers[t], &min, &max));
        for (uint32_t shift = 0; shift < 3; shift++) {
            int64_t values[5] = { min, max, 0, 1, min < 0 ? -1 : max };
            memset(room, 0xa5, sizeof(room));
            for (uint32_t i = 0; i < 5; i++) {
                a8_element_set_int(integers[t], room + shift, i, values[i]);
            }
            for (uint32_t i = 0; i < 5; i++) {
                CHECK_EQ(a8_element_int(integers[t], room + shift, i), values[i]);
            }
            CHECK_EQ(room[shift + 5 * a8_dtype_size(integers[t])], 0xa5); // no byte further
        }
    }
    int64_t min, max;
    CHECK(!a8_dtype_range(A8_FLOAT32, &min, &max));
    CHECK(!a8_dtype_range(A8_STRING, &min, &max));
}

static void rounding(void) {
    const struct {
        float value;
        int8_t q;
    } known[] = { { 0.5f, 1 }, { 1.5f, 2 }, { 2.5f, 3 }, { -0.5f, -1 }, { -1.5f, -2 }, { -2.5f, -3 }, { 0.49999997f, 0 },
        { -0.49999997f, 0 }, { 126.49999f, 126 }, { 126.5f, 127 }, { 127.5f, 127 }, { 1e30f, 127 }, { -128.5f, -128 },
        { -1e30f, -128 } };
    a8_elements_t el = { A8_INT8, 1.0f, 0 };
    for (uint32_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        int8_t q;
        CHECK_EQ(a8_quantize_element(&el, &q, 0, known[i].value), A8_OK);
        CHECK_EQ(q, known[i].q);
    }
    // The zero point is added to the rounded number: halves go away from the real 0.
    el.zero_point = -10;
    int8_t q;
    a8_quantize_element(&el, &q, 0, -0.5f);
    CHECK_EQ(q, -11);
    a8_quantize_element(&el, &q, 0, infinity);
    CHECK_EQ(q, 127);
    a8_quantize_element(&el, &q, 0, -infinity);
    CHECK_EQ(q, -128);
}

static void random_values(void) {
    const float scales[] = { 1.0f, 0.0625f, 0.0039215689f, 0.1f, 3.7f, 1e-6f, 1e-20f, 1e20f };
    uint32_t state = 7;
    for (uint32_t n = 0; n < 200000; n++) {
        a8_dtype_t dtype = integers[next_random(&state) % 7];
        int64_t min, max;
        a8_dtype_range(dtype, &min, &max);
        if (dtype == A8_INT64) {
            continue; // beyond what double can check
        }
        a8_elements_t el = { dtype, scales[next_random(&state) % 8], 0 };
        el.zero_point = (int32_t)(next_random(&state) % 256) - 128;
        float value = from_bits(next_random(&state));
        if (n % 2 == 0) { // near the representable
            value = ((float)(int32_t)(next_random(&state) % 1024) - 512.0f) * 0.5f * el.scale;
        }
        uint8_t out[8];
        if (a8_is_nan(value)) {
            CHECK_EQ(a8_quantize_element(&el, out, 0, value), A8_ERR_DATA);
            continue;
        }
        CHECK_EQ(a8_quantize_element(&el, out, 0, value), A8_OK);
        CHECK_EQ(a8_element_int(dtype, out, 0), expected(value, el.scale, el.zero_point, min, max));
    }
    // int64 saturates instead of overflowing.
    a8_elements_t el = { A8_INT64, 1.0f, 100 };
    int64_t q;
    a8_quantize_element(&el, &q, 0, 1e30f);
    CHECK_EQ(q, INT64_MAX);
    el.zero_point = -100;
    a8_quantize_element(&el, &q, 0, -1e30f);
    CHECK_EQ(q, INT64_MIN);
    // Without a scale elements are the numbers themselves.
    el = (a8_elements_t){ A8_INT32, 0.0f, 5 };
    int32_t r;
    a8_quantize_element(&el, &r, 0, -7.5f);
    CHECK_EQ(r, -8);
    CHECK(a8_dequantize_element(&el, &r, 0) == -8.0f);
}

// Every source type, aligned and not, few elements and many (a table for bytes).
static void sources(void) {
    enum { N = 600 };
    const a8_dtype_t types[] = {
        A8_INT8, A8_UINT8, A8_INT16, A8_UINT16, A8_INT32, A8_UINT32, A8_INT64, A8_FLOAT32, A8_FLOAT64
    };
    static uint8_t from[8 * N + 1];
    static int8_t out[N + 1];
    uint32_t state = 11;
    const float scale = 0.37f, offset = -3.25f;
    a8_elements_t el = { A8_INT8, 0.75f, 3 };
    for (uint32_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
        for (uint32_t n = 1; n <= N; n += 599) {
            for (uint32_t shift = 0; shift < 2; shift++) {
                static float values[N];
                for (uint32_t i = 0; i < n; i++) {
                    int32_t whole = (int32_t)(next_random(&state) % 256);
                    whole = types[t] == A8_INT8 ? whole - 128 : whole;
                    values[i] = (float)whole;
                    if (types[t] == A8_FLOAT32) {
                        a8_element_set_float(from + shift, i, values[i]);
                    } else if (types[t] == A8_FLOAT64) {
                        double value = whole;
                        memcpy(from + shift + 8 * i, &value, 8);
                    } else {
                        a8_element_set_int(types[t], from + shift, i, whole);
                    }
                }
                uint32_t bad;
                out[n] = 99;
                CHECK_EQ(a8_quantize_elements(&el, out, n, from + shift, types[t], scale, offset, &bad), A8_OK);
                for (uint32_t i = 0; i < n; i++) {
                    float product = values[i] * scale;
                    CHECK_EQ(out[i], expected(product + offset, el.scale, el.zero_point, -128, 127));
                }
                CHECK_EQ(out[n], 99);
            }
        }
    }
}

static void nan_is_refused(void) {
    float nan = from_bits(0x7fc00000);
    CHECK(a8_is_nan(nan) && a8_is_nan(from_bits(0xff800001)) && !a8_is_nan(infinity) && !a8_is_nan(-infinity));
    float r;
    CHECK(!a8_transform(nan, 1.0f, 0.0f, &r) && !a8_transform(1.0f, nan, 0.0f, &r));
    CHECK(!a8_transform(1.0f, 1.0f, nan, &r) && !a8_transform(0.0f, infinity, 0.0f, &r));
    CHECK(!a8_transform(infinity, 0.0f, 0.0f, &r) && !a8_transform(infinity, 1.0f, -infinity, &r));
    CHECK(!a8_transform(1e30f, 1e30f, -infinity, &r)); // the product overflows to infinity first
    CHECK(a8_transform(infinity, -1.0f, -infinity, &r) && r == -infinity);
    CHECK(a8_transform(2.0f, 3.0f, 4.0f, &r) && r == 10.0f);

    a8_elements_t el = { A8_INT8, 1.0f, 0 };
    float src[4] = { 1.0f, 2.0f, nan, nan };
    int8_t out[4] = { 9, 9, 9, 9 };
    uint32_t bad = 77;
    CHECK_EQ(a8_quantize_elements(&el, out, 4, src, A8_FLOAT32, 1.0f, 0.0f, &bad), A8_ERR_DATA);
    CHECK_EQ(bad, 2);
    CHECK(out[0] == 9 && out[1] == 9); // nothing written
    double wide[2] = { 1.0, 0.0 };
    uint64_t bits = 0x7ff0000000000001; // converts to a float NaN only if a NaN is looked for
    memcpy(&wide[1], &bits, 8);
    CHECK_EQ(a8_quantize_elements(&el, out, 2, wide, A8_FLOAT64, 1.0f, 0.0f, &bad), A8_ERR_DATA);
    CHECK_EQ(bad, 1);
    uint8_t bytes[2] = { 3, 0 };
    CHECK_EQ(a8_quantize_elements(&el, out, 2, bytes, A8_UINT8, infinity, 0.0f, &bad), A8_ERR_DATA);
    CHECK_EQ(bad, 1);
    CHECK_EQ(a8_quantize_elements(&el, out, 1, bytes, A8_UINT8, infinity, 0.0f, &bad), A8_OK);
    CHECK_EQ(out[0], 127);
    el.dtype = A8_FLOAT32;
    float to = 5.0f;
    CHECK_EQ(a8_quantize_element(&el, &to, 0, nan), A8_ERR_DATA);
    CHECK(to == 5.0f);
    el.dtype = A8_STRING;
    CHECK_EQ(a8_quantize_element(&el, out, 0, 1.0f), A8_ERR_DATA);
}

static void back_and_largest(void) {
    a8_elements_t el = { A8_INT8, 0.1f, -3 };
    int8_t q[5] = { -128, 127, 0, 127, -3 };
    float real[5];
    a8_dequantize_elements(&el, q, 5, real);
    for (uint32_t i = 0; i < 5; i++) {
        CHECK(real[i] == (float)(q[i] + 3) * 0.1f);
    }
    CHECK_EQ(a8_argmax(A8_INT8, q, 5), 1); // the first of equals
    CHECK_EQ(a8_argmax(A8_UINT8, q, 5), 4); // 0xfd
    float values[4] = { from_bits(0x7fc00000), -5.0f, -1.0f, -1.0f };
    CHECK_EQ(a8_argmax(A8_FLOAT32, values, 4), 2);
    CHECK_EQ(a8_argmax(A8_FLOAT32, values, 1), 0);
    int32_t wide[2] = { INT32_MIN, INT32_MAX };
    el = (a8_elements_t){ A8_INT32, 1.0f, INT32_MAX };
    CHECK(a8_dequantize_element(&el, wide, 0) == -4294967296.0f); // no overflow
}

int main(void) {
    integers_by_index();
    rounding();
    random_values();
    sources();
    nan_is_refused();
    back_and_largest();
    return 0;
}
