// SPDX-License-Identifier: MIT
//
// Interpreter: a model with the memory that it runs in.
#include "arena8_binding.h"

#include <string.h>

#include "py/gc.h"

// ---- Live interpreters ----------------------------------------------------
//
// Two live interpreters never share memory. The list that proves it must not
// keep them alive, so its links are complemented: the garbage collector sees no
// pointers. A dropped interpreter leaves the list by its finaliser.

static uintptr_t first = ~(uintptr_t)0; // complement of NULL

static a8_interpreter_obj_t *revealed(uintptr_t hidden) {
    return (a8_interpreter_obj_t *)~hidden;
}

static void go_live(a8_interpreter_obj_t *self) {
    self->next = first;
    first = ~(uintptr_t)self;
    self->live = true;
}

static bool overlap(const void *a, size_t a_len, const void *b, size_t b_len) {
    return (uintptr_t)a < (uintptr_t)b + b_len && (uintptr_t)b < (uintptr_t)a + a_len;
}

const a8_interpreter_obj_t *a8_interpreter_using(const void *start, size_t len) {
    for (a8_interpreter_obj_t *it = revealed(first); it != NULL; it = revealed(it->next)) {
        if (overlap(start, len, it->engine.arena, it->engine.arena_size) || overlap(start, len, it->engine.records, it->engine.records_size)) {
            return it;
        }
    }
    return NULL;
}

// The collector takes whatever looks like a pointer, on the stack or in a register, for one. Earlier calls left
// pointers to a dropped interpreter where frames of the next ones will lie, and those would keep it alive: clears them.
// Returns 0, so that the result's register holds that and not one of them.
static MP_NOINLINE uintptr_t clear_dead_stack(void) {
    volatile uintptr_t words[128];
    for (size_t i = 0; i < MP_ARRAY_SIZE(words); i++) {
        words[i] = 0;
    }
    return words[0];
}

// Not inlined, so that no pointer stays in a register.
static MP_NOINLINE bool is_used(const void *start, size_t len) {
    return a8_interpreter_using(start, len) != NULL;
}

// The same, after a garbage collection if that can free the memory.
static bool still_used(const void *start, size_t len) {
    if (!is_used(start, len)) {
        return false;
    }
    uintptr_t zero = clear_dead_stack();
    gc_collect();
    return is_used((const uint8_t *)start + zero, len); // used, or the compiler would drop it
}

static void raise_if_used(const void *start, size_t len) {
    if (still_used(start, len)) {
        const a8_interpreter_obj_t *user = a8_interpreter_using(start, len);
        size_t n;
        const char *name = mp_obj_str_get_data(user->model->name, &n);
        a8_raisef(&mp_type_RuntimeError, "arena is in use by a live Interpreter of model '%.*s', %u bytes at 0x%lx",
            a8_str_cut(name, n, 40), name, (unsigned)user->model->view.size,
            (unsigned long)(uintptr_t)user->model->view.data);
    }
}

