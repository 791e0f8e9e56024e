// SPDX-License-Identifier: MIT
//
// Product of int8 weights and one pixel for ARMv6-M; armv6m.h says what it does.
#include "armv6m.inc"

#if A8_KERNELS_ARMV6M

// The rest of a8_armv6m_row_t.
#define OUTPUT 20
#define SCALE 24 // three words
#define BIAS 36
#define X 40
#define W 44
#define DEPTH 48
#define FIRST 52
#define SPREAD 56
#define SPARSE 60
#define ALIKE 64
#define ENTRY 68 // where the loop begins, so that its end is the row's
#define LEFT 72 // of four outputs
#define WORDS 20

// Of ALIKE.
#define ONE_BY_ONE 1
#define BRIEF 2

// Four channels at a time. SPREAD is minus the input's zero point, which is added here to each input.
//
//   r0 - r3 ends of four channels' weights  r4 end of the input  r5 index from there  r6, r7 at work
//   r8 - r11: sums  r12: minus the zero point  lr: the zero point
//
// An input that is the zero point adds nothing. Behind a ReLU that is half of them, so with SPARSE they are looked for,
// which costs the others two cycles of 20.

#define DENSE_TAPS 16
#define DENSE_BYTES 30
#define SPARSE_TAPS 4
#define SPARSE_BYTES 34

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

// r2 = where to begin so that whole rounds are left. Changes r0 and r1.
.macro FIND_ENTRY loop taps bytes
    movs r1, #\taps - 1
    ands r0, r1
    movs r1, #\bytes
    muls r0, r1
    adr r2, \loop
    adds r2, r0
    adds r2, #1 // Thumb
.endm

// An output of the sum in r0, clamped to all of int8.
.macro BRIEF_OUTPUT at
    REQUANTIZE
    add r0, r8
    sxtb r1, r0
    cmp r0, r1
    bne .Lone_beyond\at
.Lone_within\at:
    strb r0, [r3, #\at]
.endm

.macro BEYOND at
.Lone_beyond\at:
    asrs r0, r0, #31
    movs r1, #127
    eors r0, r1
    b .Lone_within\at
.endm

FUNCTION a8_product_one_armv6m
    ENTER WORDS
    ldr r1, [sp, #SPREAD]
    mov r12, r1
    negs r1, r1
    mov lr, r1
    ldr r0, [sp, #DEPTH]
    negs r0, r0
    ldr r1, [sp, #SPARSE]
    cmp r1, #0
    beq .Lone_find_dense
    FIND_ENTRY .Lone_sparse, SPARSE_TAPS, SPARSE_BYTES
    b .Lone_found
.Lone_find_dense:
    FIND_ENTRY .Lone_dense, DENSE_TAPS, DENSE_BYTES
.Lone_found:
    str r2, [sp, #ENTRY]

.Lone_channels:
    ldr r7, [sp, #CHANNELS]
    ldr r6, [sp, #ALIKE]
    cmp r6, #0
    beq .Lone_unlike
.Lone_alike:
    ldr r5, [sp, #BIAS]
    cmp r7, #4
    blo .Lone_few_biases
    ldmia r5!, {r0, r1, r2, r3}
    str r5, [sp, #BIAS]
.Lone_biases:
    mov r8, r0
    mov r9, r1
    mov r10, r2
    mov r11, r3
.Lone_rows:
    ldr r0, [sp, #W]
    ldr r6, [sp, #DEPTH]
    adds r0, r6
    cmp r7, #4
    blo .Lone_few // the sums of what is missing are dropped
    adds r1, r0, r6
    adds r2, r1, r6
    adds r3, r2, r6
    str r3, [sp, #W]
.Lone_begin:
    ldr r4, [sp, #X]
    negs r5, r6
    ldr r7, [sp, #ENTRY]
    bx r7

.Lone_unlike:
    ldr r0, [sp, #FIRST]
    mov r8, r0
    mov r9, r0
    mov r10, r0
    mov r11, r0
    b .Lone_rows

.Lone_few_biases:
    movs r6, #ONE_BY_ONE
    str r6, [sp, #ALIKE]
    ldr r0, [r5]
    cmp r7, #2
    blo .Lone_biases
    ldr r1, [r5, #4]
    bls .Lone_biases
    ldr r2, [r5, #8]
    b .Lone_biases

.Lone_few:
    mov r1, r0
    mov r2, r0
    mov r3, r0
    cmp r7, #2
    blo .Lone_begin
    add r1, r6
    bls .Lone_begin
    mov r2, r1
    add r2, r6
    b .Lone_begin

    .balign 4
.Lone_sparse:
    .rept SPARSE_TAPS
    ONE_TAP 1
    .endr
    bne .Lone_sparse
    b .Lone_outputs

    .balign 4
.Lone_dense:
    .rept DENSE_TAPS
    ONE_TAP 0
    .endr
    beq .Lone_outputs
    b .Lone_dense

.Lone_to_any:
    b .Lone_any
.Lone_outputs:
    ldr r7, [sp, #ALIKE]
    cmp r7, #BRIEF
    bne .Lone_to_any
    add r1, sp, #OUTPUT
    ldmia r1!, {r3, r4, r5, r6}
    movs r7, #0
    mov r0, r8
    ldr r1, [sp, #FIRST]
    mov r8, r1
    BRIEF_OUTPUT 0
    mov r0, r9
    BRIEF_OUTPUT 1
    mov r0, r10
    BRIEF_OUTPUT 2
    mov r0, r11
    BRIEF_OUTPUT 3
    adds r3, #4
    str r3, [sp, #OUTPUT]
    ldr r7, [sp, #CHANNELS]
    subs r7, #4
    beq .Lone_end
    str r7, [sp, #CHANNELS]
    b .Lone_alike
    BEYOND 0
    BEYOND 1
    BEYOND 2
    BEYOND 3

.Lone_any:
    movs r7, #4
    str r7, [sp, #LEFT]
.Lone_one:
    ldr r1, [sp, #ALIKE]
    cmp r1, #0
    bne .Lone_scale
    ldr r2, [sp, #RECORDS]
    ldmia r2!, {r3, r4, r5, r6}
    str r2, [sp, #RECORDS]
.Lone_scaled:
    movs r7, #0
    mov r0, r8
    mov r8, r9
    mov r9, r10
    mov r10, r11
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
    beq .Lone_end
    ldr r1, [sp, #LEFT]
    subs r1, #1
    str r1, [sp, #LEFT]
    bne .Lone_one
    b .Lone_channels

.Lone_scale:
    add r2, sp, #OUTPUT
    ldmia r2!, {r3, r4, r5, r6}
    movs r3, #0 // the sum has the bias
    b .Lone_scaled

.Lone_end:
    LEAVE WORDS

#endif
