# SPDX-License-Identifier: MIT
# arena8. `make help` lists the targets; each names itself in a comment that starts with ##.

BOARD ?= RPI_PICO
MODEL ?= firmware/models/digits.tflite
ARENA ?= auto
OPERATORS ?=
KERNELS ?= fast
NO_INSTALL ?=
CACHE := $(abspath $(or $(ARENA8_CACHE),.cache))
VENV := $(CACHE)/venv
PYTHON := $(VENV)/bin/python
LOGS := build/log
TEST_BOARDS := UNIX MPS2_AN385 MPS2_AN505 MICROBIT VIRT_RV32 DE233_FPU RPI_PICO RPI_PICO2
# Models that the device tests and the benchmark look for, frozen when they are there.
SHARED := $(or $(ARENA8_SHARED_MODELS),../shared/models)
SHARED_MODELS := $(wildcard $(addprefix $(SHARED)/models/,mlperf__kws_ref_model.tflite tflm__hello_world_int8.tflite \
	emlearn__mnist_cnn_int8.tflite))
# The Pico has no room for all of them beside the operators that its firmware carries.
TEST_WITHOUT_RPI_PICO := %emlearn__mnist_cnn_int8.tflite %mlperf__kws_ref_model.tflite
# Built and looked at, never run: there is no emulator of it.
TEST_WITHOUT_RPI_PICO2 := %
# The models of the examples reach the boards under test through ROMFS.
OWN_MODELS := $(addprefix firmware/models/,digits.tflite iris.tflite)
FUZZ_SECONDS ?= 600
export ARENA8_CACHE := $(CACHE)
export ARENA8_SHARED_MODELS := $(abspath $(SHARED))
export NO_INSTALL

# $(call step,what is done,name of the log,command): one calm line, output in a file, its end shown on failure.
define step
@mkdir -p $(LOGS); printf '  %-58s' "$(1)"; s=$$(date +%s); \
if ( $(3) ) >$(LOGS)/$(2).log 2>&1 </dev/null; then printf '%4d s\n' $$(($$(date +%s) - s)); \
else echo ' failed'; tail -n 40 $(LOGS)/$(2).log; echo "The whole log is in $(LOGS)/$(2).log"; exit 1; fi
endef

.PHONY: help
help: ## List the targets.
	@echo 'Usage: make TARGET [BOARD=$(BOARD)] [MODEL="a.tflite b.tflite"] [ARENA=auto|BYTES|0]'
	@echo '                   [OPERATORS=all|auto|NAMES] [KERNELS=fast|generic] [MICROPYTHON_DIR=path]'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

