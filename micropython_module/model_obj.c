// SPDX-License-Identifier: MIT
//
// Model: a view of .tflite bytes, which stay where they are.
#include "arena8_binding.h"

#include <string.h>

#include "py/builtin.h"
#include "py/gc.h"
#include "py/mperrno.h"
#include "py/objstr.h"
#include "py/stream.h"

#if MICROPY_VFS
#include "extmod/vfs.h"
#endif

#if A8_FROZEN_MODELS
#include "frozen_models.h"
#endif

// ---- Where models are found -----------------------------------------------

#if A8_FROZEN_MODELS
static const a8_frozen_model_t *frozen_by_name(const char *name, size_t len) {
    for (size_t i = 0; i < a8_frozen_models_len; i++) {
        if (strlen(a8_frozen_models[i].name) == len && memcmp(a8_frozen_models[i].name, name, len) == 0) {
            return &a8_frozen_models[i];
        }
    }
    return NULL;
}

// The frozen model whose bytes hold the address.
static const a8_frozen_model_t *frozen_by_address(const void *address) {
    for (size_t i = 0; i < a8_frozen_models_len; i++) {
        size_t len;
        const char *bytes = mp_obj_str_get_data((mp_obj_t)a8_frozen_models[i].bytes, &len);
        if ((uintptr_t)address - (uintptr_t)bytes < len) {
            return &a8_frozen_models[i];
        }
    }
    return NULL;
}
#endif

mp_obj_t a8_models(void) {
    mp_obj_t list = mp_obj_new_list(0, NULL);
#if A8_FROZEN_MODELS
    for (size_t i = 0; i < a8_frozen_models_len; i++) {
        size_t len;
        const char *bytes = mp_obj_str_get_data((mp_obj_t)a8_frozen_models[i].bytes, &len);
        mp_obj_t items[3] = {
            mp_obj_new_str_from_cstr(a8_frozen_models[i].name),
            mp_obj_new_int_from_uint(len),
            mp_obj_new_int_from_uint(a8_crc32(0, bytes, (uint32_t)len)),
        };
        mp_obj_list_append(list, mp_obj_new_tuple(3, items));
    }
#endif
    return list;
}

#if MICROPY_VFS

// Opens a file for reading. MP_OBJ_NULL if there is none (no such file, folder or filesystem).
static mp_obj_t open_file(const char *folder, mp_obj_t name, const char *suffix) {
    vstr_t vstr;
    mp_print_t print;
    vstr_init_print(&vstr, 32, &print);
    mp_printf(&print, "%s%s%s", folder, mp_obj_str_get_str(name), suffix);
    mp_obj_t path = mp_obj_new_str_from_vstr(&vstr);
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_obj_t args[2] = { path, MP_OBJ_NEW_QSTR(MP_QSTR_rb) };
        mp_obj_t file = mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_vfs_open_obj), 2, 0, args);
        nlr_pop();
        return file;
    }
    mp_obj_t exception = MP_OBJ_FROM_PTR(nlr.ret_val);
    if (mp_obj_is_subclass_fast(MP_OBJ_FROM_PTR(mp_obj_get_type(exception)), MP_OBJ_FROM_PTR(&mp_type_OSError))) {
        mp_obj_t number = mp_obj_exception_get_value(exception);
        if (number == MP_OBJ_NEW_SMALL_INT(MP_ENOENT) || number == MP_OBJ_NEW_SMALL_INT(MP_ENODEV) || number == MP_OBJ_NEW_SMALL_INT(MP_ENOTDIR) || number == MP_OBJ_NEW_SMALL_INT(MP_EINVAL)) {
            return MP_OBJ_NULL;
        }
    }
    nlr_jump(nlr.ret_val);
}

static mp_int_t seek(mp_obj_t file, int offset, int whence) {
    mp_obj_t call[4];
    mp_load_method(file, MP_QSTR_seek, call);
    call[2] = MP_OBJ_NEW_SMALL_INT(offset);
    call[3] = MP_OBJ_NEW_SMALL_INT(whence);
    return mp_obj_get_int(mp_call_method_n_kw(2, 0, call));
}

