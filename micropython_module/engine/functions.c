// SPDX-License-Identifier: MIT
//
// Polynomials here are least maximum (Remez) fits, in float32. NaN is found by its bits: the float arithmetic of
// some chips (RP2040's, in its ROM) takes it for infinity.
#include "functions.h"

#define MAGNITUDE (0x7fffffff)
#define SIGN (0x80000000)

static uint32_t magnitude_bits(float x) {
    return a8_float_bits(x) & MAGNITUDE;
}

static float with_sign_of(float x, float y) {
    return a8_bits_float(magnitude_bits(x) | (a8_float_bits(y) & SIGN));
}

// 2^n for n from -126 to 127.
static float power_of_two(int32_t n) {
    return a8_bits_float((uint32_t)(n + 127) << 23);
}

// ---- Exponential, and what comes from it ----------------------------------

// x = k * ln 2 + r with |r| <= ln 2 / 2, for |x| below 2^7. Returns e^r - 1 and k.
static float exp_part(float x, int32_t *k) {
    float n = x * 1.44269502f;
    *k = (int32_t)(n + (x < 0.0f ? -0.5f : 0.5f));
    n = (float)*k;
    float r = (x - n * 0.693359375f) + n * 2.12194442e-4f; // ln 2 in two parts; the first product is exact
    float p = 0.00139505218f;
    p = p * r + 0.00836890843f;
    p = p * r + 0.041666206f;
    p = p * r + 0.166665182f;
    p = p * r + 0.5f;
    return r + r * r * p;
}

float a8_exp_f32(float x) {
    if (magnitude_bits(x) > A8_INFINITY_BITS) {
        return x;
    } else if (x > 88.7228394f) {
        return a8_bits_float(A8_INFINITY_BITS);
    } else if (x < -103.972084f) {
        return 0.0f;
    }
    int32_t k;
    float y = 1.0f + exp_part(x, &k);
    // In two steps, for results that are subnormal or whose k is 128.
    return y * power_of_two(k / 2) * power_of_two(k - k / 2);
}

// a * b of numbers with 62 fractional bits, rounded down but for the lowest bits.
static uint64_t mul_62(uint64_t a, uint64_t b) {
    uint64_t middle = (a >> 32) * (uint32_t)b + (((uint32_t)a * (uint64_t)(uint32_t)b) >> 32);
    uint64_t other = (uint32_t)a * (b >> 32) + (uint32_t)middle;
    return ((a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32)) << 2 | (other >> 30 & 3);
}

float a8_exp_rounded_f32(float x) {
    // 1 / n! with 62 fractional bits, n from 0
    static const uint64_t factorials[] = {
        0x4000000000000000, 0x4000000000000000, 0x2000000000000000, 0x0aaaaaaaaaaaaaab, 0x02aaaaaaaaaaaaab,
        0x0088888888888889, 0x0016c16c16c16c17, 0x0003403403403403, 0x0000680680680680, 0x00000b8ef1d2ab64,
        0x00000127e4fb778a, 0x0000001ae64567f5, 0x000000023ddb1dff, 0x000000002c248c27, 0x0000000003272e95
    };
    const uint64_t log2_e = 0xb8aa3b295c17f0bc; // 63 fractional bits
    const uint64_t ln_2 = 0x2c5c85fdf473de6b; // 62
    uint32_t bits = magnitude_bits(x);
    if (bits > A8_INFINITY_BITS) {
        return x;
    } else if (bits < 0x33000000) {
        return 1.0f;
    } else if (x < -87.0f) {
        return 0.0f;
    }
    // |x| / ln 2 = product / 2^n = k + f; e^x = 2^-k * e^-(f ln 2).
    uint64_t m = (bits & 0x7fffff) | 0x800000;
    uint64_t product = m * (log2_e >> 32) + ((m * (uint32_t)log2_e) >> 32);
    int32_t n = 181 - (int32_t)(bits >> 23);
    uint32_t k = 0;
    if (n < 64) {
        k = (uint32_t)(product >> n);
        product -= (uint64_t)k << n;
    }
    uint64_t g = mul_62(n > 62 ? product >> (n - 62) : product << (62 - n), ln_2);
    uint64_t y = 0;
    for (int32_t i = (int32_t)(sizeof(factorials) / sizeof(factorials[0])) - 1; i >= 0; i--) {
        y = factorials[i] - mul_62(g, y); // of alternating signs
    }
    return (float)(uint32_t)((y + ((uint64_t)1 << 37)) >> 38) * power_of_two(-24) * power_of_two(-(int32_t)k);
}

