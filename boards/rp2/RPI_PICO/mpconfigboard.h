// SPDX-License-Identifier: MIT
// The flash map: firmware, then ROMFS, then the filesystem at the offset and size of the stock firmware, so
// that files survive a change between the two. facts.json and flash_map.ld say the same; a test compares them.
#define MICROPY_HW_BOARD_NAME "Raspberry Pi Pico"
#define MICROPY_HW_FLASH_STORAGE_BYTES (1408 * 1024)
#define MICROPY_HW_ROMFS_BYTES (128 * 1024)
