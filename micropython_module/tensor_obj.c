// SPDX-License-Identifier: MIT
//
// Tensor: an input or output of an interpreter, flat and typed.
//
// What a tensor indexes with (element count, type) is copied from the model once, when the engine has verified it,
// and compared with the engine's own byte count: a model in RAM may change under the view.
#include "arena8_binding.h"

#include <math.h>
#include <string.h>

#include "py/binary.h"
#include "py/objarray.h"

typedef struct {
    mp_obj_base_t base;
    a8_interpreter_obj_t *owner;
    uint32_t tensor; // index in subgraph 0
    uint32_t count;
    a8_elements_t elements;
    uint16_t index; // among the inputs or outputs
    bool is_output;
    bool is_per_channel;
} tensor_obj_t;

// ---- Access ---------------------------------------------------------------

static a8_io_t locate(const tensor_obj_t *self) {
    a8_io_t io;
    if (self->is_output) {
        a8_output(&self->owner->engine, self->index, &io);
    } else {
        a8_input(&self->owner->engine, self->index, &io);
    }
    return io;
}

static const tensor_obj_t *cast(mp_obj_t self_in) {
    a8_check_self(self_in, &a8_type_tensor);
    return MP_OBJ_TO_PTR(self_in);
}

// Where the elements are now, for reading.
static const uint8_t *reading(const tensor_obj_t *self) {
    a8_interpreter_enter(self->owner, false);
    return locate(self).data;
}

// The same for writing.
static uint8_t *writing(const tensor_obj_t *self) {
    a8_interpreter_enter(self->owner, true);
    a8_io_t io = locate(self);
    if (io.is_constant) {
        mp_raise_msg(&mp_type_TypeError, MP_ERROR_TEXT("tensor is constant"));
    }
    return io.data;
}

static uint32_t item_size(const tensor_obj_t *self) {
    return a8_dtype_size(self->elements.dtype);
}

static void info_of(const tensor_obj_t *self, a8_tensor_info_t *info) {
    a8_interpreter_enter(self->owner, false);
    a8_model_tensor_info(self->owner->model, self->tensor, info);
}

mp_obj_t a8_tensor_new(a8_interpreter_obj_t *owner, bool is_output, uint32_t index) {
    tensor_obj_t *self = mp_obj_malloc(tensor_obj_t, &a8_type_tensor);
    self->owner = owner;
    self->index = (uint16_t)index;
    self->is_output = is_output;
    a8_io_t io = locate(self);
    a8_tensor_info_t info;
    self->tensor = io.tensor;
    a8_model_tensor_info(owner->model, io.tensor, &info);
    self->count = info.count;
    self->elements.dtype = info.dtype;
    self->elements.scale = info.scale;
    self->elements.zero_point = info.zero_point;
    self->is_per_channel = info.n_scales > 1;
    if (index > UINT16_MAX || a8_typecode(info.dtype) == 0 || (uint64_t)info.count * a8_dtype_size(info.dtype) != io.bytes) {
        a8_raisef(&mp_type_ValueError, "tensor %u is %s, which has no Python form",
            (unsigned)io.tensor, a8_dtype_name(info.dtype));
    }
    return MP_OBJ_FROM_PTR(self);
}

void a8_tensor_print_shape(const mp_print_t *print, mp_obj_t tensor) {
    a8_tensor_info_t info;
    info_of(MP_OBJ_TO_PTR(tensor), &info);
    a8_print_shape(print, &info);
}

// mp_obj_new_int_from_ll takes heap even for small numbers.
static mp_obj_t new_int(int64_t value) {
    return (mp_int_t)value == value ? mp_obj_new_int((mp_int_t)value) : mp_obj_new_int_from_ll(value);
}

// ---- Errors ---------------------------------------------------------------

static void check_count(const char *who, size_t count, size_t given) {
    if (count != given) {
        a8_raisef(&mp_type_ValueError, "%s has %u elements, got %u", who, (unsigned)count,
            (unsigned)given);
    }
}

