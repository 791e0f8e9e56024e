// SPDX-License-Identifier: MIT
//
// Which operators there are: the table that ops.def generates, and the names
// of the schema. A row whose switch A8_OP_<operator>_<family> is 0 stays in the
// table without its functions, so that the linker leaves them out and a
// message can still tell "not in this build" from "no such operator".
#include "registry.h"

#include <stddef.h>

#include "kernels/kernels.h"
#include "model.h"

#ifndef A8_TARGET_NATIVE
#define A8_TARGET_NATIVE A8_TARGET_GENERIC
#endif

// Codes by name: A8_CODE_ADD is 0 and so on.
enum {
#define A8_BUILTIN(name) A8_CODE_##name,
#include "builtins.def"
#undef A8_BUILTIN
    A8_CODE_COUNT
};

enum {
    A8_FAMILY_FLOAT32 = A8_FLOAT32,
    A8_FAMILY_INT32 = A8_INT32,
    A8_FAMILY_UINT8 = A8_UINT8,
    A8_FAMILY_INT64 = A8_INT64,
    A8_FAMILY_BOOL = A8_BOOL,
    A8_FAMILY_INT16 = A8_INT16,
    A8_FAMILY_INT8 = A8_INT8,
    A8_FAMILY_UINT32 = A8_UINT32,
    A8_FAMILY_INT4 = A8_INT4,
};

// A8_CHOOSE(switch, function) is NULL if the switch is a macro that is 0, else
// the function: A8_OFF_0 is a comma that shifts NULL into second place.
#define A8_OFF_0 , NULL
#define A8_CHOOSE(on, function) A8_CHOOSE_2(on, function)
#define A8_CHOOSE_2(on, function) A8_SECOND(A8_OFF_##on, function, )
#define A8_SECOND(...) A8_SECOND_2(__VA_ARGS__)
#define A8_SECOND_2(first, second, ...) second

#define A8_OP(operator, family, prepare, eval) \
    int prepare(a8_ctx_t *ctx); \
    int eval(a8_ctx_t *ctx);
#include "ops.def"
#undef A8_OP

static const a8_op_row_t rows[] = {
#define A8_OP(operator, family, prepare, eval) { A8_CODE_##operator, A8_FAMILY_##family, \
    A8_CHOOSE(A8_OP_##operator##_##family, prepare), A8_CHOOSE(A8_OP_##operator##_##family, eval) },
#include "ops.def"
#undef A8_OP
};

uint32_t a8_op_rows(void) {
    return sizeof(rows) / sizeof(rows[0]);
}

const a8_op_row_t *a8_op_row(uint32_t i) {
    return &rows[i];
}

const char *a8_op_name(int32_t op) {
    static const char names[] =
#define A8_BUILTIN(name) #name "\0"
#include "builtins.def"
#undef A8_BUILTIN
        ;
    if (op < 0 || op >= A8_CODE_COUNT) {
        return NULL;
    }
    const char *name = names;
    for (; op > 0; --op) {
        while (*name++ != '\0') {
        }
    }
    return name;
}

const char *a8_op_listed(uint32_t i) {
    int32_t last = -1; // ops.def keeps the rows of an operator together
    for (uint32_t row = 0; row < a8_op_rows(); ++row) {
        if (rows[row].eval != NULL && rows[row].op != last) {
            last = rows[row].op;
            if (i-- == 0) {
                return a8_op_name(last);
            }
        }
    }
    return NULL;
}

int32_t a8_op_find(int32_t op, a8_dtype_t dtype, a8_reason_t *reason) {
    // Of several reasons the one that says most: the type is there but switched off,
    // other types are in this build, the operator is switched off, there is none.
    bool type_off = false, other_on = false, other_off = false;
    for (uint32_t i = 0; i < a8_op_rows(); ++i) {
        if (rows[i].op != op) {
            continue;
        }
        bool on = rows[i].eval != NULL;
        bool fits = rows[i].family == A8_FAMILY_ANY || rows[i].family == (int16_t)dtype;
        if (fits && on) {
            return (int32_t)i;
        }
        type_off = type_off || fits;
        other_on = other_on || on;
        other_off = other_off || !on;
    }
    if (type_off) {
        *reason = other_on ? A8_DTYPE_NOT_IN_THIS_BUILD : A8_NOT_IN_THIS_BUILD;
    } else {
        *reason = other_on || other_off ? A8_NO_SUCH_DTYPE : A8_NO_SUCH_OPERATOR;
    }
    return -1;
}

bool a8_op_dtype(const a8_model_t *model, uint32_t subgraph, const a8_node_info_t *node, a8_dtype_t *dtype) {
    a8_tensor_info_t info;
    *dtype = A8_FLOAT32;
    // Nodes with more inputs are refused by load; there may be millions of them, all left out.
    for (uint32_t i = 0; i < node->n_inputs && i <= UINT8_MAX; ++i) {
        int32_t tensor = a8_node_input(model, node, i);
        if (tensor != -1) {
            bool good = a8_model_tensor(model, subgraph, (uint32_t)tensor, &info, NULL) == A8_OK;
            *dtype = info.dtype;
            return good;
        }
    }
    return true;
}

bool a8_next_unsupported(const a8_model_t *model, uint32_t *subgraph, uint32_t *node, a8_unsupported_t *out) {
    a8_node_info_t info;
    for (; *subgraph < model->n_subgraphs; ++*subgraph, *node = 0) {
        uint32_t nodes = a8_model_nodes(model, *subgraph);
        while (*node < nodes) {
            uint32_t i = (*node)++;
            if (a8_model_node(model, *subgraph, i, &info, NULL) != A8_OK) {
                continue; // malformed: a8_load says so
            }
            a8_dtype_t dtype;
            bool known = a8_op_dtype(model, *subgraph, &info, &dtype);
            if (a8_op_find(info.op, dtype, &out->reason) < 0) {
                if (!known && (out->reason == A8_NO_SUCH_DTYPE || out->reason == A8_DTYPE_NOT_IN_THIS_BUILD)) {
                    continue;
                }
                out->subgraph = *subgraph;
                out->node = i;
                out->op = info.op;
                out->custom = info.custom;
                out->dtype = dtype;
                return true;
            }
        }
    }
    return false;
}

a8_target_t a8_target_native(void) {
    return A8_TARGET_NATIVE;
}
