// SPDX-License-Identifier: MIT
//
// Twiddle factors of a real FFT, without a math library. The reference rounds scale * cos(phase) computed in
// binary64. Cosines here have 62 correct bits, and rounding them gives the same integers for every length that
// the tests try, but for cosines of exactly 1/2: scale is odd, scale / 2 lies half-way, and the noise of the
// reference's phase decides. That noise is computed too (a8_fft_t's ties).
#include <stdbool.h>

#include "../quantize.h"
#include "kernels.h"

#define PI_4_HIGH (0xc90fdaa2u) // pi/4 with 64 fractional bits, upper and lower half
#define PI_4_LOW (0x2168c235u)
#define PI_6_HIGH (0x860a91c1u) // pi/6 likewise
#define PI_6_LOW (0x6b9b2c23u)

// Upper half of a 128-bit product, at most 2 too small.
static uint64_t high(uint64_t a, uint64_t b) {
    uint64_t ah = a >> 32;
    uint64_t al = a & UINT32_MAX;
    uint64_t bh = b >> 32;
    uint64_t bl = b & UINT32_MAX;
    return ah * bh + (ah * bl >> 32) + (al * bh >> 32);
}

// x / d, digit by digit of 16 bits: faster than a 64-bit division where that is a library call. d is below 2^16.
static uint64_t quotient(uint64_t x, uint32_t d) {
    uint64_t q = 0;
    uint32_t rest = 0;
    for (int32_t i = 48; i >= 0; i -= 16) {
        rest = rest << 16 | (uint32_t)(x >> i & UINT16_MAX);
        q = q << 16 | rest / d;
        rest %= d;
    }
    return q;
}

// cos(pi/2 * i / quarter) with 63 fractional bits; i is at most quarter, which is below 2^15.
static uint64_t cosine(uint32_t i, uint32_t quarter) {
    bool beyond = 2 * i > quarter;
    uint32_t part = 2 * (beyond ? quarter - i : i); // of pi/4
    if (part == 0) {
        return beyond ? 0 : (uint64_t)1 << 63;
    }
    uint64_t above = (uint64_t)PI_4_HIGH * part;
    uint64_t below = (uint64_t)PI_4_LOW * part;
    uint64_t x = quotient(above, quarter); // of 64 fractional bits the upper 32
    x = (x << 32) + quotient(((above - x * quarter) << 32) + below, quarter);
    uint64_t square = high(x, x);
    // Taylor: cos x = 1 - x^2/(1*2) (1 - x^2/(3*4) (1 - ...)), sin x = x (1 - x^2/(2*3) (1 - x^2/(4*5) ...)). For
    // what is divided by 12! and more half of the bits are enough.
    uint32_t k = beyond ? 19 : 18;
    uint32_t few = (uint32_t)1 << 31;
    for (; k > 13; k -= 2) {
        few = ((uint32_t)1 << 31) - (uint32_t)((square >> 32) * few >> 32) / (k * (k - 1));
    }
    uint64_t sum = (uint64_t)few << 32;
    for (; k >= 2; k -= 2) {
        sum = ((uint64_t)1 << 63) - quotient(high(square, sum), k * (k - 1));
    }
    return beyond ? high(x, sum) : sum;
}

// scale * cosine, a half rounded up even if the cosine is a little small.
static int32_t rounded(uint64_t cosine, uint32_t scale) {
    uint64_t product = (cosine >> 32) * scale + ((cosine & UINT32_MAX) * scale >> 32); // with 31 fractional bits
    return (int32_t)((product + ((uint32_t)1 << 30) + 4) >> 31);
}

static a8_real_t real(uint32_t value) {
    a8_real_t r = { value, 0 };
    while (r.mantissa >> 52 == 0) {
        r.mantissa <<= 1;
        r.exponent--;
    }
    return r;
}

// Where the reference's |cosine| or |sine| of j twelfths of a turn, which should be 1/2, lies: 1 below it, 2 there,
// 3 above. That turn is element i = n j / 12 of the table; its phase 2 pi i / n is rounded twice.
static uint32_t tie(uint32_t n, uint32_t j) {
    const a8_real_t two_pi = { 0x1921fb54442d18, -50 };
    a8_real_t phase = a8_real_div(a8_real_mul(two_pi, real(n * j / 12)), real(n));
    // Both with 60 fractional bits, in which a phase of at least pi/6 is exact.
    int64_t given = (int64_t)(phase.mantissa << (phase.exponent + 60));
    int64_t exact = (int64_t)(((uint64_t)PI_6_HIGH * j << 28) + ((uint64_t)PI_6_LOW * j >> 4));
    // The slope is sin(pi/3) upwards or downwards. Above 1/2 a binary64 has 53 fractional bits, below it 54.
    int64_t noise = (given - exact) * (j % 3 == 1 ? 887 : -887) / 1024;
    return noise > 1 << 6 ? 3 : noise < -(1 << 5) ? 1
                                                  : 2;
}

int a8_fft_prepare(a8_fft_t *fft, uint32_t length) {
    uint32_t n = length / 2;
    uint32_t rest = n;
    for (uint32_t p = 2; p <= 5; p++) {
        while (rest != 0 && rest % p == 0) {
            rest /= p;
        }
    }
    if (length % 2 != 0 || length < 4 || length > A8_FFT_MAX || rest != 1) {
        return -1;
    }
    fft->n = n;
    fft->quarter = n % 2 == 0 ? n / 2 : n;
    fft->ties = 0;
    if (n % 3 == 0) {
        for (uint32_t j = 1; j < 12; j++) {
            if (j % 3 != 0 && n * j % 12 == 0) {
                fft->ties |= tie(n, j) << 2 * j;
            }
        }
    }
    return 0;
}

void a8_fft_table_s16(const a8_fft_t *fft, int16_t *table) {
    for (uint32_t i = 0; i <= fft->quarter; i++) {
        table[i] = (int16_t)rounded(cosine(i, fft->quarter), INT16_MAX);
    }
}

void a8_fft_table_s32(const a8_fft_t *fft, int32_t *table) {
    for (uint32_t i = 0; i <= fft->quarter; i++) {
        table[i] = rounded(cosine(i, fft->quarter), INT32_MAX);
    }
}

void a8_fft_table_f32(const a8_fft_t *fft, float *table) {
    for (uint32_t i = 0; i <= fft->quarter; i++) {
        table[i] = (float)cosine(i, fft->quarter) * (1.0f / ((uint64_t)1 << 63));
    }
}
