// SPDX-License-Identifier: MIT
//
// Runs many models in one process, for differential tests: a sanitized
// program takes longer to start than a small model to run.
//
// stdin, for each model: u32 alignment offset, u32 model bytes, u32 bytes of
// all inputs, the model, the inputs (several invokes one after the other).
// stdout: i32 code, u32 bytes, then u32 polls an invoke and the outputs of all
// invokes; or, when the code is an error, i32 node, i32 needed, i32 given and
// the message.
//
// Every region is a block of its own, exactly as large as promised, so that
// the address sanitizer sees a step beyond it.
#define _ISOC11_SOURCE // aligned_alloc
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena8.h"

static void check(bool ok, const char *what) {
    if (!ok) {
        fprintf(stderr, "run_models: %s\n", what);
        exit(2);
    }
}

static void *allocate(size_t size) {
    void *p = aligned_alloc(A8_ALIGN, (size + A8_ALIGN - 1) / A8_ALIGN * A8_ALIGN);
    check(p != NULL, "out of memory");
    return p;
}

// Counts down polls; the last one stops the invoke.
static bool poll(void *arg) {
    uint32_t *left = arg;
    return --*left != 0;
}

static void put(const void *data, size_t size) {
    check(fwrite(data, 1, size, stdout) == size, "can't write");
}

static void get(void *data, size_t size) {
    check(fread(data, 1, size, stdin) == size, "input ends early");
}

static void put_error(int32_t code, const a8_error_t *err) {
    int32_t numbers[] = { err->node, err->needed, err->given };
    uint32_t size = (uint32_t)(sizeof(numbers) + strlen(err->message));
    put(&code, sizeof(code));
    put(&size, sizeof(size));
    put(numbers, sizeof(numbers));
    put(err->message, strlen(err->message));
}

static uint32_t io_bytes(const a8_interpreter_t *it, bool inputs) {
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < (inputs ? a8_inputs(it) : a8_outputs(it)); i++) {
        a8_io_t io;
        (inputs ? a8_input : a8_output)(it, i, &io);
        bytes += io.bytes;
    }
    return bytes;
}

static int measure(const a8_model_t *model, a8_sizes_t *sizes, a8_error_t *err) {
    for (uint32_t size = 1024;;) {
        void *work = allocate(size);
        int code = a8_measure(model, a8_target_native(), work, size, sizes, err);
        free(work);
        if (code != A8_ERR_MEMORY) {
            return code;
        }
        check((uint32_t)err->needed > size, "a8_measure asks for less than it was given");
        size = ((uint32_t)err->needed + A8_ALIGN - 1) / A8_ALIGN * A8_ALIGN;
    }
}

static const uint8_t *write_inputs(const a8_interpreter_t *it, const uint8_t *inputs) {
    a8_io_t io;
    for (uint32_t i = 0; i < a8_inputs(it); i++) {
        a8_input(it, i, &io);
        memcpy(io.data, inputs, io.bytes);
        inputs += io.bytes;
    }
    return inputs;
}

static int invoke_all(a8_interpreter_t *it, const uint8_t *inputs, uint32_t invokes, uint8_t *outputs,
    a8_error_t *err) {
    for (uint32_t n = 0; n < invokes; n++) {
        a8_io_t io;
        inputs = write_inputs(it, inputs);
        int code = a8_invoke(it, err);
        if (code != A8_OK) {
            return code;
        }
        for (uint32_t i = 0; i < a8_outputs(it); i++) {
            a8_output(it, i, &io);
            memcpy(outputs, io.data, io.bytes);
            outputs += io.bytes;
        }
    }
    return A8_OK;
}

// Invokes once with a poll that never stops, and once, from the same state, with one that stops at its last call.
// Returns how often an invoke polls.
static uint32_t stop_late(a8_interpreter_t *it, const uint8_t *inputs) {
    a8_error_t err;
    uint32_t left = UINT32_MAX;
    it->poll = poll;
    it->arg = &left;
    a8_reset(it);
    write_inputs(it, inputs);
    check(a8_invoke(it, &err) == A8_OK, "an invoke fails with a poll hook");
    uint32_t polls = UINT32_MAX - left;
    left = polls;
    a8_reset(it);
    write_inputs(it, inputs);
    check(polls == 0 || a8_invoke(it, &err) == A8_ERR_ABORTED, "an invoke doesn't stop");
    it->poll = NULL;
    return polls;
}

static int run(const void *data, uint32_t size, const uint8_t *inputs, uint32_t input_size, a8_error_t *err) {
    a8_model_t model;
    a8_sizes_t sizes;
    a8_interpreter_t it;
    int code = a8_model_open(&model, data, size, err);
    if (code != A8_OK || (code = measure(&model, &sizes, err)) != A8_OK) {
        return code;
    }
    void *records = allocate(sizes.records);
    void *arena = allocate(sizes.arena);
    code = a8_load(&it, &model, a8_target_native(), records, sizes.records, arena, sizes.arena, err);
    if (code == A8_OK) {
        uint32_t bytes = io_bytes(&it, true);
        check(bytes != 0 && input_size % bytes == 0, "inputs are not of the model's size");
        uint32_t invokes = input_size / bytes;
        uint32_t output_size = invokes * io_bytes(&it, false);
        uint8_t *outputs = allocate(output_size);
        code = invoke_all(&it, inputs, invokes, outputs, err);
        if (code == A8_OK && invokes > 1) {
            uint8_t *again = allocate(output_size);
            a8_reset(&it);
            check(invoke_all(&it, inputs, invokes, again, err) == A8_OK && memcmp(again, outputs, output_size) == 0,
                "after a reset, the same inputs give other outputs");
            free(again);
        }
        if (code == A8_OK) {
            uint32_t polls = invokes == 0 ? 0 : stop_late(&it, inputs);
            int32_t ok = A8_OK;
            uint32_t size = output_size + (uint32_t)sizeof(polls);
            put(&ok, sizeof(ok));
            put(&size, sizeof(size));
            put(&polls, sizeof(polls));
            put(outputs, output_size);
        }
        free(outputs);
    }
    free(arena);
    free(records);
    return code;
}

int main(void) {
    uint32_t head[3];
    while (fread(head, sizeof(head), 1, stdin) == 1) {
        // The model ends where its block ends.
        uint8_t *block = malloc(head[0] + head[1]);
        uint8_t *inputs = malloc(head[2] + 1);
        check(block != NULL && inputs != NULL, "out of memory");
        get(block + head[0], head[1]);
        get(inputs, head[2]);
        a8_error_t err = { 0 };
        int code = run(block + head[0], head[1], inputs, head[2], &err);
        if (code != A8_OK) {
            put_error(code, &err);
        }
        fflush(stdout);
        free(inputs);
        free(block);
    }
    return 0;
}
