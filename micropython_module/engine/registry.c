// SPDX-License-Identifier: MIT
//
// Which operators there are: the tables that ops.def generates, and the names
// of the schema. Of a row whose switch A8_OP_<operator>_<family> is 0 only its
// key stays, so that the linker leaves its functions out and a message can
// still tell "not in this build" from "no such operator".
#include "registry.h"

#include <stddef.h>
#include <string.h>

#include "kernels/kernels.h"
#include "model.h"

// Codes by name: A8_CODE_ADD is 0 and so on.
enum {
#define A8_BUILTIN(name) A8_CODE_##name,
#include "builtins.def"
#undef A8_BUILTIN
    A8_CODE_COUNT
};

// Rows of custom operators have codes of their own behind the schema's; those of one operator share its name.
enum {
    BEFORE_CUSTOM = A8_CODE_CUSTOM_FIRST - 1,
#define A8_OP(operator, family, prepare, eval)
#define A8_CUSTOM(operator, name, family, prepare, eval) A8_CODE_##operator##_##family,
#include "ops.def"
#undef A8_OP
#undef A8_CUSTOM
    CUSTOM_END
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
    A8_FAMILY_UINT64 = A8_UINT64,
    A8_FAMILY_RESOURCE = A8_RESOURCE,
    A8_FAMILY_FLOAT16 = A8_FLOAT16,
    A8_FAMILY_INT4 = A8_INT4,
};

// A8_PICK(switch, off, on) is off if the switch is a macro that is 0, else on: A8_COMMA_0 is a comma, which
// shifts off into third place.
#define A8_COMMA_0 ,
#define A8_PICK(is_on, off, on) A8_PICK_2(is_on, off, on)
#define A8_PICK_2(is_on, off, on) A8_THIRD(A8_COMMA_##is_on, off, on, )
#define A8_THIRD(...) A8_THIRD_2(__VA_ARGS__)
#define A8_THIRD_2(first, second, third, ...) third
#define A8_TAKE(...) __VA_ARGS__
#define A8_SKIP(...)

#define A8_OP(operator, family, prepare, eval) \
    int prepare(a8_ctx_t *ctx); \
    int eval(a8_ctx_t *ctx);
#define A8_CUSTOM(operator, name, family, prepare, eval) A8_OP(operator, family, prepare, eval)
#include "ops.def"
#undef A8_OP
#undef A8_CUSTOM

// Operator code and family of a row.
#define KEY_FAMILY_BITS (5)
#define KEY_FAMILY_MASK ((1 << KEY_FAMILY_BITS) - 1)
#define KEY(op, family) ((uint16_t)((op) << KEY_FAMILY_BITS | ((family) & KEY_FAMILY_MASK)))
#define KEY_OP(key) ((key) >> KEY_FAMILY_BITS)
#define KEY_END (UINT16_MAX)

