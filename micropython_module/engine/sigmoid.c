// SPDX-License-Identifier: MIT
#include "sigmoid.h"

#include <string.h>

#define TABLE_LAST (255)
#define MAX_MULTIPLIER (1 << 18) // any element but 0 saturates

// The logistic function of i / 24 times 2^16. Not the values at these points: the line through two neighbours
// shall be close to the curve between them, so that most are up to 1 larger. The numbers are the reference's.
static const uint16_t table[TABLE_LAST + 1] = {
    32768, 33451, 34133, 34813, 35493, 36169, 36843, 37513, 38180, 38841, 39498, 40149, 40794, 41432,
    42064, 42688, 43304, 43912, 44511, 45102, 45683, 46255, 46817, 47369, 47911, 48443, 48964, 49475,
    49975, 50464, 50942, 51409, 51865, 52311, 52745, 53169, 53581, 53983, 54374, 54755, 55125, 55485,
    55834, 56174, 56503, 56823, 57133, 57433, 57724, 58007, 58280, 58544, 58800, 59048, 59288, 59519,
    59743, 59959, 60168, 60370, 60565, 60753, 60935, 61110, 61279, 61441, 61599, 61750, 61896, 62036,
    62172, 62302, 62428, 62549, 62666, 62778, 62886, 62990, 63090, 63186, 63279, 63368, 63454, 63536,
    63615, 63691, 63765, 63835, 63903, 63968, 64030, 64090, 64148, 64204, 64257, 64308, 64357, 64405,
    64450, 64494, 64536, 64576, 64614, 64652, 64687, 64721, 64754, 64786, 64816, 64845, 64873, 64900,
    64926, 64950, 64974, 64997, 65019, 65039, 65060, 65079, 65097, 65115, 65132, 65149, 65164, 65179,
    65194, 65208, 65221, 65234, 65246, 65258, 65269, 65280, 65291, 65301, 65310, 65319, 65328, 65337,
    65345, 65352, 65360, 65367, 65374, 65381, 65387, 65393, 65399, 65404, 65410, 65415, 65420, 65425,
    65429, 65433, 65438, 65442, 65445, 65449, 65453, 65456, 65459, 65462, 65465, 65468, 65471, 65474,
    65476, 65479, 65481, 65483, 65485, 65488, 65489, 65491, 65493, 65495, 65497, 65498, 65500, 65501,
    65503, 65504, 65505, 65507, 65508, 65509, 65510, 65511, 65512, 65513, 65514, 65515, 65516, 65517,
    65517, 65518, 65519, 65520, 65520, 65521, 65522, 65522, 65523, 65523, 65524, 65524, 65525, 65525,
    65526, 65526, 65526, 65527, 65527, 65528, 65528, 65528, 65529, 65529, 65529, 65529, 65530, 65530,
    65530, 65530, 65531, 65531, 65531, 65531, 65531, 65532, 65532, 65532, 65532, 65532, 65532, 65533,
    65533, 65533, 65533, 65533, 65533, 65533, 65533, 65534, 65534, 65534, 65534, 65534, 65534, 65534,
    65534, 65534, 65534, 65535
};

a8_sigmoid_params_t a8_sigmoid_params(int32_t multiplier, int32_t shift) {
    a8_sigmoid_params_t p = { multiplier, shift, INT16_MAX + 1 };
    if (multiplier > INT16_MAX) {
        p.multiplier = multiplier < MAX_MULTIPLIER ? multiplier : MAX_MULTIPLIER;
        p.limit = (1 << 30) / p.multiplier;
    }
    return p;
}

int32_t a8_near_power_of_two(float scale, int32_t power) {
    int32_t bits;
    memcpy(&bits, &scale, sizeof(bits));
    bits -= (127 + power) * (1 << 23);
    return bits > -11625 && bits < 5817; // 2^-0.001 and 2^0.001
}

a8_sigmoid_params_t a8_sigmoid_params_of_scale(float scale, int32_t also_doubled) {
    if (a8_near_power_of_two(scale, -12)) {
        return a8_sigmoid_params(3, 0);
    }
    if (also_doubled && a8_near_power_of_two(scale, -11)) {
        return a8_sigmoid_params(6, 0);
    }
    const a8_real_t most = a8_real_from_float(INT16_MAX / 2.0f);
    a8_real_t real = a8_real_mul(a8_real_from_float(scale), a8_real_from_float(3 << 12));
    int32_t shift = 0;
    while (shift < 31 && a8_real_cmp(real, most) <= 0) {
        real = a8_real_scale(real, 1);
        shift++;
    }
    // Rounded down.
    int32_t drop = -real.exponent;
    int32_t multiplier = drop > 52 ? 0 : MAX_MULTIPLIER;
    if (drop >= 53 - 19 && drop <= 52) {
        multiplier = (int32_t)(real.mantissa >> drop);
    }
    return a8_sigmoid_params(multiplier, shift);
}

// The i-th element, scaled.
static int32_t argument(const a8_sigmoid_params_t *p, const void *in, int32_t i) {
    const uint8_t *bytes = (const uint8_t *)in + 2 * i;
    int32_t x = (int16_t)(uint16_t)(bytes[0] | bytes[1] << 8);
    x = x > p->limit ? p->limit : x;
    x = x < -p->limit ? -p->limit : x;
    return (x * p->multiplier + (int32_t)(((uint32_t)1 << p->shift) >> 1)) >> p->shift;
}

// The table at magnitude / 2^bits, times 2^bits; at its end saturated.
static uint32_t interpolated(uint32_t magnitude, int32_t bits, uint32_t saturated) {
    uint32_t i = magnitude >> bits;
    if (i >= TABLE_LAST) {
        return saturated;
    }
    uint32_t rest = magnitude & (((uint32_t)1 << bits) - 1);
    return ((uint32_t)table[i] << bits) + rest * (uint32_t)(table[i + 1] - table[i]);
}

void a8_logistic_s16(const a8_sigmoid_params_t *params, const void *in, int16_t *out, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        int32_t x = argument(params, in, i);
        uint32_t y = interpolated((uint32_t)(x < 0 ? -x : x), 9, (uint32_t)INT16_MAX << 10);
        y = x < 0 ? ((uint32_t)1 << 25) - y + 511 : y + 512;
        out[i] = (int16_t)(y >> 10);
    }
}

void a8_tanh_s16(const a8_sigmoid_params_t *params, const void *in, int16_t *out, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        // tanh x = 2 logistic(2 x) - 1
        int32_t x = argument(params, in, i);
        int32_t y = (int32_t)interpolated((uint32_t)(x < 0 ? -x : x), 8, (uint32_t)UINT16_MAX << 8) - (1 << 23);
        out[i] = (int16_t)((x < 0 ? 127 - y : y + 128) >> 8);
    }
}
