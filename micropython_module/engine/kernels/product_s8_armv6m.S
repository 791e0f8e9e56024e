// SPDX-License-Identifier: MIT
//
// Products of int8 matrices for ARMv6-M; armv6m.h says what they do.
#include "armv6m.inc"

#if A8_KERNELS_ARMV6M

#define X RQ_SIZE
#define W (RQ_SIZE + 4)
#define DEPTH (RQ_SIZE + 8)
#define QUADS (RQ_SIZE + 12)
#define TAIL (RQ_SIZE + 16)
#define LIFT (RQ_SIZE + 20)
#define SPREAD (RQ_SIZE + 24)
#define OUTPUT2 (RQ_SIZE + 28)
#define W_NEXT (RQ_SIZE + 32)

// ---- Two pixels -----------------------------------------------------------
//
// A word of the pixels is x0 + x1 * 2^16, so that one multiplication makes both products. The sum of two words of
// products still has exact halves once 0x7fff7fff is added, since each half is from -32512 to 32768 before.
// So A sums the words as they are, modulo 2^32, and B the upper halves: what B lacks of x1's sum is known, and then
// A minus B * 2^16 is x0's.
//
//   r0 pixels  r1, r2 ends of two channels' weights  r3 index from there, below 0  r4 - r7 at work
//   r8, r9: A and B of the first channel  r10, r11: of the second  r12: 0x7fff7fff

.macro TWO_TAPS
    ldmia r0!, {r4, r5}
    ldrsb r6, [r1, r3]
    ldrsb r7, [r2, r3]
    adds r3, #1
    muls r6, r4
    muls r4, r7
    ldrsb r7, [r1, r3]
    muls r7, r5
    adds r6, r7
    add r8, r6
    add r6, r12
    lsrs r6, r6, #16
    add r9, r6
    ldrsb r7, [r2, r3]
    muls r7, r5
    adds r7, r4
    add r10, r7
    add r7, r12
    lsrs r7, r7, #16
    add r11, r7
    adds r3, #1
.endm

