// SPDX-License-Identifier: MIT
//
// Reads numbers out of FlexBuffers, each in memory of exactly its size.
//
// stdin, for each: u32 bytes, u32 bytes of the key, the bytes, the key. stdout: i32 kind, i32 the number as an
// integer (-7 if there is none), u32 the bits of the number as a float (likewise).
#include <string.h>

#include "check.h"
#include "flexbuffer.h"

int main(void) {
    uint32_t head[2];
    while (fread(head, sizeof(head), 1, stdin) == 1) {
        uint8_t *bytes = malloc(head[0] == 0 ? 1 : head[0]);
        char *key = malloc(head[1] + 1);
        CHECK(fread(bytes, 1, head[0], stdin) == head[0] && fread(key, 1, head[1], stdin) == head[1]);
        key[head[1]] = '\0';
        a8_flatbuffer_t fb = { bytes, head[0] };
        uint64_t bits;
        int32_t out[3] = { (int32_t)a8_flexbuffer_number(&fb, key, &bits), -7, -7 };
        uint32_t float_bits = (uint32_t)-7;
        a8_flexbuffer_int(&fb, key, &out[1]);
        a8_flexbuffer_float(&fb, key, &float_bits);
        memcpy(&out[2], &float_bits, sizeof(float_bits));
        CHECK(fwrite(out, sizeof(out), 1, stdout) == 1);
        free(bytes);
        free(key);
    }
    return 0;
}
