// SPDX-License-Identifier: MIT
//
// Prints what the model view says of a .tflite file, as JSON: every tensor,
// node and label, and every operator that can't run. The bytes lie at an odd address, in
// memory of exactly their size. If the model can't be opened, the error record.
//
//   view_model MODEL.tflite [--spoil FROM]
//
// --spoil prints nothing: it views every prefix of the file, and the file with every byte replaced,
// from position FROM on.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena8.h"

static const char *comma; // before the next element of a list

static void begin(const char *name, const char *bracket) {
    printf("\"%s\": %s", name, bracket);
    comma = "";
}

static void print_string(a8_string_t s) {
    putchar('"');
    for (uint32_t i = 0; i < s.len; ++i) {
        unsigned char c = (unsigned char)s.str[i];
        if (c < ' ' || c == '"' || c == '\\') {
            printf("\\u%04x", c);
        } else {
            putchar(c);
        }
    }
    putchar('"');
}

static void print_number(int64_t value) {
    printf("%s%" PRId64, comma, value);
    comma = ", ";
}

static void print_error(const a8_error_t *err) {
    printf("{\"code\": %d, \"message\": \"%s\", \"tensor\": %d, \"node\": %d, \"needed\": %d, \"given\": %d}",
        (int)err->code, err->message, (int)err->tensor, (int)err->node, (int)err->needed, (int)err->given);
}

static void print_tensor(const a8_model_t *model, uint32_t graph, uint32_t i) {
    a8_tensor_info_t t;
    a8_error_t err;
    if (a8_model_tensor(model, graph, i, &t, &err) != A8_OK) {
        printf("{\"error\": ");
        print_error(&err);
        printf("}");
        return;
    }
    printf("{\"name\": ");
    print_string(t.name);
    printf(", \"dtype\": \"%s\", \"type\": %d, \"count\": %u, \"bytes\": %u, \"variable\": %d, ",
        a8_dtype_name(t.dtype), (int)t.dtype, (unsigned)t.count, (unsigned)t.bytes, t.is_variable);
    begin("shape", "[");
    for (uint32_t d = 0; d < t.rank; ++d) {
        print_number(t.dims[d]);
    }
    printf("], \"crc\": ");
    if (t.data != NULL) {
        printf("%u", (unsigned)a8_crc32(0, t.data, t.bytes));
    } else {
        printf("null");
    }
    printf(", \"dimension\": %d, ", (int)t.quantized_dimension);
    begin("scales", "[");
    for (uint32_t c = 0; c < t.n_scales; ++c) {
        printf("%s%.9g", comma, (double)a8_tensor_scale(&t, c));
        comma = ", ";
    }
    printf("], ");
    begin("zero_points", "[");
    for (uint32_t c = 0; c < t.n_scales; ++c) {
        print_number(a8_tensor_zero_point(&t, c));
    }
    printf("]}");
}

static void print_node(const a8_model_t *model, uint32_t graph, uint32_t i) {
    a8_node_info_t n;
    a8_error_t err;
    if (a8_model_node(model, graph, i, &n, &err) != A8_OK) {
        printf("{\"error\": ");
        print_error(&err);
        printf("}");
        return;
    }
    const char *name = a8_op_name(n.op);
    printf("{\"op\": %d, \"name\": \"%s\", \"version\": %d, \"options\": %s, \"custom\": ", (int)n.op,
        name != NULL ? name : "", (int)n.version, n.options != 0 ? "true" : "false");
    print_string(n.custom);
    printf(", ");
    begin("inputs", "[");
    for (uint32_t k = 0; k < n.n_inputs; ++k) {
        print_number(a8_node_input(model, &n, k));
    }
    printf("], ");
    begin("outputs", "[");
    for (uint32_t k = 0; k < n.n_outputs; ++k) {
        print_number(a8_node_output(model, &n, k));
    }
    printf("]}");
}