static MP_NORETURN void raise_out_of_range(a8_dtype_t dtype, size_t index, mp_obj_t value) {
    int64_t range[2] = { 0, 0 };
    a8_dtype_range(dtype, &range[0], &range[1]);
    vstr_t vstr;
    mp_print_t print;
    vstr_init_print(&vstr, 60, &print);
    mp_printf(&print, "element %u is ", (unsigned)index);
    mp_obj_print_helper(&print, value, PRINT_REPR);
    mp_printf(&print, ", %s takes ", a8_dtype_name(dtype));
    mp_obj_print_helper(&print, new_int(range[0]), PRINT_REPR);
    mp_print_str(&print, "..");
    mp_obj_print_helper(&print, new_int(range[1]), PRINT_REPR);
    nlr_raise(mp_obj_new_exception_arg1(&mp_type_ValueError, mp_obj_new_str_from_vstr(&vstr)));
}

static MP_NORETURN void raise_nan(size_t index) {
    a8_raisef(&mp_type_ValueError, "element %u is NaN", (unsigned)index);
}

// ---- Elements as they are stored ------------------------------------------

static mp_obj_t get(const tensor_obj_t *self, uint32_t i) {
    const uint8_t *data = reading(self);
    if (self->elements.dtype == A8_FLOAT32) {
        return mp_obj_new_float((mp_float_t)a8_element_float(data, i));
    }
    return new_int(a8_element_int(self->elements.dtype, data, i));
}

// Stores value as element i, or only checks that it could be. Converting may run Python code, so the tensor's
// place is fetched after it.
static void set(const tensor_obj_t *self, uint32_t i, mp_obj_t value, bool only_check) {
    a8_dtype_t dtype = self->elements.dtype;
    if (dtype == A8_FLOAT32) {
        float number = (float)mp_obj_get_float(value);
        uint8_t *data = writing(self);
        if (!only_check) {
            a8_element_set_float(data, i, number);
        }
        return;
    }
    int64_t number;
    int64_t min = 0, max = 0;
    a8_dtype_range(dtype, &min, &max);
    if (mp_obj_is_int(value) && !mp_obj_is_small_int(value)) {
        // An object of any size: compare as objects, then take its low 64 bits.
        if (mp_obj_is_true(mp_binary_op(MP_BINARY_OP_LESS, value, new_int(min))) || mp_obj_is_true(mp_binary_op(MP_BINARY_OP_MORE, value, new_int(max)))) {
            raise_out_of_range(dtype, i, value);
        }
        long long bits = 0;
        mp_binary_set_val_array('q', &bits, 0, value);
        number = bits;
    } else {
        number = mp_obj_get_int(value);
        if (number < min || number > max) {
            raise_out_of_range(dtype, i, value);
        }
    }
    uint8_t *data = writing(self);
    if (!only_check) {
        a8_element_set_int(dtype, data, i, number);
    }
}

static bool is_float(a8_dtype_t dtype) {
    return dtype == A8_FLOAT32 || dtype == A8_FLOAT64;
}

// The elements of a buffer of numbers. False if x exports no buffer. A str doesn't count.
typedef struct {
    const void *data;
    size_t count;
    a8_dtype_t dtype;
} numbers_t;

static bool get_numbers(mp_obj_t x, numbers_t *numbers) {
    mp_buffer_info_t buf;
    if (mp_obj_is_str(x)) {
        mp_raise_msg(&mp_type_TypeError, MP_ERROR_TEXT("str has no numbers"));
    }
    if (!mp_get_buffer(x, &buf, MP_BUFFER_READ)) {
        return false;
    }
    int dtype = a8_dtype_of_typecode(buf.typecode);
    if (dtype < 0) {
        a8_raisef(&mp_type_TypeError, "buffer has elements of type '%c', need integers or floats", buf.typecode);
    }
    numbers->data = buf.buf;
    numbers->dtype = (a8_dtype_t)dtype;
    numbers->count = buf.len / a8_dtype_size((a8_dtype_t)dtype);
    return true;
}