// By the formula of fdlibm, on which the C libraries that the reference runs with agree: e^r - 1 =
// r + r^2 / 2 - (r^3 / 2) (R - (3 - R r / 2)) / (6 - r (3 - R r / 2)) with a polynomial R of r^2 / 2.
float a8_expm1_f32(float x) {
    uint32_t bits = magnitude_bits(x);
    if (bits > A8_INFINITY_BITS || bits < 0x33000000) { // NaN, or x is the result already
        return x;
    } else if (x > 88.7228394f) {
        return a8_bits_float(A8_INFINITY_BITS);
    } else if (x < -18.7149738f) {
        return -1.0f;
    }
    int32_t k = 0;
    float r = x;
    float lost = 0.0f; // by r
    if (bits > 0x3eb17218) { // ln 2 / 2
        k = (int32_t)(x * 1.44269502f + (x < 0.0f ? -0.5f : 0.5f));
        float high = x - (float)k * 0.693138123f; // ln 2 in two parts
        float low = (float)k * 9.05800061e-06f;
        r = high - low;
        lost = (high - r) - low;
    }
    float half = 0.5f * r;
    float z = r * half;
    float p = 1.0f + z * (-0.0333332121f + z * 0.00158070420f);
    float t = 3.0f - p * half;
    float e = z * ((p - t) / (6.0f - r * t));
    if (k == 0) {
        return r - (r * e - z);
    }
    e = r * (e - lost) - lost;
    e -= z;
    if (k == -1) {
        return 0.5f * (r - e) - 0.5f;
    }
    // The result is 2^k * (1 - (e - r)) - 1.
    if (k < 0) {
        return (1.0f - (e - r)) * power_of_two(k) - 1.0f;
    }
    float y = (k < 24 ? 1.0f - power_of_two(-k) : 1.0f) - (e - r);
    return y * 2.0f * power_of_two(k - 1);
}

float a8_tanh_f32(float x) {
    uint32_t bits = magnitude_bits(x);
    if (bits > A8_INFINITY_BITS) {
        return x;
    }
    float a = a8_bits_float(bits);
    float y = 1.0f;
    if (a < 0.56f) {
        float z = a * a;
        float p = -0.00620742282f;
        p = p * z + 0.021027213f;
        p = p * z - 0.0538422763f;
        p = p * z + 0.133324996f;
        p = p * z - 0.333333164f;
        y = a + a * z * p;
    } else if (a < 9.5f) {
        y = 1.0f - 2.0f / (a8_exp_f32(2.0f * a) + 1.0f);
    }
    return with_sign_of(y, x);
}

float a8_logistic_f32(float x) {
    if (magnitude_bits(x) > A8_INFINITY_BITS) {
        return x;
    }
    if (x < 0.0f) {
        float e = a8_exp_f32(x);
        return e / (1.0f + e);
    }
    return 1.0f / (1.0f + a8_exp_f32(-x));
}

float a8_erf_f32(float x) {
    uint32_t bits = magnitude_bits(x);
    if (bits > A8_INFINITY_BITS) {
        return x;
    }
    float a = a8_bits_float(bits);
    if (a < 0.9275f) {
        float z = x * x;
        float p = 8.36141262e-05f;
        p = p * z - 0.000814126921f;
        p = p * z + 0.00520097138f;
        p = p * z - 0.0268594064f;
        p = p * z + 0.112836964f;
        p = p * z - 0.376126349f;
        return x + x * (p * z + 0.128379166f); // 2 / sqrt(pi) is 1 and this
    }
    float y = 1.0f;
    if (a < 4.0f) {
        float p = 2.11619063e-05f; // -log(1 - erf a)
        p = p * a - 0.000435218884f;
        p = p * a + 0.0041746432f;
        p = p * a - 0.0251286253f;
        p = p * a + 0.108293943f;
        p = p * a + 0.633334637f;
        p = p * a + 1.12952077f;
        p = p * a - 0.000175874564f;
        y = 1.0f - a8_exp_f32(-p);
    }
    return with_sign_of(y, x);
}

// ---- Logarithm, square root -----------------------------------------------

// Bits of m with x = m * 2^*k, for a positive finite x; m is at least the float that has the bits low, and less than
// twice that.
static uint32_t significand(uint32_t bits, uint32_t low, int32_t *k) {
    int32_t shift = 0;
    for (; bits < 0x800000; bits <<= 1) { // subnormal
        shift++;
    }
    int32_t exponent = (int32_t)(bits - low) >> 23;
    *k = exponent - shift;
    return bits - (uint32_t)exponent * 0x800000;
}

float a8_log_f32(float x) {
    uint32_t bits = a8_float_bits(x);
    if ((bits & MAGNITUDE) == 0) {
        return a8_bits_float(A8_INFINITY_BITS | SIGN);
    } else if ((bits & MAGNITUDE) > A8_INFINITY_BITS || bits == A8_INFINITY_BITS) {
        return x;
    } else if (bits >= SIGN) {
        return a8_bits_float(A8_NAN_BITS);
    }
    int32_t k;
    float f = a8_bits_float(significand(bits, 0x3f3504f3, &k)) - 1.0f; // m from sqrt(1/2)
    // log(1 + f) = 2 artanh(s), s = f / (2 + f); as 2 s = f - f^2 / 2 + s f^2 / 2, f itself enters exactly.
    float s = f / (2.0f + f);
    float z = s * s;
    float p = 0.233326316f;
    p = p * z + 0.285507292f;
    p = p * z + 0.400001228f;
    p = p * z + 0.666666687f;
    float half = 0.5f * f * f;
    float n = (float)k;
    float tail = half - (s * (half + z * p) - n * 2.12194442e-4f);
    return n * 0.693359375f - (tail - f);
}

