// SPDX-License-Identifier: MIT
#include "message.h"

#include <string.h>

typedef struct {
    a8_write_t write;
    void *arg;
} out_t;

static void put(const out_t *out, const char *str) {
    out->write(out->arg, str, (uint32_t)strlen(str));
}

static void put_int(const out_t *out, int64_t value) {
    char digits[20];
    uint32_t n = sizeof(digits);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--n] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0) {
        digits[--n] = '-';
    }
    out->write(out->arg, digits + n, (uint32_t)sizeof(digits) - n);
}

enum { LONGEST_NAME = 40 };

// A string from the model may be anything: cut it and show only what prints.
static void put_name(const out_t *out, a8_string_t name) {
    uint32_t n = name.len < LONGEST_NAME ? name.len : LONGEST_NAME;
    for (uint32_t i = 0; i < n; i++) {
        char c = name.str[i];
        if (c < ' ' || c > '~') {
            c = '?';
        }
        out->write(out->arg, &c, 1);
    }
    if (n < name.len) {
        put(out, "...");
    }
}

static void put_op(const out_t *out, int32_t op) {
    const char *name = a8_op_name(op);
    if (name != NULL) {
        put(out, name);
    } else {
        put(out, "operator ");
        put_int(out, op);
    }
}

void a8_unsupported_name(const a8_unsupported_t *op, a8_write_t write, void *arg) {
    out_t out = { write, arg };
    put_op(&out, op->op);
    if (op->custom.str != NULL && op->custom.len > 0) {
        put(&out, " '");
        put_name(&out, op->custom);
        put(&out, "'");
    }
    put(&out, " ");
    put(&out, a8_dtype_name(op->dtype));
}

void a8_reason_text(const a8_unsupported_t *op, a8_write_t write, void *arg) {
    out_t out = { write, arg };
    switch (op->reason) {
        case A8_NO_SUCH_OPERATOR:
            put(&out, "arena8 has no such operator");
            break;
        case A8_NO_SUCH_DTYPE:
            put(&out, "arena8 has this operator, but not for ");
            put(&out, a8_dtype_name(op->dtype));
            break;
        case A8_HYBRID:
            put(&out, "integer weights, but float32 activations: dynamic-range quantization");
            break;
        default:
            put(&out, "known, but not in this firmware");
            break;
    }
}

// Of a hostile model nothing here may take long or much memory: so many kinds are named, with so many nodes each,
// and of a custom operator's name as much counts as put_name shows. The rest is told as a number.
enum {
    MAX_KINDS = 20,
    MAX_NODES = 16,
};

// Nodes that can't run for the same reason.
typedef struct {
    a8_unsupported_t first;
    uint32_t nodes;
} kind_t;

static bool same_kind(const a8_unsupported_t *a, const a8_unsupported_t *b) {
    if (a->op != b->op || a->dtype != b->dtype || a->reason != b->reason || a->custom.len != b->custom.len) {
        return false;
    }
    uint32_t len = a->custom.len < LONGEST_NAME ? a->custom.len : LONGEST_NAME;
    return len == 0 || memcmp(a->custom.str, b->custom.str, len) == 0;
}

// What to ask of the converter to get a model without hybrid nodes.
static const char full_integer[] = ". For int8 activations too, convert again with converter.optimizations = "
                                   "[tf.lite.Optimize.DEFAULT], a representative_dataset, target_spec.supported_ops = "
                                   "[tf.lite.OpsSet.TFLITE_BUILTINS_INT8] and inference_input_type = "
                                   "inference_output_type = tf.int8";

// Counts the nodes that can't run and finds their kinds, at most MAX_KINDS. Returns how many there are in kinds.
static uint32_t find_kinds(const a8_model_t *model, kind_t *kinds, uint32_t *bad) {
    a8_unsupported_t op;
    uint32_t n_kinds = 0, subgraph = 0, node = 0;
    *bad = 0;
    while (a8_next_unsupported(model, &subgraph, &node, &op)) {
        uint32_t k = 0;
        while (k < n_kinds && !same_kind(&kinds[k].first, &op)) {
            k++;
        }
        if (k == n_kinds && n_kinds < MAX_KINDS) {
            kinds[n_kinds].first = op;
            kinds[n_kinds++].nodes = 0;
        }
        if (k < n_kinds) {
            kinds[k].nodes++;
        }
        ++*bad;
    }
    return n_kinds;
}

