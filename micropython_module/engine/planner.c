// SPDX-License-Identifier: MIT
//
// Placing buffers with lifetimes into the least memory is NP-hard (dynamic
// storage allocation), but the graphs of small models are close to chains,
// where simple methods find the optimum. So:
//
// - first fit: take the buffers in some order, and put each at the lowest offset
//   where it meets no buffer placed before that lives at the same time;
// - do that for a few orders (by size, by bytes x time, by lifetime, by time) and
//   keep the best;
// - while the best is above the lower bound (the largest sum of bytes alive at
//   one time), repair: the buffer that went beyond the best so far was placed too
//   late, so move it to the front, and try again.
//
// The effort is bounded by counting comparisons of two buffers, not by a clock,
// so that the answer is the same on every machine. A comparison takes about 20
// cycles on a Cortex-M0+.
#include "planner.h"

#include <stdbool.h>

#include "config.h"

// Comparisons after which no further order is tried.
#define EFFORT (100000u)
// Orders tried in the repair of one order.
#define REPAIRS (24)

typedef struct {
    a8_buffer_t *buffers;
    uint16_t *order; // the buffers in the order of placing
    uint16_t *placed; // those that have a place, by offset
    uint16_t *best; // the best order so far
    uint32_t n; // that need a place
    uint32_t best_bytes;
    uint32_t effort;
} plan_t;

static uint32_t rounded(const a8_buffer_t *buffer) {
    return (buffer->bytes + (A8_ALIGN - 1)) & ~(uint32_t)(A8_ALIGN - 1);
}

static bool needs_place(const a8_buffer_t *buffer) {
    return buffer->first <= buffer->last && buffer->bytes != 0;
}

static uint32_t count_places(const a8_buffer_t *buffers, uint32_t n) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; ++i) {
        count += needs_place(&buffers[i]);
    }
    return count;
}

uint32_t a8_plan_work_bytes(const a8_buffer_t *buffers, uint32_t n) {
    return 3 * (uint32_t)sizeof(uint16_t) * count_places(buffers, n);
}

uint32_t a8_plan_bound(const a8_buffer_t *buffers, uint32_t n) {
    // A maximum is reached at a time when some buffer begins to live.
    uint32_t bound = 0;
    for (uint32_t i = 0; i < n; ++i) {
        uint32_t sum = 0;
        if (!needs_place(&buffers[i])) {
            continue;
        }
        for (uint32_t k = 0; k < n; ++k) {
            if (needs_place(&buffers[k]) && buffers[k].first <= buffers[i].first &&
                buffers[i].first <= buffers[k].last) {
                sum += rounded(&buffers[k]);
                if (sum > INT32_MAX) {
                    return A8_PLAN_TOO_LARGE;
                }
            }
        }
        bound = sum > bound ? sum : bound;
    }
    return bound;
}

// Places all in the given order. Returns n, or the position in the order of the first buffer that
// would not end below the limit.
static uint32_t place(plan_t *plan, uint32_t limit, uint32_t *bytes) {
    uint32_t peak = 0;
    for (uint32_t i = 0; i < plan->n; ++i) {
        a8_buffer_t *buffer = &plan->buffers[plan->order[i]];
        uint32_t size = rounded(buffer), offset = 0;
        for (uint32_t k = 0; k < i; ++k) {
            const a8_buffer_t *other = &plan->buffers[plan->placed[k]];
            if (other->first > buffer->last || buffer->first > other->last) {
                continue;
            }
            if (other->offset >= offset && other->offset - offset >= size) {
                break;
            }
            uint32_t end = other->offset + rounded(other);
            offset = end > offset ? end : offset;
        }
        plan->effort += i;
        // offset is at most limit here, so nothing overflows
        if (size >= limit - offset) {
            return i;
        }
        buffer->offset = offset;
        peak = offset + size > peak ? offset + size : peak;
        uint32_t k = i;
        while (k > 0 && plan->buffers[plan->placed[k - 1]].offset > offset) {
            plan->placed[k] = plan->placed[k - 1];
            --k;
        }
        plan->placed[k] = plan->order[i];
    }
    *bytes = peak;
    return plan->n;
}