float a8_sqrt_f32(float x) {
    uint32_t bits = a8_float_bits(x);
    if ((bits & MAGNITUDE) == 0 || (bits & MAGNITUDE) > A8_INFINITY_BITS || bits == A8_INFINITY_BITS) {
        return x;
    } else if (bits >= SIGN) {
        return a8_bits_float(A8_NAN_BITS);
    }
    int32_t k;
    uint32_t rest = (significand(bits, 0x3f800000, &k) & 0x7fffff) | 0x800000;
    rest <<= 1 + (k & 1);
    // Bit by bit: root^2 + (what rest stands for) stays x. 24 bits and one to round by.
    uint32_t root = 0;
    for (uint32_t one = 1 << 24; one != 0; one >>= 1) {
        if (2 * root + one <= rest) {
            rest -= 2 * root + one;
            root += one;
        }
        rest <<= 1;
    }
    // A root of 24 bits is never halfway between floats.
    return a8_bits_float(((root + 1) >> 1) + (uint32_t)(((k - (k & 1)) / 2 + 126) * (1 << 23)));
}

// ---- Sine and cosine ------------------------------------------------------

// x = quadrants * pi / 2 + r with |r| <= pi / 4, for a finite x of any size: x * 2 / pi modulo 4 in integers, of which
// only 96 bits of 2 / pi matter, beginning where the product's bits stop being multiples of 4 (Payne and Hanek).
static float quadrant_part(float x, uint32_t *quadrants) {
    static const uint32_t two_over_pi[] = { 0, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041,
        0xfe5163ab };
    const uint32_t half_pi = 0xc90fdaa2; // 31 bits of fraction
    uint32_t bits = magnitude_bits(x);
    if (bits <= 0x3f490fda) {
        *quadrants = 0;
        return x;
    }
    // |x| = m * 2^e, e from -24.
    uint32_t m = (bits & 0x7fffff) | 0x800000;
    uint32_t skip = (bits >> 23) - 150 + 30;
    const uint32_t *word = two_over_pi + skip / 32;
    uint32_t window[3];
    for (int32_t i = 0; i < 3; i++) {
        window[i] = (uint32_t)(((uint64_t)word[i] << 32 | word[i + 1]) >> (32 - skip % 32));
    }
    uint64_t low = (uint64_t)m * window[2];
    uint64_t mid = (uint64_t)m * window[1] + (low >> 32);
    uint32_t high = m * window[0] + (uint32_t)(mid >> 32);
    uint64_t turns = (uint64_t)high << 32 | (uint32_t)mid; // 2^62 is a quadrant
    *quadrants = (uint32_t)((turns + ((uint64_t)1 << 61)) >> 62) & 3;
    turns <<= 2;
    uint32_t sign = turns >> 63 ? SIGN : 0; // the nearest multiple is above
    turns = sign ? (uint64_t)0 - turns : turns;
    int32_t exponent = -32;
    for (; turns != 0 && !(turns >> 63); turns <<= 1) {
        exponent--;
    }
    // Never zero: no float is that near to a multiple of pi / 2.
    uint32_t r = (uint32_t)(((turns >> 32) * half_pi) >> 32);
    r = a8_float_bits((float)r * power_of_two(exponent + 1)) ^ sign ^ (a8_float_bits(x) & SIGN);
    *quadrants = x < 0.0f ? 0 - *quadrants : *quadrants;
    return a8_bits_float(r);
}

static float sine(float x, uint32_t add) {
    if (magnitude_bits(x) >= A8_INFINITY_BITS) {
        return a8_bits_float(A8_NAN_BITS);
    }
    uint32_t quadrants;
    float r = quadrant_part(x, &quadrants);
    quadrants += add;
    float z = r * r;
    float y;
    if (quadrants & 1) {
        y = 2.44384501e-05f;
        y = y * z - 0.00138873677f;
        y = y * z + 0.0416666456f;
        y = (1.0f - 0.5f * z) + z * z * y;
    } else {
        y = -0.000195172979f;
        y = y * z + 0.008332178f;
        y = y * z - 0.166666552f;
        y = r + r * z * y;
    }
    return quadrants & 2 ? -y : y;
}

float a8_sin_f32(float x) {
    return sine(x, 0);
}

float a8_cos_f32(float x) {
    return sine(x, 1);
}

// ---- To whole numbers -----------------------------------------------------

#define WHOLE (0x4b000000) // from 2^23 on every float is a whole number

float a8_floor_f32(float x) {
    if (magnitude_bits(x) >= WHOLE) {
        return x;
    }
    float whole = (float)(int32_t)x;
    return with_sign_of(whole > x ? whole - 1.0f : whole, x);
}

float a8_ceil_f32(float x) {
    return -a8_floor_f32(-x);
}

float a8_round_f32(float x) {
    if (magnitude_bits(x) >= WHOLE || x == 0.0f) {
        return x;
    }
    int32_t whole = (int32_t)a8_floor_f32(x);
    float above = x - (float)whole;
    whole += above > 0.5f || (above == 0.5f && (whole & 1));
    return (float)whole; // 0 even for what lies below it, as in the reference
}
