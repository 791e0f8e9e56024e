// SPDX-License-Identifier: MIT
//
// Sentences for errors: what, where and how much. Both bindings raise these,
// so a user reads the same words on a board and on a laptop.
#ifndef A8_MESSAGE_H
#define A8_MESSAGE_H

#include "arena8.h"

// Takes the next piece of the sentence: printable ASCII, not terminated.
typedef void (*a8_write_t)(void *arg, const char *str, uint32_t len);

// Writes the sentence for err. If err is A8_ERR_UNSUPPORTED and model (may be NULL) has operators that can't
// run, that is a list of all of them, with node numbers, and if some are hybrid what to ask of the converter. There are
// less than 10,000 characters whatever the model: from 20 different operators on, and from 16 nodes with the same one
// on, it says how many more there are.
void a8_error_text(const a8_error_t *err, const a8_model_t *model, a8_write_t write, void *arg);

// Writes why an operator can't run, as in a8_error_text's list: "known, but not in this firmware".
void a8_reason_text(const a8_unsupported_t *op, a8_write_t write, void *arg);
// Writes operator and element type: "TANH int8", "CUSTOM 'Foo' int8".
void a8_unsupported_name(const a8_unsupported_t *op, a8_write_t write, void *arg);

#endif
