// SPDX-License-Identifier: MIT
//
// flatbuffer.c over hand-made bytes, in memory of exactly their size. Every
// possible value of every byte is tried as well: no reading may leave the buffer.
#include <string.h>

#include "check.h"
#include "flatbuffer.h"

// A root table with, by field: 0 a u32, 1 absent, 2 a u8, 3 a vector of 3 bytes,
// 4 a vector of one table, which has one u32. Field 5 is beyond the vtable.
// clang-format off
static const uint8_t sample[] = {
    /*  0 */ 20, 0, 0, 0, // root table at 20
    /*  4 */ 'T', 'E', 'S', 'T',
    /*  8 */ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    /* 20 */ 0xca, 0xff, 0xff, 0xff, // -54: the vtable is at 74, behind the table
    /* 24 */ 0x78, 0x56, 0x34, 0x12,
    /* 28 */ 0xfe,
    /* 29 */ 11, 0, 0, 0, // to 40
    /* 33 */ 15, 0, 0, 0, // to 48
    /* 37 */ 0, 0, 0,
    /* 40 */ 3, 0, 0, 0, 7, 8, 9, 0, // 3 bytes
    /* 48 */ 1, 0, 0, 0, // 1 table
    /* 52 */ 10, 0, 0, 0, // to 62
    /* 56 */ 6, 0, 8, 0, 4, 0, // vtable of the element
    /* 62 */ 6, 0, 0, 0, 42, 0, 0, 0,
    /* 70 */ 0, 0, 0, 0,
    /* 74 */ 14, 0, 17, 0, 4, 0, 0, 0, 8, 0, 9, 0, 13, 0, // 14 bytes, a table of 17, fields 0 to 4
};
// clang-format on

typedef struct {
    uint8_t *data;
    a8_flatbuffer_t fb;
} exact_t;

static exact_t exact(const uint8_t *bytes, uint32_t size) {
    exact_t e;
    e.data = malloc(size == 0 ? 1 : size);
    memcpy(e.data, bytes, size);
    e.fb.data = e.data;
    e.fb.size = size;
    return e;
}

// Reads all there is; returns a sum so that nothing is optimised away.
static uint32_t read_everything(const a8_flatbuffer_t *fb) {
    uint32_t root, pos, value = 0, sum = 0, element;
    a8_vector_t vector;
    if (!a8_flatbuffer_follow(fb, 0, &root)) {
        return 0;
    }
    for (uint32_t field = 0; field < 8; ++field) {
        if (a8_flatbuffer_field(fb, root, field, 4, &pos) && pos != 0) {
            sum += a8_flatbuffer_u32(fb, pos);
        }
        if (a8_flatbuffer_field_u8(fb, root, field, &value) && a8_flatbuffer_field_u32(fb, root, field, &value)) {
            sum += value;
        }
        for (uint32_t bytes = 1; bytes <= 8; bytes *= 2) {
            if (a8_flatbuffer_vector(fb, root, field, bytes, &vector) && vector.count != 0) {
                CHECK(a8_flatbuffer_has(fb, vector.first, vector.count * bytes));
                sum += fb->data[vector.first] + fb->data[vector.first + vector.count * bytes - 1];
            }
        }
        if (a8_flatbuffer_table(fb, root, field, &pos) && pos != 0) {
            sum += a8_flatbuffer_u32(fb, pos);
        }
        if (a8_flatbuffer_vector(fb, root, field, 4, &vector)) {
            for (uint32_t i = 0; i < vector.count + 1; ++i) {
                if (a8_flatbuffer_element(fb, &vector, i, &element)) {
                    CHECK(i < vector.count);
                    sum += a8_flatbuffer_field_u32(fb, element, 0, &value) ? value : 1;
                }
            }
        }
    }
    return sum;
}