typedef struct {
    uint32_t major;
    uint32_t minor;
} order_key_t;

// The orders: larger keys first, and of equal ones the buffer that comes first.
static void order_key(const a8_buffer_t *buffer, uint32_t order, order_key_t *key) {
    uint32_t size = rounded(buffer), duration = (uint32_t)buffer->last - buffer->first + 1;
    key->minor = size;
    switch (order) {
        case 0: // by size, then the longer living
            key->major = size;
            key->minor = duration;
            break;
        case 1: // by bytes x time
            key->minor = (size & 0xffff) * duration; // duration is below 2^16
            key->major = (size >> 16) * duration + (key->minor >> 16);
            key->minor &= 0xffff;
            break;
        case 2: // by lifetime, then size
            key->major = duration;
            break;
        default: // by time, then size
            key->major = UINT16_MAX - buffer->first;
            break;
    }
}
#define ORDERS (4)

static void sort(plan_t *plan, uint32_t order) {
    // Shell sort; what comes out does not depend on the method, as no two are equal.
    uint32_t gap = 1;
    while (gap < plan->n / 3) {
        gap = 3 * gap + 1;
    }
    for (; gap > 0; gap /= 3) {
        for (uint32_t i = gap; i < plan->n; ++i) {
            uint16_t moving = plan->order[i];
            order_key_t key, other_key;
            order_key(&plan->buffers[moving], order, &key);
            uint32_t k = i;
            for (; k >= gap; k -= gap) {
                uint16_t other = plan->order[k - gap];
                order_key(&plan->buffers[other], order, &other_key);
                bool same = other_key.major == key.major;
                if (same ? other_key.minor > key.minor || (other_key.minor == key.minor && other < moving)
                         : other_key.major > key.major) {
                    break;
                }
                plan->order[k] = other;
            }
            plan->order[k] = moving;
        }
    }
}

uint32_t a8_plan(a8_buffer_t *buffers, uint32_t n, uint16_t *work) {
    uint32_t bound = a8_plan_bound(buffers, n);
    if (bound == A8_PLAN_TOO_LARGE) {
        return A8_PLAN_TOO_LARGE;
    }
    uint32_t count = count_places(buffers, n);
    plan_t plan = { buffers, work, work + count, work + 2 * count, 0, (uint32_t)INT32_MAX + 1, 0 };
    for (uint32_t i = 0; i < n; ++i) {
        if (needs_place(&buffers[i])) {
            plan.order[plan.n++] = (uint16_t)i;
        } else if (buffers[i].first <= buffers[i].last) {
            buffers[i].offset = 0;
        }
    }
    if (plan.n == 0) {
        return 0;
    }
    bool found = false;
    for (uint32_t order = 0; order < ORDERS && plan.best_bytes > bound; ++order) {
        if (order > 0 && plan.effort > EFFORT) {
            break;
        }
        sort(&plan, order);
        for (uint32_t repair = 0; repair <= REPAIRS; ++repair) {
            uint32_t bytes;
            uint32_t stuck = place(&plan, plan.best_bytes, &bytes);
            if (stuck == plan.n) {
                found = true;
                plan.best_bytes = bytes;
                for (uint32_t i = 0; i < plan.n; ++i) {
                    plan.best[i] = plan.order[i];
                }
                if (bytes <= bound) {
                    break;
                }
            } else if (stuck == 0) {
                break;
            } else {
                uint16_t moving = plan.order[stuck];
                for (uint32_t i = stuck; i > 0; --i) {
                    plan.order[i] = plan.order[i - 1];
                }
                plan.order[0] = moving;
            }
            if (plan.effort > EFFORT) {
                break;
            }
        }
    }
    if (!found) {
        return A8_PLAN_TOO_LARGE;
    }
    for (uint32_t i = 0; i < plan.n; ++i) {
        plan.order[i] = plan.best[i];
    }
    uint32_t bytes = 0;
    place(&plan, (uint32_t)INT32_MAX + 1, &bytes);
    return bytes;
}
