// SPDX-License-Identifier: MIT
//
// Bounds-checked reading of a flatbuffer. Nothing is assumed about alignment or
// about the bytes, which may even change between two calls: every function
// checks what it reads. All positions are offsets from data; 0 is the start
// of the buffer, where neither table nor field can be, and means "absent".
#ifndef A8_FLATBUFFER_H
#define A8_FLATBUFFER_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const uint8_t *data;
    uint32_t size;
} a8_flatbuffer_t;

// A vector: position of its first element, and its length.
typedef struct {
    uint32_t first;
    uint32_t count;
} a8_vector_t;

// True if bytes [pos, pos + bytes) lie inside.
bool a8_flatbuffer_has(const a8_flatbuffer_t *fb, uint32_t pos, uint32_t bytes);
// Little-endian values; 0 if pos is out of bounds.
uint32_t a8_flatbuffer_u8(const a8_flatbuffer_t *fb, uint32_t pos);
uint32_t a8_flatbuffer_u16(const a8_flatbuffer_t *fb, uint32_t pos);
uint32_t a8_flatbuffer_u32(const a8_flatbuffer_t *fb, uint32_t pos);

// The functions below return false if the bytes are malformed. An absent
// field is well formed: *pos is 0, or the vector has no elements.

// Position of a checked table that the offset at pos leads to. pos 0: the root table.
bool a8_flatbuffer_follow(const a8_flatbuffer_t *fb, uint32_t pos, uint32_t *table);
// Position of a table's field of so many bytes.
bool a8_flatbuffer_field(const a8_flatbuffer_t *fb, uint32_t table, uint32_t field, uint32_t bytes, uint32_t *pos);
// Scalars of 1 and 4 bytes; *value is left as it is if the field is absent.
bool a8_flatbuffer_field_u8(const a8_flatbuffer_t *fb, uint32_t table, uint32_t field, uint32_t *value);
bool a8_flatbuffer_field_u32(const a8_flatbuffer_t *fb, uint32_t table, uint32_t field, uint32_t *value);
// The table that a field refers to.
bool a8_flatbuffer_table(const a8_flatbuffer_t *fb, uint32_t table, uint32_t field, uint32_t *pos);
// The vector, or with bytes 1 the string, that a field refers to.
bool a8_flatbuffer_vector(const a8_flatbuffer_t *fb, uint32_t table, uint32_t field, uint32_t bytes,
    a8_vector_t *vector);
// What a field can be, and how a list of fields says so.
enum {
    A8_FIELD_U8 = 0x00, // 1 value, left as it is if the field is absent
    A8_FIELD_U32 = 0x10,
    A8_FIELD_U64 = 0x20, // 1 value: its position
    A8_FIELD_TABLE = 0x30, // 1 value: the position of a checked table
    A8_FIELD_BYTES = 0x40, // 2 values: position of the first of a vector's elements of 1, 4 or 8 bytes, and how many
    A8_FIELD_WORDS = 0x50,
    A8_FIELD_LONGS = 0x60,
    A8_FIELD_END = 0xff,
};
// Reads the fields of a list, each its number (below 16) with what it is, to values in the list's order.
// Of absent ones other than scalars the values are 0.
bool a8_flatbuffer_read(const a8_flatbuffer_t *fb, uint32_t table, const uint8_t *fields, uint32_t *values);
// The i-th table of a vector of tables.
bool a8_flatbuffer_element(const a8_flatbuffer_t *fb, const a8_vector_t *vector, uint32_t i, uint32_t *table);

#endif
