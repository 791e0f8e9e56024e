// SPDX-License-Identifier: MIT
//
// Start-up, console and exit of MicroPython as a Linux program for Xtensa,
// in place of the UART that the qemu port has on its machines.
#include <stddef.h>
#include <stdint.h>

#include "uart.h"

int main(int argc, char **argv);
void exit(int status) __attribute__((noreturn));

// Linux's system calls: the number in a2, arguments in a6, a3, a4, a5, a8, a9.
enum { SYS_OPEN = 8,
    SYS_READ = 12,
    SYS_WRITE = 13,
    SYS_MMAP2 = 80,
    SYS_EXIT = 118 };

static int system_call(int number, int first, int second, int third, int fourth, int fifth) {
    register int a2 __asm__("a2") = number;
    register int a6 __asm__("a6") = first;
    register int a3 __asm__("a3") = second;
    register int a4 __asm__("a4") = third;
    register int a5 __asm__("a5") = fourth;
    register int a8 __asm__("a8") = fifth;
    register int a9 __asm__("a9") = 0;
    __asm__ volatile("syscall" : "+r"(a2) : "r"(a6), "r"(a3), "r"(a4), "r"(a5), "r"(a8), "r"(a9) : "memory");
    return a2;
}

// The kernel leaves argc and argv at the stack pointer.
__asm__(
    "   .section .text._start, \"ax\"\n"
    "   .global _start\n"
    "   .align 4\n"
    "_start:\n"
    "   mov     a2, a1\n"
    "   movi    a0, 0\n"
    "   j       start_c\n"
    "   .text\n");

void start_c(int *stack) __attribute__((noreturn, used));

// A file that the command line names is seen where flash is, behind the firmware: models and inputs of a test.
enum { MAPPED_AT = 0x3d000000,
    MAPPED_BYTES = 16 << 20,
    PROT_READ = 1,
    MAP_PRIVATE = 2,
    MAP_FIXED = 16 };

void start_c(int *stack) {
    if (stack[0] > 1) {
        int file = system_call(SYS_OPEN, stack[2], 0, 0, 0, 0);
        if (file < 0 || system_call(SYS_MMAP2, MAPPED_AT, MAPPED_BYTES, PROT_READ, MAP_PRIVATE | MAP_FIXED, file) != MAPPED_AT) {
            exit(2);
        }
    }
    main(stack[0], (char **)(stack + 1));
    exit(0);
}

void exit(int status) {
    for (;;) {
        system_call(SYS_EXIT, status, 0, 0, 0, 0);
    }
}

void uart_init(void) {
}

// Waits; the end of the input ends the program.
int uart_rx_chr(void) {
    char c;
    if (system_call(SYS_READ, 0, (int)&c, 1, 0, 0) != 1) {
        exit(0);
    }
    return (unsigned char)c;
}

void uart_tx_strn(const char *buf, size_t len) {
    while (len > 0) {
        int sent = system_call(SYS_WRITE, 1, (int)buf, (int)len, 0, 0);
        if (sent <= 0) {
            exit(1);
        }
        buf += sent;
        len -= (size_t)sent;
    }
}
