// SPDX-License-Identifier: MIT
//
// What differs by port: clock, memory map.
#include "arena8_binding.h"

#include "py/gc.h"
#include "py/mphal.h"
#include "py/mpstate.h"

// A port with the time module has a microsecond counter (QEMU's boards have neither).
#if MICROPY_PY_TIME
static uint32_t clock_us(void *arg) {
    (void)arg;
    return (uint32_t)mp_hal_ticks_us();
}
const a8_clock_t a8_port_clock = clock_us;
#else
const a8_clock_t a8_port_clock = NULL;
#endif

void *a8_port_heap_head(const void *p) {
    const mp_state_mem_area_t *area = &MP_STATE_MEM(area);
#if MICROPY_GC_SPLIT_HEAP
    for (; area != NULL; area = area->next)
#endif
    {
        uint8_t *start = area->gc_pool_start;
        if ((const uint8_t *)p >= start && (const uint8_t *)p < (const uint8_t *)area->gc_pool_end) {
            size_t block = (size_t)((const uint8_t *)p - start) / MICROPY_BYTES_PER_GC_BLOCK;
            // Only the head of a block has a size.
            while (block > 0 && gc_nbytes(start + block * MICROPY_BYTES_PER_GC_BLOCK) == 0) {
                block--;
            }
            return start + block * MICROPY_BYTES_PER_GC_BLOCK;
        }
    }
    return NULL;
}

bool a8_port_in_flash(const void *p) {
    uintptr_t at = (uintptr_t)p;
    (void)at;
    if (a8_port_heap_head(p) != NULL) { // external RAM may be mapped beside external flash
        return false;
    }
    // Run on rp2, QEMU's boards and unix only; the other windows are from the chips' address maps.
#if defined(A8_IN_FLASH) // for a port that knows better
    return A8_IN_FLASH(at);
#elif defined(__arm__) && defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
    // The architecture's code region, and the windows in which stm32 and mimxrt map serial flash.
    return at < 0x20000000 || (at >= 0x60000000 && at < 0x80000000) || (at >= 0x90000000 && at < 0xa0000000);
#elif defined(__XTENSA__)
    return (at >= 0x3c000000 && at < 0x3e000000) || (at >= 0x3f000000 && at < 0x3f800000) || (at >= 0x40200000 && at < 0x40300000);
#elif defined(__riscv) && __riscv_xlen == 32
    return (at >= 0x3c000000 && at < 0x3d000000) || (at >= 0x42000000 && at < 0x44000000);
#else
    return false;
#endif
}
