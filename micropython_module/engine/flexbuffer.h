// SPDX-License-Identifier: MIT
//
// Bounds-checked reading of a FlexBuffer that holds a map, as the options of
// custom operators do. Nothing is assumed about alignment or about the bytes.
#ifndef A8_FLEXBUFFER_H
#define A8_FLEXBUFFER_H

#include "flatbuffer.h"

// A number in the map: its bits, in 64-bit arithmetic.
typedef enum {
    A8_FLEX_NONE, // no such key, not a number, or malformed
    A8_FLEX_INT, // two's complement
    A8_FLEX_UINT, // also booleans
    A8_FLEX_FLOAT, // binary64
} a8_flex_kind_t;

// The number that the map at the root of the bytes has under this key (terminated).
a8_flex_kind_t a8_flexbuffer_number(const a8_flatbuffer_t *fb, const char *key, uint64_t *bits);
// The same as an integer: saturated, and fractions cut off. Left as it is if there is no number.
void a8_flexbuffer_int(const a8_flatbuffer_t *fb, const char *key, int32_t *value);
// The same as the bits of a binary32, rounded half to even.
void a8_flexbuffer_float(const a8_flatbuffer_t *fb, const char *key, uint32_t *bits);

#endif
