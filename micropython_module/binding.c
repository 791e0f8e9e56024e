// SPDX-License-Identifier: MIT
//
// Errors, strings and memory for the other files of the binding.
#include "arena8_binding.h"

#include <string.h>

#include "py/gc.h"
#include "py/objstr.h"
#include "py/unicode.h"

// ---- Errors ---------------------------------------------------------------

static void write_vstr(void *arg, const char *str, uint32_t len) {
    vstr_add_strn(arg, str, len);
}

MP_NORETURN void a8_raise(const a8_error_t *err, const a8_model_t *model) {
    const mp_obj_type_t *type = &mp_type_ValueError;
    if (err->code == A8_ERR_MEMORY) {
        type = &mp_type_MemoryError;
    } else if (err->code == A8_ERR_ABORTED) {
        type = &mp_type_RuntimeError;
    }
    vstr_t vstr;
    vstr_init(&vstr, 80);
    a8_error_text(err, model, write_vstr, &vstr);
    nlr_raise(mp_obj_new_exception_arg1(type, mp_obj_new_str_from_vstr(&vstr)));
}

MP_NORETURN void a8_raisef(const mp_obj_type_t *type, const char *format, ...) {
    vstr_t vstr;
    mp_print_t print;
    vstr_init_print(&vstr, 64, &print);
    va_list args;
    va_start(args, format);
    mp_vprintf(&print, format, args);
    va_end(args);
    nlr_raise(mp_obj_new_exception_arg1(type, mp_obj_new_str_from_vstr(&vstr)));
}

void a8_check_self(mp_obj_t self, const mp_obj_type_t *type) {
    if (!mp_obj_is_type(self, type)) {
        a8_raisef(&mp_type_TypeError, "method of %q called with %s", (qstr)type->name,
            mp_obj_get_type_str(self));
    }
}

// ---- Strings --------------------------------------------------------------

mp_obj_t a8_new_str(a8_string_t str) {
    if (str.str == NULL) {
        return MP_OBJ_NEW_QSTR(MP_QSTR_);
    }
#if MICROPY_PY_BUILTINS_STR_UNICODE
    if (!utf8_check((const byte *)str.str, str.len)) {
        vstr_t vstr;
        vstr_init_len(&vstr, str.len);
        for (uint32_t i = 0; i < str.len; i++) {
            vstr.buf[i] = (uint8_t)str.str[i] < 0x80 ? str.str[i] : '?';
        }
        return mp_obj_new_str_from_vstr(&vstr);
    }
#endif
    return mp_obj_new_str(str.str, str.len);
}

int a8_str_cut(const char *str, size_t len, size_t most) {
    if (len > most) {
        len = most;
        while (len > 0 && UTF8_IS_CONT(str[len])) {
            len--;
        }
    }
    return (int)len;
}

void a8_print_repr(const mp_print_t *print, vstr_t *vstr) {
    enum { COLUMNS = 100 };
    if (vstr->len <= COLUMNS) {
        mp_print_strn(print, vstr->buf, vstr->len, 0, 0, 0);
    } else {
        mp_print_strn(print, vstr->buf, COLUMNS - 4, 0, 0, 0);
        mp_print_str(print, "...>");
    }
    vstr_clear(vstr);
}

void a8_print_shape(const mp_print_t *print, const a8_tensor_info_t *info) {
    for (uint32_t i = 0; i < info->rank; i++) {
        mp_printf(print, i == 0 ? "%d" : "x%d", (int)info->dims[i]);
    }
    mp_printf(print, info->rank == 0 ? "scalar %s" : " %s", a8_dtype_name(info->dtype));
}

// ---- Memory ---------------------------------------------------------------

void *a8_alloc(size_t size, uint8_t **aligned) {
    void *block = m_malloc_maybe(size);
    if (block != NULL && (uintptr_t)block % A8_ALIGN != 0) {
        // Only with a GC block size of its own making can a port's heap get here.
        m_del(byte, block, size);
        block = m_malloc_maybe(size + A8_ALIGN - 1);
    }
    *aligned = (uint8_t *)(((uintptr_t)block + A8_ALIGN - 1) & ~(uintptr_t)(A8_ALIGN - 1));
    return block;
}

size_t a8_largest_free(void) {
    gc_info_t info;
    gc_info(&info);
    return info.max_free * MICROPY_BYTES_PER_GC_BLOCK;
}

// ---- Typecodes ------------------------------------------------------------

char a8_typecode(a8_dtype_t dtype) {
    switch (dtype) {
        case A8_INT8:
            return 'b';
        case A8_UINT8:
        case A8_BOOL:
            return 'B';
        case A8_INT16:
            return 'h';
        case A8_UINT16:
            return 'H';
        case A8_INT32:
            return 'i';
        case A8_UINT32:
            return 'I';
        case A8_INT64:
            return 'q';
        case A8_FLOAT32:
            return 'f';
        default:
            return 0;
    }
}

int a8_dtype_of_typecode(int typecode) {
    switch (typecode) {
        case 'b':
            return A8_INT8;
        case 'B':
        case 1: // bytearray
            return A8_UINT8;
        case '?':
            return A8_BOOL;
        case 'h':
            return A8_INT16;
        case 'H':
            return A8_UINT16;
        case 'i':
            return A8_INT32;
        case 'I':
            return A8_UINT32;
        case 'l':
            return sizeof(long) == 8 ? A8_INT64 : A8_INT32;
        case 'L':
            return sizeof(long) == 8 ? -1 : A8_UINT32;
        case 'q':
            return A8_INT64;
        case 'f':
            return A8_FLOAT32;
        case 'd':
            return A8_FLOAT64;
        default:
            return -1;
    }
}
