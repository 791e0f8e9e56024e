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

// A string from the model may be anything: cut it and show only what prints.
static void put_name(const out_t *out, a8_string_t name) {
    enum { LONGEST = 40 };
    uint32_t n = name.len < LONGEST ? name.len : LONGEST;
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
        default:
            put(&out, "known, but not in this firmware");
            break;
    }
}

static bool same_kind(const a8_unsupported_t *a, const a8_unsupported_t *b) {
    return a->op == b->op && a->dtype == b->dtype && a->reason == b->reason && a->custom.len == b->custom.len && (a->custom.len == 0 || memcmp(a->custom.str, b->custom.str, a->custom.len) == 0);
}

// Finds the next node of the same kind as op at or after the position.
static bool next_of_kind(const a8_model_t *model, uint32_t *subgraph, uint32_t *node, const a8_unsupported_t *op,
    a8_unsupported_t *found) {
    while (a8_next_unsupported(model, subgraph, node, found)) {
        if (same_kind(found, op)) {
            return true;
        }
    }
    return false;
}

static void put_node(const out_t *out, const a8_unsupported_t *op) {
    put_int(out, op->node);
    if (op->subgraph != 0) {
        put(out, " of subgraph ");
        put_int(out, op->subgraph);
    }
}

// Lists every unsupported operator once, with all its nodes. There is no memory to sort in, so for each
// node the model is read again from the start: the first node of its kind writes the whole kind.
static bool put_unsupported(const out_t *out, const a8_model_t *model) {
    a8_unsupported_t op, other;
    uint32_t subgraph = 0, node = 0, bad = 0, all = 0;
    while (a8_next_unsupported(model, &subgraph, &node, &op)) {
        bad++;
    }
    if (bad == 0) {
        return false;
    }
    for (uint32_t i = 0; i < model->n_subgraphs; i++) {
        all += a8_model_nodes(model, i);
    }
    put_int(out, bad);
    put(out, " of ");
    put_int(out, all);
    put(out, " operators can't run: ");

    subgraph = node = 0;
    bool first_kind = true;
    while (a8_next_unsupported(model, &subgraph, &node, &op)) {
        uint32_t s = 0, n = 0;
        if (next_of_kind(model, &s, &n, &op, &other) && (other.subgraph != op.subgraph || other.node != op.node)) {
            continue;
        }
        if (!first_kind) {
            put(out, "; ");
        }
        first_kind = false;
        a8_unsupported_name(&op, out->write, out->arg);
        s = subgraph;
        n = node;
        bool more = next_of_kind(model, &s, &n, &op, &other);
        put(out, more ? " at nodes " : " at node ");
        put_node(out, &op);
        while (more) {
            put(out, ", ");
            put_node(out, &other);
            more = next_of_kind(model, &s, &n, &op, &other);
        }
        put(out, " (");
        a8_reason_text(&op, out->write, out->arg);
        put(out, ")");
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
