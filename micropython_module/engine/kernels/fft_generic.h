// SPDX-License-Identifier: MIT
//
// Real FFTs as the reference has them (KISS FFT): two real samples make a complex one, a complex FFT of half the
// length, then the halves are taken apart. Mixed radix 4, 2, 3 and 5, decimation in time. Each stage divides by its
// radix first (fixed point), so that nothing overflows on the way but in the cases in which the reference wraps around.
//
// Included by one file for each type of element, which defines real_t, word_t (to work on it, at least as wide), wide_t
// (of products), and the arithmetic. Sums may be wider than an element, what is multiplied and stored is not: sum and
// difference are a word; negative, half, product, products (a b + c d, rounded once) and part (x times ONE / k in fixed
// point, x in floating point) an element. settled(x, state) gives an x of 1/2 the value that the reference's has, by one
// state of a8_fft_t's ties. load reads an element of any alignment.
#include <stdbool.h>

#include "kernels.h"

// In memory, and while it is worked on.
typedef struct {
    real_t r;
    real_t i;
} stored_t;

typedef struct {
    word_t r;
    word_t i;
} complex_t;

#define MAX_FACTORS (8) // of a complex length of at most 2^13: 3^8 has the most, as twos go in pairs

static inline complex_t get(const stored_t *x) {
    complex_t a = { x->r, x->i };
    return a;
}

static inline void put(stored_t *x, complex_t a) {
    x->r = (real_t)a.r;
    x->i = (real_t)a.i;
}

static inline complex_t add(complex_t a, complex_t b) {
    complex_t c = { sum(a.r, b.r), sum(a.i, b.i) };
    return c;
}

static inline complex_t sub(complex_t a, complex_t b) {
    complex_t c = { difference(a.r, b.r), difference(a.i, b.i) };
    return c;
}

static inline complex_t conjugate(complex_t a) {
    a.i = negative(a.i);
    return a;
}

// a and b are as narrow as stored ones.
static inline complex_t times(complex_t a, complex_t b) {
    complex_t c = { products(a.r, b.r, -(wide_t)a.i, b.i), products(a.r, b.i, a.i, b.r) };
    return c;
}

// k is a constant.
#define DIVIDED(a, k) divided(a, ONE / (k))
static inline complex_t divided(complex_t a, word_t factor) {
    complex_t c = { part(a.r, factor), part(a.i, factor) };
    return c;
}

// cos(2 pi a / (4 * quarter)), a below 8 * quarter.
static word_t cosine(const a8_fft_t *fft, const real_t *table, uint32_t a) {
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
    uint32_t a = fft->n % 2 == 0 ? 2 * k : 4 * k;
    word_t sine = cosine(fft, table, a + 3 * fft->quarter);
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
    uint32_t a = fft->n % 2 == 0 ? k : 2 * k;
    real_t c = cosine(fft, table, a);
    complex_t w = { negative(cosine(fft, table, a + 3 * fft->quarter)), inverse ? c : negative(c) };
    if (fft->ties != 0) { // of the cosine of -2 pi/3, and of the sine of -5 pi/6, which are the same for each length
        w.r = settled(w.r, 1);
        w.i = settled(w.i, 3);
    }
    return w;
}

static inline void radix2(stored_t *x, uint32_t m, const complex_t *w) {
    complex_t a = DIVIDED(get(&x[0]), 2);
    complex_t b = times(DIVIDED(get(&x[m]), 2), w[1]);
    put(&x[0], add(a, b));
    put(&x[m], sub(a, b));
}

static void radix3(stored_t *x, uint32_t m, const complex_t *w, word_t third) {
    complex_t a = DIVIDED(get(&x[0]), 3);
    complex_t b = times(DIVIDED(get(&x[m]), 3), w[1]);
    complex_t c = times(DIVIDED(get(&x[2 * m]), 3), w[2]);
    complex_t s = add(b, c);
    complex_t d = sub(b, c);
    complex_t middle = { difference(a.r, half(s.r)), difference(a.i, half(s.i)) };
    complex_t side = { product(d.i, third), product(d.r, third) };
    put(&x[0], add(a, s));
    complex_t y = { difference(middle.r, side.r), sum(middle.i, side.i) };
    put(&x[m], y);
    y.r = sum(middle.r, side.r);
    y.i = difference(middle.i, side.i);
    put(&x[2 * m], y);
}

static inline void radix4(stored_t *x, uint32_t m, const complex_t *w, bool inverse) {
    complex_t a = DIVIDED(get(&x[0]), 4);
    complex_t c = times(DIVIDED(get(&x[2 * m]), 4), w[2]);
    complex_t even = add(a, c);
    a = sub(a, c);
    complex_t b = times(DIVIDED(get(&x[m]), 4), w[1]);
    complex_t d = times(DIVIDED(get(&x[3 * m]), 4), w[3]);
    complex_t odd = add(b, d);
    b = sub(b, d);
    put(&x[0], add(even, odd));
    put(&x[2 * m], sub(even, odd));
    // a -+ i b
    complex_t minus = { sum(a.r, b.i), difference(a.i, b.r) };
    complex_t plus = { difference(a.r, b.i), sum(a.i, b.r) };
    put(&x[inverse ? 3 * m : m], minus);
    put(&x[inverse ? m : 3 * m], plus);
}

