// SPDX-License-Identifier: MIT
// The stock board, with the filesystem in flash that models are deployed to.
#include "boards/ESP32_GENERIC/mpconfigboard.h"

#ifndef MICROPY_VFS_ROM
#define MICROPY_VFS_ROM (1)
#endif
