// SPDX-License-Identifier: MIT
//
// A QEMU plugin that counts what calls of given functions execute, their callees included.
//
//   -plugin count.so,out=FILE,entry=ADDRESS[,entry=ADDRESS...][,thumb=on]
//
// For every call that returns, a line in FILE: the number of the entry, then instructions, or with thumb=on (code
// of ARMv6-M) cycles of a Cortex-M0+ by ARM's table. Counting starts with the entry's first instruction and ends
// with its return; one call at a time.
//
// Cycles: 1 an instruction; loads and stores 2; LDM, STM, PUSH and POP 1 + registers, with PC 3 + registers;
// a branch taken 2, BL 3.
//
// The declarations are those of QEMU's plugin API, version 1, which Debian ships without a header.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { NO_REGISTERS = 0 };

typedef void (*tb_translated_t)(plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*executed_t)(unsigned int vcpu, void *arg);
typedef void (*ended_t)(plugin_id_t id, void *arg);

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id_t id, tb_translated_t cb);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, executed_t cb, int flags, void *arg);
void qemu_plugin_register_atexit_cb(plugin_id_t id, ended_t cb, void *arg);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

#define MAX_ENTRIES (8)

// A run of instructions that is left only at its end.
typedef struct {
    uint64_t start;
    uint64_t last; // address of the last instruction
    uint32_t count; // instructions; cycles with no branch taken at the end
    uint32_t taken; // cycles more if it is
} block_t;

static FILE *out;
static bool thumb;
static uint64_t entries[MAX_ENTRIES];
static int n_entries;

static uint64_t count;
static int counting = -1; // the entry whose call is under way
static uint64_t back; // the call's last instruction; the block after the return starts within 4 bytes after it
static const block_t *before;

static int bits(uint32_t v) {
    int n = 0;
    for (; v != 0; v &= v - 1) {
        ++n;
    }
    return n;
}

// Cycles of a Thumb instruction by its first half, branches as if not taken.
static uint32_t thumb_cycles(uint32_t op, uint32_t *taken) {
    *taken = 0;
    if (op >> 12 == 0x4 && op >> 11 == 0x9) {
        return 2; // LDR of a literal
    }
    if (op >> 12 >= 0x5 && op >> 12 <= 0x9) {
        return 2;
    }
    if (op >> 9 == 0xb4 >> 1) {
        return 1 + bits(op & 0x1ff); // PUSH
    }
    if (op >> 9 == 0xbc >> 1) {
        return op & 0x100 ? 3 + bits(op & 0x1ff) : 1 + bits(op & 0xff); // POP
    }
    if (op >> 12 == 0xc) {
        return 1 + bits(op & 0xff); // LDM, STM
    }
    if (op >> 12 == 0xd || op >> 11 == 0x1c) {
        *taken = 1; // B
        return 1;
    }
    if (op >> 8 == 0x47 || (op >> 10 == 0x11 && op >> 8 != 0x45 && (op & 0x87) == 0x87)) {
        *taken = 1; // BX, BLX; ADD and MOV to PC
        return 1;
    }
    return op >> 11 > 0x1c ? 3 : 1; // BL and the like; the rest
}

static void executed(unsigned int vcpu, void *arg) {
    (void)vcpu;
    const block_t *block = arg;
    if (before != NULL && block->start != before->last + 2 && block->start != before->last + 4) {
        count += before->taken;
    }
    if (counting >= 0 && block->start > back && block->start <= back + 4) {
        fprintf(out, "%d %llu\n", counting, (unsigned long long)count);
        fflush(out);
        counting = -1;
    }
    for (int i = 0; counting < 0 && i < n_entries; ++i) {
        if (block->start == entries[i] && before != NULL) {
            counting = i;
            back = before->last;
            count = 0;
        }
    }
    count += block->count;
    before = block;
}

static void translated(plugin_id_t id, struct qemu_plugin_tb *tb) {
    (void)id;
    block_t *block = calloc(1, sizeof(block_t));
    size_t n = qemu_plugin_tb_n_insns(tb);
    for (size_t i = 0; i < n; ++i) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        uint16_t op = 0;
        memcpy(&op, qemu_plugin_insn_data(insn), sizeof(op));
        if (i == 0) {
            block->start = address;
        }
        block->last = address;
        block->count += thumb ? thumb_cycles(op, &block->taken) : 1;
    }
    qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, NO_REGISTERS, block);
}

static void ended(plugin_id_t id, void *arg) {
    (void)id;
    (void)arg;
    fclose(out);
}

// The second argument tells about the machine, which doesn't matter here.
__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id_t id, const void *info, int argc, char **argv) {
    (void)info;
    for (int i = 0; i < argc; ++i) {
        char *value = strchr(argv[i], '=');
        size_t name = value != NULL ? (size_t)(value++ - argv[i]) : 0;
        if (name == 3 && strncmp(argv[i], "out", name) == 0) {
            out = fopen(value, "w");
        } else if (name == 5 && strncmp(argv[i], "entry", name) == 0 && n_entries < MAX_ENTRIES) {
            entries[n_entries++] = strtoull(value, NULL, 0);
        } else if (name == 5 && strncmp(argv[i], "thumb", name) == 0) {
            thumb = strcmp(value, "on") == 0;
        } else {
            fprintf(stderr, "count: there is no option %s\n", argv[i]);
            return 1;
        }
    }
    if (out == NULL || n_entries == 0) {
        fprintf(stderr, "count: out=FILE and entry=ADDRESS are needed\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
