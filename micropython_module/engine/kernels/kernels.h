// SPDX-License-Identifier: MIT
//
// Prototypes of the kernels, and one ladder that picks the variant for each
// target. A kernel sees plain structs and pointers. The portable version is
// always compiled under its own _generic name; an optimised one is tested
// against it on its own target. A kernel that may run long takes a range of
// output rows, so that its operator can poll between them.
#ifndef A8_KERNELS_H
#define A8_KERNELS_H

#include <stdint.h>

// ---- Convolutions, fully connected, pools ---------------------------------

// ---- Element by element, reductions, softmax ------------------------------

// ---- The ladder -----------------------------------------------------------

#endif
