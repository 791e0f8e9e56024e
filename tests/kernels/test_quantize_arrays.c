// SPDX-License-Identifier: MIT
//
// quantize.c over arrays, for test_quantize.py.
#include "quantize.h"

static a8_real_t real(const uint64_t *mantissas, const int32_t *exponents, int32_t i) {
    a8_real_t r = { mantissas[i], exponents[i] };
    return r;
}

// op: 0 a * b, 1 a / b, 2 float(a). b is not read by 2.
void test_real(int32_t op, int32_t n, const uint64_t *am, const int32_t *ae, const uint64_t *bm, const int32_t *be,
    uint64_t *rm, int32_t *re) {
    for (int32_t i = 0; i < n; i++) {
        a8_real_t a = real(am, ae, i);
        a8_real_t r = a;
        switch (op) {
            case 0:
                r = a8_real_mul(a, real(bm, be, i));
                break;
            case 1:
                r = a8_real_div(a, real(bm, be, i));
                break;
            case 2:
                r = a8_real_to_float(a);
                break;
        }
        rm[i] = r.mantissa;
        re[i] = r.exponent;
    }
}

void test_from_float(int32_t n, const float *values, uint64_t *rm, int32_t *re) {
    for (int32_t i = 0; i < n; i++) {
        a8_real_t r = a8_real_from_float(values[i]);
        rm[i] = r.mantissa;
        re[i] = r.exponent;
    }
}

void test_cmp(int32_t n, const uint64_t *am, const int32_t *ae, const uint64_t *bm, const int32_t *be, int32_t *r) {
    for (int32_t i = 0; i < n; i++) {
        r[i] = a8_real_cmp(real(am, ae, i), real(bm, be, i));
    }
}

void test_scale(int32_t n, const uint64_t *am, const int32_t *ae, const int32_t *power, uint64_t *rm, int32_t *re) {
    for (int32_t i = 0; i < n; i++) {
        a8_real_t r = a8_real_scale(real(am, ae, i), power[i]);
        rm[i] = r.mantissa;
        re[i] = r.exponent;
    }
}

void test_multiplier(int32_t n, const uint64_t *am, const int32_t *ae, int32_t *multipliers, int32_t *shifts) {
    for (int32_t i = 0; i < n; i++) {
        a8_multiplier_t m = a8_multiplier(real(am, ae, i));
        multipliers[i] = m.multiplier;
        shifts[i] = m.shift;
    }
}

// op: 0 a8_high_mul(a, b), 1 a8_rounding_shift(a, c), 2 a8_requantize(a, b, c).
void test_fixed(int32_t op, int32_t n, const int32_t *a, const int32_t *b, const int32_t *c, int32_t *r) {
    for (int32_t i = 0; i < n; i++) {
        switch (op) {
            case 0:
                r[i] = a8_high_mul(a[i], b[i]);
                break;
            case 1:
                r[i] = a8_rounding_shift(a[i], c[i]);
                break;
            case 2:
                r[i] = a8_requantize(a[i], b[i], c[i]);
                break;
        }
    }
}

int32_t test_load_i32(const uint8_t *p) {
    return a8_load_i32(p);
}
