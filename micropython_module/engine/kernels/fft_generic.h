// SPDX-License-Identifier: MIT
//
// Real FFTs as the reference has them (KISS FFT): two real samples make a complex one, a complex FFT of half the
// length, then the halves are taken apart. Mixed radix 4, 2, 3 and 5, decimation in time. Each stage divides by its
// radix first (fixed point), so that nothing overflows on the way but in the cases in which the reference wraps around.
//
// Included by one file for each type of element, which defines real_t and wide_t (of products), and the arithmetic:
// sum, difference and negative wrap around; products(a, b, c, d) is a b + c d, rounded once; part(x, k) is x / k in
// fixed point and x in floating point; half, half_sum and half_difference; settled(x, state) gives an x of 1/2 the value
// that the reference's has, by one state of a8_fft_t's ties.
#include <stdbool.h>
#include <string.h>

#include "kernels.h"

typedef struct {
    real_t r;
    real_t i;
} complex_t;

#define MAX_FACTORS (8) // of a complex length of at most 2^13: 3^8 has the most, as twos go in pairs

static inline complex_t add(complex_t a, complex_t b) {
    complex_t c = { sum(a.r, b.r), sum(a.i, b.i) };
    return c;
}

static inline complex_t sub(complex_t a, complex_t b) {
    complex_t c = { difference(a.r, b.r), difference(a.i, b.i) };
    return c;
}

static inline complex_t times(complex_t a, complex_t b) {
    complex_t c = { products(a.r, b.r, -(wide_t)a.i, b.i), products(a.r, b.i, a.i, b.r) };
    return c;
}

static inline complex_t divided(complex_t a, int32_t k) {
    complex_t c = { part(a.r, k), part(a.i, k) };
    return c;
}

// a turned by a quarter: times -i forwards, i backwards.
static inline complex_t turned(complex_t a, bool inverse) {
    complex_t c = { a.i, negative(a.r) };
    if (inverse) {
        c.r = negative(a.i);
        c.i = a.r;
    }
    return c;
}

// cos(2 pi a / (4 * quarter)), a below 8 * quarter.
static real_t cosine(const a8_fft_t *fft, const real_t *table, uint32_t a) {
    const uint32_t quarter = fft->quarter;
    if (a >= 4 * quarter) {
        a -= 4 * quarter;
    }
    if (a > 2 * quarter) {
        a = 4 * quarter - a;
    }
    return a > quarter ? negative(table[2 * quarter - a]) : table[a];
}

// e^(-+2 pi i k / n)
static complex_t twiddle(const a8_fft_t *fft, const real_t *table, uint32_t k, bool inverse) {
    uint32_t a = k * (4 * fft->quarter / fft->n);
    real_t sine = cosine(fft, table, a + 3 * fft->quarter);
    complex_t w = { cosine(fft, table, a), inverse ? sine : negative(sine) };
    if (fft->ties != 0) {
        uint32_t state = fft->ties >> 2 * (12 * k / fft->n) & 3;
        w.r = settled(w.r, state);
        w.i = settled(w.i, state);
    }
    return w;
}

// The factor between the spectra of even and odd samples, e^(-+pi i (k / n + 1/2)).
static complex_t super_twiddle(const a8_fft_t *fft, const real_t *table, uint32_t k, bool inverse) {
    uint32_t a = k * (2 * fft->quarter / fft->n);
    real_t c = cosine(fft, table, a);
    complex_t w = { negative(cosine(fft, table, a + 3 * fft->quarter)), inverse ? c : negative(c) };
    if (fft->ties != 0) { // of the cosine of -2 pi/3, and of the sine of -5 pi/6, which are the same for each length
        w.r = settled(w.r, 1);
        w.i = settled(w.i, 3);
    }
    return w;
}

static void radix2(complex_t *x, uint32_t m, const complex_t *w) {
    complex_t a = divided(x[0], 2);
    complex_t b = times(divided(x[m], 2), w[1]);
    x[0] = add(a, b);
    x[m] = sub(a, b);
}

