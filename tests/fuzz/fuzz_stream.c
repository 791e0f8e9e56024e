// SPDX-License-Identifier: MIT
//
// Loads and runs the models that come in by stdin, under ASan and UBSan, in all ways that fuzz_run.h knows.
//
// stdin, for each model: u32 seed, u32 bytes of the model, u32 bytes of inputs, the model, the inputs. Odd seeds: a few more mutations of its bytes.
// stdout, for each: i32, what load says; i32, how many invokes ended well; if any did, i32 the row of ops.def for each
// node; i32 -1.
// The first model without an answer is the one that ended the program.
#define _POSIX_C_SOURCE 199309L // clock_gettime
#include "fuzz_run.h"
#include "registry.h"

static void put(int32_t value) {
    CHECK(fwrite(&value, sizeof(value), 1, stdout) == 1);
}

static void put_rows(const uint8_t *bytes, uint32_t size) {
    a8_model_t model;
    CHECK_EQ(a8_model_open(&model, bytes, size, NULL), A8_OK);
    for (uint32_t graph = 0; graph < model.n_subgraphs; ++graph) {
        for (uint32_t i = 0; i < a8_model_nodes(&model, graph); ++i) {
            a8_node_info_t node;
            a8_dtype_t family;
            a8_reason_t reason;
            CHECK_EQ(a8_model_node(&model, graph, i, &node, NULL), A8_OK);
            CHECK(a8_op_family(&model, graph, &node, &family));
            put(a8_op_find(a8_op_code(&node), family, &reason));
        }
    }
}

int main(void) {
    uint32_t head[3];
    memory_limit = 1u << 20;
    while (fread(head, sizeof(head), 1, stdin) == 1) {
        state = (head[0] * 2654435761u) | 1;
        for (int i = 0; i < 8; ++i) {
            next_random(&state);
        }
        uint32_t size = head[1];
        uint8_t *data = malloc(size);
        CHECK(fread(data, 1, size, stdin) == size);
        uint8_t *given = malloc(head[2]);
        CHECK(fread(given, 1, head[2], stdin) == head[2]);
        inputs = given;
        input_size = head[2];
        if (head[0] & 1) {
            size = mutate(data, size);
        }
        // The model ends where its block ends, and lies at any alignment.
        uint32_t offset = head[0] >> 1 & 15;
        uint8_t *exact = malloc(offset + size);
        memcpy(exact + offset, data, size);
        unsigned ended = counts[3];
        int code = run(exact + offset, size, (head[0] >> 5 & 3) == 3);
        put(code);
        put((int32_t)(counts[3] - ended));
        if (counts[3] != ended) {
            put_rows(data, size);
        }
        put(-1);
        fflush(stdout);
        free(exact);
        free(data);
        free(given);
    }
    fprintf(stderr, "refused at open %u, at load %u, too large %u; invokes: ran %u, with an error %u, stopped %u\n", counts[0],
        counts[1], counts[2], counts[3], counts[4], counts[5]);
    return 0;
}
