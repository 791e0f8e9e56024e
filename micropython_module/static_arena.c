// SPDX-License-Identifier: MIT
//
// The static arena: memory reserved at link time, which no fragmentation of the
// heap can touch and which a soft reset finds again. It exports no buffer,
// since the records in it steer memory access.
//
// Inside, tensors grow from the start and records end at the end. A memoryview
// of a tensor (t.data) may outlive its interpreter; as the memory isn't the
// garbage collector's, nothing tells when the last slice of it is gone. So it
// is remembered how far views for writing reach, and no later records go there.
#include "arena8_binding.h"

#if A8_STATIC_ARENA_BYTES

static uint8_t memory[(A8_STATIC_ARENA_BYTES) / A8_ALIGN * A8_ALIGN] __attribute__((aligned(A8_ALIGN)));

static uint32_t exposed; // views for writing end at or before this offset

uint8_t *a8_static_arena_memory(uint32_t *size) {
    *size = sizeof(memory);
    return memory;
}

void a8_static_arena_forget(void) {
    exposed = 0;
}

void a8_static_arena_exposed(const void *end) {
    uintptr_t offset = (uintptr_t)end - (uintptr_t)memory;
    if (offset <= sizeof(memory) && offset > exposed) {
        exposed = (uint32_t)offset;
    }
}

bool a8_static_arena_is_exposed(const void *start) {
    return (uintptr_t)start - (uintptr_t)memory < exposed;
}

static mp_obj_t static_arena_unary_op(mp_unary_op_t op, mp_obj_t self) {
    (void)self;
    switch (op) {
        case MP_UNARY_OP_LEN:
            return MP_OBJ_NEW_SMALL_INT(sizeof(memory));
        case MP_UNARY_OP_BOOL:
            return mp_const_true;
        default:
            return MP_OBJ_NULL;
    }
}

static void static_arena_print(const mp_print_t *print, mp_obj_t self, mp_print_kind_t kind) {
    (void)self;
    (void)kind;
    const a8_interpreter_obj_t *user = a8_interpreter_using(memory, sizeof(memory));
    vstr_t vstr;
    mp_print_t to;
    vstr_init_print(&vstr, 100, &to);
    mp_printf(&to, "<StaticArena %u bytes at 0x%lx, ", (unsigned)sizeof(memory), (unsigned long)(uintptr_t)memory);
    if (user == NULL) {
        mp_print_str(&to, "free>");
    } else {
        size_t len;
        const char *name = mp_obj_str_get_data(user->model->name, &len);
        mp_printf(&to, "in use by model '%.*s'>", a8_str_cut(name, len, 32), name);
    }
    a8_print_repr(print, &vstr);
}

MP_DEFINE_CONST_OBJ_TYPE(
    a8_type_static_arena,
    MP_QSTR_StaticArena,
    MP_TYPE_FLAG_NONE,
    print, static_arena_print,
    unary_op, static_arena_unary_op);

const mp_obj_base_t a8_static_arena_obj = { &a8_type_static_arena };

#endif
