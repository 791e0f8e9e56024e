// SPDX-License-Identifier: MIT
// The stock board; what is ours is in ../board.cmake.
#include "boards/RPI_PICO/mpconfigboard.h"