// y and z are one and two fifths of a turn.
static void radix5(stored_t *x, uint32_t m, const complex_t *w, complex_t y, complex_t z) {
    complex_t a = DIVIDED(get(&x[0]), 5);
    complex_t v[5];
    for (uint32_t q = 1; q < 5; q++) {
        v[q] = times(DIVIDED(get(&x[q * m]), 5), w[q]);
    }
    complex_t outer = add(v[1], v[4]);
    complex_t outer_difference = sub(v[1], v[4]);
    complex_t inner = add(v[2], v[3]);
    complex_t inner_difference = sub(v[2], v[3]);
    put(&x[0], add(a, add(outer, inner)));
    for (uint32_t q = 1; q <= 2; q++) {
        // Of elements q and 5 - q: what they share, and what they differ by.
        complex_t middle = { sum(sum(a.r, product(outer.r, y.r)), product(inner.r, z.r)),
            sum(sum(a.i, product(outer.i, y.r)), product(inner.i, z.r)) };
        complex_t side = { product(outer_difference.i, y.i), product(outer_difference.r, y.i) };
        complex_t more = { product(inner_difference.i, z.i), product(inner_difference.r, z.i) };
        side = q == 1 ? add(side, more) : sub(side, more);
        complex_t result = { difference(middle.r, side.r), sum(middle.i, side.i) };
        put(&x[q * m], result);
        result.r = sum(middle.r, side.r);
        result.i = difference(middle.i, side.i);
        put(&x[(5 - q) * m], result);
        result = y; // next, two fifths and four, which are one back: the inner side changes its sign
        y = z;
        z = result;
    }
}

// One stage in place: transforms of m elements, p after p, become transforms of p * m. Elements that share their
// twiddle factors follow each other.
static void stage(const a8_fft_t *fft, const real_t *table, stored_t *x, uint32_t p, uint32_t m, bool inverse) {
    const uint32_t n = fft->n;
    const uint32_t stride = n / (p * m);
    complex_t root[2] = { twiddle(fft, table, n / p, inverse), twiddle(fft, table, 2 * (n / p), inverse) };
    for (uint32_t u = 0; u < m; u++) {
        complex_t w[5];
        for (uint32_t q = 1; q < p; q++) {
            w[q] = twiddle(fft, table, q * u * stride, inverse);
        }
        for (stored_t *at = x + u; at < x + n; at += p * m) {
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

static complex_t load_complex(const uint8_t *in, uint32_t k) {
    in += k * sizeof(stored_t);
    complex_t a = { load(in), load(in + sizeof(real_t)) };
    return a;
}

// Element k of what goes into the complex transform: two of the samples, zeros behind them.
static complex_t pair(const uint8_t *in, uint32_t samples, uint32_t k) {
    complex_t a = { 0, 0 };
    if (2 * k + 1 < samples) {
        a = load_complex(in, k);
    } else if (2 * k < samples) {
        a.r = load(in + k * sizeof(stored_t));
    }
    return a;
}

// Likewise of the inverse transform: from bins k and n - k of the spectrum that of even samples, plus i times that of
// odd ones. The middle bin counts as one of the upper half.
static complex_t bin(const a8_fft_t *fft, const real_t *table, const uint8_t *in, uint32_t k) {
    const uint32_t n = fft->n;
    if (k == 0) {
        real_t first = load(in);
        real_t last = load(in + n * sizeof(stored_t));
        complex_t a = { (real_t)sum(first, last), (real_t)difference(first, last) };
        return DIVIDED(a, 2);
    }
    bool upper = 2 * k >= n;
    uint32_t low = upper ? n - k : k;
    complex_t a = DIVIDED(load_complex(in, low), 2);
    complex_t b = DIVIDED(conjugate(load_complex(in, n - low)), 2);
    complex_t even = add(a, b);
    complex_t odd = times(sub(a, b), super_twiddle(fft, table, low, true));
    return upper ? conjugate(sub(even, odd)) : add(even, odd);
}

static void transform(const a8_fft_t *fft, const real_t *table, const uint8_t *in, uint32_t samples, stored_t *out,
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
        put(&out[k], inverse ? bin(fft, table, in, from) : pair(in, samples, from));
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
static void take_apart(const a8_fft_t *fft, const real_t *table, stored_t *x) {
    const uint32_t n = fft->n;
    complex_t first = DIVIDED(get(&x[0]), 2);
    complex_t bin = { sum(first.r, first.i), 0 };
    put(&x[0], bin);
    bin.r = difference(first.r, first.i);
    put(&x[n], bin);
    for (uint32_t k = 1; 2 * k <= n; k++) {
        complex_t a = DIVIDED(get(&x[k]), 2);
        complex_t b = DIVIDED(conjugate(get(&x[n - k])), 2);
        complex_t even = add(a, b);
        complex_t odd = times(sub(a, b), super_twiddle(fft, table, k, false));
        bin.r = half(sum(even.r, odd.r));
        bin.i = half(sum(even.i, odd.i));
        put(&x[k], bin);
        bin.r = half(difference(even.r, odd.r));
        bin.i = half(difference(odd.i, even.i));
        put(&x[n - k], bin);
    }
}