static void assign_numbers(const tensor_obj_t *self, uint32_t start, const numbers_t *from) {
    uint8_t *data = writing(self);
    a8_dtype_t to = self->elements.dtype;
    uint32_t n = (uint32_t)from->count;
    if (n == 0) {
        return;
    }
    if (from->dtype == to && to != A8_BOOL) {
        memmove(data + (size_t)start * item_size(self), from->data, (size_t)n * item_size(self));
        return;
    }
    if (to == A8_FLOAT32) {
        const a8_elements_t as_is = { A8_FLOAT32, 0.0f, 0 };
        for (uint32_t i = 0; i < n; i++) {
            uint32_t bad;
            // One by one through a value of its own, since the buffers may overlap. NaN is a value like others here.
            const uint8_t *at = (const uint8_t *)from->data + (size_t)i * a8_dtype_size(from->dtype);
            float value = NAN;
            if (a8_quantize_elements(&as_is, &value, 1, at, from->dtype, 1.0f, 0.0f, &bad) < 0) {
                value = NAN;
            }
            a8_element_set_float(data, start + i, value);
        }
        return;
    }
    if (is_float(from->dtype)) {
        a8_raisef(&mp_type_TypeError, "tensor is %s, got floats: use quantize()",
            a8_dtype_name(to));
    }
    int64_t min = 0, max = 0;
    a8_dtype_range(to, &min, &max);
    for (uint32_t i = 0; i < n; i++) {
        int64_t value = a8_element_int(from->dtype, from->data, i);
        if (value < min || value > max) {
            raise_out_of_range(to, start + i, new_int(value));
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        a8_element_set_int(to, data, start + i, a8_element_int(from->dtype, from->data, i));
    }
}

// Calls element(arg, i, value) for each of count elements of a sequence or iterable. A tuple or list goes through
// twice, first with only_check, so that nothing is written if an element doesn't do. No heap for those.
static void for_each(mp_obj_t x, uint32_t count,
    void (*element)(void *arg, uint32_t i, mp_obj_t value, bool only_check), void *arg) {
    bool twice = mp_obj_is_type(x, &mp_type_tuple) || mp_obj_is_type(x, &mp_type_list);
    for (int pass = twice ? 0 : 1; pass < 2; pass++) {
        if (twice) {
            check_count("tensor", count, (size_t)mp_obj_get_int(mp_obj_len(x)));
        }
        mp_obj_iter_buf_t iter_buf;
        mp_obj_t iterator = mp_getiter(x, &iter_buf);
        mp_obj_t value;
        uint32_t i = 0;
        while ((value = mp_iternext(iterator)) != MP_OBJ_STOP_ITERATION) {
            if (i == count) {
                a8_raisef(&mp_type_ValueError, "tensor has %u elements, got more",
                    (unsigned)count);
            }
            element(arg, i, value, pass == 0);
            i++;
        }
        check_count("tensor", count, i);
    }
}

typedef struct {
    const tensor_obj_t *tensor;
    uint32_t start;
} assignment_t;

static void assign_element(void *arg, uint32_t i, mp_obj_t value, bool only_check) {
    const assignment_t *to = arg;
    set(to->tensor, to->start + i, value, only_check);
}

static void assign(const tensor_obj_t *self, uint32_t start, uint32_t count, mp_obj_t x) {
    numbers_t numbers;
    writing(self);
    if (get_numbers(x, &numbers)) {
        check_count("tensor", count, numbers.count);
        assign_numbers(self, start, &numbers);
    } else {
        assignment_t to = { self, start };
        for_each(x, count, assign_element, &to);
    }
}

static mp_obj_t new_array(char typecode, size_t count, size_t bytes) {
    mp_obj_array_t *array = mp_obj_malloc(mp_obj_array_t, &mp_type_array);
    array->typecode = (unsigned char)typecode;
    array->free = 0;
    array->len = 0;
    array->items = NULL;
    array->items = m_new(byte, bytes);
    array->len = count;
    return MP_OBJ_FROM_PTR(array);
}

// t[i], t[a:b] (an array), t[i] = value, t[a:b] = x and t[:] = x: elements as they are stored, checked. x has as many
// elements as the slice: a buffer of integers (of floats for a float tensor), a Tensor, a sequence or an iterable.
// After an error in a buffer, tuple or list nothing is written.
static mp_obj_t tensor_subscr(mp_obj_t self_in, mp_obj_t index, mp_obj_t value) {
    const tensor_obj_t *self = MP_OBJ_TO_PTR(self_in);
    if (value == MP_OBJ_NULL) {
        return MP_OBJ_NULL; // del t[i]
    }
    if (mp_obj_is_type(index, &mp_type_slice)) {
        mp_bound_slice_t slice;
        mp_obj_slice_indices(index, self->count, &slice);
        if (slice.step != 1) {
            mp_raise_NotImplementedError(MP_ERROR_TEXT("only slices with step=1 (aka None) are supported"));
        }
        uint32_t start = (uint32_t)slice.start;
        uint32_t count = slice.stop > slice.start ? (uint32_t)(slice.stop - slice.start) : 0;
        if (value != MP_OBJ_SENTINEL) {
            assign(self, start, count, value);
            return mp_const_none;
        }
        size_t bytes = (size_t)count * item_size(self);
        mp_obj_array_t *array = MP_OBJ_TO_PTR(new_array(a8_typecode(self->elements.dtype), count, bytes));
        if (bytes > 0) {
            memcpy(array->items, reading(self) + (size_t)start * item_size(self), bytes);
        }
        return MP_OBJ_FROM_PTR(array);
    }
    mp_int_t i = mp_obj_get_int(index);
    if (i < -(mp_int_t)self->count || i >= (mp_int_t)self->count) {
        a8_raisef(&mp_type_IndexError, "index %d, tensor has %u elements", (int)i,
            (unsigned)self->count);
    }
    uint32_t element = (uint32_t)(i < 0 ? i + (mp_int_t)self->count : i);
    if (value == MP_OBJ_SENTINEL) {
        return get(self, element);
    }
    set(self, element, value, false);
    return mp_const_none;
}

// for value in t: no heap but for the values.
typedef struct {
    mp_obj_base_t base;
    mp_fun_1_t iternext;
    mp_obj_t tensor;
    size_t next;
} tensor_iterator_t;

static mp_obj_t tensor_iternext(mp_obj_t self_in) {
    tensor_iterator_t *self = MP_OBJ_TO_PTR(self_in);
    const tensor_obj_t *tensor = MP_OBJ_TO_PTR(self->tensor);
    return self->next < tensor->count ? get(tensor, (uint32_t)self->next++) : MP_OBJ_STOP_ITERATION;
}

static mp_obj_t tensor_getiter(mp_obj_t self_in, mp_obj_iter_buf_t *iter_buf) {
    MP_STATIC_ASSERT(sizeof(tensor_iterator_t) <= sizeof(mp_obj_iter_buf_t));
    tensor_iterator_t *iterator = (tensor_iterator_t *)iter_buf;
    iterator->base.type = &mp_type_polymorph_iter;
    iterator->iternext = tensor_iternext;
    iterator->tensor = self_in;
    iterator->next = 0;
    return MP_OBJ_FROM_PTR(iterator);
}

static mp_obj_t tensor_unary_op(mp_unary_op_t op, mp_obj_t self_in) {
    const tensor_obj_t *self = MP_OBJ_TO_PTR(self_in);
    switch (op) {
        case MP_UNARY_OP_LEN:
            return mp_obj_new_int_from_uint(self->count);
        case MP_UNARY_OP_BOOL:
            return mp_obj_new_bool(self->count != 0);
        default:
            return MP_OBJ_NULL;
    }
}

// memoryview(t) and others: the elements as a flat typed buffer. Such a view keeps nothing alive; t.data does.
static mp_int_t tensor_get_buffer(mp_obj_t self_in, mp_buffer_info_t *buf, mp_uint_t flags) {
    const tensor_obj_t *self = MP_OBJ_TO_PTR(self_in);
    a8_interpreter_enter(self->owner, false);
    a8_io_t io = locate(self);
    if (flags & MP_BUFFER_WRITE) {
        if (io.is_constant) {
            return 1;
        }
#if A8_STATIC_ARENA_BYTES
        a8_static_arena_exposed(io.data + io.bytes);
#endif
    }
    buf->buf = io.data;
    buf->len = io.bytes;
    buf->typecode = a8_typecode(self->elements.dtype);
    return 0;
}

// t.data: a typed flat memoryview of the elements, safe to keep. The garbage collector only traces pointers to the
// head of a block, so the view's items are the head of the block that holds the tensor, and its offset
// leads to the elements.
static mp_obj_t tensor_data(const tensor_obj_t *self) {
    a8_interpreter_enter(self->owner, false);
    a8_io_t io = locate(self);
    uint32_t size = item_size(self);
    uint8_t *head = a8_port_heap_head(io.data);
    if (head == NULL) {
        head = io.data; // not the collector's
#if A8_STATIC_ARENA_BYTES
        a8_static_arena_exposed(io.data + io.bytes);
#endif
    }
    size_t offset = (size_t)(io.data - head);
    size_t typecode = (unsigned char)a8_typecode(self->elements.dtype);
    if (io.is_constant && (uintptr_t)io.data % size != 0) {
        // A constant in a model at an odd address: elements of a view must be aligned, so this one is of a copy.
        head = m_new(uint8_t, io.bytes);
        memcpy(head, locate(self).data, io.bytes);
        offset = 0;
    }
    if (!io.is_constant) {
        typecode |= MP_OBJ_ARRAY_TYPECODE_FLAG_RW;
    }
    if (offset / size >> MP_OBJ_ARRAY_FREE_SIZE_BITS != 0) {
        mp_raise_msg(&mp_type_OverflowError, MP_ERROR_TEXT("memoryview offset too large"));
    }
    mp_obj_array_t *view = mp_obj_malloc(mp_obj_array_t, &mp_type_memoryview);
    mp_obj_memoryview_init(view, typecode, offset / size, self->count, head);
    return MP_OBJ_FROM_PTR(view);
}

// t.write(buf): copies raw bytes; ValueError unless there are as many as the tensor has.
static mp_obj_t tensor_write(mp_obj_t self_in, mp_obj_t x) {
    const tensor_obj_t *self = cast(self_in);
    uint8_t *data = writing(self);
    mp_buffer_info_t buf;
    if (mp_obj_is_str(x) || !mp_get_buffer(x, &buf, MP_BUFFER_READ)) {
        a8_raisef(&mp_type_TypeError, "need a buffer of bytes, not %s", mp_obj_get_type_str(x));
    }
    size_t bytes = (size_t)self->count * item_size(self);
    if (buf.len != bytes) {
        a8_raisef(&mp_type_ValueError, "tensor has %u bytes, got %u", (unsigned)bytes,
            (unsigned)buf.len);
    }
    memmove(data, buf.buf, bytes);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(tensor_write_obj, tensor_write);

// ---- Elements as real numbers ---------------------------------------------

static void check_per_tensor(const tensor_obj_t *self) {
    if (self->is_per_channel) {
        mp_raise_msg(&mp_type_ValueError, MP_ERROR_TEXT("tensor has a scale for each channel"));
    }
}

typedef struct {
    const tensor_obj_t *tensor;
    float scale;
    float offset;
} conversion_t;

static void quantize_element(void *arg, uint32_t i, mp_obj_t value, bool only_check) {
    const conversion_t *conversion = arg;
    float number;
    if (!a8_transform((float)mp_obj_get_float(value), conversion->scale, conversion->offset, &number)) {
        raise_nan(i);
    }
    uint8_t *data = writing(conversion->tensor);
    if (!only_check) {
        a8_quantize_element(&conversion->tensor->elements, data, i, number);
    }
}

void a8_tensor_quantize(mp_obj_t self_in, mp_obj_t x, float scale, float offset) {
    const tensor_obj_t *self = cast(self_in);
    uint8_t *data = writing(self);
    check_per_tensor(self);
    numbers_t numbers;
    if (get_numbers(x, &numbers)) {
        check_count("tensor", self->count, numbers.count);
        uint32_t bad;
        if (a8_quantize_elements(&self->elements, data, self->count, numbers.data, numbers.dtype, scale, offset,
                &bad) < 0) {
            raise_nan(bad);
        }
    } else {
        conversion_t conversion = { self, scale, offset };
        for_each(x, self->count, quantize_element, &conversion);
    }
}

// t.quantize(x, scale=1.0, offset=0.0): stores x * scale + offset, quantized: rounded half away from zero, saturated.
// x is a buffer of integers (bytes count 0 to 255) or floats, a sequence or an iterable of as many numbers as the
// tensor has elements. float32 arithmetic, no heap. ValueError for a NaN or another count.
static mp_obj_t tensor_quantize(size_t n_args, const mp_obj_t *args, mp_map_t *kw_args) {
    enum { ARG_x,
        ARG_scale,
        ARG_offset };
    static const mp_arg_t allowed[] = {
        { MP_QSTR_x, MP_ARG_REQUIRED | MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_scale, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_INT(1) } },
        { MP_QSTR_offset, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_INT(0) } },
    };
    mp_arg_val_t parsed[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all(n_args - 1, args + 1, kw_args, MP_ARRAY_SIZE(allowed), allowed, parsed);
    a8_tensor_quantize(args[0], parsed[ARG_x].u_obj, (float)mp_obj_get_float(parsed[ARG_scale].u_obj),
        (float)mp_obj_get_float(parsed[ARG_offset].u_obj));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(tensor_quantize_obj, 2, tensor_quantize);

mp_obj_t a8_tensor_dequantize(mp_obj_t self_in, mp_obj_t out) {
    const tensor_obj_t *self = cast(self_in);
    check_per_tensor(self);
    if (out == mp_const_none) {
        out = new_array('f', self->count, (size_t)self->count * sizeof(float));
    }
    mp_buffer_info_t buf;
    if (!mp_get_buffer(out, &buf, MP_BUFFER_WRITE) || buf.typecode != 'f') {
        a8_raisef(&mp_type_TypeError, "out must be a writable buffer of floats (type 'f'), not %s",
            mp_obj_get_type_str(out));
    }
    check_count("out", self->count, buf.len / sizeof(float));
    a8_dequantize_elements(&self->elements, reading(self), self->count, buf.buf);
    return out;
}

// t.dequantize(out=None): the elements as real numbers, an array('f'); or fills out, a writable buffer of floats,
// without heap, and returns it.
static mp_obj_t tensor_dequantize(size_t n_args, const mp_obj_t *args, mp_map_t *kw_args) {
    enum { ARG_out };
    static const mp_arg_t allowed[] = {
        { MP_QSTR_out, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    };
    mp_arg_val_t parsed[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all(n_args - 1, args + 1, kw_args, MP_ARRAY_SIZE(allowed), allowed, parsed);
    return a8_tensor_dequantize(args[0], parsed[ARG_out].u_obj);
}
static MP_DEFINE_CONST_FUN_OBJ_KW(tensor_dequantize_obj, 1, tensor_dequantize);

static void check_some(const tensor_obj_t *self) {
    if (self->count == 0) {
        mp_raise_msg(&mp_type_ValueError, MP_ERROR_TEXT("tensor has 0 elements"));
    }
}

// t.argmax(): index of the largest element, the first of equals.
static mp_obj_t tensor_argmax(mp_obj_t self_in) {
    const tensor_obj_t *self = cast(self_in);
    check_some(self);
    return mp_obj_new_int_from_uint(a8_argmax(self->elements.dtype, reading(self), self->count));
}
static MP_DEFINE_CONST_FUN_OBJ_1(tensor_argmax_obj, tensor_argmax);

// Whether element a comes before b: larger first, then by index. NaN is the smallest.
static bool before(a8_dtype_t dtype, const uint8_t *data, uint32_t a, uint32_t b) {
    if (dtype == A8_FLOAT32) {
        float x = a8_element_float(data, a);
        float y = a8_element_float(data, b);
        bool x_nan = a8_is_nan(x), y_nan = a8_is_nan(y);
        return x_nan || y_nan ? (x_nan == y_nan ? a < b : y_nan) : x > y || (x == y && a < b);
    }
    int64_t x = a8_element_int(dtype, data, a);
    int64_t y = a8_element_int(dtype, data, b);
    return x > y || (x == y && a < b);
}

// t.top(k): the k largest elements, best first: a list of (label, real value), with the index where the model has
// no label for each element.
static mp_obj_t tensor_top(mp_obj_t self_in, mp_obj_t k_in) {
    const tensor_obj_t *self = cast(self_in);
    mp_int_t k = mp_obj_get_int(k_in);
    check_some(self);
    check_per_tensor(self);
    const a8_model_t *model = &self->owner->model->view;
    mp_obj_t list = mp_obj_new_list(0, NULL);
    const uint8_t *data = reading(self);
    bool labelled = a8_model_labels(model) == self->count;
    uint32_t last = UINT32_MAX;
    for (uint32_t n = 0; n < self->count && (mp_int_t)n < k; n++) {
        uint32_t best = UINT32_MAX;
        for (uint32_t i = 0; i < self->count; i++) {
            bool is_left = last == UINT32_MAX || before(self->elements.dtype, data, last, i);
            if (is_left && (best == UINT32_MAX || before(self->elements.dtype, data, i, best))) {
                best = i;
            }
        }
        if (best == UINT32_MAX) {
            break; // the elements changed meanwhile
        }
        mp_obj_t items[2] = {
            labelled ? a8_new_str(a8_model_label(model, best)) : mp_obj_new_int_from_uint(best),
            mp_obj_new_float((mp_float_t)a8_dequantize_element(&self->elements, data, best)),
        };
        mp_obj_list_append(list, mp_obj_new_tuple(2, items));
        last = best;
    }
    return list;
}
static MP_DEFINE_CONST_FUN_OBJ_2(tensor_top_obj, tensor_top);

// ---- Attributes -----------------------------------------------------------

// One value, or a tuple if there is one for each channel.
static mp_obj_t per_channel(const a8_tensor_info_t *info, mp_obj_t (*channel)(const a8_tensor_info_t *, uint32_t)) {
    mp_obj_tuple_t *tuple = MP_OBJ_TO_PTR(mp_obj_new_tuple(info->n_scales, NULL));
    for (uint32_t i = 0; i < info->n_scales; i++) {
        tuple->items[i] = mp_const_none;
    }
    for (uint32_t i = 0; i < info->n_scales; i++) {
        tuple->items[i] = channel(info, i);
    }
    return MP_OBJ_FROM_PTR(tuple);
}

static mp_obj_t channel_scale(const a8_tensor_info_t *info, uint32_t i) {
    return mp_obj_new_float((mp_float_t)a8_tensor_scale(info, i));
}

static mp_obj_t channel_zero_point(const a8_tensor_info_t *info, uint32_t i) {
    return mp_obj_new_int(a8_tensor_zero_point(info, i));
}

// t.name        in the model
// t.shape       tuple of ints
// t.dtype       'int8', 'uint8', 'int16', 'int32', 'int64', 'bool' or 'float32'
// t.scale       real value of one step, 0.0 if not quantized; a tuple where it differs by channel
// t.zero_point  the value that stands for 0.0; a tuple where it differs by channel
// t.data        a typed flat memoryview, safe to keep
static void tensor_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    if (dest[0] != MP_OBJ_NULL) {
        return;
    }
    const tensor_obj_t *self = MP_OBJ_TO_PTR(self_in);
    a8_tensor_info_t info;
    switch (attr) {
        case MP_QSTR_name:
            info_of(self, &info);
            dest[0] = a8_new_str(info.name);
            break;
        case MP_QSTR_shape: {
            info_of(self, &info);
            mp_obj_tuple_t *shape = MP_OBJ_TO_PTR(mp_obj_new_tuple(info.rank, NULL));
            for (uint32_t i = 0; i < info.rank; i++) {
                shape->items[i] = mp_obj_new_int(info.dims[i]);
            }
            dest[0] = MP_OBJ_FROM_PTR(shape);
            break;
        }
        case MP_QSTR_dtype:
            dest[0] = mp_obj_new_str_from_cstr(a8_dtype_name(self->elements.dtype));
            break;
        case MP_QSTR_scale:
            if (self->is_per_channel) {
                info_of(self, &info);
                dest[0] = per_channel(&info, channel_scale);
            } else {
                dest[0] = mp_obj_new_float((mp_float_t)self->elements.scale);
            }
            break;
        case MP_QSTR_zero_point:
            if (self->is_per_channel) {
                info_of(self, &info);
                dest[0] = per_channel(&info, channel_zero_point);
            } else {
                dest[0] = mp_obj_new_int(self->elements.zero_point);
            }
            break;
        case MP_QSTR_data:
            dest[0] = tensor_data(self);
            break;
        default:
            dest[1] = MP_OBJ_SENTINEL; // a method
            break;
    }
}

static void tensor_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    (void)kind;
    const tensor_obj_t *self = MP_OBJ_TO_PTR(self_in);
    a8_tensor_info_t info;
    info_of(self, &info);
    a8_io_t io = locate(self);
    vstr_t vstr;
    mp_print_t to;
    vstr_init_print(&vstr, 100, &to);
    mp_obj_t name = a8_new_str(info.name);
    size_t len;
    const char *str = mp_obj_str_get_data(name, &len);
    mp_print_str(&to, "<Tensor ");
    for (int i = 0, n = a8_str_cut(str, len, 24); i < n; i++) {
        char c = (uint8_t)str[i] < ' ' || str[i] == 0x7f ? '?' : str[i]; // a repr is one line
        mp_print_strn(&to, &c, 1, 0, 0, 0);
    }
    mp_print_str(&to, " ");
    a8_print_shape(&to, &info);
    mp_printf(&to, " %u bytes in %s", (unsigned)io.bytes, io.is_constant && a8_port_in_flash(io.data) ? "flash" : "RAM");
    if (self->is_per_channel) {
        mp_print_str(&to, ", scales per channel>");
    } else if (self->elements.scale != 0.0f) {
        mp_print_str(&to, ", scale ");
        mp_obj_print_helper(&to, mp_obj_new_float((mp_float_t)self->elements.scale), PRINT_REPR);
        mp_printf(&to, ", zero_point %d>", (int)self->elements.zero_point);
    } else {
        mp_print_str(&to, ">");
    }
    a8_print_repr(print, &vstr);
}

static const mp_rom_map_elem_t tensor_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_write), MP_ROM_PTR(&tensor_write_obj) },
    { MP_ROM_QSTR(MP_QSTR_quantize), MP_ROM_PTR(&tensor_quantize_obj) },
    { MP_ROM_QSTR(MP_QSTR_dequantize), MP_ROM_PTR(&tensor_dequantize_obj) },
    { MP_ROM_QSTR(MP_QSTR_argmax), MP_ROM_PTR(&tensor_argmax_obj) },
    { MP_ROM_QSTR(MP_QSTR_top), MP_ROM_PTR(&tensor_top_obj) },
};
static MP_DEFINE_CONST_DICT(tensor_locals, tensor_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    a8_type_tensor,
    MP_QSTR_Tensor,
    MP_TYPE_FLAG_ITER_IS_GETITER,
    print, tensor_print,
    unary_op, tensor_unary_op,
    subscr, tensor_subscr,
    iter, tensor_getiter,
    buffer, tensor_get_buffer,
    attr, tensor_attr,
    locals_dict, &tensor_locals);
