// SPDX-License-Identifier: MIT
//
// Compares boards/xtensa/integer.c and real.c with this machine's own arithmetic.
#include <stdio.h>
#include <string.h>

#include "../../boards/xtensa/runtime.h"

static unsigned failures;

static void same(const char *what, const void *ours, const void *native, size_t size, uint64_t a, uint64_t b) {
    if (memcmp(ours, native, size) != 0 && failures++ < 20) {
        printf("%s(%#llx, %#llx) differs\n", what, (unsigned long long)a, (unsigned long long)b);
    }
}

// A NaN is as good as another.
static void same_float(const char *what, float ours, float native, uint64_t a, uint64_t b) {
    if (!(ours != ours && native != native)) {
        same(what, &ours, &native, sizeof(ours), a, b);
    }
}

static void same_double(const char *what, double ours, double native, uint64_t a) {
    if (!(ours != ours && native != native)) {
        same(what, &ours, &native, sizeof(ours), a, 0);
    }
}

#define SAME(function, result, native, a, b) \
    do { \
        __typeof__(result) ours_ = (result), native_ = (native); \
        same(#function, &ours_, &native_, sizeof(ours_), (uint64_t)(a), (uint64_t)(b)); \
    } while (0)

static uint64_t state = 1;

static uint64_t next(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return state >> 32 ^ state << 21;
}

// Of any length, and now and then all ones or a power of two.
static uint64_t number(void) {
    uint64_t value = next() >> (next() & 63);
    switch (next() & 15) {
        case 0:
            return ~value;
        case 1:
            return (uint64_t)1 << (next() & 63);
        case 2:
            return ((uint64_t)1 << (next() & 63)) - 1;
        default:
            return value;
    }
}

// Any bits; exponents near the other's, at both ends, and significands with long runs.
static uint32_t float_bits(uint32_t other) {
    uint32_t bits = (uint32_t)next();
    switch (next() & 7) {
        case 0:
            return bits & 0x80ffffff;
        case 1:
            return bits | 0x7f000000;
        case 2:
            return (other & 0xff800000) + ((uint32_t)(next() & 31) - 16) * 0x800000 + (bits & 0x7fffff);
        case 3:
            return bits & 0xff800000;
        case 4:
            return (bits & 0xff800000) | (0x7fffff >> (next() % 24));
        case 5:
            return other ^ 0x80000000 ^ (uint32_t)(next() & 3);
        default:
            return bits;
    }
}

static float as_float(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

int main(void) {
    uint32_t bits = 0;
    for (int i = 0; i < 3000000; i++) {
        uint64_t a = number(), b = number();
        uint32_t c = (uint32_t)a, d = (uint32_t)b;
        SAME(__umulsidi3, __umulsidi3(c, d), (uint64_t)c * d, c, d);
        SAME(__muldi3, __muldi3(a, b), a * b, a, b);
        if (d != 0) {
            SAME(__udivsi3, __udivsi3(c, d), c / d, c, d);
            SAME(__umodsi3, __umodsi3(c, d), c % d, c, d);
            if (!(c == 0x80000000 && d == UINT32_MAX)) {
                SAME(__divsi3, __divsi3((int32_t)c, (int32_t)d), (int32_t)c / (int32_t)d, c, d);
            }
        }
        if (b != 0) {
            SAME(__udivdi3, __udivdi3(a, b), a / b, a, b);
            SAME(__umoddi3, __umoddi3(a, b), a % b, a, b);
            if (!(a == (uint64_t)1 << 63 && b == UINT64_MAX)) {
                SAME(__divdi3, __divdi3((int64_t)a, (int64_t)b), (int64_t)a / (int64_t)b, a, b);
            }
        }
        uint32_t x = bits = float_bits(bits), y = float_bits(x);
        float p = as_float(x), q = as_float(y);
        same_float("__addsf3", __addsf3(p, q), p + q, x, y);
        same_float("__subsf3", __subsf3(p, q), p - q, x, y);
        same_float("__mulsf3", __mulsf3(p, q), p * q, x, y);
        same_float("__floatsisf", __floatsisf((int32_t)c), (float)(int32_t)c, c, 0);
        same_float("__floatunsisf", __floatunsisf(c), (float)c, c, 0);
        same_double("__floatsidf", __floatsidf((int32_t)c), (double)(int32_t)c, c);
        same_double("__extendsfdf2", __extendsfdf2(p), (double)p, x);
        // The exponents of floats and some beyond, and doubles half-way between two floats.
        uint64_t wide = (a << 12 >> 12) | (uint64_t)(890 + next() % 300) << 52 | next() << 63;
        wide &= next() & 1 ? ~(uint64_t)0 : ~(uint64_t)0x0fffffff;
        double r;
        memcpy(&r, &wide, sizeof(r));
        same_float("__truncdfsf2", __truncdfsf2(r), (float)r, wide, 0);
        memcpy(&r, &a, sizeof(r));
        same_float("__truncdfsf2", __truncdfsf2(r), (float)r, a, 0);
    }
    printf("%u differences\n", failures);
    return failures != 0;
}
