// SPDX-License-Identifier: MIT
//
// SignalFramer, SignalStacker and SignalDelay: int16 samples that wait in the node's state for those to come. What an
// operator cannot fill yet is 0, where the reference leaves it as it is in memory.
#include <string.h>

#include "signal.h"

// ---- SignalFramer -------------------------------------------------------------

// Frames overlap: each is what has been kept of the samples before, then new ones. The state: how many frames have
// been incomplete, then for each of the outer rows the kept samples.
typedef struct {
    int32_t outer;
    int32_t frames; // in a row of the input
    int32_t size;
    int32_t step;
    int32_t kept;
    int32_t incomplete; // so many frames come before the first whole one
} framer_t;

typedef char a8_assert_framer_t[sizeof(framer_t) == 24 ? 1 : -1];

int a8_signal_framer_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    a8_tensor_info_t valid;
    framer_t f;
    int code;
    if ((code = a8_signal_node(ctx, 1, 2)) != A8_OK ||
        (code = a8_signal_input(ctx, 0, A8_INT16, -1, &in)) != A8_OK ||
        (code = a8_signal_output(ctx, 0, A8_INT16, (int32_t)in.rank + 1, &out)) != A8_OK ||
        (code = a8_signal_output(ctx, 1, A8_BOOL, 0, &valid)) != A8_OK) {
        return code;
    }
    int32_t row = in.rank == 0 ? 1 : in.dims[in.rank - 1];
    if ((code = a8_signal_option(ctx, "frame_size", 1, INT32_MAX / 4, &f.size)) != A8_OK ||
        (code = a8_signal_option(ctx, "frame_step", 1, row, &f.step)) != A8_OK) {
        return code;
    }
    if (row % f.step != 0) {
        return a8_ctx_fail(ctx, A8_ERR_MODEL, "rows of the input are not a whole number of frame steps", row, f.step);
    }
    f.outer = (int32_t)in.count / row;
    f.frames = row / f.step;
    bool prefill = a8_ctx_custom_bool(ctx, "prefill", false);
    if (prefill && f.size < f.step) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "prefill needs a frame_size of at least frame_step", f.step,
            f.size);
    }
    // Without prefill a frame starts at a whole number of steps behind the first sample.
    f.kept = prefill ? f.size - f.step : (f.size - 1) / f.step * f.step;
    f.incomplete = prefill ? 0 : f.kept / f.step;
    int64_t bytes = 4 + (int64_t)f.outer * f.kept * 2;
    if (bytes > INT32_MAX) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "too many samples to keep", A8_NONE, A8_NONE);
    }
    if ((code = a8_signal_count(ctx, &out, (int64_t)f.outer * f.frames * f.size)) != A8_OK ||
        (code = a8_ctx_state(ctx, (uint32_t)bytes)) != A8_OK) {
        return code;
    }
    framer_t *block = a8_ctx_alloc(ctx, sizeof(framer_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    *block = f;
    return A8_OK;
}

int a8_signal_framer_eval_s16(a8_ctx_t *ctx) {
    const framer_t *f = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    int16_t *out = a8_ctx_out(ctx, 0);
    int32_t *seen = a8_ctx_state_data(ctx);
    int16_t *kept = (int16_t *)(void *)(seen + 1);
    bool *valid = a8_ctx_out(ctx, 1);
    const uint32_t step = (uint32_t)f->step * 2; // in bytes
    const uint32_t rest = f->kept > f->step ? (uint32_t)(f->kept - f->step) : 0;
    *valid = *seen >= f->incomplete;
    for (int32_t i = 0; i < f->outer; i++) {
        for (int32_t frame = 0; frame < f->frames; frame++) {
            if (*seen + frame >= f->incomplete) {
                memcpy(out, kept, (uint32_t)f->kept * 2);
                memcpy(out + f->kept, in, (uint32_t)(f->size - f->kept) * 2);
            } else {
                memset(out, 0, (uint32_t)f->size * 2);
            }
            memmove(kept, kept + f->step, rest * 2);
            uint32_t new = (uint32_t)f->kept * 2 - rest * 2;
            memcpy(kept + rest, in + step - new, new);
            in += step;
            out += f->size;
            if (a8_ctx_stop(ctx)) {
                return A8_ERR_ABORTED;
            }
        }
        kept += f->kept;
    }
    *seen = *seen + f->frames < f->incomplete ? *seen + f->frames : f->incomplete;
    return A8_OK;
}

// ---- SignalStacker ------------------------------------------------------------

// Frames of channels stacked on each other. The state: how many wait, whether there was a first one, then the frames.
typedef struct {
    int32_t channels;
    int32_t left; // the first frame counts so many times more
    int32_t depth;
    int32_t step;
} stacker_t;

typedef struct {
    int32_t frames;
    int32_t started;
} stack_t;

typedef char a8_assert_stacker_t[sizeof(stacker_t) == 16 && sizeof(stack_t) == 8 ? 1 : -1];

int a8_signal_stacker_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    a8_tensor_info_t valid;
    stacker_t s;
    int32_t right;
    int code;
    if ((code = a8_signal_node(ctx, 1, 2)) != A8_OK ||
        (code = a8_signal_input(ctx, 0, A8_INT16, 1, &in)) != A8_OK ||
        (code = a8_signal_output(ctx, 0, A8_INT16, 1, &out)) != A8_OK ||
        (code = a8_signal_output(ctx, 1, A8_BOOL, 0, &valid)) != A8_OK ||
        (code = a8_signal_option(ctx, "num_channels", 1, INT32_MAX, &s.channels)) != A8_OK ||
        (code = a8_signal_option(ctx, "stacker_left_context", 0, INT32_MAX / 4, &s.left)) != A8_OK ||
        (code = a8_signal_option(ctx, "stacker_right_context", 0, INT32_MAX / 4, &right)) != A8_OK) {
        return code;
    }
    s.depth = s.left + right + 1;
    if ((code = a8_signal_option(ctx, "stacker_step", 1, s.depth, &s.step)) != A8_OK ||
        (code = a8_signal_count(ctx, &in, s.channels)) != A8_OK ||
        (code = a8_signal_count(ctx, &out, (int64_t)s.depth * s.channels)) != A8_OK ||
        (code = a8_ctx_state(ctx, (uint32_t)sizeof(stack_t) + out.bytes)) != A8_OK) {
        return code;
    }
    stacker_t *block = a8_ctx_alloc(ctx, sizeof(stacker_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    *block = s;
    return A8_OK;
}

int a8_signal_stacker_eval_s16(a8_ctx_t *ctx) {
    const stacker_t *s = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    uint8_t *out = a8_ctx_out(ctx, 0);
    bool *valid = a8_ctx_out(ctx, 1);
    stack_t *stack = a8_ctx_state_data(ctx);
    uint8_t *frames = (uint8_t *)(stack + 1);
    const uint32_t frame = (uint32_t)s->channels * 2;
    const uint32_t all = (uint32_t)s->depth * frame;
    for (int32_t times = stack->started ? 1 : s->left + 1; times > 0; times--) {
        memcpy(frames + (uint32_t)stack->frames * frame, in, frame);
        stack->frames++;
    }
    stack->started = 1;
    *valid = stack->frames == s->depth;
    if (*valid) {
        const uint32_t gone = (uint32_t)s->step * frame;
        memcpy(out, frames, all);
        memmove(frames, frames + gone, all - gone);
        stack->frames -= s->step;
    } else {
        memset(out, 0, all);
    }
    return A8_OK;
}

// ---- SignalDelay ----------------------------------------------------------------

// The state: where in the ring the next sample goes, then a ring for each of the outer rows.
typedef struct {
    int32_t outer;
    int32_t row;
    int32_t length;
    int32_t reserved;
} delay_t;

typedef char a8_assert_delay_t[sizeof(delay_t) == 16 ? 1 : -1];

int a8_signal_delay_prepare(a8_ctx_t *ctx) {
    a8_tensor_info_t in;
    a8_tensor_info_t out;
    delay_t d;
    int code;
    if ((code = a8_signal_node(ctx, 1, 1)) != A8_OK ||
        (code = a8_signal_input(ctx, 0, A8_INT16, -1, &in)) != A8_OK ||
        (code = a8_signal_output(ctx, 0, A8_INT16, -1, &out)) != A8_OK ||
        (code = a8_signal_count(ctx, &out, in.count)) != A8_OK ||
        (code = a8_signal_option(ctx, "delay_length", 0, INT32_MAX / 4, &d.length)) != A8_OK) {
        return code;
    }
    d.row = in.rank == 0 ? 1 : in.dims[in.rank - 1];
    d.outer = (int32_t)in.count / d.row;
    d.reserved = 0;
    int64_t bytes = 4 + (int64_t)d.outer * d.length * 2;
    if (bytes > INT32_MAX) {
        return a8_ctx_fail(ctx, A8_ERR_UNSUPPORTED, "too many samples to keep", A8_NONE, A8_NONE);
    }
    if ((code = a8_ctx_state(ctx, (uint32_t)bytes)) != A8_OK) {
        return code;
    }
    delay_t *block = a8_ctx_alloc(ctx, sizeof(delay_t));
    if (block == NULL) {
        return A8_ERR_MEMORY;
    }
    *block = d;
    return A8_OK;
}

int a8_signal_delay_eval_s16(a8_ctx_t *ctx) {
    const delay_t *d = a8_ctx_data(ctx);
    const uint8_t *in = a8_ctx_in(ctx, 0);
    int16_t *out = a8_ctx_out(ctx, 0);
    int32_t *next = a8_ctx_state_data(ctx);
    int16_t *ring = (int16_t *)(void *)(next + 1);
    int32_t at = *next;
    if (d->length == 0) {
        memcpy(out, in, (uint32_t)d->outer * (uint32_t)d->row * 2);
        return A8_OK;
    }
    for (int32_t i = 0; i < d->outer; i++) {
        at = *next;
        for (int32_t left = d->row; left > 0;) {
            int32_t n = d->length - at < left ? d->length - at : left;
            memcpy(out, ring + at, (uint32_t)n * 2);
            memcpy(ring + at, in, (uint32_t)n * 2);
            out += n;
            in += 2 * n;
            at = at + n == d->length ? 0 : at + n;
            left -= n;
        }
        ring += d->length;
        if (a8_ctx_stop(ctx)) {
            return A8_ERR_ABORTED;
        }
    }
    *next = at;
    return A8_OK;
}
