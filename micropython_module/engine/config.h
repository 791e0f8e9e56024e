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

// Section of code that should run from RAM, for chips whose flash lies behind a cache, and the attribute
// of such functions. Without one they lie where other code does.
// #define A8_HOT_SECTION .time_critical.arena8
//
// ESP-IDF is known by its header: its macro ESP_PLATFORM is there for its own components only. A hot function
// that were inlined into one in flash would run from flash.
#ifndef A8_HOT
#if defined(__has_include)
#if __has_include("esp_attr.h")
#include "esp_attr.h"
#define A8_HOT IRAM_ATTR __attribute__((noinline))
#endif
#endif
#endif
#ifndef A8_HOT
#ifdef A8_HOT_SECTION
#define A8_TEXT_(text) #text
#define A8_TEXT(text) A8_TEXT_(text)
#define A8_HOT __attribute__((section(A8_TEXT(A8_HOT_SECTION))))
#else
#define A8_HOT
#endif
#endif

// Whether an Xtensa core has the MAC16 option and zero-overhead loops, as those of ESP32 and ESP32-S3 have; the
// vendor's header tells.
#ifndef A8_XTENSA_MAC16
#define A8_XTENSA_MAC16 (0)
#if defined(__XTENSA__) && defined(__has_include)
#if __has_include("xtensa/config/core-isa.h")
#include "xtensa/config/core-isa.h"
#if XCHAL_HAVE_MAC16 && XCHAL_HAVE_LOOPS
#undef A8_XTENSA_MAC16
#define A8_XTENSA_MAC16 (1)
#endif
#endif
#endif
#endif

// Whether a8_measure_plan is there, which only tools on a host call.
#ifndef A8_TELL_PLAN
#define A8_TELL_PLAN (0)
#endif

// Whether sizes can be asked for targets other than this build's own, which only tools on a host do. Without it a
// target that is given counts as the own one.
#ifndef A8_ALL_TARGETS
#define A8_ALL_TARGETS (0)
#endif

// Alignment, in bytes, of the two regions an interpreter lives in and of every
// tensor inside the arena. The same everywhere, so that sizes are too.
#define A8_ALIGN (16)

#endif
