// SPDX-License-Identifier: MIT
//
// Runs of pixels of a depthwise convolution of int8 for ARMv6-M; armv6m.h says what they do.
#include "armv6m.inc"

#if A8_KERNELS_ARMV6M

// The rest of a8_armv6m_depthwise_t.
#define X 20
#define TO_W 24
#define TO_OUTPUT 28
#define STEP 32
#define SPAN 36
#define ROW_SKIP 40
#define ZERO 44
#define PIXELS 48
#define LOOP 52
#define WORDS 16

// One channel after the other; within it one row of taps after the other, of which each input is read once for all
// of the pixels that see it.
//
//   r0 input  r1 bytes from pixel to pixel of the image, and from channel's weight to weight  r2 - r4 weights
//   r5, r6 at work  r7 weights' place  r8 - r11 sums of the pixels  r12 minus the zero point  lr end of r0
//
// r0 and r7 stay one step behind, since ldrsb wants two registers.

.macro WEIGHT r
    ldrsb \r, [r7, r1]
    adds r7, r1
.endm

.macro INPUT
    ldrsb r5, [r0, r1]
    add r5, r12
    adds r0, r1
.endm

.macro TAP sum, w
    mov r6, r5
    muls r6, \w
    add \sum, r6
.endm

// The last one of an input.
.macro ITS_LAST sum, w
    muls r5, \w
    add \sum, r5
.endm

.macro DEPTHWISE name
FUNCTION \name
    ENTER WORDS
    adr r0, \name\()_channel
    str r0, [sp, #LOOP]
    ldr r0, [sp, #ZERO]
    mov r12, r0
    .balign 4
\name\()_channel:
    ldr r0, [sp, #X]
    ldr r7, [sp, #TO_W]
    adds r7, r0
    ldr r1, [sp, #STEP]
    ldr r5, [sp, #SPAN]
    adds r5, r0
    mov lr, r5
    movs r5, #0
    mov r8, r5
    mov r9, r5
    mov r10, r5
    mov r11, r5
\name\()_row:
.endm

.macro END_ROW name
    ldr r5, [sp, #ROW_SKIP]
    adds r0, r5
    cmp r0, lr
    beq 1f
    b \name\()_row
1:  b .Ldepthwise_outputs
.endm

weight_0 .req r2
weight_1 .req r3
weight_2 .req r4

// The input numbered .Linput is tap .Linput - stride * pixel of a pixel's window, if that has it.
.macro ADD_TO sum, pixel, pixels, stride
    .irp tap, 0, 1, 2
    .if \pixel < \pixels && .Linput - \stride * \pixel == \tap
    .if \pixel + 1 < \pixels && .Linput >= \stride * (\pixel + 1)
    TAP \sum, weight_\tap
    .else
    ITS_LAST \sum, weight_\tap
    .endif
    .endif
    .endr
.endm

// Pixels side by side whose windows are 3 wide.
.macro WIDTH_3 name, pixels, stride
DEPTHWISE \name
    WEIGHT weight_0
    WEIGHT weight_1
    WEIGHT weight_2
    .set .Linput, 0
    .rept 3 + \stride * (\pixels - 1)
    INPUT
    ADD_TO r8, 0, \pixels, \stride
    ADD_TO r9, 1, \pixels, \stride
    ADD_TO r10, 2, \pixels, \stride
    ADD_TO r11, 3, \pixels, \stride
    .set .Linput, .Linput + 1
    .endr
    END_ROW \name
.endm

WIDTH_3 a8_depthwise_3x4_armv6m, 4, 1
WIDTH_3 a8_depthwise_3x3_armv6m, 3, 1
WIDTH_3 a8_depthwise_3x2_armv6m, 2, 1
WIDTH_3 a8_depthwise_3x4_stride2_armv6m, 4, 2
WIDTH_3 a8_depthwise_3x2_stride2_armv6m, 2, 2

// One pixel, with so many taps of filters 3 wide.
.macro ONE_PIXEL name, taps
DEPTHWISE \name
    .rept \taps
    WEIGHT r2
    INPUT
    ITS_LAST r8, r2
    .endr
    .rept 3 - \taps
    adds r7, r1
    .endr
    END_ROW \name
.endm

ONE_PIXEL a8_depthwise_3x1_armv6m, 3
ONE_PIXEL a8_depthwise_2x1_armv6m, 2
ONE_PIXEL a8_depthwise_1x1_armv6m, 1

// ---- Outputs of a channel -------------------------------------------------

// r3 is the bias, lr the output's place. a is free afterwards.
.macro OUTPUT a
    mov r0, \a
    adds r0, r3
    cmp r6, #0
    bge 2f
    negs r1, r6
    lsls r0, r1
    movs r1, #0
    mov \a, r6
    movs r6, #0
    REQUANTIZE
    mov r6, \a
    b 3f
2:  REQUANTIZE
3:  CLAMP
    mov r1, lr
    strb r0, [r1]
.endm

.macro NEXT_PIXEL n
    ldr r2, [sp, #STEP]
    add lr, r2
    ldr r0, [sp, #PIXELS]
    cmp r0, #\n
    bhi 1f
    b .Ldepthwise_next
1:
.endm

.Ldepthwise_outputs:
    ldr r0, [sp, #X]
    ldr r1, [sp, #TO_OUTPUT]
    adds r1, r0
    mov lr, r1
    adds r0, #1
    str r0, [sp, #X]
    NEXT_RECORD
    OUTPUT r8
    NEXT_PIXEL 1
    OUTPUT r9
    NEXT_PIXEL 2
    OUTPUT r10
    NEXT_PIXEL 3
    OUTPUT r11
.Ldepthwise_next:
    ldr r0, [sp, #CHANNELS]
    subs r0, #1
    str r0, [sp, #CHANNELS]
    beq .Ldepthwise_end
    ldr r0, [sp, #LOOP]
    mov pc, r0
.Ldepthwise_end:
    LEAVE WORDS

#endif
