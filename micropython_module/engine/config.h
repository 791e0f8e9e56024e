// SPDX-License-Identifier: MIT
//
// The knobs that a port may override, either by -D or in the generated
// arena8_build.h, which a firmware build writes (models, arena, operators).
#ifndef A8_CONFIG_H
#define A8_CONFIG_H

#if defined(__has_include)
#if __has_include("arena8_build.h")
#include "arena8_build.h"
#endif
#endif

// Highest rank of a tensor.
#ifndef A8_MAX_DIMS
#define A8_MAX_DIMS (6)
#endif

// Attribute of functions that should run from RAM, for chips whose flash lies
// behind a cache. Empty where code already is in memory. ESP-IDF is known by
// its header: its macro ESP_PLATFORM is there for its own components only. A
// hot function that were inlined into one in flash would run from flash.
#ifndef A8_HOT
#if defined(__has_include)
#if __has_include("esp_attr.h")
#include "esp_attr.h"
#define A8_HOT IRAM_ATTR __attribute__((noinline))
#endif
#endif
#endif
#ifndef A8_HOT
#define A8_HOT
#endif

// Whether a8_measure_plan is there, which only tools on a host call.
#ifndef A8_TELL_PLAN
#define A8_TELL_PLAN (0)
#endif

// Alignment, in bytes, of the two regions an interpreter lives in and of every
// tensor inside the arena. The same everywhere, so that sizes are too.
#define A8_ALIGN (16)

#endif
