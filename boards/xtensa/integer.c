// SPDX-License-Identifier: MIT
//
// Integer functions that GCC calls and that its library for this core leaves
// out, an ESP8266 having them in ROM.
#include "runtime.h"

// By halves: the core keeps the low word of a product only.
uint64_t __umulsidi3(uint32_t a, uint32_t b) {
    uint32_t low = (a & 0xffff) * (b & 0xffff);
    uint32_t cross = (a >> 16) * (b & 0xffff) + (low >> 16);
    uint32_t other = (a & 0xffff) * (b >> 16) + (cross & 0xffff);
    uint32_t high = (a >> 16) * (b >> 16) + (cross >> 16) + (other >> 16);
    return (uint64_t)high << 32 | other << 16 | (low & 0xffff);
}

uint64_t __muldi3(uint64_t a, uint64_t b) {
    uint32_t high = (uint32_t)(a >> 32) * (uint32_t)b + (uint32_t)a * (uint32_t)(b >> 32);
    return __umulsidi3((uint32_t)a, (uint32_t)b) + ((uint64_t)high << 32);
}

// Long division, from the divisor shifted as far up as the dividend reaches. By zero: all ones, as on ARM's
// and RISC-V's cores, so that no caller loops for ever. zeros: in front of a number that is not 0.
#define DIVIDE(name, type, zeros) \
    static type name(type a, type b, type *rest) { \
        type quotient = 0; \
        if (b == 0) { \
            *rest = a; \
            return (type)(-1); \
        } \
        if (a >= b) { \
            for (int shift = zeros(b) - zeros(a); shift >= 0; shift--) { \
                if (a >= b << shift) { \
                    a -= b << shift; \
                    quotient |= (type)1 << shift; \
                } \
            } \
        } \
        *rest = a; \
        return quotient; \
    }

DIVIDE(divide, uint32_t, __builtin_clz)
DIVIDE(divide_long, uint64_t, __builtin_clzll)

uint32_t __udivsi3(uint32_t a, uint32_t b) {
    uint32_t rest;
    return divide(a, b, &rest);
}

uint32_t __umodsi3(uint32_t a, uint32_t b) {
    uint32_t rest;
    divide(a, b, &rest);
    return rest;
}

int32_t __divsi3(int32_t a, int32_t b) {
    uint32_t rest;
    uint32_t quotient = divide(a < 0 ? -(uint32_t)a : (uint32_t)a, b < 0 ? -(uint32_t)b : (uint32_t)b, &rest);
    return (int32_t)((a ^ b) < 0 ? -quotient : quotient);
}

uint64_t __udivdi3(uint64_t a, uint64_t b) {
    uint64_t rest;
    return divide_long(a, b, &rest);
}

uint64_t __umoddi3(uint64_t a, uint64_t b) {
    uint64_t rest;
    divide_long(a, b, &rest);
    return rest;
}

int64_t __divdi3(int64_t a, int64_t b) {
    uint64_t rest;
    uint64_t quotient = divide_long(a < 0 ? -(uint64_t)a : (uint64_t)a, b < 0 ? -(uint64_t)b : (uint64_t)b, &rest);
    return (int64_t)((a ^ b) < 0 ? -quotient : quotient);
}
