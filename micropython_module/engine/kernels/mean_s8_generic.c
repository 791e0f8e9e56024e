// SPDX-License-Identifier: MIT
#include "../quantize.h"
#include "kernels.h"

static int32_t sum_s8(const a8_mean_params_t *params, const int8_t *in) {
    int32_t sum = 0;
    for (int32_t i = 0; i < params->reduced[0]; i++) {
        const int8_t *row = in;
        for (int32_t j = 0; j < params->reduced[1]; j++) {
            const int8_t *x = row;
            for (int32_t k = 0; k < params->reduced[2]; k++) {
                sum += *x;
                x += params->reduced_stride[2];
            }
            row += params->reduced_stride[1];
        }
        in += params->reduced_stride[0];
    }
    return sum;
}

void a8_mean_s8_generic(const a8_mean_params_t *params, const int8_t *in, int8_t *out, int32_t begin, int32_t end) {
    // Where the first output's elements start; from there on like the wheels of a counter.
    int32_t index[A8_MEAN_GROUPS];
    int32_t offset = 0;
    int32_t rest = begin;
    for (int32_t g = A8_MEAN_GROUPS - 1; g >= 0; g--) {
        index[g] = rest % params->kept[g];
        rest /= params->kept[g];
        offset += index[g] * params->kept_stride[g];
    }
    for (int32_t i = begin; i < end; i++) {
        int32_t sum = sum_s8(params, in + offset) + params->sum_offset;
        int32_t mean = a8_requantize(sum, params->multiplier, params->shift) + params->output_offset;
        mean = mean < INT8_MIN ? INT8_MIN : mean;
        mean = mean > INT8_MAX ? INT8_MAX : mean;
        out[i] = (int8_t)mean;
        for (int32_t g = A8_MEAN_GROUPS - 1; g >= 0; g--) {
            offset += params->kept_stride[g];
            if (++index[g] < params->kept[g]) {
                break;
            }
            offset -= params->kept[g] * params->kept_stride[g];
            index[g] = 0;
        }
    }
}