static void put_node(const out_t *out, const a8_unsupported_t *op) {
    put_int(out, op->node);
    if (op->subgraph != 0) {
        put(out, " of subgraph ");
        put_int(out, op->subgraph);
    }
}

static void put_kind(const out_t *out, const a8_model_t *model, const kind_t *kind) {
    a8_unsupported_t op;
    uint32_t subgraph = kind->first.subgraph, node = kind->first.node, n = 0;
    a8_unsupported_name(&kind->first, out->write, out->arg);
    put(out, kind->nodes > 1 ? " at nodes " : " at node ");
    while (n < kind->nodes && n < MAX_NODES && a8_next_unsupported(model, &subgraph, &node, &op)) {
        if (same_kind(&kind->first, &op)) {
            put(out, n > 0 ? ", " : "");
            put_node(out, &op);
            n++;
        }
    }
    if (n < kind->nodes) {
        put(out, " and ");
        put_int(out, kind->nodes - n);
        put(out, " more");
    }
    put(out, " (");
    a8_reason_text(&kind->first, out->write, out->arg);
    put(out, ")");
}

// Lists every unsupported operator once, with its nodes.
static bool put_unsupported(const out_t *out, const a8_model_t *model) {
    kind_t kinds[MAX_KINDS];
    uint32_t bad, all = 0, named = 0;
    uint32_t n_kinds = find_kinds(model, kinds, &bad);
    if (bad == 0) {
        return false;
    }
    for (uint32_t i = 0; i < model->n_subgraphs; i++) {
        all += a8_model_nodes(model, i);
    }
    bool hybrid = false;
    put_int(out, bad);
    put(out, " of ");
    put_int(out, all);
    put(out, " operators can't run: ");
    for (uint32_t i = 0; i < n_kinds; i++) {
        put(out, i > 0 ? "; " : "");
        put_kind(out, model, &kinds[i]);
        named += kinds[i].nodes;
        hybrid = hybrid || kinds[i].first.reason == A8_HYBRID;
    }
    if (named < bad) {
        put(out, "; and other operators at ");
        put_int(out, bad - named);
        put(out, " nodes");
    }
    if (hybrid) {
        put(out, full_integer);
    }
    return true;
}

void a8_error_text(const a8_error_t *err, const a8_model_t *model, a8_write_t write, void *arg) {
    out_t out = { write, arg };
    if (err->code == A8_ERR_UNSUPPORTED && model != NULL && put_unsupported(&out, model)) {
        return;
    }
    bool where = false;
    if (err->subgraph != A8_NONE && err->subgraph != 0) {
        put(&out, "subgraph ");
        put_int(&out, err->subgraph);
        where = true;
    }
    if (err->node != A8_NONE) {
        put(&out, where ? ", node " : "node ");
        put_int(&out, err->node);
        where = true;
        if (err->op != A8_NONE) {
            put(&out, " ");
            put_op(&out, err->op);
        }
    }
    if (err->tensor != A8_NONE) {
        put(&out, where ? ", tensor " : "tensor ");
        put_int(&out, err->tensor);
        where = true;
    }
    if (where) {
        put(&out, ": ");
    }
    put(&out, err->message != NULL ? err->message : "error");
    const char *unit = err->code == A8_ERR_MEMORY ? " bytes" : "";
    if (err->needed != A8_NONE) {
        put(&out, ": needs ");
        put_int(&out, err->needed);
        put(&out, unit);
        if (err->given != A8_NONE) {
            put(&out, ", got ");
            put_int(&out, err->given);
        }
    } else if (err->given != A8_NONE) {
        put(&out, ": got ");
        put_int(&out, err->given);
        put(&out, unit);
    }
}