// A file's bytes: the file itself if it is mapped (then it exports a buffer), else a copy in RAM.
static mp_obj_t file_bytes(mp_obj_t file, bool *is_copy) {
    mp_buffer_info_t buf;
    if (mp_get_buffer(file, &buf, MP_BUFFER_READ)) {
        *is_copy = false;
        return file;
    }
    *is_copy = true;
    const mp_stream_p_t *stream = mp_get_stream_raise(file, MP_STREAM_OP_READ | MP_STREAM_OP_IOCTL);
    // By its method: the ioctl of files that are written in Python, as of a mounted folder of another machine,
    // can't seek everywhere.
    mp_int_t size = seek(file, 0, MP_SEEK_END);
    seek(file, 0, MP_SEEK_SET);
    if (size < 0 || size > INT32_MAX) { // also what some systems say of a folder
        mp_raise_OSError(MP_EFBIG);
    }
    vstr_t vstr;
    vstr_init_len(&vstr, (size_t)size); // exactly: read() would grow its buffer by doubling
    // A file that comes over a serial line says how much the line takes at once.
    int error = 0;
    mp_uint_t step = stream->ioctl(file, MP_STREAM_GET_BUFFER_SIZE, 0, &error);
    if (step == 0 || step == MP_STREAM_ERROR) {
        step = vstr.len;
    }
    size_t done = 0;
    while (done < vstr.len) {
        mp_uint_t wanted = MIN(step, vstr.len - done);
        mp_uint_t read = mp_stream_read_exactly(file, vstr.buf + done, wanted, &error);
        if (error != 0) {
            mp_raise_OSError(error);
        }
        done += read;
        if (read < wanted) {
            break;
        }
    }
    vstr.len = done;
    mp_stream_close(file);
    return mp_obj_new_bytes_from_vstr(&vstr);
}

// Appends names of models in ROMFS to the sentence. Errors don't matter: there may be no /rom.
static void add_rom_names(vstr_t *vstr) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_obj_t folder = mp_obj_new_str_from_cstr("/rom");
        mp_obj_t names = mp_vfs_listdir(1, &folder);
        size_t n;
        mp_obj_t *items;
        mp_obj_get_array(names, &n, &items);
        for (size_t i = 0; i < n; i++) {
            size_t len;
            const char *name = mp_obj_str_get_data(items[i], &len);
            if (len > 7 && memcmp(name + len - 7, ".tflite", 7) == 0) {
                vstr_add_str(vstr, ", ");
                vstr_add_strn(vstr, name, len - 7);
            }
        }
        nlr_pop();
    }
}

#endif

static MP_NORETURN void raise_no_such_model(mp_obj_t name) {
    vstr_t vstr;
    mp_print_t print;
    vstr_init_print(&vstr, 64, &print);
    mp_printf(&print, "no model or file '%s' (known models: ", mp_obj_str_get_str(name));
    vstr_t names;
    vstr_init(&names, 32);
#if A8_FROZEN_MODELS
    for (size_t i = 0; i < a8_frozen_models_len; i++) {
        vstr_add_str(&names, ", ");
        vstr_add_str(&names, a8_frozen_models[i].name);
    }
#endif
#if MICROPY_VFS
    add_rom_names(&names);
#endif
    if (names.len > 2) {
        vstr_add_strn(&vstr, names.buf + 2, names.len - 2);
    } else {
        vstr_add_str(&vstr, "none");
    }
    vstr_clear(&names);
    vstr_add_char(&vstr, ')');
    mp_obj_t args[2] = { MP_OBJ_NEW_SMALL_INT(MP_ENOENT), mp_obj_new_str_from_vstr(&vstr) };
    nlr_raise(mp_obj_new_exception_args(&mp_type_OSError, 2, args));
}

// "/a/b/wine.tflite" is called wine.
static mp_obj_t stem(mp_obj_t path) {
    size_t len;
    const char *str = mp_obj_str_get_data(path, &len);
    size_t start = len;
    while (start > 0 && str[start - 1] != '/') {
        start--;
    }
    size_t end = len;
    for (size_t i = len; i > start + 1; i--) {
        if (str[i - 1] == '.') {
            end = i - 1;
            break;
        }
    }
    return mp_obj_new_str(str + start, end - start);
}

// Sets source and name of the model that a str says: frozen, else in ROMFS, else a path.
static void find(a8_model_obj_t *self, mp_obj_t name) {
    size_t len;
    const char *str = mp_obj_str_get_data(name, &len);
    (void)str;
#if A8_FROZEN_MODELS
    const a8_frozen_model_t *frozen = frozen_by_name(str, len);
    if (frozen != NULL) {
        self->source = (mp_obj_t)frozen->bytes;
        self->name = name;
        return;
    }
#endif
#if MICROPY_VFS
    mp_obj_t file = MP_OBJ_NULL;
    if (len > 0 && memchr(str, '/', len) == NULL) {
        file = open_file("/rom/", name, ".tflite");
        if (file == MP_OBJ_NULL) {
            file = open_file("/rom/", name, "");
        }
    }
    if (file == MP_OBJ_NULL && len > 0) {
        file = open_file("", name, "");
    }
    if (file != MP_OBJ_NULL) {
        self->source = file_bytes(file, &self->is_copy);
        self->name = stem(name);
        return;
    }
#endif
    raise_no_such_model(name);
}

// ---- Construction ---------------------------------------------------------