static void test_reading(const uint8_t *bytes, uint32_t size) {
    exact_t e = exact(bytes, size);
    const a8_flatbuffer_t *fb = &e.fb;
    uint32_t root, pos, value, element;
    a8_vector_t vector;
    CHECK(a8_flatbuffer_follow(fb, 0, &root));
    CHECK_EQ(root, 20);
    value = 5;
    CHECK(a8_flatbuffer_field_u32(fb, root, 0, &value));
    CHECK_EQ(value, 0x12345678);
    CHECK(a8_flatbuffer_field_u32(fb, root, 1, &value)); // absent
    CHECK_EQ(value, 0x12345678);
    CHECK(a8_flatbuffer_field_u32(fb, root, 100000, &value)); // beyond the vtable
    CHECK_EQ(value, 0x12345678);
    CHECK(a8_flatbuffer_field_u8(fb, root, 2, &value));
    CHECK_EQ(value, 0xfe);
    CHECK(a8_flatbuffer_vector(fb, root, 3, 1, &vector));
    CHECK_EQ(vector.first, 44);
    CHECK_EQ(vector.count, 3);
    CHECK(a8_flatbuffer_vector(fb, root, 1, 1, &vector)); // absent
    CHECK_EQ(vector.count, 0);
    CHECK(!a8_flatbuffer_vector(fb, root, 3, 16, &vector)); // 3 x 16 bytes do not fit
    CHECK_EQ(vector.count, 0);
    CHECK(a8_flatbuffer_vector(fb, root, 4, 4, &vector));
    CHECK_EQ(vector.count, 1);
    CHECK(a8_flatbuffer_element(fb, &vector, 0, &element));
    CHECK(!a8_flatbuffer_element(fb, &vector, 1, &element));
    CHECK(a8_flatbuffer_field_u32(fb, 62, 0, &value));
    CHECK_EQ(value, 42);
    CHECK(a8_flatbuffer_table(fb, root, 1, &pos)); // absent
    CHECK_EQ(pos, 0);
    CHECK(!a8_flatbuffer_field(fb, root, 2, 64, &pos)); // 64 bytes are more than the table has
    CHECK_EQ(a8_flatbuffer_u32(fb, size - 3), 0); // out of bounds by one
    CHECK_EQ(a8_flatbuffer_u16(fb, UINT32_MAX), 0);
    CHECK_EQ(a8_flatbuffer_u8(fb, size), 0);
    CHECK(!a8_flatbuffer_has(fb, size, 1));
    CHECK(a8_flatbuffer_has(fb, size, 0));
    CHECK(!a8_flatbuffer_has(fb, 1, UINT32_MAX));
    free(e.data);
}

int main(void) {
    const uint8_t *bytes = sample;
    uint32_t size = sizeof(sample);
    test_reading(bytes, size);

    uint32_t sum = 0;
    for (uint32_t cut = 0; cut <= size; ++cut) {
        exact_t e = exact(bytes, cut);
        sum += read_everything(&e.fb);
        free(e.data);
    }
    exact_t e = exact(bytes, size);
    CHECK(read_everything(&e.fb) != 0);
    for (uint32_t i = 0; i < size; ++i) {
        for (uint32_t value = 0; value < 256; ++value) {
            e.data[i] = (uint8_t)value;
            sum += read_everything(&e.fb);
        }
        e.data[i] = bytes[i];
    }
    // And two, three, four bytes at a time, with the values that overflow most easily.
    static const uint32_t nasty[] = { 0, 1, 3, 4, 0x7f, 0x80, 0xff, 0xffff, 0x7ffffffe, 0x7fffffff, 0x80000000,
        0x80000001, 0xfffffff0, 0xfffffffc, 0xffffffff };
    uint32_t state = 1;
    for (int run = 0; run < 200000; ++run) {
        uint32_t at[3], n = 1 + next_random(&state) % 3;
        for (uint32_t k = 0; k < n; ++k) {
            at[k] = next_random(&state) % (size - 3);
            memcpy(e.data + at[k], &nasty[next_random(&state) % 15], 4);
        }
        sum += read_everything(&e.fb);
        memcpy(e.data, bytes, size);
    }
    free(e.data);
    printf("read %u in all\n", (unsigned)sum);
    return 0;
}
