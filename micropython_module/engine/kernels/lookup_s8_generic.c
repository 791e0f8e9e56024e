// SPDX-License-Identifier: MIT
#include "kernels.h"

void a8_lookup_s8_generic(const int8_t *table, const int8_t *in, int8_t *out, int32_t n) {
    for (; n >= 4; n -= 4, in += 4, out += 4) {
        out[0] = table[(uint8_t)in[0]];
        out[1] = table[(uint8_t)in[1]];
        out[2] = table[(uint8_t)in[2]];
        out[3] = table[(uint8_t)in[3]];
    }
    for (; n > 0; n--) {
        *out++ = table[(uint8_t)*in++];
    }
}