#define A8_OP(operator, family, prepare, eval) \
    A8_PICK(A8_OP_##operator##_##family, OFF, ON)(KEY(A8_CODE_##operator, A8_FAMILY_##family), )
#define A8_CUSTOM(operator, name, family, prepare, eval) \
    A8_PICK(A8_OP_##operator##_##family, OFF, ON)(KEY(A8_CODE_##operator##_##family, A8_FAMILY_##family), )

static const uint16_t keys[] = {
#define OFF A8_SKIP
#define ON A8_TAKE
#include "ops.def"
#undef OFF
#undef ON
    KEY_END
};

static const uint16_t keys_off[] = {
#define OFF A8_TAKE
#define ON A8_SKIP
#include "ops.def"
#undef OFF
#undef ON
    KEY_END
};

static const a8_op_row_t rows[] = {
#undef A8_OP
#undef A8_CUSTOM
#define A8_OP(operator, family, prepare, eval) \
    A8_PICK(A8_OP_##operator##_##family, A8_SKIP, A8_TAKE)({ prepare, eval }, )
#define A8_CUSTOM(operator, name, family, prepare, eval) A8_OP(operator, family, prepare, eval)
#include "ops.def"
    { NULL, NULL } // even if all are off
#undef A8_OP
#undef A8_CUSTOM
};

// How many rows of this build run subgraphs or name variables.
#define NEEDS_SUBGRAPHS(code) \
    ((code) == A8_CODE_IF || (code) == A8_CODE_WHILE || (code) == A8_CODE_CALL_ONCE || (code) == A8_CODE_VAR_HANDLE)
enum {
    SUBGRAPH_ROWS = 0
#define A8_OP(operator, family, prepare, eval) \
    A8_PICK(A8_OP_##operator##_##family, A8_SKIP, A8_TAKE)(+NEEDS_SUBGRAPHS(A8_CODE_##operator))
#define A8_CUSTOM(operator, name, family, prepare, eval)
#include "ops.def"
#undef A8_OP
#undef A8_CUSTOM
};

const a8_subgraphs_t *a8_op_subgraphs(void) {
    return SUBGRAPH_ROWS != 0 ? &a8_subgraphs : NULL;
}

static const char custom_names[] =
#define A8_OP(operator, family, prepare, eval)
#define A8_CUSTOM(operator, name, family, prepare, eval) name "\0"
#include "ops.def"
#undef A8_OP
#undef A8_CUSTOM
    "";

const a8_op_row_t *a8_op_row(uint32_t i) {
    return &rows[i];
}

int32_t a8_op_row_code(uint32_t i) {
    return KEY_OP(keys[i]);
}

// The n-th of strings that lie one behind the other.
static const char *nth(const char *strings, int32_t n) {
    for (; n > 0; --n) {
        while (*strings++ != '\0') {
        }
    }
    return strings;
}

static const char *custom_name(int32_t op) {
    return nth(custom_names, op - A8_CODE_CUSTOM_FIRST);
}

const char *a8_op_name(int32_t op) {
    static const char names[] =
#define A8_BUILTIN(name) #name "\0"
#include "builtins.def"
#undef A8_BUILTIN
        ;
    if (op >= A8_CODE_CUSTOM_FIRST && op < CUSTOM_END) {
        return custom_name(op);
    }
    return op < 0 || op >= A8_CODE_COUNT ? NULL : nth(names, op);
}

static bool is_equal(const char *a, const char *b) {
    return strlen(a) == strlen(b) && memcmp(a, b, strlen(a)) == 0;
}

// Are these codes of the same operator? row is that of a row.
static bool is_same(int32_t row, int32_t op) {
    if (row == op || row < A8_CODE_CUSTOM_FIRST || op < A8_CODE_CUSTOM_FIRST || op >= CUSTOM_END) {
        return row == op;
    }
    return is_equal(custom_name(row), custom_name(op));
}

int32_t a8_op_code(const a8_node_info_t *node) {
    if (node->op == A8_CODE_CUSTOM) {
        for (int32_t op = A8_CODE_CUSTOM_FIRST; op < CUSTOM_END; ++op) {
            const char *name = custom_name(op);
            if (strlen(name) == node->custom.len && memcmp(name, node->custom.str, node->custom.len) == 0) {
                return op;
            }
        }
    }
    return node->op;
}

const char *a8_op_listed(uint32_t i) {
    int32_t last = -1; // ops.def keeps the rows of an operator together
    for (const uint16_t *key = keys; *key != KEY_END; ++key) {
        if (!is_same(KEY_OP(*key), last)) {
            last = KEY_OP(*key);
            if (i-- == 0) {
                return a8_op_name(last);
            }
        }
    }
    return NULL;
}

// The place of name among count strings that lie one behind the other, -1 if it is none of them.
static int32_t place_of(const char *name, const char *strings, int32_t count) {
    for (int32_t i = 0; i < count; ++i) {
        if (is_equal(strings, name)) {
            return i;
        }
        strings += strlen(strings) + 1;
    }
    return -1;
}

const char *a8_op_dtype_listed(const char *name, uint32_t i) {
    int32_t op = place_of(name, a8_op_name(0), A8_CODE_COUNT);
    if (op < 0) {
        op = place_of(name, custom_names, CUSTOM_END - A8_CODE_CUSTOM_FIRST);
        if (op < 0) {
            return NULL;
        }
        op += A8_CODE_CUSTOM_FIRST;
    }
    for (const uint16_t *key = keys; *key != KEY_END; ++key) {
        if (is_same(KEY_OP(*key), op) && i-- == 0) {
            int32_t family = *key & KEY_FAMILY_MASK;
            return family == KEY_FAMILY_MASK ? "any" : a8_dtype_name((a8_dtype_t)family);
        }
    }
    return NULL;
}

// Finds a row among keys: its index, or -1; *is_known says if there is one of the operator at all.
static int32_t find(const uint16_t *key, int32_t op, a8_dtype_t family, bool *is_known) {
    *is_known = false;
    for (int32_t i = 0; key[i] != KEY_END; ++i) {
        if (is_same(KEY_OP(key[i]), op)) {
            int32_t takes = key[i] & KEY_FAMILY_MASK;
            *is_known = true;
            // Elements that have a size can be moved whatever they are.
            if (takes == (int32_t)family ||
                (takes == KEY_FAMILY_MASK && (family == A8_INT4 || a8_dtype_size(family) != 0))) {
                return i;
            }
        }
    }
    return -1;
}

int32_t a8_op_find(int32_t op, a8_dtype_t family, a8_reason_t *reason) {
    // Of several reasons the one that says most: the type is there but switched off,
    // other types are in this build, the operator is switched off, there is none.
    bool on, off;
    int32_t row = find(keys, op, family, &on);
    if (row < 0) {
        if (find(keys_off, op, family, &off) >= 0) {
            *reason = on ? A8_DTYPE_NOT_IN_THIS_BUILD : A8_NOT_IN_THIS_BUILD;
        } else {
            *reason = on || off ? A8_NO_SUCH_DTYPE : A8_NO_SUCH_OPERATOR;
        }
    }
    return row;
}

// Operators whose second input is weights, from which their family depends too.
static bool has_weights(int32_t op) {
    return op == A8_CODE_CONV_2D || op == A8_CODE_DEPTHWISE_CONV_2D || op == A8_CODE_FULLY_CONNECTED ||
        op == A8_CODE_TRANSPOSE_CONV || op == A8_CODE_SVDF || op == A8_CODE_UNIDIRECTIONAL_SEQUENCE_LSTM ||
        op == A8_CODE_BATCH_MATMUL;
}

bool a8_op_family(const a8_model_t *model, uint32_t subgraph, const a8_node_info_t *node, a8_dtype_t *family) {
    a8_tensor_info_t info;
    *family = A8_FLOAT32;
    // Nodes with more inputs are refused by load; there may be millions of them, all left out.
    uint32_t i = node->op == A8_CODE_TRANSPOSE_CONV ? 2 : 0; // whose first input is a shape
    int32_t tensor = -1;
    for (; tensor == -1 && i < node->n_inputs && i <= UINT8_MAX; ++i) {
        tensor = a8_node_input(model, node, i);
    }
    if (tensor == -1) {
        return true;
    }
    bool good = a8_model_tensor(model, subgraph, (uint32_t)tensor, &info, NULL) == A8_OK;
    *family = info.dtype;
    tensor = a8_node_input(model, node, node->op == A8_CODE_TRANSPOSE_CONV ? 1 : i);
    if (good && has_weights(node->op) && tensor != -1) {
        good = a8_model_tensor(model, subgraph, (uint32_t)tensor, &info, NULL) == A8_OK;
        if (*family == A8_FLOAT32 && (info.dtype == A8_INT8 || info.dtype == A8_UINT8 || info.dtype == A8_INT4)) {
            *family = A8_FAMILY_HYBRID;
        } else if (info.dtype == A8_INT4) {
            *family = A8_INT4;
        }
    }
    return good;
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
            a8_dtype_t family;
            bool known = a8_op_family(model, *subgraph, &info, &family);
            if (a8_op_find(a8_op_code(&info), family, &out->reason) < 0) {
                if (family == A8_FAMILY_HYBRID) {
                    out->reason = A8_HYBRID;
                }
                if (!known && (out->reason == A8_NO_SUCH_DTYPE || out->reason == A8_DTYPE_NOT_IN_THIS_BUILD)) {
                    continue;
                }
                out->subgraph = *subgraph;
                out->node = i;
                out->op = info.op;
                out->custom = info.custom;
                out->dtype = family == A8_FAMILY_HYBRID ? A8_FLOAT32 : family;
                return true;
            }
        }
    }
    return false;
}

bool a8_op_row_for(const a8_model_t *model, uint32_t subgraph, uint32_t node, int32_t *op, int32_t *family) {
    a8_node_info_t info;
    a8_dtype_t wanted;
    a8_reason_t reason;
    if (a8_model_node(model, subgraph, node, &info, NULL) != A8_OK) {
        return false;
    }
    bool known = a8_op_family(model, subgraph, &info, &wanted);
    int32_t row = a8_op_find(a8_op_code(&info), wanted, &reason);
    if (!known || row < 0) {
        return false;
    }
    int32_t takes = keys[row] & KEY_FAMILY_MASK;
    *op = KEY_OP(keys[row]);
    *family = takes == KEY_FAMILY_MASK ? A8_FAMILY_ANY : takes;
    return true;
}

a8_target_t a8_target_native(void) {
    return A8_TARGET_NATIVE;
}
