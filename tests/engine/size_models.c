// SPDX-License-Identifier: MIT
//
// Loads many models, invokes each twice, and writes what it took and gave: the same on every machine.
//
//   size_models MODELS OUTPUT
//
// MODELS holds, for each model: u32 its bytes, u32 bytes of inputs, the model, inputs of one invoke. OUTPUT gets a line
// for each: the code of load, bytes of records, bytes of arena, the code of the second invoke, CRC-32 of its outputs.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena8.h"

typedef struct {
    void *block;
    uint8_t *at;
} memory_t;

// Bytes that begin at a multiple of A8_ALIGN, or so many behind one.
static memory_t allocate(uint32_t bytes, uint32_t offset) {
    memory_t m = { malloc(bytes + offset + A8_ALIGN), NULL };
    if (m.block == NULL) {
        fprintf(stderr, "no memory for %u bytes\n", (unsigned)bytes);
        exit(3);
    }
    m.at = (uint8_t *)m.block + (-(uintptr_t)m.block & (A8_ALIGN - 1)) + offset;
    return m;
}

static void get(void *data, uint32_t bytes, FILE *in) {
    if (fread(data, 1, bytes, in) != bytes) {
        fprintf(stderr, "the models end early\n");
        exit(2);
    }
}

static void write_inputs(const a8_interpreter_t *it, const uint8_t *inputs, uint32_t bytes) {
    a8_io_t io;
    for (uint32_t i = 0, at = 0; i < a8_inputs(it); ++i) {
        a8_input(it, i, &io);
        for (uint32_t k = 0; k < io.bytes; ++k, ++at) {
            io.data[k] = at < bytes ? inputs[at] : (uint8_t)(at * 37);
        }
    }
}

static int invoke(a8_interpreter_t *it, const uint8_t *inputs, uint32_t bytes, uint32_t *crc32) {
    a8_error_t err;
    a8_io_t io;
    write_inputs(it, inputs, bytes);
    int code = a8_invoke(it, &err);
    for (uint32_t i = 0; i < a8_outputs(it) && code == A8_OK; ++i) {
        a8_output(it, i, &io);
        *crc32 = a8_crc32(*crc32, io.data, io.bytes);
    }
    return code;
}

static void run(const uint8_t *data, uint32_t size, const uint8_t *inputs, uint32_t input_size, FILE *out) {
    a8_model_t model;
    a8_error_t err;
    a8_sizes_t sizes = { 0, 0 };
    uint32_t work_size = 4096, crc32 = 0;
    int invoked = 0, code = a8_model_open(&model, data, size, &err);
    bool more = code == A8_OK;
    while (more) {
        memory_t work = allocate(work_size, 0);
        code = a8_measure(&model, A8_TARGET_GENERIC, work.at, work_size, &sizes, &err);
        free(work.block);
        more = code == A8_ERR_MEMORY && err.needed < (1 << 20);
        work_size = more ? ((uint32_t)err.needed + 15) & ~(uint32_t)15 : 0;
    }
    if (code == A8_OK && sizes.arena <= 1 << 20) {
        a8_interpreter_t it;
        memory_t records = allocate(sizes.records, 0), arena = allocate(sizes.arena, 0);
        code = a8_load(&it, &model, A8_TARGET_GENERIC, records.at, sizes.records, arena.at, sizes.arena, &err);
        if (code == A8_OK && (invoked = invoke(&it, inputs, input_size, &crc32)) == A8_OK) {
            invoked = invoke(&it, inputs, input_size, &crc32);
        }
        free(arena.block);
        free(records.block);
    }
    fprintf(out, "%d %u %u %d %08x\n", code, (unsigned)sizes.records, (unsigned)sizes.arena, invoked, (unsigned)crc32);
}

int main(int argc, char **argv) {
    uint32_t head[2];
    if (argc < 3) {
        return 2;
    }
    FILE *in = fopen(argv[1], "rb"), *out = fopen(argv[2], "w");
    for (uint32_t i = 0; fread(head, sizeof(head), 1, in) == 1; ++i) {
        memory_t model = allocate(head[0], i % A8_ALIGN), inputs = allocate(head[1], 0);
        get(model.at, head[0], in);
        get(inputs.at, head[1], in);
        run(model.at, head[0], inputs.at, head[1], out);
        free(inputs.block);
        free(model.block);
    }
    fclose(out);
    fclose(in);
    return 0;
}
