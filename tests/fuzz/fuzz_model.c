// SPDX-License-Identifier: MIT
//
// Loads and runs mutants of models, under ASan and UBSan, in regions of exactly
// the sizes that the engine asks for. Whatever the bytes are, nothing may be read
// or written outside of them, and every call returns.
//
//   fuzz_model SEED MUTANTS SECONDS MODEL.tflite...
//
// Stops after so many mutants a model, or seconds in all, whichever is first; 0: no such limit.
// Before a mutant runs, what makes it goes to the variable that a crash handler prints: with
// SEED, model and number the same mutant comes back ("fuzz_model SEED =NUMBER 0 MODEL").
#define _POSIX_C_SOURCE 199309L // clock_gettime
#include "fuzz_run.h"

void __asan_set_death_callback(void (*callback)(void));

static const char *now_model;
static unsigned now_seed, now_number;

static void on_death(void) {
    fprintf(stderr, "\nagain: fuzz_model %u =%u 0 %s\n", now_seed, now_number, now_model);
}

int main(int argc, char **argv) {
    if (argc < 5) {
        fprintf(stderr, "usage: fuzz_model SEED MUTANTS|=NUMBER SECONDS MODEL.tflite...\n");
        return 2;
    }
    bool only = argv[2][0] == '=';
    unsigned seed = (unsigned)atoi(argv[1]), mutants = (unsigned)atoi(argv[2] + only);
    unsigned seconds = (unsigned)atoi(argv[3]);
    time_t start = time(NULL);
    __asan_set_death_callback(on_death);
    unsigned total = 0;
    bool *skipped = calloc((size_t)argc, sizeof(bool)); // mutants of what can't run seldom run either: fewer of them
    for (unsigned number = only ? mutants : 0; only ? number == mutants : mutants == 0 || number < mutants; ++number) {
        for (int k = 4; k < argc; ++k) {
            if (skipped[k] && number % 64 != 0) {
                continue;
            }
            if (seconds != 0 && (unsigned)(time(NULL) - start) >= seconds) {
                goto done;
            }
            FILE *file = fopen(argv[k], "rb");
            CHECK(file != NULL);
            fseek(file, 0, SEEK_END);
            uint32_t size = (uint32_t)ftell(file), length = 0, name = 0;
            rewind(file);
            uint8_t *original = malloc(size);
            CHECK(fread(original, 1, size, file) == size);
            fclose(file);
            for (const char *p = argv[k]; *p != '\0'; ++p) {
                name = *p == '/' ? 0 : 31 * name + (unsigned char)*p; // the file's name, wherever it lies
            }
            now_model = argv[k];
            now_seed = seed;
            now_number = number;
            state = (seed * 2654435761u ^ number * 40503u ^ name) | 1;
            for (int i = 0; i < 8; ++i) {
                next_random(&state);
            }
            length = number == 0 ? size : mutate(original, size); // the first is the model itself
            uint8_t *exact = malloc(length + 1);
            memcpy(exact + (number & 1), original, length);
            bool runs = run(exact + (number & 1), length, number % 4 == 3) != A8_ERR_UNSUPPORTED;
            skipped[k] = skipped[k] || (number == 0 && !runs);
            free(exact);
            free(original);
            ++total;
        }
    }
done:
    free(skipped);
    printf("%u mutants: %u refused at open, %u at load, %u too large; invokes: %u ran, %u with an error, %u stopped\n",
        total, counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]);
    return total == 0;
}
