// SPDX-License-Identifier: MIT
//
// What the files of the MicroPython binding share. The binding validates, keeps
// owners alive for the garbage collector, and maps the engine's error codes to
// exceptions; everything that computes is in engine/.
#ifndef ARENA8_BINDING_H
#define ARENA8_BINDING_H

#include <stdarg.h> // py/mpprint.h declares mp_vprintf only after it

#include "py/obj.h"
#include "py/runtime.h"

#include "engine/arena8.h"
#include "engine/elements.h"
#include "engine/message.h"

#if !MICROPY_PY_BUILTINS_FLOAT
#error "arena8 needs floating point: MICROPY_FLOAT_IMPL"
#endif
#if !MICROPY_ENABLE_GC || !MICROPY_ENABLE_FINALISER
#error "arena8 finds dropped interpreters by their finalisers: set MICROPY_ENABLE_FINALISER to 1"
#endif
#if !MICROPY_PY_ARRAY || !MICROPY_PY_BUILTINS_MEMORYVIEW || !MICROPY_PY_BUILTINS_SLICE
#error "arena8 needs MICROPY_PY_ARRAY, MICROPY_PY_BUILTINS_MEMORYVIEW and MICROPY_PY_BUILTINS_SLICE"
#endif

#ifndef A8_STATIC_ARENA_BYTES
#define A8_STATIC_ARENA_BYTES (0)
#endif
#ifndef A8_FROZEN_MODELS
#define A8_FROZEN_MODELS (0)
#endif

#ifndef MP_NORETURN // MicroPython 1.25
#define MP_NORETURN NORETURN
#endif

// ---- Model ----------------------------------------------------------------

typedef struct {
    mp_obj_base_t base;
    mp_obj_t source; // exports the bytes and keeps them alive
    mp_obj_t name;
    a8_model_t view;
    a8_sizes_t sizes; // once measured
    bool measured;
    bool is_copy; // read into RAM from a file
} a8_model_obj_t;

extern const mp_obj_type_t a8_type_model;

// source itself if it is a Model, else a new one made from it.
a8_model_obj_t *a8_model_from(mp_obj_t source);
// RuntimeError if the source's bytes are no longer where the view says.
void a8_model_check(const a8_model_obj_t *model);
// Finds model->sizes. work (may be NULL) is memory that may be overwritten meanwhile; if it doesn't do, heap is
// borrowed and given back. Returns a code; err describes it.
int a8_model_measure(a8_model_obj_t *model, void *work, size_t work_size, a8_error_t *err);
// The model's view of tensor index of subgraph 0, or an exception.
void a8_model_tensor_info(const a8_model_obj_t *model, uint32_t tensor, a8_tensor_info_t *info);
mp_obj_t a8_models(void);

// ---- Interpreter ----------------------------------------------------------

typedef struct {
    mp_obj_base_t base;
    a8_model_obj_t *model;
    mp_obj_t inputs; // tuples of Tensor
    mp_obj_t outputs;
    mp_obj_t arena; // a caller's buffer, the static arena, or None
    void *block; // head of the heap block with the records, and with the arena unless it lies elsewhere
    const void *buffer; // where the caller's buffer was at construction
    size_t buffer_len;
    mp_obj_t raised; // what stopped an invoke, MP_OBJ_NULL if nothing did
    uintptr_t next; // of the list of live interpreters, hidden from the garbage collector
    bool live;
    bool busy;
    a8_interpreter_t engine;
} a8_interpreter_obj_t;

extern const mp_obj_type_t a8_type_interpreter;

// Call on every entry from Python: RuntimeError if memory that a caller owns has moved. With exclusive
// also if an invoke is running (a callback got here from its poll).
void a8_interpreter_enter(const a8_interpreter_obj_t *self, bool exclusive);

// The live interpreter that uses memory in [start, start + len), or NULL.
const a8_interpreter_obj_t *a8_interpreter_using(const void *start, size_t len);

// ---- Tensor ---------------------------------------------------------------

extern const mp_obj_type_t a8_type_tensor;

mp_obj_t a8_tensor_new(a8_interpreter_obj_t *owner, bool is_output, uint32_t index);
// "1x8x8x1 int8"
void a8_tensor_print_shape(const mp_print_t *print, mp_obj_t tensor);
void a8_tensor_quantize(mp_obj_t tensor, mp_obj_t x, float scale, float offset);
mp_obj_t a8_tensor_dequantize(mp_obj_t tensor, mp_obj_t out);

// ---- Static arena ---------------------------------------------------------

extern const mp_obj_type_t a8_type_static_arena;

#if A8_STATIC_ARENA_BYTES
extern const mp_obj_base_t a8_static_arena_obj;
// Its memory; the size is rounded down to A8_ALIGN.
uint8_t *a8_static_arena_memory(uint32_t *size);
// Call at a soft reset: all views are gone.
void a8_static_arena_forget(void);
// Tells that Python got a view for writing that ends at end.
void a8_static_arena_exposed(const void *end);
// Whether a view that was given away since the last reset reaches beyond start.
bool a8_static_arena_is_exposed(const void *start);
#endif

// ---- Errors, strings, memory (binding.c) ----------------------------------

// Raises the exception for an error of the engine. With model (may be NULL) every unsupported operator is named.
MP_NORETURN void a8_raise(const a8_error_t *err, const a8_model_t *model);
// Raises an exception with a formatted sentence. Not mp_raise_msg_varg: with compressed texts MicroPython 1.25 expands
// the format into a buffer that is one byte too short for the longest text of a firmware.
MP_NORETURN void a8_raisef(const mp_obj_type_t *type, const char *format, ...);
// self's type is checked in every method: natively compiled ones are called with whatever the caller gives.
void a8_check_self(mp_obj_t self, const mp_obj_type_t *type);

// A str of bytes from a model, which need not be UTF-8.
mp_obj_t a8_new_str(a8_string_t str);
// Bytes of a str to print, at most so many, cut between its characters.
int a8_str_cut(const char *str, size_t len, size_t most);
// Prints a repr that was composed in vstr, cut to 100 columns, and frees it.
void a8_print_repr(const mp_print_t *print, vstr_t *vstr);
// Prints "1x8x8x1 int8".
void a8_print_shape(const mp_print_t *print, const a8_tensor_info_t *info);

// Heap of which size bytes are aligned to A8_ALIGN, from *aligned on; NULL if there is none.
void *a8_alloc(size_t size, uint8_t **aligned);
// Largest allocation that could succeed now.
size_t a8_largest_free(void);

// Typecode of Python's array for a type of elements, 0 if there is none, and back (-1: none).
char a8_typecode(a8_dtype_t dtype);
int a8_dtype_of_typecode(int typecode);

// ---- Port (port.c) --------------------------------------------------------

// A free-running microsecond counter, NULL where the port has none.
extern const a8_clock_t a8_port_clock;
// Head of the heap block that holds p, NULL if p isn't in the garbage-collected heap.
void *a8_port_heap_head(const void *p);
// Whether p lies in memory-mapped flash.
bool a8_port_in_flash(const void *p);

#endif
