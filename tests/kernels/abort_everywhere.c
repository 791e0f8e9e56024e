// SPDX-License-Identifier: MIT
//
// Invokes a model again and again, stopping it at its first poll, its second
// and so on, until it runs to its end. Prints how many polls that takes.
// Exit status 1 if an invoke that was stopped says anything but so, or goes on.
#include <stdio.h>
#include <stdlib.h>

#include "arena8.h"

typedef struct {
    int calls;
    int allowed;
} budget_t;

static bool poll(void *arg) {
    budget_t *budget = arg;
    return budget->calls++ < budget->allowed;
}

int main(int argc, char **argv) {
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    static uint8_t bytes[1 << 20];
    static uint8_t work_bytes[(1 << 20) + A8_ALIGN];
    uint8_t *work = work_bytes + (-(uintptr_t)work_bytes & (A8_ALIGN - 1));
    size_t size = file == NULL ? 0 : fread(bytes, 1, sizeof(bytes), file);
    a8_error_t err;
    a8_model_t model;
    a8_sizes_t sizes;
    if (size == 0 || a8_model_open(&model, bytes, (uint32_t)size, &err) != A8_OK
        || a8_measure(&model, a8_target_native(), work, 1 << 20, &sizes, &err) != A8_OK) {
        fprintf(stderr, "can't run the model\n");
        return 2;
    }
    a8_interpreter_t it;
    uint8_t *records = malloc(sizes.records);
    uint8_t *arena = malloc(sizes.arena);
    if (a8_load(&it, &model, a8_target_native(), records, sizes.records, arena, sizes.arena, &err) != A8_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 2;
    }
    budget_t budget = {0, 0};
    it.poll = poll;
    it.arg = &budget;
    int code;
    while ((code = a8_invoke(&it, &err)) == A8_ERR_ABORTED) {
        if (budget.calls != budget.allowed + 1) {
            fprintf(stderr, "went on after poll %d, up to %d\n", budget.allowed, budget.calls);
            return 1;
        }
        budget.calls = 0;
        budget.allowed++;
    }
    printf("%d\n", budget.calls);
    return code == A8_OK ? 0 : 1;
}
