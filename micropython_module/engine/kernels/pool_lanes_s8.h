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
    int32_t columns;
    int32_t step; // from tap to tap
    int32_t row_step;
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

static inline uint32_t clamp_lanes(const a8_pool_params_t *params, uint32_t word) {
    if (params->min > INT8_MIN) {
        word = max_lanes(word, all_lanes(params->min));
    }
    if (params->max < INT8_MAX) {
        word = ~max_lanes(~word, ~all_lanes(params->max));
    }
    return word;
}

// What has been seen of a window.
typedef struct {
    lane_sums_t sums; // for an average
    uint32_t best; // for a maximum
} lanes_t;

static A8_INLINE void take_lanes(lanes_t *seen, uint32_t tap, bool average) {
    if (average) {
        add_lanes(&seen->sums, tap);
    } else {
        seen->best = max_lanes(seen->best, tap);
    }
}

// Four channels from c on.
static A8_INLINE lanes_t lanes_of(const window_t *window, int32_t c, bool average) {
    const int8_t *row = window->first + c;
    lanes_t seen = { { 0, 0 }, load_lanes(row) };
    if (average) {
        add_lanes(&seen.sums, seen.best);
    }
    for (int32_t rows = window->rows;;) {
        const int8_t *x = row;
        for (int32_t left = window->columns - 1; left > 0; left--) {
            x += window->step;
            take_lanes(&seen, load_lanes(x), average);
        }
        if (--rows == 0) {
            return seen;
        }
        row += window->row_step;
        take_lanes(&seen, load_lanes(row), average);
    }
}

static inline uint32_t average_of_lanes(const lanes_t *seen, const mean_t *mean) {
    uint32_t word = 0;
    for (int32_t i = 0; i < LANES; i++) {
        word |= (uint32_t)raised_mean(mean, sum_of_lane(&seen->sums, i, (int32_t)mean->count)) << 8 * i;
    }
    return word ^ all_lanes(RAISED);
}

static A8_INLINE int32_t taken(int32_t seen, int32_t tap, bool average) {
    return average ? seen + tap : tap > seen ? tap : seen;
}

// Sum or maximum of one channel.
static A8_INLINE int32_t byte_of(const window_t *window, int32_t c, bool average) {
    const int8_t *row = window->first + c;
    int32_t seen = *row;
    for (int32_t rows = window->rows;;) {
        const int8_t *x = row;
        for (int32_t left = window->columns - 1; left > 0; left--) {
            x += window->step;
            seen = taken(seen, *x, average);
        }
        if (--rows == 0) {
            return seen;
        }
        row += window->row_step;
        seen = taken(seen, *row, average);
    }
}

static inline int32_t average_of_byte(int32_t sum, const mean_t *mean) {
    return raised_mean(mean, (uint32_t)sum + RAISED * mean->count) - RAISED;
}

static A8_INLINE void pool(const a8_pool_params_t *params, const int8_t *input, int8_t *out, int32_t y0, int32_t y1,
    bool average) {
    const a8_window_t *win = &params->window;
    const int32_t channels = params->channels;
    const bool words = has_lanes(input, channels) && has_lanes(out, 0);
    mean_t mean = mean_of(1);
    window_t window = { input, 0, 0, channels, win->in_w * channels };
    out += y0 * win->out_w * channels;
    for (int32_t y = y0; y < y1; y++) {
        const int32_t top = y * win->stride_h - win->pad_h;
        const a8_taps_t ty = a8_taps(top, win->in_h, win->filter_h, 1);
        const int8_t *row = input + (top + ty.first) * window.row_step;
        window.rows = ty.end - ty.first;
        int32_t left = -win->pad_w;
        for (int32_t x = 0; x < win->out_w; x++) {
            const a8_taps_t tx = a8_taps(left, win->in_w, win->filter_w, 1);
            window.columns = tx.end - tx.first;
            window.first = row + (left + tx.first) * channels;
            const uint32_t count = (uint32_t)(window.rows * window.columns);
            if (average && count != mean.count) {
                mean = mean_of(count);
            }
            int32_t c = 0;
            if (words && !(average && count > LANE_SUM_TERMS)) {
                for (; c <= channels - LANES; c += LANES) {
                    const lanes_t seen = lanes_of(&window, c, average);
                    store_lanes(out + c, clamp_lanes(params, average ? average_of_lanes(&seen, &mean) : seen.best));
                }
            }
            for (; c < channels; c++) {
                const int32_t seen = byte_of(&window, c, average);
                out[c] = (int8_t)a8_clamp(average ? average_of_byte(seen, &mean) : seen, params->min, params->max);
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
