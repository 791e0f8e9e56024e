// SPDX-License-Identifier: MIT
//
// arena8: an interpreter for int8 TensorFlow Lite models.
//
// The caller owns all memory. A model is a view of bytes that stay where they
// are. An interpreter lives in two regions that the caller gives once:
//
//   records  what load derives from the model: tensor and node records,
//            multipliers, profile. It steers memory access and must lie where
//            nobody else writes.
//   arena    tensors and scratch, laid out by the planner. Any value in it is safe.
//
// Neither region holds a pointer, so a model takes the same number of bytes on
// every machine. Nothing is allocated or freed after load.
#ifndef A8_ARENA8_H
#define A8_ARENA8_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "target.h"

#define A8_VERSION "0.1.0"

// Codes. Negative ones are errors, described in an a8_error_t.
enum {
    A8_OK = 0,
    A8_DONE = 1, // a8_step: that was the last operator
    A8_ERR_MODEL = -1, // malformed model bytes
    A8_ERR_UNSUPPORTED = -2, // valid, but not something this build can run
    A8_ERR_MEMORY = -3, // a region is too small: needed and given are set
    A8_ERR_DATA = -4, // a value found at invoke (an index, a NaN) is out of range
    A8_ERR_ABORTED = -5, // the poll hook asked to stop
};

// A field of a8_error_t that does not apply.
#define A8_NONE (INT32_MIN)

// What went wrong, where, and how much. message is a constant sentence without
// numbers; the numbers are in needed (what would have been right) and given.
typedef struct {
    int32_t code;
    const char *message;
    int32_t subgraph;
    int32_t node; // index in the subgraph
    int32_t op; // builtin operator code
    int32_t tensor; // index in the subgraph
    int32_t needed;
    int32_t given;
} a8_error_t;

// Element types, with the numbers of the TFLite schema (TensorType).
typedef enum {
    A8_FLOAT32 = 0,
    A8_FLOAT16 = 1,
    A8_INT32 = 2,
    A8_UINT8 = 3,
    A8_INT64 = 4,
    A8_STRING = 5,
    A8_BOOL = 6,
    A8_INT16 = 7,
    A8_COMPLEX64 = 8,
    A8_INT8 = 9,
    A8_FLOAT64 = 10,
    A8_COMPLEX128 = 11,
    A8_UINT64 = 12,
    A8_RESOURCE = 13,
    A8_VARIANT = 14,
    A8_UINT32 = 15,
    A8_UINT16 = 16,
    A8_INT4 = 17,
} a8_dtype_t;

// The target that this build's kernels are for.
a8_target_t a8_target_native(void);

// ---------------------------------------------------------------------------
// Model: a view of .tflite bytes, in place, at any alignment.

// Positions are offsets from data, found and checked by a8_model_open. Every
// later read is bounds-checked again, so bytes that change under the view give
// wrong answers, never a wild access.
typedef struct {
    const uint8_t *data;
    uint32_t size;
    uint32_t subgraphs; // position of each vector, and its length
    uint32_t n_subgraphs;
    uint32_t opcodes;
    uint32_t n_opcodes;
    uint32_t buffers;
    uint32_t n_buffers;
} a8_model_t;

// A string inside the model's bytes, not terminated.
typedef struct {
    const char *str;
    uint32_t len;
} a8_string_t;

// Everything about one tensor that the model says. Values are checked: the
// product of dims, the byte count and the constant data's range all fit.
typedef struct {
    a8_dtype_t dtype;
    uint32_t rank;
    int32_t dims[A8_MAX_DIMS];
    uint32_t count; // elements
    uint32_t bytes;
    const uint8_t *data; // constant bytes in the model, any alignment; NULL if computed
    bool is_variable; // keeps its value from invoke to invoke
    uint32_t n_scales; // 0: not quantized, 1: per tensor, else per channel
    int32_t quantized_dimension;
    float scale; // the first; 0 if not quantized
    int32_t zero_point; // the first; 0 if not quantized
    const uint8_t *scales; // n_scales little-endian float32, any alignment
    const uint8_t *zero_points; // n_scales little-endian int64, any alignment; NULL: all 0
    a8_string_t name;
} a8_tensor_info_t;

// One node (an operator with its tensors).
typedef struct {
    int32_t op; // builtin operator code
    int32_t version;
    a8_string_t custom; // name of a custom operator
    uint32_t inputs; // position of the vector of int32 tensor indices, -1: left out
    uint32_t n_inputs;
    uint32_t outputs;
    uint32_t n_outputs;
    uint32_t options; // position of the options table, 0: none
    uint32_t custom_options; // position of a custom operator's options, which are bytes
    uint32_t n_custom_options;
} a8_node_info_t;

