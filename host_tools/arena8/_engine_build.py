# SPDX-License-Identifier: MIT
"""The engine as the extension module arena8._engine, by cffi.

Declarations are read from the engine's own headers, so nothing is declared twice.
"""

import re
from pathlib import Path

from cffi import FFI

CSRC = Path(__file__).resolve().parent / "_csrc"
HEADERS = ["target.h", "arena8.h", "elements.h", "message.h"]

# What only a host has: a clock, and a poll hook that looks for a pressed
# Ctrl-C. It goes through Python, so it does that at most every 10 ms.
GLUE = r"""
#include "model.h"
#include <math.h>
#include <string.h>
#include <time.h>

static uint32_t a8_host_clock(void *arg) {
    struct timespec now;
    (void)arg;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u);
}

static bool a8_host_signals(void *arg);

// arg is the time of the last look.
static bool a8_host_poll(void *arg) {
    uint32_t *last = arg;
    uint32_t now = a8_host_clock(NULL);
    if (now - *last < 10000u) {
        return true;
    }
    *last = now;
    return a8_host_signals(arg);
}

// Copies n elements between integer types, or to float32 from any, if every one is in the range of the
// type it goes to. Returns the index of the first that is not, else n. data and src may overlap only
// if the types are equal.
static uint32_t a8_host_assign(a8_dtype_t to, void *data, a8_dtype_t from, const void *src, uint32_t n) {
    int64_t min, max;
    if (to == from) {
        memmove(data, src, (size_t)n * a8_dtype_size(to));
        return n;
    }
    if (!a8_dtype_range(to, &min, &max)) {
        const a8_elements_t plain = { A8_FLOAT32, 0.0f, 0 };
        for (uint32_t i = 0; i < n; i++) {
            uint32_t bad;
            const uint8_t *at = (const uint8_t *)src + (size_t)i * a8_dtype_size(from);
            // Only a NaN fails, and here it is a value like others.
            if (a8_quantize_elements(&plain, (float *)data + i, 1, at, from, 1.0f, 0.0f, &bad) != A8_OK) {
                a8_element_set_float(data, i, (float)NAN);
            }
        }
        return n;
    }
    for (uint32_t i = 0; i < n; i++) {
        int64_t value = a8_element_int(from, src, i);
        if (value < min || value > max) {
            return i;
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        a8_element_set_int(to, data, i, a8_element_int(from, src, i));
    }
    return n;
}

static const char *const a8_host_version = A8_VERSION;
"""

GLUE_DECLARATIONS = """
#define A8_ALIGN ...
#define A8_MAX_DIMS ...
uint32_t a8_host_clock(void *arg);
bool a8_host_poll(void *arg);
uint32_t a8_model_callees(const a8_model_t *model, const a8_node_info_t *node, uint32_t callees[2]);
uint32_t a8_host_assign(a8_dtype_t to, void *data, a8_dtype_t from, const void *src, uint32_t n);
static const char *const a8_host_version;
extern "Python" void a8_host_write(void *arg, const char *str, uint32_t len);
extern "Python" bool a8_host_signals(void *arg);
extern "Python" void a8_host_place(void *arg, const a8_place_t *place);
"""


def declarations(header: str) -> str:
    """What a header declares, in the C that cffi parses: no comments, preprocessor, inline functions."""
    text = (CSRC / header).read_text()
    text = re.sub(r"//[^\n]*", "", text)
    text = re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n)*", "", text, flags=re.M)
    text = re.sub(r"^static inline .*?^}", "", text, flags=re.M | re.S)
    return text.replace("[A8_MAX_DIMS]", "[...]")


def sources() -> list[str]:
    """The engine's C files, relative to the folder of setup.py."""
    lines = (line.split("#")[0].strip() for line in (CSRC / "sources.txt").read_text().splitlines())
    return [f"arena8/_csrc/{line}" for line in lines if line.endswith(".c")]


def builder() -> FFI:
    headers = [header for header in HEADERS if (CSRC / header).is_file()]
    ffi = FFI()
    for header in headers:
        ffi.cdef(declarations(header))
    ffi.cdef(GLUE_DECLARATIONS)
    ffi.set_source(
        "arena8._engine",
        "".join(f'#include "{header}"\n' for header in headers) + GLUE,
        sources=sources(),
        include_dirs=["arena8/_csrc"],
        depends=[
            f"arena8/_csrc/{file.relative_to(CSRC)}" for file in sorted(CSRC.rglob("*")) if file.is_file()
        ],
        # The same arithmetic as on a board, to the last bit.
        extra_compile_args=["-std=c99", "-ffp-contract=off", "-O2"],
        define_macros=[("A8_TELL_PLAN", "1"), ("A8_ALL_TARGETS", "1")],
    )
    return ffi


ffibuilder = builder()
