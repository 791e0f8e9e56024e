// SPDX-License-Identifier: MIT
//
// What the emulated Pico reads, run through the cache that a real one has before its flash: 16 KB, two ways,
// lines of 8 bytes, the least recently used replaced. These functions stand in for the emulator's own reads (see
// pico_counter.py), so the addresses are those of the firmware that a Pico runs.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FLASH (0x10u)
#define SRAM (0x20u)
#define SRAM_BYTES (264 * 1024)
#define LINE_BYTES (8)
#define SETS (1024)

typedef uint32_t (*read_t)(uint32_t address, uint32_t bytes);
typedef void (*arrived_t)(uint32_t address);

static const uint8_t *flash, *sram;
static uint32_t flash_bytes;
static uint32_t weights; // where they begin; before them lie code and its constants
static read_t elsewhere; // the emulator's own read
static arrived_t arrived;
static uint32_t watched[2];
static uint32_t cache[SETS][2]; // line + 1; the one used last first
static uint64_t misses[2]; // of code, of weights

void cache_open(const uint8_t *flash_, uint32_t flash_bytes_, const uint8_t *sram_, uint32_t weights_,
    read_t elsewhere_, arrived_t arrived_) {
    flash = flash_;
    flash_bytes = flash_bytes_;
    sram = sram_;
    weights = weights_;
    elsewhere = elsewhere_;
    arrived = arrived_;
    memset(cache, 0, sizeof(cache));
    misses[0] = misses[1] = 0;
}

// From now on `arrived` is told before an instruction at one of these addresses is fetched.
void cache_watch(uint32_t a, uint32_t b) {
    watched[0] = a;
    watched[1] = b;
}

uint64_t cache_misses(int of_weights) {
    return misses[of_weights];
}

static void touch(uint32_t address) {
    uint32_t line = address / LINE_BYTES, tag = line + 1, *set = cache[line % SETS];
    if (set[0] == tag) {
        return;
    }
    if (set[1] != tag) {
        ++misses[address >= weights];
    }
    set[1] = set[0];
    set[0] = tag;
}

// The bytes at an address that memory backs, else NULL.
static const uint8_t *bytes_at(uint32_t address, uint32_t n) {
    uint32_t offset = address & 0xffffff;
    if (address >> 24 == FLASH && offset + n <= flash_bytes) {
        touch(address);
        return flash + offset;
    }
    return address >> 24 == SRAM && offset + n <= SRAM_BYTES ? sram + offset : NULL;
}

static uint32_t loaded(uint32_t address, uint32_t n) {
    const uint8_t *p = bytes_at(address, n);
    if (p == NULL) {
        return elsewhere(address, n);
    }
    uint32_t value = 0;
    memcpy(&value, p, n); // both sides are little-endian
    return value;
}

uint32_t cache_read8(uint32_t address) {
    return loaded(address, 1);
}

// Also how instructions are fetched.
uint32_t cache_read16(uint32_t address) {
    if (address == watched[0] || address == watched[1]) {
        arrived(address);
    }
    return loaded(address, 2);
}

uint32_t cache_read32(uint32_t address) {
    return loaded(address, 4);
}
