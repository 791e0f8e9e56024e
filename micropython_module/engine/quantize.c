// SPDX-License-Identifier: MIT
#include <stdbool.h>
#include <string.h>

#include "high_mul.h"
#include "quantize.h"

#define MANTISSA_BITS (53)
#define FLOAT_BITS (24)
#define FLOAT_MIN_EXPONENT (-149) // of the last bit of a subnormal float

static uint64_t bit(int32_t i) {
    return (uint64_t)1 << i;
}

// value * 2^exponent without the last bits of value (1 to 53), rounded to the nearest, halves to even. more: bits
// behind value are not all 0.
static a8_real_t round_off(uint64_t value, int32_t bits, bool more, int32_t exponent) {
    const uint64_t rest = value & (bit(bits) - 1);
    const uint64_t half = bit(bits - 1);
    a8_real_t r = { value >> bits, exponent + bits };
    if (rest > half || (rest == half && (more || (r.mantissa & 1)))) {
        r.mantissa++;
    }
    if (r.mantissa == 0) {
        r.exponent = 0;
        return r;
    }
    while (r.mantissa < bit(MANTISSA_BITS - 1)) {
        r.mantissa <<= 1;
        r.exponent--;
    }
    if (r.mantissa == bit(MANTISSA_BITS)) {
        r.mantissa >>= 1;
        r.exponent++;
    }
    return r;
}

a8_real_t a8_real_from_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    uint32_t fraction = bits & 0x7fffff;
    int32_t exponent = (int32_t)(bits >> 23 & 0xff);
    if (exponent != 0) {
        fraction |= 0x800000;
        exponent--;
    }
    int32_t up = MANTISSA_BITS - FLOAT_BITS + 1;
    return round_off((uint64_t)fraction << up, 1, false, exponent + FLOAT_MIN_EXPONENT - up);
}

a8_real_t a8_real_mul(a8_real_t a, a8_real_t b) {
    // 53 x 53 bits: 106 or 105 bits in hi:lo, from halves of 21 and 32 bits.
    uint64_t ah = a.mantissa >> 32;
    uint64_t al = a.mantissa & 0xffffffff;
    uint64_t bh = b.mantissa >> 32;
    uint64_t bl = b.mantissa & 0xffffffff;
    uint64_t mid = ah * bl + al * bh;
    uint64_t lo = al * bl;
    uint64_t hi = ah * bh + (mid >> 32);
    mid <<= 32;
    lo += mid;
    hi += lo < mid;
    // The first 64 bits, or 63, of which 53 stay.
    const int32_t below = 2 * MANTISSA_BITS - 64;
    const uint64_t top = hi << (64 - below) | lo >> below;
    return round_off(top, 64 - MANTISSA_BITS - !(top >> 63), (lo & (bit(below) - 1)) != 0,
        a.exponent + b.exponent + below);
}

a8_real_t a8_real_div(a8_real_t a, a8_real_t b) {
    uint64_t rest = a.mantissa;
    int32_t exponent = a.exponent - b.exponent - MANTISSA_BITS;
    if (rest < b.mantissa) {
        rest <<= 1;
        exponent--;
    }
    // One bit of the quotient a turn, and one to round by; rest stays below twice the divisor.
    uint64_t mantissa = 0;
    for (int32_t i = 0; i <= MANTISSA_BITS; i++) {
        mantissa <<= 1;
        if (rest >= b.mantissa) {
            rest -= b.mantissa;
            mantissa |= 1;
        }
        rest <<= 1;
    }
    return round_off(mantissa, 1, rest != 0, exponent);
}

a8_real_t a8_real_scale(a8_real_t a, int32_t power) {
    if (a.mantissa != 0) {
        a.exponent += power;
    }
    return a;
}

int a8_real_cmp(a8_real_t a, a8_real_t b) {
    if (a.mantissa == 0 || b.mantissa == 0) {
        return (a.mantissa != 0) - (b.mantissa != 0);
    }
    if (a.exponent != b.exponent) {
        return a.exponent < b.exponent ? -1 : 1;
    }
    return (a.mantissa > b.mantissa) - (a.mantissa < b.mantissa);
}

a8_real_t a8_real_to_float(a8_real_t a) {
    int32_t drop = MANTISSA_BITS - FLOAT_BITS;
    if (a.exponent + drop < FLOAT_MIN_EXPONENT) {
        drop = FLOAT_MIN_EXPONENT - a.exponent;
    }
    if (drop > MANTISSA_BITS) {
        a.mantissa = 0;
        drop = 1;
    }
    return round_off(a.mantissa, drop, false, a.exponent);
}

a8_multiplier_t a8_multiplier(a8_real_t value) {
    a8_multiplier_t m = { 0, 0 };
    if (value.mantissa == 0) {
        return m;
    }
    // A fraction in [1/2, 1) times 2^shift, the fraction rounded to 31 bits.
    uint64_t fraction = (value.mantissa + bit(MANTISSA_BITS - 32)) >> (MANTISSA_BITS - 31);
    int32_t shift = value.exponent + MANTISSA_BITS;
    if (fraction == bit(31)) {
        fraction >>= 1;
        shift++;
    }
    if (shift >= A8_SHIFT_MIN) {
        m.multiplier = (int32_t)fraction;
        m.shift = shift;
    }
    return m;
}

int32_t a8_high_mul(int32_t a, int32_t b) {
    return a == INT32_MIN && b == INT32_MIN ? INT32_MAX : a8_high_product(a, b);
}

int32_t a8_rounding_shift(int32_t value, int32_t exponent) {
    // Magnitude, rounded half up, with the sign put back: free of branches, and of overflow.
    uint32_t sign = (uint32_t)0 - (uint32_t)(value < 0);
    uint32_t magnitude = ((uint32_t)value ^ sign) - sign;
    uint32_t half = ((uint32_t)1 << exponent) >> 1;
    return (int32_t)((((magnitude + half) >> exponent) ^ sign) - sign);
}

int32_t a8_requantize(int32_t value, int32_t multiplier, int32_t shift) {
    if (shift > 0) {
        return a8_high_mul((int32_t)((uint32_t)value << shift), multiplier);
    }
    return a8_rounding_shift(a8_high_mul(value, multiplier), -shift);
}

// number / scale in float32, rounded half away from zero, and at least 2^30 where it is more than that.
static int32_t in_steps(float number, float scale) {
    a8_real_t steps = a8_real_to_float(a8_real_div(a8_real_from_float(number), a8_real_from_float(scale)));
    int32_t drop = -steps.exponent;
    if (drop > MANTISSA_BITS) {
        return 0;
    }
    if (drop < MANTISSA_BITS - 30) {
        return (int32_t)bit(30);
    }
    return (int32_t)((steps.mantissa + bit(drop - 1)) >> drop);
}

int a8_activation_range(int32_t activation, float scale, int32_t zero_point, int32_t *min, int32_t *max) {
    int32_t low;
    int32_t high = INT32_MAX;
    switch (activation) {
        case 0:
            return 0;
        case 1:
            low = zero_point;
            break;
        case 2:
            low = zero_point - in_steps(1.0f, scale);
            high = zero_point + in_steps(1.0f, scale);
            break;
        case 3:
            low = zero_point;
            high = zero_point + in_steps(6.0f, scale);
            break;
        default:
            return -1;
    }
    if (*min < low) {
        *min = low;
    }
    if (*max > high) {
        *max = high;
    }
    return 0;
}
