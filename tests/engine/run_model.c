// SPDX-License-Identifier: MIT
//
// Runs a model over inputs from a file, in memory regions of exactly the sizes
// that the engine asks for, so that a sanitizer sees every step beyond them.
//
//   run_model MODEL.tflite INPUT.bin OUTPUT.bin [--misalign K] [--target T] [--trace TRACE.txt] [--reset N]
//
// INPUT.bin holds the inputs' bytes, one after the other, for any number of
// invokes; OUTPUT.bin gets the outputs' bytes likewise. Sizes go to stdout as
// JSON, and so does the error record if something fails (then the exit status is 1).
// --misalign places the model's bytes K bytes behind a 16-byte boundary.
// --reset resets before every N-th invoke.
// --trace writes a line "invoke node tensor crc32" for every tensor computed.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena8.h"

static void usage(void) {
    fprintf(stderr, "usage: run_model MODEL.tflite INPUT.bin OUTPUT.bin [--misalign K] [--target T] [--trace FILE] "
                    "[--reset N]\n");
    exit(2);
}

// Memory of exactly this size, where malloc aligns to A8_ALIGN as a 64-bit host's does; elsewhere a little
// more. What malloc gave is kept in a list and never freed, so an error path leaks nothing.
static void *allocate(size_t size) {
    static void *kept[128];
    static unsigned n_kept;
    uint8_t *memory = malloc(size);
    if ((uintptr_t)memory % A8_ALIGN != 0) {
        free(memory);
        memory = malloc(size + A8_ALIGN - 1);
    }
    if (memory == NULL || n_kept == sizeof(kept) / sizeof(kept[0])) {
        fprintf(stderr, "no memory for %u bytes\n", (unsigned)size);
        exit(3);
    }
    kept[n_kept++] = memory;
    return memory + (-(uintptr_t)memory & (A8_ALIGN - 1));
}

static uint8_t *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *data = allocate(*size + 1);
    if (fread(data, 1, *size, file) != *size) {
        perror(path);
        exit(2);
    }
    fclose(file);
    return data;
}

static void print_number(const char *name, int32_t value) {
    if (value == A8_NONE) {
        printf(", \"%s\": null", name);
    } else {
        printf(", \"%s\": %d", name, (int)value);
    }
}

static int report(const char *where, const a8_error_t *err) {
    const char *op = err->op == A8_NONE ? NULL : a8_op_name(err->op);
    printf("{\"error\": {\"in\": \"%s\", \"code\": %d, \"message\": \"%s\"", where, (int)err->code, err->message);
    print_number("subgraph", err->subgraph);
    print_number("node", err->node);
    if (op != NULL) {
        printf(", \"op\": \"%s\"", op);
    } else {
        print_number("op", err->op);
    }
    print_number("tensor", err->tensor);
    print_number("needed", err->needed);
    print_number("given", err->given);
    printf("}}\n");
    return 1;
}

// Steps through the nodes and writes the checksum of what each has computed.
static int invoke_traced(a8_interpreter_t *it, unsigned invoke, FILE *trace, a8_error_t *err) {
    int ret = A8_OK;
    while (ret == A8_OK) {
        uint32_t node = a8_next_node(it);
        ret = a8_step(it, err);
        // A node that has subgraphs run takes more steps.
        bool finished = ret == A8_DONE || a8_next_node(it) != node;
        a8_io_t io;
        for (uint32_t i = 0; ret >= 0 && finished && a8_node_result(it, node, i, &io); ++i) {
            fprintf(trace, "%u %u %u %u\n", invoke, (unsigned)node, (unsigned)io.tensor,
                (unsigned)a8_crc32(0, io.data, io.bytes));
        }
    }
    return ret < 0 ? ret : A8_OK;
}

