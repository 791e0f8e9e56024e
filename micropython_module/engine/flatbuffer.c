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

// The vector that the offset at pos leads to.
static bool read_vector(const a8_flatbuffer_t *fb, uint32_t pos, uint32_t bytes, uint32_t *first, uint32_t *count) {
    uint32_t at;
    if (!follow_offset(fb, pos, &at) || !a8_flatbuffer_has(fb, at, 4)) {
        return false;
    }
    const uint32_t n = a8_flatbuffer_u32(fb, at);
    if (n > (fb->size - at - 4) / bytes) {
        return false;
    }
    *first = at + 4;
    *count = n;
    return true;
}

bool a8_flatbuffer_read(const a8_flatbuffer_t *fb, uint32_t table, const uint8_t *fields, uint32_t *values) {
    static const uint8_t sizes[] = { 1, 4, 8, 4, 4, 4, 4 }, elements[] = { 1, 4, 8 };
    for (; *fields != A8_FIELD_END; ++fields, ++values) {
        const uint32_t kind = *fields & 0xf0;
        uint32_t pos;
        if (!a8_flatbuffer_field(fb, table, *fields & 0x0f, sizes[kind >> 4], &pos)) {
            return false;
        }
        if (kind >= A8_FIELD_U64) {
            *values = pos;
        }
        if (kind >= A8_FIELD_BYTES) {
            const uint32_t bytes = elements[(kind - A8_FIELD_BYTES) >> 4];
            *++values = 0;
            if (pos != 0 && !read_vector(fb, pos, bytes, values - 1, values)) {
                return false;
            }
        } else if (pos == 0) {
            continue;
        } else if (kind == A8_FIELD_U8) {
            *values = a8_flatbuffer_u8(fb, pos);
        } else if (kind == A8_FIELD_U32) {
            *values = a8_flatbuffer_u32(fb, pos);
        } else if (kind == A8_FIELD_TABLE && !a8_flatbuffer_follow(fb, pos, values)) {
            return false;
        }
    }
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
    uint32_t pos;
    vector->first = 0;
    vector->count = 0;
    return a8_flatbuffer_field(fb, table, field, 4, &pos) &&
        (pos == 0 || read_vector(fb, pos, bytes, &vector->first, &vector->count));
}

bool a8_flatbuffer_element(const a8_flatbuffer_t *fb, const a8_vector_t *vector, uint32_t i, uint32_t *table) {
    return i < vector->count && a8_flatbuffer_follow(fb, vector->first + 4 * i, table);
}
