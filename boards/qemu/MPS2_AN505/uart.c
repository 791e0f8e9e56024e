// SPDX-License-Identifier: MIT
//
// The CMSDK UART of the machine, at its secure address.
#include <stddef.h>
#include <stdint.h>

#include "uart.h"

typedef struct {
    volatile uint32_t data;
    volatile uint32_t state;
    volatile uint32_t control;
    volatile uint32_t interrupt;
    volatile uint32_t divider;
} cmsdk_uart_t;

#define UART ((cmsdk_uart_t *)0x50200000)

enum {
    STATE_TX_FULL = 1,
    STATE_RX_FULL = 2,
};

enum {
    CONTROL_TX = 1,
    CONTROL_RX = 2,
};

void uart_init(void) {
    UART->divider = 16; // the least that the device takes
    UART->control = CONTROL_TX | CONTROL_RX;
}

int uart_rx_chr(void) {
    return UART->state & STATE_RX_FULL ? (int)UART->data : UART_RX_NO_CHAR;
}

void uart_tx_strn(const char *text, size_t n) {
    for (; n > 0; n--) {
        while (UART->state & STATE_TX_FULL) {
        }
        UART->data = (uint8_t)*text++;
    }
}
