// SPDX-License-Identifier: MIT
//
// What a caller may rely on while a model runs: stepping, stopping, the clock,
// reset, memory that is too small, and where inputs and outputs are. Any model that loads will do.
//
//   drive_interpreter MODEL.tflite [stateless]
//
// stateless: the model gives the same answers without a reset before.
#include <stdbool.h>
#include <string.h>

#include "arena8.h"
#include "check.h"

static uint8_t *model_bytes;
static size_t model_size;
static a8_model_t model;
static a8_sizes_t sizes;
static a8_error_t err;

typedef struct {
    uint32_t polls;
    uint32_t polls_allowed;
    uint32_t time;
} hooks_t;

static bool poll(void *arg) {
    hooks_t *hooks = arg;
    return hooks->polls++ < hooks->polls_allowed;
}

// Wraps around soon.
static uint32_t clock_by_7(void *arg) {
    hooks_t *hooks = arg;
    hooks->time += 7;
    return hooks->time;
}

static uint8_t *inputs_saved, *outputs_saved;
static uint32_t input_bytes, output_bytes;

static void write_inputs(const a8_interpreter_t *it) {
    uint32_t at = 0;
    a8_io_t io;
    for (uint32_t i = 0; i < a8_inputs(it); ++i) {
        a8_input(it, i, &io);
        memcpy(io.data, inputs_saved + at, io.bytes);
        at += io.bytes;
    }
}

static void check_outputs(const a8_interpreter_t *it) {
    uint32_t at = 0;
    a8_io_t io;
    for (uint32_t i = 0; i < a8_outputs(it); ++i) {
        a8_output(it, i, &io);
        CHECK(memcmp(io.data, outputs_saved + at, io.bytes) == 0);
        at += io.bytes;
    }
}

static void check_places(const a8_interpreter_t *it) {
    a8_io_t io, other;
    a8_tensor_info_t info;
    for (uint32_t i = 0; i < a8_inputs(it); ++i) {
        a8_input(it, i, &io);
        CHECK_EQ(io.tensor, a8_model_input(&model, 0, i));
        CHECK(!io.is_constant && io.data == it->arena + io.offset && io.offset % A8_ALIGN == 0);
        CHECK(io.offset + io.bytes <= sizes.arena);
        CHECK_EQ(a8_model_tensor(&model, 0, io.tensor, &info, &err), A8_OK);
        CHECK_EQ(io.bytes, info.bytes);
        for (uint32_t b = 0; b < io.bytes && info.dtype == A8_INT8; ++b) {
            CHECK_EQ((int8_t)io.data[b], info.zero_point);
        }
        for (uint32_t k = 0; k < i; ++k) {
            a8_input(it, k, &other);
            CHECK(io.tensor == other.tensor || io.offset + io.bytes <= other.offset ||
                other.offset + other.bytes <= io.offset);
        }
        input_bytes += io.bytes;
    }
    for (uint32_t i = 0; i < a8_outputs(it); ++i) {
        a8_output(it, i, &io);
        CHECK_EQ(io.tensor, a8_model_output(&model, 0, i));
        CHECK_EQ(a8_model_tensor(&model, 0, io.tensor, &info, &err), A8_OK);
        CHECK_EQ(io.bytes, info.bytes);
        CHECK_EQ(io.is_constant, info.data != NULL);
        if (io.is_constant) {
            CHECK(io.data == info.data);
        } else {
            CHECK(io.data == it->arena + io.offset && io.offset + io.bytes <= sizes.arena);
        }
        output_bytes += io.bytes;
    }
}

// The smallest work memory that does, by trying all smaller sizes: each must ask for more.
static void test_measure(uint32_t enough) {
    a8_sizes_t again;
    for (uint32_t size = 0; size < enough; size += 1 + size / 16) {
        uint8_t *work = malloc(size == 0 ? 1 : size);
        int ret = a8_measure(&model, a8_target_native(), work, size, &again, &err);
        free(work);
        if (ret == A8_OK) {
            CHECK(again.records == sizes.records && again.arena == sizes.arena);
        } else {
            CHECK_EQ(ret, A8_ERR_MEMORY);
            CHECK(err.needed > (int32_t)size && err.given <= (int32_t)size);
        }
    }
    uint8_t *work = malloc(enough + A8_ALIGN);
    CHECK_EQ(a8_measure(&model, a8_target_native(), work + 8, enough, &again, &err), A8_ERR_MEMORY);
    CHECK_EQ(err.needed, A8_ALIGN);
    CHECK_EQ(err.given, 8);
    free(work);
}