// The garbage collector's call, when nothing refers to the interpreter or its tensors any more. Also callable
// from Python, so an interpreter that has left the list runs no more.
static mp_obj_t interpreter_del(mp_obj_t self_in) {
    a8_check_self(self_in, &a8_type_interpreter);
    a8_interpreter_obj_t *self = MP_OBJ_TO_PTR(self_in);
    if (self->live && !self->busy) {
        uintptr_t *link = &first;
        while (revealed(*link) != NULL && revealed(*link) != self) {
            link = &revealed(*link)->next;
        }
        if (revealed(*link) == self) { // else a soft reset has emptied the list
            *link = self->next;
        }
        self->live = false;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(interpreter_del_obj, interpreter_del);

// A soft reset ends all interpreters, and it may come while one is busy: a second core's invoke is just cut off. It is
// seen by an object that lives until then: a root pointer holds it, and the final sweep runs its finaliser.
typedef struct {
    mp_obj_base_t base;
} witness_t;

MP_REGISTER_ROOT_POINTER(void *arena8_witness);

static mp_obj_t witness_del(mp_obj_t self) {
    if (MP_OBJ_TO_PTR(self) == MP_STATE_VM(arena8_witness)) {
        MP_STATE_VM(arena8_witness) = NULL;
        first = ~(uintptr_t)0;
#if A8_STATIC_ARENA_BYTES
        a8_static_arena_forget();
#endif
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(witness_del_obj, witness_del);

static const mp_rom_map_elem_t witness_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&witness_del_obj) },
};
static MP_DEFINE_CONST_DICT(witness_locals, witness_locals_table);

static MP_DEFINE_CONST_OBJ_TYPE(type_witness, MP_QSTR_object, MP_TYPE_FLAG_NONE, locals_dict, &witness_locals);

static void watch_for_reset(void) {
    if (MP_STATE_VM(arena8_witness) == NULL) {
        MP_STATE_VM(arena8_witness) = mp_obj_malloc_with_finaliser(witness_t, &type_witness);
    }
}

// ---- Entry checks and the poll hook ---------------------------------------

static void check_memory(const a8_interpreter_obj_t *self) {
    a8_model_check(self->model);
    if (self->buffer != NULL) {
        mp_buffer_info_t buf;
        if (!mp_get_buffer(self->arena, &buf, MP_BUFFER_RW) || buf.buf != self->buffer || buf.len != self->buffer_len) {
            a8_raisef(&mp_type_RuntimeError, "the arena's buffer moved or changed size: had %u bytes, has %u",
                (unsigned)self->buffer_len, (unsigned)buf.len);
        }
    }
}

void a8_interpreter_enter(const a8_interpreter_obj_t *self, bool exclusive) {
    if (!self->live) {
        mp_raise_msg(&mp_type_RuntimeError, MP_ERROR_TEXT("interpreter was deleted"));
    }
    if (exclusive && self->busy) {
        mp_raise_msg(&mp_type_RuntimeError, MP_ERROR_TEXT("interpreter is busy: an invoke is running"));
    }
    check_memory(self);
}

static a8_interpreter_obj_t *enter(mp_obj_t self_in, bool exclusive) {
    a8_check_self(self_in, &a8_type_interpreter);
    a8_interpreter_obj_t *self = MP_OBJ_TO_PTR(self_in);
    a8_interpreter_enter(self, exclusive);
    return self;
}

// Whether mp_handle_pending would do anything, as the virtual machine asks too: it is asked once an operator, where
// catching exceptions and checking buffers take as long as a small operator.
static inline bool is_pending(void) {
#if MICROPY_ENABLE_VM_ABORT
    if (MP_STATE_VM(vm_abort)) {
        return true;
    }
#endif
#if MICROPY_ENABLE_SCHEDULER
    if (MP_STATE_VM(sched_state) == MP_SCHED_PENDING) {
        return true;
    }
#endif
    return MP_STATE_THREAD(mp_pending_exception) != MP_OBJ_NULL;
}

// Lets pending callbacks and Ctrl-C in. What they raise must not jump through the engine: it is kept, the engine
// is asked to stop, and it is raised again outside. A callback may also have moved a buffer that the engine is using.
static bool poll(void *arg) {
    a8_interpreter_obj_t *self = arg;
    nlr_buf_t nlr;
    if (!is_pending()) {
        return true;
    }
    if (nlr_push(&nlr) == 0) {
        mp_handle_pending(true);
        check_memory(self);
        nlr_pop();
        return true;
    }
    self->raised = MP_OBJ_FROM_PTR(nlr.ret_val);
    return false;
}

static int run(a8_interpreter_obj_t *self, int (*function)(a8_interpreter_t *, a8_error_t *)) {
    a8_error_t err;
    self->busy = true;
    int code = function(&self->engine, &err);
    self->busy = false;
    if (self->raised != MP_OBJ_NULL) {
        mp_obj_t raised = self->raised;
        self->raised = MP_OBJ_NULL;
        nlr_raise(raised);
    }
    if (code < 0) {
        a8_raise(&err, NULL);
    }
    return code;
}

// ---- Construction ---------------------------------------------------------

static MP_NORETURN void raise_too_small(uint32_t needed, mp_int_t given) {
    a8_raisef(&mp_type_MemoryError, "arena too small: model needs %u bytes, %ld given",
        (unsigned)needed, (long)given);
}

// Heap of exactly size bytes, aligned; the block belongs to self.
static uint8_t *heap(a8_interpreter_obj_t *self, size_t size) {
    uint8_t *aligned;
    self->block = a8_alloc(size, &aligned);
    if (self->block == NULL) {
        a8_raisef(&mp_type_MemoryError, "no heap for an arena of %ld bytes: the largest free piece has %ld",
            (long)size, (long)a8_largest_free());
    }
    return aligned;
}

// Measures in memory that will be the arena; raises if the model can't run or takes more than given.
static uint32_t measure_within(a8_model_obj_t *model, uint8_t *work, size_t given) {
    a8_error_t err;
    if (a8_model_measure(model, work, given / A8_ALIGN * A8_ALIGN, &err) < 0) {
        a8_raise(&err, &model->view);
    }
    return model->sizes.records + model->sizes.arena;
}

// The arena of `arena=int` and `arena=None`: one block, records first.
static void load_on_heap(a8_interpreter_obj_t *self, uint32_t total, mp_int_t size, a8_error_t *err, int *code) {
    if (size < (mp_int_t)total) {
        raise_too_small(total, size);
    }
    const a8_sizes_t *sizes = &self->model->sizes;
    uint8_t *block = heap(self, (size_t)size);
    *code = a8_load(&self->engine, &self->model->view, a8_target_native(), block, sizes->records,
        block + sizes->records, sizes->arena, err);
}

#if A8_STATIC_ARENA_BYTES
// Tensors from the start, records at the end (static_arena.c says why). False if it is too small or some
// old view could write to the records; nothing is done then.
static bool load_in_static(a8_interpreter_obj_t *self, uint32_t total, a8_error_t *err, int *code) {
    uint32_t size;
    uint8_t *memory = a8_static_arena_memory(&size);
    const a8_sizes_t *sizes = &self->model->sizes;
    if (size < total || a8_static_arena_is_exposed(memory + size - sizes->records)) {
        return false;
    }
    self->arena = MP_OBJ_FROM_PTR(&a8_static_arena_obj);
    *code = a8_load(&self->engine, &self->model->view, a8_target_native(), memory + size - sizes->records,
        sizes->records, memory, sizes->arena, err);
    return true;
}
#endif

static bool is_model_in(const a8_model_obj_t *model, const void *start, size_t len) {
    return overlap(start, len, model->view.data, model->view.size);
}

static void raise_if_model_in(const a8_model_obj_t *model, const void *start, size_t len) {
    if (is_model_in(model, start, len)) {
        mp_raise_msg(&mp_type_ValueError, MP_ERROR_TEXT("arena lies in the model's own bytes"));
    }
}

static void load_in_buffer(a8_interpreter_obj_t *self, mp_obj_t arena, a8_error_t *err, int *code) {
    mp_buffer_info_t buf;
    if (mp_obj_is_str(arena) || !mp_get_buffer(arena, &buf, MP_BUFFER_RW)) {
        a8_raisef(&mp_type_TypeError, "arena must be None, a number of bytes or a writable buffer, not %s",
            mp_obj_get_type_str(arena));
    }
    raise_if_model_in(self->model, buf.buf, buf.len);
    size_t padding = -(uintptr_t)buf.buf % A8_ALIGN;
    uint8_t *start = (uint8_t *)buf.buf + padding;
    size_t usable = buf.len > padding ? buf.len - padding : 0;
    raise_if_used(buf.buf, buf.len); // measuring writes to all of it
    uint32_t total = measure_within(self->model, start, usable);
    if (usable < total) {
        if (padding == 0) {
            raise_too_small(total, (mp_int_t)buf.len);
        }
        a8_raisef(&mp_type_MemoryError, "arena too small: model needs %u bytes (%u of them to align the buffer to %u), %u given",
            (unsigned)(total + padding), (unsigned)padding, A8_ALIGN, (unsigned)buf.len);
    }
    // Records steer memory access, so they lie where the buffer's owner can't write.
    const a8_sizes_t *sizes = &self->model->sizes;
    uint8_t *records = heap(self, sizes->records);
    self->arena = arena;
    self->buffer = buf.buf;
    self->buffer_len = buf.len;
    *code = a8_load(&self->engine, &self->model->view, a8_target_native(), records, sizes->records, start, sizes->arena, err);
}

static void load(a8_interpreter_obj_t *self, mp_obj_t arena) {
    a8_error_t err;
    int code = A8_OK;
#if A8_STATIC_ARENA_BYTES
    uint32_t static_size;
    uint8_t *static_memory = a8_static_arena_memory(&static_size);
#endif
    if (arena == mp_const_none) {
        uint8_t *work = NULL;
        size_t work_size = 0;
#if A8_STATIC_ARENA_BYTES
        if (!is_model_in(self->model, static_memory, static_size) && !still_used(static_memory, static_size)) {
            work = static_memory;
            work_size = static_size;
        }
#endif
        uint32_t total = measure_within(self->model, work, work_size);
#if A8_STATIC_ARENA_BYTES
        if (work == NULL || !load_in_static(self, total, &err, &code))
#endif
        {
            load_on_heap(self, total, (mp_int_t)total, &err, &code);
        }
    } else if (mp_obj_is_int(arena)) {
        load_on_heap(self, measure_within(self->model, NULL, 0), mp_obj_get_int(arena), &err, &code);
#if A8_STATIC_ARENA_BYTES
    } else if (arena == MP_OBJ_FROM_PTR(&a8_static_arena_obj)) {
        raise_if_model_in(self->model, static_memory, static_size);
        raise_if_used(static_memory, static_size);
        uint32_t total = measure_within(self->model, static_memory, static_size);
        if (static_size < total) {
            raise_too_small(total, (mp_int_t)static_size);
        }
        if (!load_in_static(self, total, &err, &code)) {
            mp_raise_msg(&mp_type_RuntimeError,
                MP_ERROR_TEXT("a memoryview of an earlier Interpreter reaches where this model keeps its records"));
        }
#endif
    } else {
        load_in_buffer(self, arena, &err, &code);
    }
    if (code < 0) {
        self->model->measured = false; // bytes of a model in RAM may have changed
        a8_raise(&err, &self->model->view);
    }
}

// Not inlined, so that its frame lies where clear_dead_stack has been.
static MP_NOINLINE mp_obj_t construct(const mp_obj_type_t *type, mp_obj_t source, mp_obj_t arena) {
    a8_model_obj_t *model = a8_model_from(source);
    watch_for_reset();
    a8_interpreter_obj_t *self = mp_obj_malloc_with_finaliser(a8_interpreter_obj_t, type);
    memset((uint8_t *)self + sizeof(self->base), 0, sizeof(*self) - sizeof(self->base));
    self->model = model;
    self->arena = mp_const_none;
    load(self, arena);
    self->engine.poll = poll;
    self->engine.clock = a8_port_clock;
    self->engine.arg = self;

    // Made once, so that reading it.inputs[0] takes no heap. Nobody else can claim the memory before go_live.
    for (int is_output = 0; is_output < 2; is_output++) {
        uint32_t n = is_output ? a8_outputs(&self->engine) : a8_inputs(&self->engine);
        mp_obj_tuple_t *tuple = MP_OBJ_TO_PTR(mp_obj_new_tuple(n, NULL));
        for (uint32_t i = 0; i < n; i++) {
            tuple->items[i] = mp_const_none;
        }
        for (uint32_t i = 0; i < n; i++) {
            tuple->items[i] = a8_tensor_new(self, is_output, i);
        }
        *(is_output ? &self->outputs : &self->inputs) = MP_OBJ_FROM_PTR(tuple);
    }
    go_live(self);
    return MP_OBJ_FROM_PTR(self);
}

// Interpreter(source, arena=None): source is a Model or whatever Model() takes.
//
// arena is None (arena8.static_arena if it is free and large enough, else exactly as many bytes of heap as
// the model takes), a number of bytes of heap, arena8.static_arena, or a writable buffer. A buffer must have
// arena_size bytes, and up to 15 more if it isn't aligned; tensors lie in it, while records stay on the heap where
// its owner can't write: writing to it may change answers, never memory safety. Don't let it move while the
// Interpreter lives (bytearray.extend): that is a RuntimeError at the next use.
//
// ValueError: malformed or unsupported model, all unsupported operators in one message. MemoryError: with the bytes
// needed and given. RuntimeError: another live Interpreter uses the memory. There is nothing to close: drop it.
static mp_obj_t interpreter_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    enum { ARG_source,
        ARG_arena };
    static const mp_arg_t allowed[] = {
        { MP_QSTR_source, MP_ARG_REQUIRED | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_arena, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    };
    mp_arg_val_t parsed[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all_kw_array(n_args, n_kw, args, MP_ARRAY_SIZE(allowed), allowed, parsed);
    clear_dead_stack();
    return construct(type, parsed[ARG_source].u_obj, parsed[ARG_arena].u_obj);
}

// ---- Methods --------------------------------------------------------------

// it.invoke(): runs the model. No heap is allocated. Inputs may be overwritten; outputs stay until an input
// is written or the next invoke. Ctrl-C stops it: outputs are undefined then, a stateful model wants reset().
static mp_obj_t interpreter_invoke(mp_obj_t self_in) {
    run(enter(self_in, true), a8_invoke);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(interpreter_invoke_obj, interpreter_invoke);

// it.step(): runs one operator. False when that was the last; the next step starts over.
static mp_obj_t interpreter_step(mp_obj_t self_in) {
    return mp_obj_new_bool(run(enter(self_in, true), a8_step) != A8_DONE);
}
static MP_DEFINE_CONST_FUN_OBJ_1(interpreter_step_obj, interpreter_step);

// it.reset(): sets variables and state to their initial values and goes back to the first operator.
static mp_obj_t interpreter_reset(mp_obj_t self_in) {
    a8_reset(&enter(self_in, true)->engine);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(interpreter_reset_obj, interpreter_reset);

// Elements of x, one for each of n tensors: x itself for one, else those of a tuple or list.
static const mp_obj_t *spread(const mp_obj_t *x, size_t n, const char *what) {
    if (n == 1) {
        return x;
    }
    if (!mp_obj_is_type(*x, &mp_type_tuple) && !mp_obj_is_type(*x, &mp_type_list)) {
        a8_raisef(&mp_type_TypeError, "model has %u %ss: need a tuple or list, not %s",
            (unsigned)n, what, mp_obj_get_type_str(*x));
    }
    size_t given;
    mp_obj_t *items;
    mp_obj_get_array(*x, &given, &items);
    if (given != n) {
        a8_raisef(&mp_type_ValueError, "model has %u %ss, got %u", (unsigned)n, what,
            (unsigned)given);
    }
    return items;
}

// it.predict(x, out=None): quantizes x into the input, invokes, returns the dequantized output as array('f').
// Several inputs: x is a tuple or list, one element an input. Several outputs: a list comes back. If out is given
// (an array of floats; for several outputs a tuple or list of them) it is filled and returned, without heap.
static mp_obj_t interpreter_predict(size_t n_args, const mp_obj_t *args, mp_map_t *kw_args) {
    enum { ARG_x,
        ARG_out };
    static const mp_arg_t allowed[] = {
        { MP_QSTR_x, MP_ARG_REQUIRED | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_out, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    };
    mp_arg_val_t parsed[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all(n_args - 1, args + 1, kw_args, MP_ARRAY_SIZE(allowed), allowed, parsed);
    a8_interpreter_obj_t *self = enter(args[0], true);
    mp_obj_t out = parsed[ARG_out].u_obj;
    size_t n_inputs, n_outputs;
    mp_obj_t *inputs, *outputs;
    mp_obj_get_array(self->inputs, &n_inputs, &inputs);
    mp_obj_get_array(self->outputs, &n_outputs, &outputs);

    // Fetched anew for each tensor: converting elements may run Python code that changes a list.
    if (out != mp_const_none) {
        spread(&out, n_outputs, "output");
    }
    for (size_t i = 0; i < n_inputs; i++) {
        a8_tensor_quantize(inputs[i], spread(&parsed[ARG_x].u_obj, n_inputs, "input")[i], 1.0f, 0.0f);
    }
    interpreter_invoke(args[0]);
    if (out != mp_const_none) {
        for (size_t i = 0; i < n_outputs; i++) {
            a8_tensor_dequantize(outputs[i], spread(&out, n_outputs, "output")[i]);
        }
        return out;
    }
    if (n_outputs == 1) {
        return a8_tensor_dequantize(outputs[0], mp_const_none);
    }
    mp_obj_t list = mp_obj_new_list(0, NULL);
    for (size_t i = 0; i < n_outputs; i++) {
        mp_obj_list_append(list, a8_tensor_dequantize(outputs[i], mp_const_none));
    }
    return list;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(interpreter_predict_obj, 2, interpreter_predict);

// it.profile(): list of (index, operator, microseconds) of the last invoke, in order of execution. The
// microseconds are 0 on a port without a clock.
static mp_obj_t interpreter_profile(mp_obj_t self_in) {
    const a8_interpreter_obj_t *self = enter(self_in, false);
    mp_obj_t list = mp_obj_new_list(0, NULL);
    uint32_t n = a8_nodes(&self->engine);
    for (uint32_t i = 0; i < n; i++) {
        const char *name = a8_op_name(a8_node_op(&self->engine, i));
        mp_obj_t items[3] = {
            MP_OBJ_NEW_SMALL_INT(i),
            mp_obj_new_str_from_cstr(name != NULL ? name : "?"),
            mp_obj_new_int_from_uint(a8_node_microseconds(&self->engine, i)),
        };
        mp_obj_list_append(list, mp_obj_new_tuple(3, items));
    }
    return list;
}
static MP_DEFINE_CONST_FUN_OBJ_1(interpreter_profile_obj, interpreter_profile);

// it.inputs, it.outputs  tuples of Tensor
// it.arena_used          bytes that the model takes, as arena_size() says
// it.model               its Model
static void interpreter_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    if (dest[0] != MP_OBJ_NULL) {
        return;
    }
    a8_interpreter_obj_t *self = MP_OBJ_TO_PTR(self_in);
    switch (attr) {
        case MP_QSTR_inputs:
            dest[0] = self->inputs;
            break;
        case MP_QSTR_outputs:
            dest[0] = self->outputs;
            break;
        case MP_QSTR_arena_used:
            dest[0] = mp_obj_new_int_from_uint(self->engine.used.records + self->engine.used.arena);
            break;
        case MP_QSTR_model:
            dest[0] = MP_OBJ_FROM_PTR(self->model);
            break;
        default:
            dest[1] = MP_OBJ_SENTINEL; // a method
            break;
    }
}

static void print_tensors(const mp_print_t *print, mp_obj_t tuple) {
    size_t n;
    mp_obj_t *items;
    mp_obj_get_array(tuple, &n, &items);
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            mp_print_str(print, ", ");
        }
        a8_tensor_print_shape(print, items[i]);
    }
}

static void interpreter_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    (void)kind;
    const a8_interpreter_obj_t *self = MP_OBJ_TO_PTR(self_in);
    check_memory(self);
    size_t len;
    const char *name = mp_obj_str_get_data(self->model->name, &len);
    const char *where = self->buffer != NULL ? "a buffer" : self->arena == mp_const_none ? "heap"
                                                                                         : "static RAM";
    vstr_t vstr;
    mp_print_t to;
    vstr_init_print(&vstr, 100, &to);
    mp_printf(&to, len == 0 ? "<Interpreter%.*s " : "<Interpreter %.*s ", a8_str_cut(name, len, 24), name);
    print_tensors(&to, self->inputs);
    mp_print_str(&to, " -> ");
    print_tensors(&to, self->outputs);
    mp_printf(&to, ", arena %u bytes of %s>", (unsigned)(self->engine.used.records + self->engine.used.arena), where);
    a8_print_repr(print, &vstr);
}

static const mp_rom_map_elem_t interpreter_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&interpreter_del_obj) },
    { MP_ROM_QSTR(MP_QSTR_invoke), MP_ROM_PTR(&interpreter_invoke_obj) },
    { MP_ROM_QSTR(MP_QSTR_step), MP_ROM_PTR(&interpreter_step_obj) },
    { MP_ROM_QSTR(MP_QSTR_reset), MP_ROM_PTR(&interpreter_reset_obj) },
    { MP_ROM_QSTR(MP_QSTR_predict), MP_ROM_PTR(&interpreter_predict_obj) },
    { MP_ROM_QSTR(MP_QSTR_profile), MP_ROM_PTR(&interpreter_profile_obj) },
};
static MP_DEFINE_CONST_DICT(interpreter_locals, interpreter_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    a8_type_interpreter,
    MP_QSTR_Interpreter,
    MP_TYPE_FLAG_NONE,
    make_new, interpreter_make_new,
    print, interpreter_print,
    attr, interpreter_attr,
    locals_dict, &interpreter_locals);
