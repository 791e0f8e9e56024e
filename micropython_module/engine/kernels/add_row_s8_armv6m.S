// SPDX-License-Identifier: MIT
//
// Sum of two rows of int8 for ARMv6-M; armv6m.h says what it does.
#include "armv6m.inc"

#if A8_KERNELS_ARMV6M

// The rest of a8_armv6m_add_t; RECORDS and CHANNELS are not used.
#define A_END 20
#define B_END 24
#define OUTPUT_END 28
#define BEFORE 32
#define A_OFFSET 36
#define B_OFFSET 40
#define LOW 44
#define HIGH 48
#define RIGHT 52
#define A_LOW 56
#define A_HIGH 60
#define A_RIGHT 64
#define B_LOW 68
#define B_HIGH 72
#define B_RIGHT 76
#define WORDS 20

//   r3 - r5 ends of the inputs and of the output  r6 index from there
//   r8 - r10 halves of the multiplier and shift of the first input, r11, r12 and lr of the second

// r0 = an input in the common scale. An element has 9 bits with its offset, so the product with the multiplier comes in
// two parts of 32 bits. Changes r1 and r2.
.macro INPUT end, offset, low, high, right
    ldrsb r0, [\end, r6]
    ldr r1, [sp, #\offset]
    adds r0, r1
    mov r1, \low
    muls r1, r0
    asrs r1, r1, #11 // the carry rounds
    mov r2, \high
    muls r0, r2
    adcs r0, r1
    asrs r1, r0, #31
    adds r0, r1
    mov r2, \right
    asrs r0, r2
    movs r1, #0
    adcs r0, r1
.endm

FUNCTION a8_add_row_armv6m
    ENTER WORDS
    ldr r0, [sp, #A_LOW]
    mov r8, r0
    ldr r0, [sp, #A_HIGH]
    mov r9, r0
    ldr r0, [sp, #A_RIGHT]
    mov r10, r0
    ldr r0, [sp, #B_LOW]
    mov r11, r0
    ldr r0, [sp, #B_HIGH]
    mov r12, r0
    ldr r0, [sp, #B_RIGHT]
    mov lr, r0
    ldr r3, [sp, #A_END]
    ldr r4, [sp, #B_END]
    ldr r5, [sp, #OUTPUT_END]
    ldr r6, [sp, #BEFORE]

.Ladd_loop:
    INPUT r3, A_OFFSET, r8, r9, r10
    movs r7, r0
    INPUT r4, B_OFFSET, r11, r12, lr
    adds r0, r7
    // As REQUANTIZE does, with fewer registers.
    sxth r1, r0
    asrs r0, r0, #16
    movs r2, #0
    adcs r0, r2
    ldr r7, [sp, #LOW]
    movs r2, r1
    muls r2, r7
    asrs r2, r2, #16
    muls r7, r0
    adds r2, r7
    ldr r7, [sp, #HIGH]
    muls r1, r7
    adds r1, r2
    muls r0, r7
    lsls r0, r0, #1
    asrs r1, r1, #15
    adcs r0, r1
    asrs r1, r0, #31
    adds r0, r1
    ldr r2, [sp, #RIGHT]
    asrs r0, r2
    movs r1, #0
    adcs r0, r1
    CLAMP
    strb r0, [r5, r6]
    adds r6, #1
    beq .Ladd_end
    b .Ladd_loop
.Ladd_end:
    LEAVE WORDS

#endif