static void test_too_small(void) {
    a8_interpreter_t it;
    for (uint32_t less = A8_ALIGN; less <= sizes.records; less += A8_ALIGN) {
        uint8_t *records = malloc(sizes.records - less + 1), *arena = malloc(sizes.arena);
        CHECK_EQ(a8_load(&it, &model, a8_target_native(), records, sizes.records - less, arena, sizes.arena, &err),
            A8_ERR_MEMORY);
        CHECK(!it.loaded && err.needed > err.given && err.given == (int32_t)(sizes.records - less));
        free(records);
        free(arena);
    }
    for (uint32_t less = A8_ALIGN; less <= sizes.arena; less += A8_ALIGN + less / 8 / A8_ALIGN * A8_ALIGN) {
        uint8_t *records = malloc(sizes.records), *arena = malloc(sizes.arena - less + 1);
        CHECK_EQ(a8_load(&it, &model, a8_target_native(), records, sizes.records, arena, sizes.arena - less, &err),
            A8_ERR_MEMORY);
        CHECK(!it.loaded && err.needed > err.given && err.given == (int32_t)(sizes.arena - less));
        CHECK_EQ(a8_invoke(&it, &err), A8_ERR_MODEL);
        CHECK_EQ(a8_inputs(&it) + a8_outputs(&it) + a8_nodes(&it), 0);
        a8_reset(&it);
        free(records);
        free(arena);
    }
}

