// SPDX-License-Identifier: MIT
//
// import arena8: int8 TensorFlow Lite models on this board.
//
//     it = arena8.Interpreter("digits")
//     it.inputs[0].quantize(pixels, 1 / 16)
//     it.invoke()
//     print(it.outputs[0].top(3))
#include "arena8_binding.h"

#include "py/objstr.h"

// arena8.operators(): names of the operators compiled into this firmware.
// arena8.operators(name): element types that the operator takes in it, "any" for whatever they are.
static mp_obj_t operators(size_t n_args, const mp_obj_t *args) {
    const char *name = n_args == 0 ? NULL : mp_obj_str_get_str(args[0]);
    mp_obj_t list = mp_obj_new_list(0, NULL);
    const char *entry;
    for (uint32_t i = 0; (entry = name == NULL ? a8_op_listed(i) : a8_op_dtype_listed(name, i)) != NULL; i++) {
        mp_obj_list_append(list, mp_obj_new_str_from_cstr(entry));
    }
    size_t n;
    mp_obj_t *items;
    mp_obj_list_get(list, &n, &items);
    return mp_obj_new_tuple(n, items);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(operators_obj, 0, 1, operators);

// arena8.models(): list of (name, bytes, crc32) of the models frozen into this firmware.
static MP_DEFINE_CONST_FUN_OBJ_0(models_obj, a8_models);

// arena8.arena_size(source): exact bytes that an Interpreter of a model takes on this board. source is a Model or
// whatever Model() takes. May borrow heap, gives it back. ValueError if the model can't run.
static mp_obj_t arena_size(mp_obj_t source) {
    a8_model_obj_t *model = a8_model_from(source);
    a8_error_t err;
    if (a8_model_measure(model, NULL, 0, &err) < 0) {
        a8_raise(&err, &model->view);
    }
    return mp_obj_new_int_from_uint(model->sizes.records + model->sizes.arena);
}
static MP_DEFINE_CONST_FUN_OBJ_1(arena_size_obj, arena_size);

static MP_DEFINE_STR_OBJ(version_obj, A8_VERSION);

static const mp_rom_map_elem_t globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_arena8) },
    { MP_ROM_QSTR(MP_QSTR___version__), MP_ROM_PTR(&version_obj) },
    { MP_ROM_QSTR(MP_QSTR_Model), MP_ROM_PTR(&a8_type_model) },
    { MP_ROM_QSTR(MP_QSTR_Interpreter), MP_ROM_PTR(&a8_type_interpreter) },
    { MP_ROM_QSTR(MP_QSTR_Tensor), MP_ROM_PTR(&a8_type_tensor) },
    { MP_ROM_QSTR(MP_QSTR_operators), MP_ROM_PTR(&operators_obj) },
    { MP_ROM_QSTR(MP_QSTR_models), MP_ROM_PTR(&models_obj) },
    { MP_ROM_QSTR(MP_QSTR_arena_size), MP_ROM_PTR(&arena_size_obj) },
#if A8_STATIC_ARENA_BYTES
    { MP_ROM_QSTR(MP_QSTR_static_arena), MP_ROM_PTR(&a8_static_arena_obj) },
#else
    { MP_ROM_QSTR(MP_QSTR_static_arena), MP_ROM_NONE },
#endif
};
static MP_DEFINE_CONST_DICT(globals, globals_table);

const mp_obj_module_t a8_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&globals,
};

MP_REGISTER_MODULE(MP_QSTR_arena8, a8_module);