static void radix3(complex_t *x, uint32_t m, const complex_t *w, real_t third) {
    complex_t a = divided(x[0], 3);
    complex_t b = times(divided(x[m], 3), w[1]);
    complex_t c = times(divided(x[2 * m], 3), w[2]);
    complex_t s = add(b, c);
    complex_t d = sub(b, c);
    complex_t middle = { difference(a.r, half(s.r)), difference(a.i, half(s.i)) };
    complex_t side = { negative(products(d.i, third, 0, 0)), products(d.r, third, 0, 0) };
    x[0] = add(a, s);
    x[m] = add(middle, side);
    x[2 * m] = sub(middle, side);
}

static void radix4(complex_t *x, uint32_t m, const complex_t *w, bool inverse) {
    complex_t a = divided(x[0], 4);
    complex_t b = times(divided(x[m], 4), w[1]);
    complex_t c = times(divided(x[2 * m], 4), w[2]);
    complex_t d = times(divided(x[3 * m], 4), w[3]);
    complex_t even = add(a, c);
    complex_t odd = add(b, d);
    x[0] = add(even, odd);
    x[2 * m] = sub(even, odd);
    even = sub(a, c);
    odd = turned(sub(b, d), inverse);
    x[m] = add(even, odd);
    x[3 * m] = sub(even, odd);
}

// a + b y.r + c z.r, each product rounded.
static complex_t real_parts(complex_t a, complex_t b, complex_t y, complex_t c, complex_t z) {
    complex_t s = { sum(sum(a.r, products(b.r, y.r, 0, 0)), products(c.r, z.r, 0, 0)),
        sum(sum(a.i, products(b.i, y.r, 0, 0)), products(c.i, z.r, 0, 0)) };
    return s;
}

// -i (b y.i + c z.i), each product rounded.
static complex_t imaginary_parts(complex_t b, complex_t y, complex_t c, complex_t z) {
    complex_t s = { sum(products(b.i, y.i, 0, 0), products(c.i, z.i, 0, 0)),
        difference(negative(products(b.r, y.i, 0, 0)), products(c.r, z.i, 0, 0)) };
    return s;
}

// y and z are one and two fifths of a turn.
static void radix5(complex_t *x, uint32_t m, const complex_t *w, complex_t y, complex_t z) {
    complex_t a = divided(x[0], 5);
    complex_t v[5];
    for (uint32_t q = 1; q < 5; q++) {
        v[q] = times(divided(x[q * m], 5), w[q]);
    }
    complex_t outer = add(v[1], v[4]);
    complex_t outer_difference = sub(v[1], v[4]);
    complex_t inner = add(v[2], v[3]);
    complex_t inner_difference = sub(v[2], v[3]);
    x[0] = add(a, add(outer, inner));
    complex_t middle = real_parts(a, outer, y, inner, z);
    complex_t side = imaginary_parts(outer_difference, y, inner_difference, z);
    x[m] = sub(middle, side);
    x[4 * m] = add(middle, side);
    // Here the side is i (b z.i - c y.i).
    middle = real_parts(a, outer, z, inner, y);
    side.r = sum(negative(products(outer_difference.i, z.i, 0, 0)), products(inner_difference.i, y.i, 0, 0));
    side.i = difference(products(outer_difference.r, z.i, 0, 0), products(inner_difference.r, y.i, 0, 0));
    x[2 * m] = add(middle, side);
    x[3 * m] = sub(middle, side);
}

// One stage in place: transforms of m elements, p after p, become transforms of p * m. Elements that share their
// twiddle factors follow each other.
static void stage(const a8_fft_t *fft, const real_t *table, complex_t *x, uint32_t p, uint32_t m, bool inverse) {
    const uint32_t n = fft->n;
    const uint32_t stride = n / (p * m);
    complex_t root[2] = { twiddle(fft, table, n / p, inverse), twiddle(fft, table, 2 * (n / p), inverse) };
    for (uint32_t u = 0; u < m; u++) {
        complex_t w[5];
        for (uint32_t q = 1; q < p; q++) {
            w[q] = twiddle(fft, table, q * u * stride, inverse);
        }
        for (complex_t *at = x + u; at < x + n; at += p * m) {
            if (p == 4) {
                radix4(at, m, w, inverse);
            } else if (p == 2) {
                radix2(at, m, w);
            } else if (p == 3) {
                radix3(at, m, w, root[0].i);
            } else {
                radix5(at, m, w, root[0], root[1]);
            }
        }
    }
}