int main(int argc, char **argv) {
    if (argc < 4) {
        usage();
    }
    unsigned misalign = 0, reset = 0;
    a8_target_t target = a8_target_native();
    FILE *trace = NULL;
    for (int i = 4; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--misalign") == 0) {
            misalign = (unsigned)atoi(argv[i + 1]);
        } else if (strcmp(argv[i], "--target") == 0) {
            target = (a8_target_t)atoi(argv[i + 1]);
        } else if (strcmp(argv[i], "--trace") == 0) {
            trace = fopen(argv[i + 1], "w");
        } else if (strcmp(argv[i], "--reset") == 0) {
            reset = (unsigned)atoi(argv[i + 1]);
        } else {
            usage();
        }
    }
    size_t model_size, input_size;
    uint8_t *file = read_file(argv[1], &model_size), *inputs = read_file(argv[2], &input_size);
    uint8_t *bytes = (uint8_t *)allocate(misalign + model_size) + misalign;
    memcpy(bytes, file, model_size);

    a8_error_t err;
    a8_model_t model;
    if (a8_model_open(&model, bytes, (uint32_t)model_size, &err) != A8_OK) {
        return report("open", &err);
    }
    a8_sizes_t sizes;
    uint32_t work_size = 0;
    for (;;) {
        uint8_t *work = allocate(work_size);
        int ret = a8_measure(&model, target, work, work_size, &sizes, &err);
        memset(work, 0xdd, work_size); // measuring leaves nothing behind that load could use
        if (ret == A8_OK) {
            break;
        }
        if (ret != A8_ERR_MEMORY) {
            return report("measure", &err);
        }
        if (err.needed <= (int32_t)work_size) {
            fprintf(stderr, "measure asks for %d bytes after %u\n", (int)err.needed, (unsigned)work_size);
            return 3;
        }
        work_size = (uint32_t)err.needed;
    }
    a8_interpreter_t it;
    uint8_t *records = allocate(sizes.records), *arena = allocate(sizes.arena);
    memset(arena, 0xa5, sizes.arena);
    if (a8_load(&it, &model, target, records, sizes.records, arena, sizes.arena, &err) != A8_OK) {
        return report("load", &err);
    }
    if (it.used.records != sizes.records || it.used.arena != sizes.arena) {
        fprintf(stderr, "load used %u + %u bytes, measure said %u + %u\n", (unsigned)it.used.records,
            (unsigned)it.used.arena, (unsigned)sizes.records, (unsigned)sizes.arena);
        return 3;
    }
    size_t step = 0, out_step = 0;
    a8_io_t io;
    for (uint32_t i = 0; i < a8_inputs(&it); ++i) {
        a8_input(&it, i, &io);
        step += io.bytes;
    }
    for (uint32_t i = 0; i < a8_outputs(&it); ++i) {
        a8_output(&it, i, &io);
        out_step += io.bytes;
    }
    printf("{\"records\": %u, \"arena\": %u, \"work\": %u, \"input_bytes\": %u, \"output_bytes\": %u}\n",
        (unsigned)sizes.records, (unsigned)sizes.arena, (unsigned)work_size, (unsigned)step, (unsigned)out_step);
    if (step == 0 ? input_size != 0 : input_size % step != 0) {
        fprintf(stderr, "%s has %u bytes, not a multiple of %u\n", argv[2], (unsigned)input_size, (unsigned)step);
        return 2;
    }
    FILE *out = fopen(argv[3], "wb");
    if (out == NULL) {
        perror(argv[3]);
        return 2;
    }
    size_t runs = step == 0 ? 1 : input_size / step;
    const uint8_t *from = inputs;
    for (size_t run = 0; run < runs; ++run) {
        if (reset != 0 && run != 0 && run % reset == 0) {
            a8_reset(&it);
        }
        for (uint32_t i = 0; i < a8_inputs(&it); ++i) {
            a8_input(&it, i, &io);
            memcpy(io.data, from, io.bytes);
            from += io.bytes;
        }
        int ret = trace != NULL ? invoke_traced(&it, (unsigned)run, trace, &err) : a8_invoke(&it, &err);
        if (ret != A8_OK) {
            return report("invoke", &err);
        }
        for (uint32_t i = 0; i < a8_outputs(&it); ++i) {
            a8_output(&it, i, &io);
            fwrite(io.data, 1, io.bytes, out);
        }
    }
    fclose(out);
    if (trace != NULL) {
        fclose(trace);
    }
    return 0;
}
