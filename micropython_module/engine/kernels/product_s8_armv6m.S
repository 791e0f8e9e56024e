// SPDX-License-Identifier: MIT
//
// Products of int8 matrices for ARMv6-M, two pixels at a time; armv6m.h says what they do.
#include "product_armv6m.inc"

#if A8_KERNELS_ARMV6M

// A word of the pixels is x0 + x1 * 2^16, so that one multiplication makes both products. The sum of two words of
// products still has exact halves once 0x7fff7fff is added, since each half is from -32512 to 32768 before.
// So A sums the words as they are, modulo 2^32, and B the upper halves: how much too large B is, is known, and is
// taken from the bias; A minus B * 2^16 is x0's sum, but for as much, with which A begins.
//
//   r0 pixels  r1, r2 ends of two channels' weights  r3 index from there, below 0  r4 - r7 at work
//   r8, r9: A and B of the first channel  r10, r11: of the second  r12: 0x7fff7fff
//   lr the least output

// To the next weight; one that is not the next byte is as far as lr says.
.macro NEXT_WEIGHT strided
.if \strided
    add r3, lr
.else
    adds r3, #1
.endif
.endm

.macro TWO_TAPS strided
    ldmia r0!, {r4, r5}
    ldrsb r6, [r1, r3]
    ldrsb r7, [r2, r3]
    NEXT_WEIGHT \strided
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
    NEXT_WEIGHT \strided
.endm

.macro ONE_TAP strided
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
    NEXT_WEIGHT \strided
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

// Eight taps a turn; strided ones four, without regard to how many fours there are.
.macro PRODUCT_PAIR strided
    ENTER WORDS
    ldr r1, [sp, #SPREAD]
    mov r12, r1
    ldr r1, [sp, #MIN]
    mov lr, r1

.Lchannels\@:
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
.if \strided
    ldr r4, [sp, #STRIDE]
    mov lr, r4
.endif
    negs r3, r3
    beq 2f
.if \strided == 0
    lsls r4, r3, #29
    bpl .Lloop\@ // a multiple of 8
    TWO_TAPS \strided
    TWO_TAPS \strided
    cmp r3, #0
    bne .Lloop\@
.else
    b .Lloop\@
.endif
2:  b .Ltail\@
    .balign 4
.Lloop\@:
    TWO_TAPS \strided
    TWO_TAPS \strided
.if \strided
    cmp r3, #0
.else
    TWO_TAPS \strided
    TWO_TAPS \strided
.endif
    bne .Lloop\@

.Ltail\@:
    ldr r5, [sp, #TAIL]
    cmp r3, r5
    beq .Loutputs\@
.Ltap\@:
    ONE_TAP \strided
    cmp r3, r5
    bne .Ltap\@

.Loutputs\@:
.if \strided
    ldr r4, [sp, #MIN]
    mov lr, r4
.endif
    OUTPUTS r8, r9
    ldr r4, [sp, #CHANNELS]
    subs r4, #2
    str r4, [sp, #CHANNELS]
    bhs 1f
    b .Lend\@
1:  OUTPUTS r10, r11
    ldr r4, [sp, #CHANNELS]
    cmp r4, #0
    beq .Lend\@
    b .Lchannels\@

.Lend\@:
    LEAVE WORDS
.endm

FUNCTION a8_product_pair_armv6m
    PRODUCT_PAIR 0

FUNCTION a8_product_pair_strided_armv6m
    PRODUCT_PAIR 1

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
