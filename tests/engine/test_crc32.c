// SPDX-License-Identifier: MIT
//
// CRC-32 against published check values and a bit by bit division.
#include <string.h>

#include "arena8.h"
#include "check.h"

static uint32_t by_bits(const uint8_t *data, uint32_t size) {
    uint32_t crc = 0xffffffff;
    for (uint32_t i = 0; i < size; ++i) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc & 1) != 0 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
        }
    }
    return ~crc;
}

int main(void) {
    CHECK_EQ(a8_crc32(0, "", 0), 0);
    CHECK_EQ(a8_crc32(0, "123456789", 9), 0xcbf43926);
    uint8_t data[257];
    uint32_t state = 3;
    for (uint32_t i = 0; i < sizeof(data); ++i) {
        data[i] = (uint8_t)next_random(&state);
    }
    for (uint32_t n = 0; n <= sizeof(data); ++n) {
        uint32_t expected = by_bits(data, n);
        CHECK_EQ(a8_crc32(0, data, n), expected);
        CHECK_EQ(a8_crc32(a8_crc32(0, data, n / 3), data + n / 3, n - n / 3), expected);
    }
    return 0;
}
