// SPDX-License-Identifier: MIT
//
// The format (https://flatbuffers.dev/internals/#flexbuffers): values are 1, 2,
// 4 or 8 bytes wide; offsets are distances backwards. The last byte of all is the root's
// width, the one before its packed type (type << 2 | log2 of the width of what
// it refers to), and before these lies the root. A map's position is that of its
// values; before them lie the distance back to the vector of keys, the width
// of that vector's elements and the count, behind them the packed types.
#include "flexbuffer.h"

enum {
    TYPE_INT = 1,
    TYPE_UINT = 2,
    TYPE_FLOAT = 3,
    TYPE_INDIRECT_INT = 6,
    TYPE_INDIRECT_UINT = 7,
    TYPE_INDIRECT_FLOAT = 8,
    TYPE_MAP = 9,
    TYPE_BOOL = 26,
};

// An unsigned value of so many bytes.
static bool get(const a8_flatbuffer_t *fb, uint32_t pos, uint32_t width, uint64_t *value) {
    if (!a8_flatbuffer_has(fb, pos, width)) {
        return false;
    }
    *value = 0;
    for (uint32_t i = width; i-- > 0;) {
        *value = *value << 8 | fb->data[pos + i];
    }
    return true;
}

// Where the distance at pos leads to.
static bool follow(const a8_flatbuffer_t *fb, uint32_t pos, uint32_t width, uint32_t *target) {
    uint64_t distance;
    if (!get(fb, pos, width, &distance) || distance > pos) {
        return false;
    }
    *target = pos - (uint32_t)distance;
    return true;
}

static bool is_key(const a8_flatbuffer_t *fb, uint32_t pos, const char *key) {
    do {
        if (!a8_flatbuffer_has(fb, pos, 1) || fb->data[pos++] != (uint8_t)*key) {
            return false;
        }
    } while (*key++ != '\0');
    return true;
}

// Position, width and packed type of the value under the key.
static bool find(const a8_flatbuffer_t *fb, const char *key, uint32_t *pos, uint32_t *width, uint32_t *packed) {
    uint64_t root_width, type, count, key_width;
    uint32_t map, keys, name;
    if (fb->size < 3 || !get(fb, fb->size - 1, 1, &root_width) || !get(fb, fb->size - 2, 1, &type) ||
        type >> 2 != TYPE_MAP || root_width > fb->size - 2 ||
        !follow(fb, fb->size - 2 - (uint32_t)root_width, (uint32_t)root_width, &map)) {
        return false;
    }
    uint32_t w = 1u << (type & 3);
    if (map < 3 * w || !get(fb, map - w, w, &count) || !get(fb, map - 2 * w, w, &key_width) ||
        !follow(fb, map - 3 * w, w, &keys) || key_width > 8 || count > (fb->size - map) / (w + 1)) {
        return false;
    }
    for (uint32_t i = 0; i < (uint32_t)count; ++i) {
        uint64_t at = keys + i * key_width;
        if (at > fb->size || !follow(fb, (uint32_t)at, (uint32_t)key_width, &name)) {
            return false;
        }
        if (is_key(fb, name, key)) {
            *pos = map + i * w;
            *width = w;
            *packed = fb->data[map + (uint32_t)count * w + i];
            return true;
        }
    }
    return false;
}

// The bits of a binary32 as those of the same number in binary64.
static uint64_t widen(uint32_t bits) {
    uint64_t sign = (uint64_t)(bits >> 31) << 63;
    uint32_t exponent = bits >> 23 & 0xff, fraction = bits & 0x7fffff;
    if (exponent == 0xff) {
        return sign | (uint64_t)0x7ff << 52 | (uint64_t)fraction << 29;
    }
    if (exponent == 0) {
        if (fraction == 0) {
            return sign;
        }
        exponent = 1;
        for (; fraction < 0x800000; fraction <<= 1) {
            --exponent; // below 0 it wraps, and back below
        }
        fraction &= 0x7fffff;
    }
    return sign | (uint64_t)(exponent + 1023 - 127) << 52 | (uint64_t)fraction << 29;
}