static complex_t conjugate(complex_t a) {
    a.i = negative(a.i);
    return a;
}

static complex_t load(const uint8_t *in, uint32_t k) {
    complex_t a;
    memcpy(&a, in + k * sizeof(a), sizeof(a));
    return a;
}

// Element k of what goes into the complex transform: two of the samples, zeros behind them.
static complex_t pair(const uint8_t *in, uint32_t samples, uint32_t k) {
    complex_t a = { 0, 0 };
    if (2 * k < samples) {
        memcpy(&a, in + k * sizeof(a), 2 * k + 1 < samples ? sizeof(a) : sizeof(real_t));
    }
    return a;
}

// Likewise of the inverse transform: from bins k and n - k of the spectrum that of even samples, plus i times that of
// odd ones. The middle bin counts as one of the upper half.
static complex_t bin(const a8_fft_t *fft, const real_t *table, const uint8_t *in, uint32_t k) {
    const uint32_t n = fft->n;
    if (k == 0) {
        real_t first = load(in, 0).r;
        real_t last = load(in, n).r;
        complex_t a = { sum(first, last), difference(first, last) };
        return divided(a, 2);
    }
    bool upper = 2 * k >= n;
    uint32_t low = upper ? n - k : k;
    complex_t a = divided(load(in, low), 2);
    complex_t b = divided(conjugate(load(in, n - low)), 2);
    complex_t even = add(a, b);
    complex_t odd = times(sub(a, b), super_twiddle(fft, table, low, true));
    return upper ? conjugate(sub(even, odd)) : add(even, odd);
}

static void transform(const a8_fft_t *fft, const real_t *table, const uint8_t *in, uint32_t samples, complex_t *out,
    bool inverse) {
    uint32_t factors[MAX_FACTORS];
    uint32_t digits[MAX_FACTORS] = { 0 };
    uint32_t strides[MAX_FACTORS];
    uint32_t n_factors = 0;
    for (uint32_t rest = fft->n; rest > 1; n_factors++) {
        uint32_t p = rest % 4 == 0 ? 4 : rest % 2 == 0 ? 2
            : rest % 3 == 0                            ? 3
                                                       : 5;
        strides[n_factors] = fft->n / rest;
        factors[n_factors] = p;
        rest /= p;
    }
    // What lies at digits q1 q2 .. comes from digits .. q2 q1.
    uint32_t from = 0;
    for (uint32_t k = 0; k < fft->n; k++) {
        out[k] = inverse ? bin(fft, table, in, from) : pair(in, samples, from);
        for (uint32_t j = n_factors; j-- > 0;) {
            from += strides[j];
            if (++digits[j] < factors[j]) {
                break;
            }
            from -= strides[j] * factors[j];
            digits[j] = 0;
        }
    }
    uint32_t m = 1;
    for (uint32_t j = n_factors; j-- > 0; m *= factors[j]) {
        stage(fft, table, out, factors[j], m, inverse);
    }
}

// In place, the complex transform's n elements become the n + 1 bins of the spectrum.
static void take_apart(const a8_fft_t *fft, const real_t *table, complex_t *x) {
    const uint32_t n = fft->n;
    complex_t first = divided(x[0], 2);
    x[0].r = sum(first.r, first.i);
    x[0].i = 0;
    x[n].r = difference(first.r, first.i);
    x[n].i = 0;
    for (uint32_t k = 1; 2 * k <= n; k++) {
        complex_t a = divided(x[k], 2);
        complex_t b = divided(conjugate(x[n - k]), 2);
        complex_t even = add(a, b);
        complex_t odd = times(sub(a, b), super_twiddle(fft, table, k, false));
        x[k].r = half_sum(even.r, odd.r);
        x[k].i = half_sum(even.i, odd.i);
        x[n - k].r = half_difference(even.r, odd.r);
        x[n - k].i = half_difference(odd.i, even.i);
    }
}