// Checks identifier, root table and its vectors. data must stay in place while
// the view is used. Errors: A8_ERR_MODEL.
int a8_model_open(a8_model_t *model, const void *data, uint32_t size, a8_error_t *err);

// Counts in a subgraph; 0 if there is no such subgraph.
uint32_t a8_model_tensors(const a8_model_t *model, uint32_t subgraph);
uint32_t a8_model_nodes(const a8_model_t *model, uint32_t subgraph);
uint32_t a8_model_inputs(const a8_model_t *model, uint32_t subgraph);
uint32_t a8_model_outputs(const a8_model_t *model, uint32_t subgraph);
// Tensor index of the i-th input or output, or -1.
int32_t a8_model_input(const a8_model_t *model, uint32_t subgraph, uint32_t i);
int32_t a8_model_output(const a8_model_t *model, uint32_t subgraph, uint32_t i);

int a8_model_tensor(const a8_model_t *model, uint32_t subgraph, uint32_t tensor, a8_tensor_info_t *info,
    a8_error_t *err);
int a8_model_node(const a8_model_t *model, uint32_t subgraph, uint32_t node, a8_node_info_t *info, a8_error_t *err);
// i-th input or output tensor index of a node; -1: left out or not there.
int32_t a8_node_input(const a8_model_t *model, const a8_node_info_t *node, uint32_t i);
int32_t a8_node_output(const a8_model_t *model, const a8_node_info_t *node, uint32_t i);
// Scale and zero point of channel i (0 <= i < n_scales).
float a8_tensor_scale(const a8_tensor_info_t *info, uint32_t i);
int32_t a8_tensor_zero_point(const a8_tensor_info_t *info, uint32_t i);

// Labels of the classes, one a line, from the zip archive that TFLite metadata
// appends to the model: the file that the metadata names as the first output's
// axis labels, else "labels.txt". Only stored (uncompressed) members are read.
// Finding them takes a while: to read many, find the text once and take one label after the other off it.
a8_string_t a8_model_labels_text(const a8_model_t *model);
// Takes the first label, without line end, off the text. False if there is none left.
bool a8_next_label(a8_string_t *text, a8_string_t *label);
// Returns the number of labels, 0 if there are none.
uint32_t a8_model_labels(const a8_model_t *model);
// The i-th label, without line end; str is NULL if there is none.
a8_string_t a8_model_label(const a8_model_t *model, uint32_t i);

// CRC-32 (zlib's polynomial) of any bytes; crc is 0 at first, or the value so far.
uint32_t a8_crc32(uint32_t crc, const void *data, uint32_t size);

// ---------------------------------------------------------------------------
// Operators.

// Name in the TFLite schema ("CONV_2D"), NULL for a code that it doesn't have.
const char *a8_op_name(int32_t op);
// Name of the i-th operator compiled into this build, NULL past the end. Each is listed once.
const char *a8_op_listed(uint32_t i);
// The i-th element type ("int8"; "any") that the operator of that name takes in this build, NULL past the end.
const char *a8_op_dtype_listed(const char *name, uint32_t i);
// "int8", "float32", ...; "unknown" for a code that the schema doesn't have.
const char *a8_dtype_name(a8_dtype_t dtype);
// Bytes of one element, 0 for types without a fixed whole number.
uint32_t a8_dtype_size(a8_dtype_t dtype);

// Why a node can't run.
typedef enum {
    A8_NO_SUCH_OPERATOR, // arena8 has no such operator
    A8_NOT_IN_THIS_BUILD, // arena8 has it, this build was made without it
    A8_NO_SUCH_DTYPE, // it has the operator, not for this element type
    A8_DTYPE_NOT_IN_THIS_BUILD,
    A8_HYBRID, // "dynamic range": integer weights, but activations in float32
} a8_reason_t;

typedef struct {
    uint32_t subgraph;
    uint32_t node;
    int32_t op;
    a8_string_t custom; // name of a custom operator
    a8_dtype_t dtype; // of its first input
    a8_reason_t reason;
} a8_unsupported_t;

// Finds the next node at or after (*subgraph, *node) that this build can't run, fills out and moves the
// position behind it. Starts with both 0. Returns false when there is none.
bool a8_next_unsupported(const a8_model_t *model, uint32_t *subgraph, uint32_t *node, a8_unsupported_t *out);

// The row of ops.def that runs a node: its operator's code, for a8_op_name, and its family, an a8_dtype_t or -1
// for any. False if this build has none.
bool a8_op_row_for(const a8_model_t *model, uint32_t subgraph, uint32_t node, int32_t *op, int32_t *family);

