// SPDX-License-Identifier: MIT
//
// Average and maximum pools of int8. A group of channels is one word as long as there are four of them, and words
// where this core can read them; else a byte. The including file says what lanes are (lanes_generic.h
// and so on) and defines AVERAGE_KERNEL and MAX_KERNEL.
#include "matrix_generic.h"

// The taps of one output pixel that lie inside of the input.
typedef struct {
    const int8_t *first;
    int32_t rows;
    int32_t step; // from tap to tap
    int32_t row_bytes; // that is, a row's taps
    int32_t row_skip; // from behind them to the next row
} window_t;

// The mean of so many elements, rounded half away from zero: of their sum, raised by 128 each, the quotient is the mean
// raised by 128.
typedef struct {
    uint32_t count;
    uint32_t half;
    uint32_t zero; // sums below it are of negative numbers, whose halves go down; 0: there are no halves
    uint32_t reciprocal; // 2^24 / count, rounded up: exact for all sums of LANE_SUM_TERMS elements
} mean_t;

static inline mean_t mean_of(uint32_t count) {
    const mean_t mean = { count, count / 2, count % 2 == 0 ? RAISED * count : 0, ((1 << 24) + count - 1) / count };
    return mean;
}

static inline int32_t raised_mean(const mean_t *mean, uint32_t sum) {
    sum += mean->half - (sum < mean->zero);
    return (int32_t)(mean->count > LANE_SUM_TERMS ? sum / mean->count : sum * mean->reciprocal >> 24);
}

static inline uint32_t all_lanes(int32_t value) {
    return (uint32_t)(uint8_t)value * 0x01010101u;
}

static inline uint32_t clamp_lanes(uint32_t word, uint32_t min, uint32_t max) {
    return ~max_lanes(~max_lanes(word, min), ~max);
}

// What has been seen of a window.
typedef struct {
    lane_sums_t sums; // for an average
    uint32_t best; // for a maximum
} lanes_t;

// Four channels from c on. min: what a maximum is at least, in each lane.
static A8_INLINE lanes_t lanes_of(const window_t *window, int32_t c, uint32_t min, bool average) {
    lanes_t seen = { { 0, 0 }, min };
    const int8_t *x = window->first + c;
    const int8_t *end = x + window->row_bytes;
    for (int32_t rows = window->rows; rows > 0; rows--) {
        do {
            if (average) {
                add_lanes(&seen.sums, load_lanes(x));
            } else {
                seen.best = max_lanes(seen.best, load_lanes(x));
            }
            x += window->step;
        } while (x != end);
        x += window->row_skip;
        end = x + window->row_bytes;
    }
    return seen;
}

static inline uint32_t average_of_lanes(const lanes_t *seen, const mean_t *mean) {
    const int32_t n = (int32_t)mean->count;
    const uint32_t word = (uint32_t)raised_mean(mean, sum_of_lane(&seen->sums, 0, n)) |
        (uint32_t)raised_mean(mean, sum_of_lane(&seen->sums, 1, n)) << 8 |
        (uint32_t)raised_mean(mean, sum_of_lane(&seen->sums, 2, n)) << 16 |
        (uint32_t)raised_mean(mean, sum_of_lane(&seen->sums, 3, n)) << 24;
    return word ^ all_lanes(RAISED);
}

// Sum or maximum of one channel.
static A8_INLINE int32_t byte_of(const window_t *window, int32_t c, int32_t min, bool average) {
    int32_t seen = average ? 0 : min;
    const int8_t *x = window->first + c;
    const int8_t *end = x + window->row_bytes;
    for (int32_t rows = window->rows; rows > 0; rows--) {
        do {
            seen = average ? seen + *x : *x > seen ? *x
                                                   : seen;
            x += window->step;
        } while (x != end);
        x += window->row_skip;
        end = x + window->row_bytes;
    }
    return seen;
}

static inline int32_t average_of_byte(int32_t sum, const mean_t *mean) {
    return raised_mean(mean, (uint32_t)sum + RAISED * mean->count) - RAISED;
}

static A8_INLINE void pool(const a8_pool_params_t *params, const int8_t *input, int8_t *out, int32_t y0, int32_t y1,
    bool average) {
    const a8_window_t *win = &params->window;
    const int32_t channels = params->channels;
    const int32_t row_step = win->in_w * channels;
    const bool words = has_lanes(input, channels) && has_lanes(out, 0);
    const uint32_t min = all_lanes(params->min), max = all_lanes(params->max);
    const bool clamps = params->max < INT8_MAX || (average && params->min > INT8_MIN);
    mean_t mean = mean_of(1);
    window_t window = { input, 0, channels, 0, 0 };
    out += y0 * win->out_w * channels;
    for (int32_t y = y0; y < y1; y++) {
        const int32_t top = y * win->stride_h - win->pad_h;
        const a8_taps_t ty = a8_taps(top, win->in_h, win->filter_h, 1);
        const int8_t *row = input + (top + ty.first) * row_step;
        window.rows = ty.end - ty.first;
        int32_t left = -win->pad_w;
        for (int32_t x = 0; x < win->out_w; x++) {
            const a8_taps_t tx = a8_taps(left, win->in_w, win->filter_w, 1);
            const uint32_t count = (uint32_t)(window.rows * (tx.end - tx.first));
            window.row_bytes = (tx.end - tx.first) * channels;
            window.row_skip = row_step - window.row_bytes;
            window.first = row + (left + tx.first) * channels;
            if (average && count != mean.count) {
                mean = mean_of(count);
            }
            int32_t c = 0;
            if (words && !(average && count > LANE_SUM_TERMS)) {
                for (; c <= channels - LANES; c += LANES) {
                    const lanes_t seen = lanes_of(&window, c, min, average);
                    const uint32_t word = average ? average_of_lanes(&seen, &mean) : seen.best;
                    store_lanes(out + c, clamps ? clamp_lanes(word, min, max) : word);
                }
            }
            for (; c < channels; c++) {
                const int32_t seen = byte_of(&window, c, params->min, average);
                const int32_t value = average ? average_of_byte(seen, &mean) : seen;
                out[c] = (int8_t)a8_clamp(value, params->min, params->max);
            }
            out += channels;
            left += win->stride_w;
        }
    }
}

A8_HOT void AVERAGE_KERNEL(const a8_pool_params_t *params, const void *input, void *output, int32_t y0, int32_t y1) {
    pool(params, input, output, y0, y1, true);
}

A8_HOT void MAX_KERNEL(const a8_pool_params_t *params, const void *input, void *output, int32_t y0, int32_t y1) {
    pool(params, input, output, y0, y1, false);
}