static void get_bytes(mp_obj_t source, mp_buffer_info_t *buf) {
    // Also an object of a class made from str exports its characters.
    bool is_str = mp_obj_is_subclass_fast(MP_OBJ_FROM_PTR(mp_obj_get_type(source)), MP_OBJ_FROM_PTR(&mp_type_str));
    if (is_str || !mp_get_buffer(source, buf, MP_BUFFER_READ)) {
        a8_raisef(&mp_type_TypeError, "model must be bytes or another buffer, a name or a path, not %s",
            mp_obj_get_type_str(source));
    }
}

static mp_obj_t model_new(const mp_obj_type_t *type, mp_obj_t source) {
    a8_model_obj_t *self = mp_obj_malloc(a8_model_obj_t, type);
    self->source = source;
    self->name = MP_OBJ_NEW_QSTR(MP_QSTR_);
    self->measured = false;
    self->is_copy = false;
    if (mp_obj_is_type(source, &a8_type_model)) {
        const a8_model_obj_t *other = MP_OBJ_TO_PTR(source);
        self->source = other->source;
        self->name = other->name;
        self->is_copy = other->is_copy;
    } else if (mp_obj_is_str(source)) {
        find(self, source);
    }
    mp_buffer_info_t buf;
    get_bytes(self->source, &buf);
#if A8_FROZEN_MODELS
    const a8_frozen_model_t *frozen = frozen_by_address(buf.buf);
    if (frozen != NULL && self->name == MP_OBJ_NEW_QSTR(MP_QSTR_)) {
        self->name = mp_obj_new_str_from_cstr(frozen->name);
    }
#endif
    if (buf.len > INT32_MAX) {
        a8_raisef(&mp_type_ValueError, "model is larger than %d bytes", (int)INT32_MAX);
    }
    a8_error_t err;
    if (a8_model_open(&self->view, buf.buf, (uint32_t)buf.len, &err) < 0) {
        a8_raise(&err, NULL);
    }
    return MP_OBJ_FROM_PTR(self);
}

a8_model_obj_t *a8_model_from(mp_obj_t source) {
    if (mp_obj_is_type(source, &a8_type_model)) {
        a8_model_obj_t *self = MP_OBJ_TO_PTR(source);
        a8_model_check(self);
        return self;
    }
    return MP_OBJ_TO_PTR(model_new(&a8_type_model, source));
}