// ---------------------------------------------------------------------------
// Interpreter.

// Bytes of the two regions, both multiples of A8_ALIGN. Their sum is "the
// arena size" that users see.
typedef struct {
    uint32_t records;
    uint32_t arena;
} a8_sizes_t;

// Called between operators and at least once an output row inside long ones.
// Returns false to stop the invoke. Must return; must not call the engine with this interpreter.
typedef bool (*a8_poll_t)(void *arg);
// A free-running microsecond counter that may wrap.
typedef uint32_t (*a8_clock_t)(void *arg);

// The caller sets poll, clock and arg after a8_load; either may be NULL.
// The other members belong to the engine.
typedef struct {
    a8_poll_t poll;
    a8_clock_t clock;
    void *arg;
    a8_model_t model;
    uint8_t *records;
    uint32_t records_size;
    uint8_t *arena;
    uint32_t arena_size;
    a8_sizes_t used;
    a8_target_t target;
    bool loaded;
} a8_interpreter_t;

// Finds what a8_load will need, to the byte, without loading. work is memory
// of any content, aligned to A8_ALIGN, free again afterwards. If it doesn't do:
// A8_ERR_MEMORY, and err->needed is a size, larger than work_size, to try next.
int a8_measure(const a8_model_t *model, a8_target_t target, void *work, uint32_t work_size, a8_sizes_t *sizes,
    a8_error_t *err);

#if A8_TELL_PLAN
// A place in the arena, for tools that draw it. Time 0 is before the first node, node i runs at i + 1, and what stays
// behind the last node has a time after it. Times are those of the subgraph.
typedef struct {
    uint32_t subgraph;
    int32_t tensor; // index in the subgraph; A8_NONE: scratch of a node, or, if it is always there, a named variable
    uint32_t bytes;
    uint32_t offset;
    uint32_t first;
    uint32_t last;
} a8_place_t;

typedef void (*a8_tell_t)(void *arg, const a8_place_t *place);

// a8_measure that also tells every place that the planner gave.
int a8_measure_plan(const a8_model_t *model, a8_target_t target, void *work, uint32_t work_size, a8_sizes_t *sizes,
    a8_tell_t tell, void *arg, a8_error_t *err);
#endif

// Verifies, prepares and plans. Both regions are aligned to A8_ALIGN, at least as large as a8_measure
// says, and stay the interpreter's until the caller drops it; there is nothing to free. Inputs hold
// their zero points' worth of zeros, variable tensors their initial values afterwards.
int a8_load(a8_interpreter_t *it, const a8_model_t *model, a8_target_t target, void *records, uint32_t records_size,
    void *arena, uint32_t arena_size, a8_error_t *err);

// Runs all operators (from the first, also after some steps). Inputs may be
// overwritten; outputs stay until an input is written or the next invoke.
int a8_invoke(a8_interpreter_t *it, a8_error_t *err);
// Runs one operator; one that has subgraphs run takes a step before and one after each. A8_OK: there are more;
// A8_DONE: that was the last, and the next step starts over.
int a8_step(a8_interpreter_t *it, a8_error_t *err);
// Sets variables and state to their initial values and goes back to the first operator.
void a8_reset(a8_interpreter_t *it);

// A tensor of the interpreter: where its bytes are now.
typedef struct {
    uint32_t tensor; // index in subgraph 0
    uint8_t *data;
    uint32_t offset; // of data in the arena; meaningless if constant
    uint32_t bytes;
    bool is_constant; // an output that is constant lies in the model: read only
} a8_io_t;

uint32_t a8_inputs(const a8_interpreter_t *it);
uint32_t a8_outputs(const a8_interpreter_t *it);
// i is less than a8_inputs or a8_outputs.
void a8_input(const a8_interpreter_t *it, uint32_t i, a8_io_t *io);
void a8_output(const a8_interpreter_t *it, uint32_t i, a8_io_t *io);

// Nodes of subgraph 0 in order of execution. Microseconds are of the last invoke, with all that the node had run of
// other subgraphs, 0 without a clock.
uint32_t a8_nodes(const a8_interpreter_t *it);
int32_t a8_node_op(const a8_interpreter_t *it, uint32_t node);
uint32_t a8_node_microseconds(const a8_interpreter_t *it, uint32_t node);
// The node that the next step runs, or that has the subgraph run in which the next step is.
uint32_t a8_next_node(const a8_interpreter_t *it);
// The i-th output of a node, for tools that look inside: its bytes are there right after a8_step finished that node,
// and give way to others later. False if there is no such output.
bool a8_node_result(const a8_interpreter_t *it, uint32_t node, uint32_t i, a8_io_t *io);

#endif
