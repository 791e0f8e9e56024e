// SPDX-License-Identifier: MIT
//
// Products of int8 matrices for ARMv6-M; armv6m.h says what they do.
#include "armv6m.inc"

#if A8_KERNELS_ARMV6M

// The rest of a8_armv6m_product_t.
#define OUTPUT 20
#define STEP 24
#define X 28
#define W 32
#define DEPTH 36
#define QUADS 40
#define TAIL 44
#define FIRST 48
#define SPREAD 52
#define SPARSE 56
#define WORDS 16

// ---- Two pixels -----------------------------------------------------------
//
// A word of the pixels is x0 + x1 * 2^16, so that one multiplication makes both products. The sum of two words of
// products still has exact halves once 0x7fff7fff is added, since each half is from -32512 to 32768 before.
// So A sums the words as they are, modulo 2^32, and B the upper halves: how much too large B is, is known, and is
// taken from the bias; A minus B * 2^16 is x0's sum, but for as much, with which A begins.
//
//   r0 pixels  r1, r2 ends of two channels' weights  r3 index from there, below 0  r4 - r7 at work
//   r8, r9: A and B of the first channel  r10, r11: of the second  r12: 0x7fff7fff
//   lr the least output

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

// One channel's outputs of two pixels, the second one first: a single pixel has both in the same place. a and b are
// its A and B, r3 on entry and exit of the macro is free.
.macro OUTPUTS a, b
    NEXT_RECORD
    mov r1, \b
    lsls r2, r1, #16
    mov r0, \a
    subs r0, r2
    adds r0, r3
    adds r1, r3
    ldr r3, [sp, #OUTPUT]
    cmp r6, #0
    bge 2f
    negs r6, r6
    lsls r0, r6
    lsls r1, r6
    movs r6, #0
2:  mov \b, r0
    mov r0, r1
    REQUANTIZE
    CLAMP lr
    ldr r1, [sp, #STEP]
    strb r0, [r3, r1]
    mov r0, \b
    REQUANTIZE
    CLAMP lr
    strb r0, [r3]
    adds r3, #1
    str r3, [sp, #OUTPUT]
.endm

FUNCTION a8_product_pair_armv6m
    ENTER WORDS
    ldr r1, [sp, #SPREAD]
    mov r12, r1
    ldr r1, [sp, #MIN]
    mov lr, r1

.Lpair_channels:
    ldr r1, [sp, #W]
    ldr r0, [sp, #DEPTH]
    adds r2, r1, r0
    ldr r4, [sp, #CHANNELS]
    cmp r4, #1
    bne 1f
    mov r2, r1 // an odd last channel: what the second one makes is dropped
1:  adds r0, r2
    str r0, [sp, #W]
    ldr r0, [sp, #X]
    ldr r3, [sp, #QUADS]
    adds r1, r3
    adds r2, r3
    ldr r4, [sp, #FIRST]
    mov r8, r4
    mov r10, r4
    movs r4, #0
    mov r9, r4
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
    ldr r5, [sp, #TAIL]
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
    OUTPUTS r8, r9
    ldr r4, [sp, #CHANNELS]
    subs r4, #2
    str r4, [sp, #CHANNELS]
    bhs 1f
    b .Lpair_end
1:  OUTPUTS r10, r11
    ldr r4, [sp, #CHANNELS]
    cmp r4, #0
    beq .Lpair_end
    b .Lpair_channels

.Lpair_end:
    LEAVE WORDS

// ---- One pixel ------------------------------------------------------------
//
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

// r0 = the sum of r1 weights at r0.
FUNCTION a8_sum_armv6m
    adds r0, r1
    negs r1, r1
    movs r2, #0
    lsls r3, r1, #31
    beq 1f
    ldrsb r2, [r0, r1]
    adds r1, #1
1:  lsls r3, r1, #30
    beq 2f
    ldrsb r3, [r0, r1]
    adds r2, r3
    adds r1, #1
    ldrsb r3, [r0, r1]
    adds r2, r3
    adds r1, #1
2:  cmp r1, #0
    beq 4f
3:
    .rept 4
    ldrsb r3, [r0, r1]
    adds r2, r3
    adds r1, #1
    .endr
    bne 3b
4:  movs r0, r2
    bx lr

#endif