# What the steps need; quick when nothing is missing.
PACKAGES = @python3 firmware/packages.py
known_boards = $(sort $(notdir $(wildcard $(addprefix boards/*/,$(1)))))
HOST_SOURCES := $(shell find host_tools micropython_module/engine boards -type f \
	\( -name '*.py' -o -name '*.c' -o -name '*.h' -o -name '*.def' -o -name '*.txt' -o -name '*.json' -o -name '*.toml' \) \
	-not -path '*/_csrc/*' -not -path '*/_boards/*' -not -path '*/build/*' -not -path '*.egg-info/*')

$(VENV)/ready: host_tools/pyproject.toml tests/requirements.txt
	$(PACKAGES) base
	$(call step,Making the Python environment,venv,python3 -m venv $(VENV) && \
		$(VENV)/bin/pip install -q -r tests/requirements.txt)
	@touch $@

# Files that have not changed are not compiled again.
WITH_CCACHE := $(if $(shell which ccache 2>/dev/null),CC="ccache cc" CCACHE_NOHASHDIR=1)

$(VENV)/host: $(VENV)/ready $(HOST_SOURCES)
	$(call step,Installing the host tools,host_tools,$(WITH_CCACHE) $(VENV)/bin/pip install -q --no-build-isolation --no-deps \
		--force-reinstall ./host_tools)
	@touch $@

# The Pico's emulator for this very Python: what runs it for long looks here first.
$(VENV)/emulator: $(VENV)/ready tests/fast_emulator.py
	$(call step,Compiling the emulated Pico,emulator,$(PYTHON) tests/fast_emulator.py $(VENV)/rp2040py)
	@touch $@

test bench budgets: export PYTHONPATH := $(VENV)/rp2040py$(addprefix :,$(PYTHONPATH))

.PHONY: setup
setup: $(VENV)/host ## Install what is missing: packages, a Python environment, the host tools.

.PHONY: firmware
firmware: $(VENV)/host ## Build the firmware of BOARD with the models of MODEL frozen in it.
	$(PACKAGES) base $(call known_boards,$(BOARD))
	@$(PYTHON) firmware/build.py $(BOARD) $(if $(MODEL),--model $(MODEL)) --arena $(ARENA) $(if $(OPERATORS),--operators "$(OPERATORS)") \
		--kernels $(KERNELS)

.PHONY: dist
dist: $(VENV)/host ## Make build/dist: the wheel, generic firmware of the RP2 boards, manifest, SBOM.
	$(PACKAGES) base rp2 RPI_PICO2-RISCV
	@$(PYTHON) firmware/dist.py

.PHONY: demo
demo: ## No board? Build the Pico firmware, boot it in an emulator, recognise digits.
	@s=$$(date +%s); echo 'arena8 demo: the Pico firmware with a digits model, on an emulated Pico'; \
	$(MAKE) --no-print-directory firmware BOARD=RPI_PICO MODEL=firmware/models/digits.tflite && \
	$(PYTHON) firmware/demo.py && echo "make demo: done in $$(($$(date +%s) - s)) s."

# $(call build_for_tests,boards)
define build_for_tests
	$(PACKAGES) base $(call known_boards,$(1))
	@$(foreach b,$(1),$(PYTHON) firmware/build.py $(b) --for-tests --arena auto \
		--model $(OWN_MODELS) $(filter-out $(TEST_WITHOUT_$(b)),$(SHARED_MODELS)) &&) true
endef

.PHONY: test-firmware
test-firmware: $(VENV)/host
	$(call build_for_tests,$(TEST_BOARDS))

.PHONY: test
test: ## Run everything: C tests under sanitizers, device tests on emulated boards, host tools, lint.
	@s=$$(date +%s); echo 'arena8 tests'; \
	python3 firmware/packages.py browser && { python3 firmware/packages.py windowed || true; } && $(MAKE) --no-print-directory lint test-firmware $(VENV)/emulator && \
	$(PYTHON) -m pytest -q tests -n 2 --dist loadfile --no-loadscope-reorder --arena8-boards all && echo "make test: all passed in $$(($$(date +%s) - s)) s."

.PHONY: test-quick
test-quick: $(VENV)/host ## Run the tests that need no firmware.
	@$(PYTHON) -m pytest -q tests --ignore tests/device --ignore tests/firmware --ignore tests/budgets

# Of the rows of cores, not of what counts again.
BENCH_BOARDS := $(shell sed -n 's/.*"board": "\([A-Z0-9_]*\)", "models".*/\1/p' tests/bench/cores.json)

.PHONY: bench
bench: $(VENV)/host $(VENV)/emulator ## Count what an invoke costs, models x emulated cores; writes build/bench.json and bench.svg.
	@s=$$(date +%s); $(MAKE) --no-print-directory bench-firmware && $(PYTHON) tests/bench/bench.py --chart build/bench.svg && \
	echo "make bench: done in $$(($$(date +%s) - s)) s."

.PHONY: bench-docs
bench-docs: bench ## Count, and rewrite docs/bench.svg and the tables of docs/kernels.md.
	@$(PYTHON) tests/bench/publish.py

.PHONY: bench-firmware
bench-firmware: $(VENV)/host
	$(call build_for_tests,$(BENCH_BOARDS))

.PHONY: sizes
sizes: test-firmware ## Show flash bytes of the module on Cortex-M0+ and arena bytes of the models.
	@$(PYTHON) tests/sizes.py
	@$(PYTHON) tests/flash.py

.PHONY: budgets
budgets: test-firmware $(VENV)/emulator ## Rewrite the budgets of arena, flash, cycles and stack from what is measured now.
	@$(PYTHON) tests/budgets/test_budgets.py --update

.PHONY: operators
operators: test-firmware ## Rewrite docs/operators.md: operators by element type, tests passed, flash bytes.
	@rm -rf build/operator_counts; $(PYTHON) -m pytest -q tests/kernels -n 2 --dist loadfile && $(PYTHON) tests/operators_doc.py

.PHONY: test-long
test-long: $(VENV)/host ## Run ten times as many differential cases an operator.
	@ARENA8_LONG=10 $(PYTHON) -m pytest -q tests/kernels -n 2 --timeout 3600

.PHONY: fuzz
fuzz: $(VENV)/host ## Feed malformed models to the engine under sanitizers for FUZZ_SECONDS.
	@$(PYTHON) tests/fuzz/fuzz.py --seconds $(FUZZ_SECONDS)

.PHONY: lint
lint: $(VENV)/ready ## Check the style of C and Python, and the house rules that a program can check.
	@$(PYTHON) tests/lint.py

.PHONY: format
format: $(VENV)/ready ## Put C and Python into the style that lint checks.
	@$(PYTHON) tests/lint.py --fix

.PHONY: clean
clean: ## Remove what was built; the cache of downloads stays.
	rm -rf build