static void print_graph(const a8_model_t *model, uint32_t graph) {
    printf("{");
    begin("tensors", "[");
    for (uint32_t i = 0; i < a8_model_tensors(model, graph); ++i) {
        printf("%s", i == 0 ? "" : ",\n ");
        print_tensor(model, graph, i);
    }
    printf("],\n");
    begin("nodes", "[");
    for (uint32_t i = 0; i < a8_model_nodes(model, graph); ++i) {
        printf("%s", i == 0 ? "" : ",\n ");
        print_node(model, graph, i);
    }
    printf("],\n");
    begin("inputs", "[");
    for (uint32_t i = 0; i < a8_model_inputs(model, graph); ++i) {
        print_number(a8_model_input(model, graph, i));
    }
    printf("], ");
    begin("outputs", "[");
    for (uint32_t i = 0; i < a8_model_outputs(model, graph); ++i) {
        print_number(a8_model_output(model, graph, i));
    }
    printf("]}");
}

static void view(const uint8_t *data, uint32_t size) {
    a8_model_t model;
    a8_error_t err;
    if (a8_model_open(&model, data, size, &err) != A8_OK) {
        printf("{\"error\": ");
        print_error(&err);
        printf("}\n");
        return;
    }
    printf("{");
    begin("subgraphs", "[");
    for (uint32_t i = 0; i < model.n_subgraphs; ++i) {
        printf("%s", i == 0 ? "" : ",\n");
        print_graph(&model, i);
    }
    printf("],\n");
    begin("labels", "[");
    for (uint32_t i = 0; i < a8_model_labels(&model); ++i) {
        printf("%s", i == 0 ? "" : ", ");
        print_string(a8_model_label(&model, i));
    }
    printf("], \"label_after_last\": %s,\n",
        a8_model_label(&model, a8_model_labels(&model)).str == NULL ? "null" : "true");
    begin("unsupported", "[");
    a8_unsupported_t u;
    uint32_t graph = 0, node = 0;
    for (const char *between = ""; a8_next_unsupported(&model, &graph, &node, &u); between = ", ") {
        printf("%s{\"subgraph\": %u, \"node\": %u, \"op\": %d, \"dtype\": \"%s\", \"reason\": %d, \"custom\": ",
            between, (unsigned)u.subgraph, (unsigned)u.node, (int)u.op, a8_dtype_name(u.dtype), (int)u.reason);
        print_string(u.custom);
        printf("}");
    }
    printf("],\n");
    begin("operators", "[");
    for (uint32_t i = 0; a8_op_listed(i) != NULL; ++i) {
        printf("%s\"%s\"", i == 0 ? "" : ", ", a8_op_listed(i));
    }
    printf("],\n\"nothing_behind\": [%u, %u, %d, %d]}\n", (unsigned)a8_model_tensors(&model, model.n_subgraphs),
        (unsigned)a8_model_nodes(&model, UINT32_MAX), (int)a8_model_input(&model, 0, UINT32_MAX),
        (int)a8_model_output(&model, model.n_subgraphs, 0));
}

// Views every prefix that ends at or after from, and the file with each byte from there replaced.
static void view_spoiled(uint8_t *data, uint32_t size, uint32_t from) {
    if (freopen("/dev/null", "w", stdout) == NULL) {
        exit(2);
    }
    for (uint32_t at = from; at < size; ++at) {
        uint8_t *prefix = malloc(at + 1), kept = data[at];
        memcpy(prefix + 1, data, at); // at an odd address, and to the last byte of its memory
        view(prefix + 1, at);
        free(prefix);
        const uint8_t values[5] = { 0, 0xff, kept ^ 0x80, kept ^ 1, (uint8_t)(kept + 3) };
        for (int i = 0; i < 5; ++i) {
            data[at] = values[i];
            view(data, size);
        }
        data[at] = kept;
    }
}

int main(int argc, char **argv) {
    FILE *file = argc == 2 || argc == 4 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL) {
        fprintf(stderr, "usage: view_model MODEL.tflite [--spoil FROM]\n");
        return 2;
    }
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    uint8_t *block = malloc(size + 1);
    if (fread(block + 1, 1, size, file) != size) {
        perror(argv[1]);
        return 2;
    }
    fclose(file);
    if (argc == 4) {
        view_spoiled(block + 1, (uint32_t)size, (uint32_t)atoi(argv[3]));
    } else {
        view(block + 1, (uint32_t)size);
    }
    free(block);
    return 0;
}
