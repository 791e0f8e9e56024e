// SPDX-License-Identifier: MIT
#include "flatbuffer.h"

bool a8_flatbuffer_has(const a8_flatbuffer_t *fb, uint32_t pos, uint32_t bytes) {
    return pos <= fb->size && bytes <= fb->size - pos;
}

uint32_t a8_flatbuffer_u8(const a8_flatbuffer_t *fb, uint32_t pos) {
    return a8_flatbuffer_has(fb, pos, 1) ? fb->data[pos] : 0;
}

uint32_t a8_flatbuffer_u16(const a8_flatbuffer_t *fb, uint32_t pos) {
    if (!a8_flatbuffer_has(fb, pos, 2)) {
        return 0;
    }
    const uint8_t *p = fb->data + pos;
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

uint32_t a8_flatbuffer_u32(const a8_flatbuffer_t *fb, uint32_t pos) {
    if (!a8_flatbuffer_has(fb, pos, 4)) {
        return 0;
    }
    const uint8_t *p = fb->data + pos;
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

// A table begins with the distance back to its vtable, which holds its own
// size, the table's size and the fields' offsets in the table, 16 bits each.
static bool read_table(const a8_flatbuffer_t *fb, uint32_t table, uint32_t *vtable, uint32_t *vtable_bytes,
    uint32_t *table_bytes) {
    if (table == 0 || !a8_flatbuffer_has(fb, table, 4)) {
        return false;
    }
    // The distance is signed; modulo 2^32 the subtraction is the same.
    uint32_t at = table - a8_flatbuffer_u32(fb, table);
    if (!a8_flatbuffer_has(fb, at, 4)) {
        return false;
    }
    *vtable = at;
    *vtable_bytes = a8_flatbuffer_u16(fb, at);
    *table_bytes = a8_flatbuffer_u16(fb, at + 2);
    return *vtable_bytes >= 4 && *table_bytes >= 4 && a8_flatbuffer_has(fb, at, *vtable_bytes) &&
        a8_flatbuffer_has(fb, table, *table_bytes);
}

// Where the unsigned offset at pos leads to.
static bool follow_offset(const a8_flatbuffer_t *fb, uint32_t pos, uint32_t *target) {
    if (!a8_flatbuffer_has(fb, pos, 4)) {
        return false;
    }
    uint32_t offset = a8_flatbuffer_u32(fb, pos);
    if (offset == 0 || offset > fb->size - pos) {
        return false;
    }
    *target = pos + offset;
    return true;
}

bool a8_flatbuffer_follow(const a8_flatbuffer_t *fb, uint32_t pos, uint32_t *table) {
    uint32_t vtable, vtable_bytes, table_bytes;
    return follow_offset(fb, pos, table) && read_table(fb, *table, &vtable, &vtable_bytes, &table_bytes);
}

bool a8_flatbuffer_field(const a8_flatbuffer_t *fb, uint32_t table, uint32_t field, uint32_t bytes, uint32_t *pos) {
    uint32_t vtable, vtable_bytes, table_bytes;
    *pos = 0;
    if (!read_table(fb, table, &vtable, &vtable_bytes, &table_bytes)) {
        return false;
    }
    uint32_t entry = 4 + 2 * field;
    if (entry + 2 > vtable_bytes) {
        return true;
    }
    uint32_t offset = a8_flatbuffer_u16(fb, vtable + entry);
    if (offset == 0) {
        return true;
    }
    if (offset < 4 || offset + bytes > table_bytes) {
        return false;
    }
    *pos = table + offset;
    return true;
}

bool a8_flatbuffer_field_u8(const a8_flatbuffer_t *fb, uint32_t table, uint32_t field, uint32_t *value) {
    uint32_t pos;
    if (!a8_flatbuffer_field(fb, table, field, 1, &pos)) {
        return false;
    }
    if (pos != 0) {
        *value = a8_flatbuffer_u8(fb, pos);
    }
    return true;
}

bool a8_flatbuffer_field_u32(const a8_flatbuffer_t *fb, uint32_t table, uint32_t field, uint32_t *value) {
    uint32_t pos;
    if (!a8_flatbuffer_field(fb, table, field, 4, &pos)) {
        return false;
    }
    if (pos != 0) {
        *value = a8_flatbuffer_u32(fb, pos);
    }
    return true;
}

bool a8_flatbuffer_table(const a8_flatbuffer_t *fb, uint32_t table, uint32_t field, uint32_t *pos) {
    uint32_t at;
    if (!a8_flatbuffer_field(fb, table, field, 4, &at)) {
        return false;
    }
    *pos = 0;
    return at == 0 || a8_flatbuffer_follow(fb, at, pos);
}

bool a8_flatbuffer_vector(const a8_flatbuffer_t *fb, uint32_t table, uint32_t field, uint32_t bytes,
    a8_vector_t *vector) {
    uint32_t at;
    vector->first = 0;
    vector->count = 0;
    if (!a8_flatbuffer_field(fb, table, field, 4, &at)) {
        return false;
    }
    if (at == 0) {
        return true;
    }
    if (!follow_offset(fb, at, &at) || !a8_flatbuffer_has(fb, at, 4)) {
        return false;
    }
    uint32_t count = a8_flatbuffer_u32(fb, at);
    if (count > (fb->size - at - 4) / bytes) {
        return false;
    }
    vector->first = at + 4;
    vector->count = count;
    return true;
}

bool a8_flatbuffer_element(const a8_flatbuffer_t *fb, const a8_vector_t *vector, uint32_t i, uint32_t *table) {
    return i < vector->count && a8_flatbuffer_follow(fb, vector->first + 4 * i, table);
}