a8_flex_kind_t a8_flexbuffer_number(const a8_flatbuffer_t *fb, const char *key, uint64_t *bits) {
    uint32_t pos, width, packed;
    if (!find(fb, key, &pos, &width, &packed)) {
        return A8_FLEX_NONE;
    }
    uint32_t type = packed >> 2;
    if (type >= TYPE_INDIRECT_INT && type <= TYPE_INDIRECT_FLOAT) {
        if (!follow(fb, pos, width, &pos)) {
            return A8_FLEX_NONE;
        }
        width = 1u << (packed & 3);
        type -= TYPE_INDIRECT_INT - TYPE_INT;
    }
    if (!get(fb, pos, width, bits)) {
        return A8_FLEX_NONE;
    }
    switch (type) {
        case TYPE_INT: {
            uint64_t sign = (uint64_t)1 << (8 * width - 1);
            *bits = (*bits ^ sign) - sign;
            return A8_FLEX_INT;
        }
        case TYPE_UINT:
        case TYPE_BOOL:
            return A8_FLEX_UINT;
        case TYPE_FLOAT:
            if (width < 4) {
                return A8_FLEX_NONE;
            }
            if (width == 4) {
                *bits = widen((uint32_t)*bits);
            }
            return A8_FLEX_FLOAT;
        default:
            return A8_FLEX_NONE;
    }
}

// The integer part of a binary64's magnitude, UINT64_MAX if it has no place (or isn't a number).
static uint64_t integer_part(uint64_t bits) {
    uint32_t exponent = (uint32_t)(bits >> 52) & 0x7ff;
    uint64_t mantissa = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52;
    if (exponent < 1023) {
        return 0;
    }
    if (exponent > 1023 + 62) {
        return UINT64_MAX;
    }
    return exponent <= 1023 + 52 ? mantissa >> (1023 + 52 - exponent) : mantissa << (exponent - 1023 - 52);
}

void a8_flexbuffer_int(const a8_flatbuffer_t *fb, const char *key, int32_t *value) {
    uint64_t bits;
    a8_flex_kind_t kind = a8_flexbuffer_number(fb, key, &bits);
    if (kind == A8_FLEX_NONE) {
        return;
    }
    bool negative = kind != A8_FLEX_UINT && bits >> 63 != 0;
    uint64_t magnitude = bits;
    if (kind == A8_FLEX_FLOAT) {
        magnitude = integer_part(bits);
    } else if (negative) {
        magnitude = 0 - bits;
    }
    if (negative) {
        *value = magnitude > INT32_MAX ? INT32_MIN : -(int32_t)magnitude;
    } else {
        *value = magnitude > INT32_MAX ? INT32_MAX : (int32_t)magnitude;
    }
}

// mantissa * 2^exponent, with the mantissa's top bit set, as the bits of a binary32.
static uint32_t narrow(uint64_t mantissa, int32_t exponent) {
    int32_t biased = exponent + 63 + 127;
    uint32_t drop = 64 - 24;
    if (biased >= 0xff) {
        return 0x7f800000;
    }
    if (biased <= -23) { // at most the smallest subnormal
        return biased == -23 && mantissa > (uint64_t)1 << 63;
    }
    if (biased <= 0) { // subnormal
        drop += (uint32_t)(1 - biased);
        biased = 0;
    }
    uint64_t kept = mantissa >> drop, rest = mantissa & (((uint64_t)1 << drop) - 1), half = (uint64_t)1 << (drop - 1);
    kept += rest > half || (rest == half && (kept & 1) != 0);
    // The hidden bit of a normal number adds one to the exponent; so does a carry, as it should.
    return ((uint32_t)(biased == 0 ? 0 : biased - 1) << 23) + (uint32_t)kept;
}

void a8_flexbuffer_float(const a8_flatbuffer_t *fb, const char *key, uint32_t *bits) {
    uint64_t value;
    a8_flex_kind_t kind = a8_flexbuffer_number(fb, key, &value);
    if (kind == A8_FLEX_NONE) {
        return;
    }
    bool negative = kind != A8_FLEX_UINT && value >> 63 != 0;
    int32_t exponent = 0;
    if (kind == A8_FLEX_FLOAT) {
        exponent = (int32_t)(value >> 52 & 0x7ff);
        value &= ((uint64_t)1 << 52) - 1;
        if (exponent == 0x7ff) { // infinite or NaN
            *bits = (negative ? 0xff800000 : 0x7f800000) | (value != 0 ? 0x400000 : 0);
            return;
        }
        value |= exponent == 0 ? 0 : (uint64_t)1 << 52;
        exponent = (exponent == 0 ? 1 : exponent) - 1023 - 52;
    } else if (negative) {
        value = 0 - value;
    }
    uint32_t magnitude = 0;
    if (value != 0) {
        for (; value >> 63 == 0; value <<= 1) {
            --exponent;
        }
        magnitude = narrow(value, exponent);
    }
    *bits = magnitude | (negative ? 0x80000000 : 0);
}