// A and B to the sums of two pixels, with the bias: r0 is pixel 0's, r1 pixel 1's. Changes r2.
.macro SUMS a, b
    mov r1, \b
    ldr r2, [r3, #LIFT]
    subs r1, r2
    lsls r2, r1, #16
    mov r0, \a
    subs r0, r2
    ldr r2, [r3, #RQ_BIAS]
    ldr r2, [r2]
    adds r0, r2
    adds r1, r2
.endm

// One channel's outputs of two pixels, the second one first: a single pixel has both in the same place.
.macro OUTPUTS a, b
    LOAD_REQUANTIZATION
    SUMS \a, \b
    cmp r6, #0
    bge 2f
    negs r6, r6
    lsls r0, r6
    lsls r1, r6
    movs r6, #0
2:  mov \b, r0
    mov r0, r1
    REQUANTIZE
    CLAMP
    STORE OUTPUT2
    mov r0, \b
    REQUANTIZE
    CLAMP
    STORE RQ_OUTPUT
    ldr r1, [r3, #RQ_BIAS]
    adds r1, #4
    str r1, [r3, #RQ_BIAS]
    LAST_CHANNEL .Lpair_end
.endm

FUNCTION a8_product_pair_armv6m
    SAVE
    mov lr, r0
    ldr r1, [r0, #SPREAD]
    mov r12, r1

.Lpair_channels:
    mov r3, lr
    ldr r1, [r3, #W]
    ldr r0, [r3, #DEPTH]
    adds r2, r1, r0
    ldr r4, [r3, #RQ_CHANNELS]
    cmp r4, #1
    bne 1f
    mov r2, r1 // an odd last channel: what the second one makes is dropped
1:  adds r0, r2, r0
    str r0, [r3, #W]
    ldr r0, [r3, #X]
    ldr r3, [r3, #QUADS]
    adds r1, r3
    adds r2, r3
    movs r4, #0
    mov r8, r4
    mov r9, r4
    mov r10, r4
    mov r11, r4
    negs r3, r3
    beq 2f
    lsls r4, r3, #29
    bpl .Lpair_loop // a multiple of 8
    TWO_TAPS
    TWO_TAPS
    cmp r3, #0
    bne .Lpair_loop
2:  b .Lpair_tail
    .balign 4
.Lpair_loop:
    TWO_TAPS
    TWO_TAPS
    TWO_TAPS
    TWO_TAPS
    bne .Lpair_loop

.Lpair_tail:
    mov r5, lr
    ldr r5, [r5, #TAIL]
    cmp r3, r5
    beq .Lpair_outputs
.Lpair_tap:
    ldmia r0!, {r4}
    ldrsb r6, [r1, r3]
    ldrsb r7, [r2, r3]
    muls r6, r4
    add r8, r6
    add r6, r12
    lsrs r6, r6, #16
    add r9, r6
    muls r7, r4
    add r10, r7
    add r7, r12
    lsrs r7, r7, #16
    add r11, r7
    adds r3, #1
    cmp r3, r5
    bne .Lpair_tap

.Lpair_outputs:
    mov r3, lr
    OUTPUTS r8, r9
    OUTPUTS r10, r11
    b .Lpair_channels

.Lpair_end:
    RESTORE

// ---- One pixel ------------------------------------------------------------
//
// Four channels at a time. SPREAD is minus the input's zero point, which is subtracted here.
//
//   r0 - r3 ends of four channels' weights  r4 end of the input  r5 index from there  r6, r7 at work
//   r8 - r11: sums  r12: minus the zero point

.macro ONE_TAP
    ldrsb r6, [r4, r5]
    add r6, r12
    ldrsb r7, [r0, r5]
    muls r7, r6
    add r8, r7
    ldrsb r7, [r1, r5]
    muls r7, r6
    add r9, r7
    ldrsb r7, [r2, r5]
    muls r7, r6
    add r10, r7
    ldrsb r7, [r3, r5]
    muls r7, r6
    add r11, r7
    adds r5, #1
.endm

.macro ONE_OUTPUT a
    LOAD_REQUANTIZATION
    mov r0, \a
    cmp r6, #0
    bge 2f
    negs r6, r6
    lsls r0, r6
    movs r6, #0
2:  REQUANTIZE
    CLAMP
    STORE RQ_OUTPUT
    LAST_CHANNEL .Lone_end
.endm

// Sum's first value: the bias, and what a zero point of the weights takes (in LIFT).
.macro ONE_BIAS a, n
    ldr r5, [r4, #4 * \n]
    adds r5, r6
    mov \a, r5
.endm

FUNCTION a8_product_one_armv6m
    SAVE
    mov lr, r0
    ldr r1, [r0, #SPREAD]
    mov r12, r1

.Lone_channels:
    mov r7, lr
    // As many of the four as there are; the rest repeat the last one, and are dropped.
    ldr r6, [r7, #LIFT]
    ldr r4, [r7, #RQ_BIAS]
    ldr r5, [r7, #RQ_CHANNELS]
    cmp r4, #0
    beq .Lone_unbiased
    cmp r5, #4
    blo .Lone_few_biases
    ONE_BIAS r8, 0
    ONE_BIAS r9, 1
    ONE_BIAS r10, 2
    ONE_BIAS r11, 3
    adds r4, #16
    str r4, [r7, #RQ_BIAS]
    b .Lone_biased
.Lone_unbiased:
    mov r8, r6
    mov r9, r6
    mov r10, r6
    mov r11, r6
    b .Lone_biased
.Lone_few_biases:
    ONE_BIAS r8, 0
    ldr r5, [r7, #RQ_CHANNELS]
    cmp r5, #2
    blo .Lone_biased
    ONE_BIAS r9, 1
    ldr r5, [r7, #RQ_CHANNELS]
    cmp r5, #3
    blo .Lone_biased
    ONE_BIAS r10, 2
    b .Lone_biased
.Lone_biased:
    ldr r5, [r7, #QUADS]
    ldr r4, [r7, #X]
    adds r4, r5
    ldr r6, [r7, #DEPTH]
    ldr r0, [r7, #W]
    ldr r1, [r7, #RQ_CHANNELS]
    cmp r1, #4
    blo .Lone_few
    adds r1, r0, r6
    adds r2, r1, r6
    adds r3, r2, r6
    b .Lone_begin
.Lone_few:
    mov r2, r0
    mov r3, r0
    cmp r1, #2
    mov r1, r0
    blo .Lone_begin
    add r1, r6
    bls .Lone_begin
    mov r2, r1
    add r2, r6
.Lone_begin:
    adds r6, r3, r6
    str r6, [r7, #W]
    adds r0, r5
    adds r1, r5
    adds r2, r5
    adds r3, r5
    negs r5, r5
    bne .Lone_loop
    b .Lone_tail
    .balign 4
.Lone_loop:
    ONE_TAP
    ONE_TAP
    ONE_TAP
    ONE_TAP
    bne .Lone_loop
.Lone_tail:
    mov r7, lr
    ldr r7, [r7, #TAIL]
    cmp r5, r7
    beq .Lone_outputs
    ONE_TAP
    b .Lone_tail

.Lone_outputs:
    mov r3, lr
    ONE_OUTPUT r8
    ONE_OUTPUT r9
    ONE_OUTPUT r10
    ONE_OUTPUT r11
    b .Lone_channels

.Lone_end:
    RESTORE

// ---- Gathering ------------------------------------------------------------

// Words x0[k] + x1[k] * 2^16. r0 words  r1, r2 pixels  r3 how many, above 0
FUNCTION a8_pack_pair_armv6m
    push {r4, r5, r6, r7, lr}
    adds r1, r3
    adds r2, r3
    negs r3, r3
    lsls r4, r3, #31
    beq .Lpack_loop
    ldrsb r4, [r1, r3]
    ldrsb r5, [r2, r3]
    lsls r5, r5, #16
    adds r4, r5
    stmia r0!, {r4}
    adds r3, #1
    beq .Lpack_end
.Lpack_loop:
    ldrsb r4, [r1, r3]
    ldrsb r5, [r2, r3]
    lsls r5, r5, #16
    adds r4, r5
    adds r3, #1
    ldrsb r5, [r1, r3]
    ldrsb r6, [r2, r3]
    lsls r6, r6, #16
    adds r5, r6
    stmia r0!, {r4, r5}
    adds r3, #1
    bne .Lpack_loop
.Lpack_end:
    pop {r4, r5, r6, r7, pc}

#endif