// Model(source): a view of a model, nothing copied. source is a readable buffer (bytes, bytearray, memoryview, an
// open file in ROMFS), the name of a frozen or ROMFS model, a path (a file that isn't memory-mapped is read
// once into RAM), or another Model. A str is never taken for model bytes.
static mp_obj_t model_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    enum { ARG_source };
    static const mp_arg_t allowed[] = {
        { MP_QSTR_source, MP_ARG_REQUIRED | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    };
    mp_arg_val_t parsed[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all_kw_array(n_args, n_kw, args, MP_ARRAY_SIZE(allowed), allowed, parsed);
    return model_new(type, parsed[ARG_source].u_obj);
}

// ---- For the other files --------------------------------------------------

void a8_model_check(const a8_model_obj_t *model) {
    mp_buffer_info_t buf;
    if (!mp_get_buffer(model->source, &buf, MP_BUFFER_READ) || buf.buf != model->view.data || buf.len != model->view.size) {
        a8_raisef(&mp_type_RuntimeError, "the model's buffer moved or changed size: had %u bytes",
            (unsigned)model->view.size);
    }
}

int a8_model_measure(a8_model_obj_t *model, void *work, size_t work_size, a8_error_t *err) {
    if (model->measured) {
        return A8_OK;
    }
    uint32_t size = (uint32_t)MIN(work_size, INT32_MAX);
    int code = a8_measure(&model->view, a8_target_native(), work, size, &model->sizes, err);
    while (code == A8_ERR_MEMORY && err->needed > 0 && (uint32_t)err->needed > size) {
        uint32_t needed = ((uint32_t)err->needed + A8_ALIGN - 1) / A8_ALIGN * A8_ALIGN;
        // Doubling keeps the number of attempts small; where that much isn't there, just what is needed.
        size = MAX(needed, 2 * size);
        uint8_t *aligned;
        void *block = a8_alloc(size, &aligned);
        if (block == NULL && size > needed) {
            size = needed;
            block = a8_alloc(size, &aligned);
        }
        if (block == NULL) {
            err->message = "the heap has no room to measure the model in";
            err->needed = (int32_t)size;
            err->given = (int32_t)a8_largest_free();
            return code;
        }
        code = a8_measure(&model->view, a8_target_native(), aligned, size, &model->sizes, err);
        m_del(byte, block, size);
    }
    model->measured = code == A8_OK;
    return code;
}

void a8_model_tensor_info(const a8_model_obj_t *model, uint32_t tensor, a8_tensor_info_t *info) {
    a8_error_t err;
    if (a8_model_tensor(&model->view, 0, tensor, info, &err) < 0) {
        a8_raise(&err, NULL);
    }
}

// ---- Attributes -----------------------------------------------------------

static bool in_flash(const a8_model_obj_t *self) {
#if A8_FROZEN_MODELS
    if (frozen_by_address(self->view.data) != NULL) {
        return true;
    }
#endif
    return a8_port_in_flash(self->view.data);
}

static mp_obj_t labels(const a8_model_obj_t *self) {
    uint32_t n = a8_model_labels(&self->view);
    a8_string_t text = a8_model_labels_text(&self->view);
    mp_obj_tuple_t *tuple = MP_OBJ_TO_PTR(mp_obj_new_tuple(n, NULL));
    for (uint32_t i = 0; i < n; i++) {
        tuple->items[i] = MP_OBJ_NEW_QSTR(MP_QSTR_); // the collector may look before the next one is made
    }
    for (uint32_t i = 0; i < n; i++) {
        a8_string_t label;
        if (a8_next_label(&text, &label)) {
            tuple->items[i] = a8_new_str(label);
        }
    }
    return MP_OBJ_FROM_PTR(tuple);
}

// m.name        frozen name or the file's stem, empty for a buffer
// m.labels      names of the classes, from the model file; empty if it has none
// m.nbytes      length of the model
// m.address     where its first byte lies
// m.in_flash    whether that is flash
// m.crc32       checksum of its bytes, zlib's
// m.arena_size  bytes that an Interpreter of it takes; may borrow heap, gives it back; ValueError if it can't run
static void model_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    if (dest[0] != MP_OBJ_NULL) {
        return; // not assignable
    }
    a8_model_obj_t *self = MP_OBJ_TO_PTR(self_in);
    switch (attr) {
        case MP_QSTR_name:
            dest[0] = self->name;
            break;
        case MP_QSTR_labels:
            a8_model_check(self);
            dest[0] = labels(self);
            break;
        case MP_QSTR_nbytes:
            dest[0] = mp_obj_new_int_from_uint(self->view.size);
            break;
        case MP_QSTR_address:
            dest[0] = mp_obj_new_int_from_uint((uintptr_t)self->view.data);
            break;
        case MP_QSTR_in_flash:
            dest[0] = mp_obj_new_bool(in_flash(self));
            break;
        case MP_QSTR_crc32:
            a8_model_check(self);
            dest[0] = mp_obj_new_int_from_uint(a8_crc32(0, self->view.data, self->view.size));
            break;
        case MP_QSTR_arena_size: {
            a8_model_check(self);
            a8_error_t err;
            if (a8_model_measure(self, NULL, 0, &err) < 0) {
                a8_raise(&err, &self->view);
            }
            dest[0] = mp_obj_new_int_from_uint(self->sizes.records + self->sizes.arena);
            break;
        }
        default:
            break;
    }
}

static void print_ends(const mp_print_t *print, const a8_model_t *view, uint32_t n,
    int32_t (*get)(const a8_model_t *, uint32_t, uint32_t)) {
    a8_error_t err;
    a8_tensor_info_t info;
    for (uint32_t i = 0; i < n && i < 4; i++) {
        int32_t tensor = get(view, 0, i);
        if (tensor >= 0 && a8_model_tensor(view, 0, (uint32_t)tensor, &info, &err) == A8_OK) {
            mp_print_str(print, i == 0 ? " " : ", ");
            a8_print_shape(print, &info);
        }
    }
}

static void model_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    (void)kind;
    a8_model_obj_t *self = MP_OBJ_TO_PTR(self_in);
    a8_model_check(self);
    size_t len;
    const char *name = mp_obj_str_get_data(self->name, &len);
    vstr_t vstr;
    mp_print_t to;
    vstr_init_print(&vstr, 100, &to);
    mp_printf(&to, len == 0 ? "<Model%.*s" : "<Model %.*s", a8_str_cut(name, len, 24), name);
    mp_printf(&to, " %u bytes in %s at 0x%lx,", (unsigned)self->view.size,
        in_flash(self) ? "flash" : self->is_copy ? "RAM (a copy)"
                                                 : "RAM",
        (unsigned long)(uintptr_t)self->view.data);
    print_ends(&to, &self->view, a8_model_inputs(&self->view, 0), a8_model_input);
    mp_print_str(&to, " ->");
    print_ends(&to, &self->view, a8_model_outputs(&self->view, 0), a8_model_output);
    mp_print_str(&to, ">");
    a8_print_repr(print, &vstr);
}

MP_DEFINE_CONST_OBJ_TYPE(
    a8_type_model,
    MP_QSTR_Model,
    MP_TYPE_FLAG_NONE,
    make_new, model_make_new,
    print, model_print,
    attr, model_attr);
