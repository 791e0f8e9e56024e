// SPDX-License-Identifier: MIT
// The stock board; what is ours is in ../board.cmake.
#include "boards/RPI_PICO2/mpconfigboard.h"

// Where the chip's flash is seen: its first chip select, uncached windows left out.
#define A8_IN_FLASH(at) ((at) >= 0x10000000 && (at) < 0x11000000)
