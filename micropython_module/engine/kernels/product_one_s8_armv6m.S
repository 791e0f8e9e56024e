// SPDX-License-Identifier: MIT
//
// Products of int8 matrices for ARMv6-M, one pixel; armv6m.h says what they do.
#include "product_armv6m.inc"

#if A8_KERNELS_ARMV6M

// Four channels at a time. SPREAD is minus the input's zero point, which is added here to each input.
//
//   r0 - r3 ends of four channels' weights  r4 end of the input  r5 index from there  r6, r7 at work
//   r8 - r11: sums  r12: minus the zero point  lr: the zero point
//
// An input that is the zero point adds nothing. Behind a ReLU that is half of them, so with SPARSE they are looked for,
// which costs the others two cycles of 20.

.macro ONE_TAP sparse
    ldrsb r6, [r4, r5]
.if \sparse
    cmp r6, lr
    beq 1f
.endif
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
1:  adds r5, #1
.endm

.macro ONE_OUTPUT a
    NEXT_RECORD
    mov r0, \a
    adds r0, r3
    ldr r3, [sp, #OUTPUT]
    cmp r6, #0
    bge 2f
    negs r6, r6
    lsls r0, r6
    movs r6, #0
2:  REQUANTIZE
    CLAMP
    strb r0, [r3]
    adds r3, #1
    str r3, [sp, #OUTPUT]
    ldr r1, [sp, #CHANNELS]
    subs r1, #1
    str r1, [sp, #CHANNELS]
    bne 1f
    b .Lone_end
1:
.endm

FUNCTION a8_product_one_armv6m
    ENTER WORDS
    ldr r1, [sp, #SPREAD]
    mov r12, r1
    negs r1, r1
    mov lr, r1

.Lone_channels:
    ldr r6, [sp, #FIRST]
    mov r8, r6
    mov r9, r6
    mov r10, r6
    mov r11, r6
    ldr r5, [sp, #QUADS]
    ldr r4, [sp, #X]
    adds r4, r5
    ldr r6, [sp, #DEPTH]
    ldr r0, [sp, #W]
    ldr r1, [sp, #CHANNELS]
    cmp r1, #4
    blo .Lone_few // the sums of what is missing are dropped
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
    str r6, [sp, #W]
    adds r0, r5
    adds r1, r5
    adds r2, r5
    adds r3, r5
    negs r5, r5
    beq .Lone_to_tail
    ldr r7, [sp, #SPARSE]
    cmp r7, #0
    beq .Lone_loop
    b .Lone_sparse
.Lone_to_tail:
    b .Lone_tail
    .balign 4
.Lone_loop:
    ONE_TAP 0
    ONE_TAP 0
    ONE_TAP 0
    ONE_TAP 0
    bne .Lone_loop
.Lone_tail:
    ldr r7, [sp, #TAIL]
    cmp r5, r7
    beq .Lone_outputs
    ONE_TAP 0
    b .Lone_tail

    .balign 4
.Lone_sparse:
    ONE_TAP 1
    ONE_TAP 1
    ONE_TAP 1
    ONE_TAP 1
    bne .Lone_sparse
    b .Lone_tail

.Lone_outputs:
    ONE_OUTPUT r8
    ONE_OUTPUT r9
    ONE_OUTPUT r10
    ONE_OUTPUT r11
    b .Lone_channels

.Lone_end:
    LEAVE WORDS

#endif
