// SPDX-License-Identifier: MIT
//
// Arithmetic of floats for a core without them: what GCC calls and its library
// for this core leaves out. Round to nearest, ties to even, with subnormals.
#include <stdbool.h>
#include <string.h>

#include "runtime.h"

#define SIGN (0x80000000)
#define INFINITE (0x7f800000)
#define QUIET (0x00400000)
#define HIDDEN (0x00800000) // the significand's bit that a normal number does not store
#define BIAS (150) // a significand of 24 bits counts units of 2 ^ (exponent - BIAS)

static uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static bool is_nan(uint32_t bits) {
    return (bits & ~SIGN) > INFINITE;
}

static bool is_infinite(uint32_t bits) {
    return (bits & ~SIGN) == INFINITE;
}

// A finite number as significand * 2 ^ exponent.
static uint32_t unpack(uint32_t bits, int *exponent) {
    int stored = (int)(bits >> 23 & 0xff);
    uint32_t significand = bits & (HIDDEN - 1);
    *exponent = (stored == 0 ? 1 : stored) - BIAS;
    return stored == 0 ? significand : significand | HIDDEN;
}

// The float nearest to significand * 2 ^ exponent. The lowest bit of a significand of more than 26 bits
// may stand for everything below it.
static float pack(uint32_t sign, int exponent, uint64_t significand) {
    if (significand == 0) {
        return float_of(sign);
    }
    int up = __builtin_clzll(significand);
    significand <<= up;
    int stored = exponent - up + 40 + BIAS;
    int drop = 40;
    if (stored >= 0xff) {
        return float_of(sign | INFINITE);
    }
    if (stored <= 0) {
        drop += 1 - stored;
        stored = 1;
    }
    if (drop > 64) {
        return float_of(sign);
    }
    uint32_t kept = drop == 64 ? 0 : (uint32_t)(significand >> drop);
    uint64_t rest = drop == 64 ? significand : significand << (64 - drop);
    uint64_t half = (uint64_t)1 << 63;
    if (rest > half || (rest == half && (kept & 1))) {
        kept++;
    }
    // The hidden bit adds the one that is taken from the exponent; so does a carry out of the significand.
    return float_of(sign | (((uint32_t)(stored - 1) << 23) + kept));
}

float __addsf3(float x, float y) {
    uint32_t a = bits_of(x), b = bits_of(y);
    if (is_nan(a) || is_nan(b)) {
        return float_of((is_nan(a) ? a : b) | QUIET);
    }
    if ((a & ~SIGN) < (b & ~SIGN)) {
        uint32_t swap = a;
        a = b;
        b = swap;
    }
    if (is_infinite(a)) {
        return float_of(is_infinite(b) && a != b ? INFINITE | QUIET : a);
    }
    int exponent, smaller;
    uint64_t large = (uint64_t)unpack(a, &exponent) << 32;
    uint64_t small = (uint64_t)unpack(b, &smaller) << 32;
    int shift = exponent - smaller;
    if (shift > 60) {
        small = small != 0;
    } else {
        small = small >> shift | ((small & (((uint64_t)1 << shift) - 1)) != 0);
    }
    bool subtract = (a ^ b) & SIGN;
    if (subtract && large == small) {
        return 0.0f;
    }
    return pack(a & SIGN, exponent - 32, subtract ? large - small : large + small);
}

float __subsf3(float a, float b) {
    return __addsf3(a, float_of(bits_of(b) ^ (is_nan(bits_of(b)) ? 0 : SIGN)));
}

float __mulsf3(float x, float y) {
    uint32_t a = bits_of(x), b = bits_of(y), sign = (a ^ b) & SIGN;
    if (is_nan(a) || is_nan(b)) {
        return float_of((is_nan(a) ? a : b) | QUIET);
    }
    if (is_infinite(a) || is_infinite(b)) {
        bool zero = (a & ~SIGN) == 0 || (b & ~SIGN) == 0;
        return float_of(zero ? INFINITE | QUIET : sign | INFINITE);
    }
    int first, second;
    uint64_t significand = unpack(a, &first);
    significand *= unpack(b, &second);
    return pack(sign, first + second, significand);
}

float __floatunsisf(uint32_t a) {
    return pack(0, 0, a);
}

float __floatsisf(int32_t a) {
    return pack(a < 0 ? SIGN : 0, 0, a < 0 ? -(uint32_t)a : (uint32_t)a);
}

static double double_of(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

// significand * 2 ^ exponent, which a double holds exactly and without being subnormal.
static double pack_double(uint32_t sign, int exponent, uint32_t significand) {
    uint64_t bits = (uint64_t)sign << 32;
    if (significand != 0) {
        int up = __builtin_clz(significand);
        uint64_t fraction = (uint64_t)(significand << up) << 21;
        bits |= ((uint64_t)(exponent - up + 31 + 1022) << 52) + fraction;
    }
    return double_of(bits);
}

double __floatsidf(int32_t a) {
    return pack_double(a < 0 ? SIGN : 0, 0, a < 0 ? -(uint32_t)a : (uint32_t)a);
}

double __extendsfdf2(float a) {
    uint32_t bits = bits_of(a), sign = bits & SIGN;
    if (is_nan(bits) || is_infinite(bits)) {
        uint32_t quiet = is_nan(bits) ? QUIET : 0;
        return double_of((uint64_t)sign << 32 | (uint64_t)0x7ff << 52 | (uint64_t)((bits & (HIDDEN - 1)) | quiet) << 29);
    }
    int exponent;
    uint32_t significand = unpack(bits, &exponent);
    return pack_double(sign, exponent, significand);
}

float __truncdfsf2(double a) {
    uint64_t bits, fraction;
    memcpy(&bits, &a, sizeof(bits));
    uint32_t sign = (uint32_t)(bits >> 32) & SIGN;
    int stored = (int)(bits >> 52 & 0x7ff);
    fraction = bits & (((uint64_t)1 << 52) - 1);
    if (stored == 0x7ff) {
        return float_of(sign | INFINITE | (fraction ? QUIET | (uint32_t)(fraction >> 29) : 0));
    }
    // A subnormal double is far less than half of the least float.
    return stored == 0 ? float_of(sign) : pack(sign, stored - 1075, fraction | (uint64_t)1 << 52);
}
