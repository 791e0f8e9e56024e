// SPDX-License-Identifier: MIT
//
// The sentences of errors.
#include <string.h>

#include "check.h"
#include "message.h"

static char text[400];

static void append(void *arg, const char *str, uint32_t len) {
    (void)arg;
    CHECK(strlen(text) + len < sizeof(text));
    strncat(text, str, len);
}

#define CHECK_TEXT(expected) \
    do { \
        if (strcmp(text, expected) != 0) { \
            fprintf(stderr, "%s:%d: got: %s\n", __FILE__, __LINE__, text); \
            exit(1); \
        } \
    } while (0)

static void compose(a8_error_t err) {
    text[0] = 0;
    a8_error_text(&err, NULL, append, NULL);
}

int main(void) {
    a8_error_t err = { A8_ERR_MODEL, "it is wrong", A8_NONE, A8_NONE, A8_NONE, A8_NONE, A8_NONE, A8_NONE };
    compose(err);
    CHECK_TEXT("it is wrong");
    err.subgraph = 0;
    err.node = 7;
    err.op = 3;
    compose(err);
    CHECK_TEXT("node 7 CONV_2D: it is wrong");
    err.tensor = 12;
    err.needed = 4;
    err.given = -5;
    compose(err);
    CHECK_TEXT("node 7 CONV_2D, tensor 12: it is wrong: needs 4, got -5");
    err.subgraph = 2;
    err.op = 100000;
    err.node = A8_NONE;
    err.needed = A8_NONE;
    compose(err);
    CHECK_TEXT("subgraph 2, tensor 12: it is wrong: got -5");
    a8_error_t small = { A8_ERR_MEMORY, "the arena is too small", A8_NONE, A8_NONE, A8_NONE, A8_NONE, 2147483647, 0 };
    compose(small);
    CHECK_TEXT("the arena is too small: needs 2147483647 bytes, got 0");
    small.node = -2147483647; // the lowest number that isn't A8_NONE
    small.op = 100000;
    compose(small);
    CHECK_TEXT("node -2147483647 operator 100000: the arena is too small: needs 2147483647 bytes, got 0");

    // Names from a model: cut, and printable only.
    a8_unsupported_t op = { 0, 3, 32, { "Foo\n\x1b[31m", 9 }, A8_INT8, A8_NO_SUCH_OPERATOR };
    text[0] = 0;
    a8_unsupported_name(&op, append, NULL);
    CHECK_TEXT("CUSTOM 'Foo??[31m' int8");
    op.custom.str = "0123456789012345678901234567890123456789012345";
    op.custom.len = 46;
    text[0] = 0;
    a8_unsupported_name(&op, append, NULL);
    CHECK_TEXT("CUSTOM '0123456789012345678901234567890123456789...' int8");

    // The reasons are told apart.
    const char *reasons[] = { "arena8 has no such operator", "known, but not in this firmware",
        "arena8 has this operator, but not for int8", "known, but not in this firmware",
        "integer weights, but float32 activations: dynamic-range quantization" };
    for (int i = 0; i < 5; i++) {
        op.reason = (a8_reason_t)i;
        text[0] = 0;
        a8_reason_text(&op, append, NULL);
        CHECK_TEXT(reasons[i]);
    }
    return 0;
}
