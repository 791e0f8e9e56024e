// SPDX-License-Identifier: MIT
//
// What compare.c needs of a C library, as a Linux program for Xtensa, whatever ABI it is compiled for.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv);
int printf(const char *format, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e);

void protect(void *pages, size_t size);

enum { SYS_WRITE = 13,
    SYS_MPROTECT = 82,
    SYS_EXIT = 118 };

static void system_call(int number, int first, int second, int third) {
    register int a2 __asm__("a2") = number;
    register int a6 __asm__("a6") = first;
    register int a3 __asm__("a3") = second;
    register int a4 __asm__("a4") = third;
    __asm__ volatile("syscall" : "+r"(a2) : "r"(a6), "r"(a3), "r"(a4) : "memory");
}

void exit(int status) {
    for (;;) {
        system_call(SYS_EXIT, status, 0, 0);
    }
}

void protect(void *pages, size_t size) {
    system_call(SYS_MPROTECT, (int)(uintptr_t)pages, (int)size, 0);
}

void start_c(void);

void start_c(void) {
    exit(main(1, NULL));
}

// The windowed ABI wants a call that says how far the window of registers turns.
__asm__(
    "   .section .text._start, \"ax\"\n"
    "   .global _start\n"
    "   .align 4\n"
    "   .literal_position\n"
    "_start:\n"
    "   movi    a0, 0\n"
#if defined(__XTENSA_CALL0_ABI__)
    "   j       start_c\n"
#else
    "   .literal .Lstart, start_c\n"
    "   l32r    a4, .Lstart\n"
    "   callx4  a4\n"
#endif
    "   .text\n");

int atoi(const char *text) {
    int value = 0;
    while (*text >= '0' && *text <= '9') {
        value = 10 * value + *text++ - '0';
    }
    return value;
}

static void put(const char *text, size_t size) {
    system_call(SYS_WRITE, 1, (int)(uintptr_t)text, (int)size);
}

static void put_number(unsigned value, int negative) {
    char digits[12];
    char *at = digits + sizeof(digits);
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    if (negative) {
        *--at = '-';
    }
    put(at, (size_t)(digits + sizeof(digits) - at));
}

// %d, %u and %s, up to five. Not variadic, which both ABIs pass alike in registers, since LLVM 22 gets the arguments
// of a variadic function wrong in the windowed one.
int printf(const char *format, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e) {
    const uintptr_t arguments[] = { a, b, c, d, e };
    for (int next = 0; *format != 0; format++) {
        if (*format != '%') {
            put(format, 1);
            continue;
        }
        const uintptr_t value = arguments[next++];
        if (*++format == 's') {
            put((const char *)value, strlen((const char *)value));
        } else {
            const int negative = *format == 'd' && (int)value < 0;
            put_number(negative ? 0 - (unsigned)value : (unsigned)value, negative);
        }
    }
    return 0;
}

void *memcpy(void *to, const void *from, size_t size) {
    for (size_t i = 0; i < size; i++) {
        ((char *)to)[i] = ((const char *)from)[i];
    }
    return to;
}

void *memset(void *to, int value, size_t size) {
    for (size_t i = 0; i < size; i++) {
        ((char *)to)[i] = (char)value;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t size) {
    for (size_t i = 0; i < size; i++) {
        const int less = ((const unsigned char *)a)[i] - ((const unsigned char *)b)[i];
        if (less != 0) {
            return less;
        }
    }
    return 0;
}

size_t strlen(const char *text) {
    size_t size = 0;
    while (text[size] != 0) {
        size++;
    }
    return size;
}