int main(int argc, char **argv) {
    FILE *file = argc >= 2 ? fopen(argv[1], "rb") : NULL;
    CHECK(file != NULL);
    fseek(file, 0, SEEK_END);
    model_size = (size_t)ftell(file);
    rewind(file);
    model_bytes = malloc(model_size);
    CHECK(fread(model_bytes, 1, model_size, file) == model_size);
    fclose(file);
    CHECK_EQ(a8_model_open(&model, model_bytes, (uint32_t)model_size, &err), A8_OK);
    uint32_t work_size = 1 << 20;
    uint8_t *work = malloc(work_size);
    CHECK_EQ(a8_measure(&model, a8_target_native(), work, work_size, &sizes, &err), A8_OK);
    free(work);
    CHECK(sizes.records % A8_ALIGN == 0 && sizes.arena % A8_ALIGN == 0 && sizes.records > 0);
    test_measure(sizes.records + sizes.arena);
    test_too_small();

    a8_interpreter_t it;
    uint8_t *records = malloc(sizes.records), *arena = malloc(sizes.arena);
    memset(records, 0x5a, sizes.records);
    memset(arena, 0xa5, sizes.arena);
    CHECK_EQ(a8_load(&it, &model, a8_target_native(), records, sizes.records, arena, sizes.arena, &err), A8_OK);
    check_places(&it);
    uint32_t nodes = a8_nodes(&it);
    CHECK_EQ(nodes, a8_model_nodes(&model, 0));

    // Without hooks.
    inputs_saved = malloc(input_bytes + 1);
    outputs_saved = malloc(output_bytes + 1);
    uint32_t state = 77;
    for (uint32_t i = 0; i < input_bytes; ++i) {
        inputs_saved[i] = (uint8_t)(next_random(&state) >> 3);
    }
    write_inputs(&it);
    CHECK_EQ(a8_invoke(&it, &err), A8_OK);
    uint32_t at = 0;
    a8_io_t io;
    for (uint32_t i = 0; i < a8_outputs(&it); ++i) {
        a8_output(&it, i, &io);
        memcpy(outputs_saved + at, io.data, io.bytes);
        at += io.bytes;
    }
    for (uint32_t i = 0; i < nodes; ++i) {
        CHECK_EQ(a8_node_microseconds(&it, i), 0);
        CHECK(a8_node_op(&it, i) >= 0 && a8_op_name(a8_node_op(&it, i)) != NULL);
    }

    // Step by step, twice, and the last step says so.
    for (int round = 0; round < 2; ++round) {
        a8_reset(&it);
        write_inputs(&it);
        uint32_t node = 0;
        for (;;) {
            CHECK_EQ(a8_next_node(&it), node);
            int ret = a8_step(&it, &err);
            if (ret == A8_DONE) {
                break;
            }
            CHECK_EQ(ret, A8_OK);
            CHECK(a8_next_node(&it) == node + 1 || (a8_next_node(&it) == node && model.n_subgraphs > 1));
            node = a8_next_node(&it);
        }
        CHECK_EQ(node, nodes - 1);
        CHECK_EQ(a8_next_node(&it), 0);
        check_outputs(&it);
    }
    // Invoke starts over, also after some steps.
    a8_reset(&it);
    write_inputs(&it);
    if (nodes > 1) {
        CHECK_EQ(a8_step(&it, &err), A8_OK);
    }
    a8_reset(&it);
    write_inputs(&it);
    CHECK_EQ(a8_invoke(&it, &err), A8_OK);
    check_outputs(&it);

    // The clock, which wraps.
    hooks_t hooks = { 0, UINT32_MAX, UINT32_MAX - 20 };
    it.poll = poll;
    it.clock = clock_by_7;
    it.arg = &hooks;
    a8_reset(&it);
    write_inputs(&it);
    CHECK_EQ(a8_invoke(&it, &err), A8_OK);
    check_outputs(&it);
    for (uint32_t i = 0; i < nodes; ++i) {
        uint32_t time = a8_node_microseconds(&it, i); // 7 for each turn of the node, and of those that it had run
        CHECK(time == 7 || (time > 7 && time % 7 == 0 && model.n_subgraphs > 1));
    }
    uint32_t polls = hooks.polls;
    CHECK(polls >= nodes);

    int32_t deepest = 0; // all subgraphs of the models of this test run
    // Stopped at any poll: the error says so, and afterwards all is well again.
    for (uint32_t allowed = 0; allowed < polls; allowed += polls < 200 ? 1 : 1 + allowed / 8) {
        hooks.polls = 0;
        hooks.polls_allowed = allowed;
        a8_reset(&it);
        write_inputs(&it);
        CHECK_EQ(a8_invoke(&it, &err), A8_ERR_ABORTED);
        CHECK_EQ(err.code, A8_ERR_ABORTED);
        CHECK(err.message != NULL && err.node >= 0 && err.subgraph >= 0);
        CHECK(err.node < (int32_t)a8_model_nodes(&model, (uint32_t)err.subgraph));
        CHECK(err.subgraph != 0 || err.op == a8_node_op(&it, (uint32_t)err.node));
        deepest = err.subgraph > deepest ? err.subgraph : deepest;
        CHECK_EQ(hooks.polls, allowed + 1); // it stopped at once
        if (argc == 3) { // and the next invoke starts over
            hooks.polls_allowed = UINT32_MAX;
            write_inputs(&it);
            CHECK_EQ(a8_invoke(&it, &err), A8_OK);
            check_outputs(&it);
        }
    }
    CHECK_EQ(deepest, model.n_subgraphs - 1);
    hooks.polls_allowed = UINT32_MAX;
    a8_reset(&it);
    write_inputs(&it);
    CHECK_EQ(a8_invoke(&it, &err), A8_OK);
    check_outputs(&it);
    // Nothing was written behind what it uses, whatever the regions' sizes.
    CHECK(it.used.records == sizes.records && it.used.arena == sizes.arena);

    // Any bytes in the arena are safe, and outputs come from inputs alone.
    memset(arena, 0x80, sizes.arena);
    a8_reset(&it);
    write_inputs(&it);
    CHECK_EQ(a8_invoke(&it, NULL), A8_OK);
    check_outputs(&it);
    printf("%u nodes, %u polls\n", (unsigned)nodes, (unsigned)polls);
    free(model_bytes);
    free(inputs_saved);
    free(outputs_saved);
    free(records);
    free(arena);
    return 0;
}
