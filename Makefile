# SPDX-License-Identifier: Apache-2.0
# Readmostly. `make help` lists what there is to make.
CC      ?= cc
ifeq ($(origin CC),default)
CC      := gcc
endif
# DWARF 4: valgrind 3.19 does not read clang 14's DWARF 5.
OPT     ?= -O2 -g -gdwarf-4
SANITIZE ?=
BUILD   ?= build/$(notdir $(CC))
# Short lines while building; V=1 shows the commands.
SAY      = $(if $(V),,@echo '  CC     $@' && )
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
           -Wmissing-prototypes $(if $(CI),-Werror)
# Fixed alignment: without it an unrelated edit moves results by 1.9 %
# (docs/adr/0008). No jump tables: check-dispatch reads every indirect jump.
ALIGN   := -falign-functions=64 -falign-loops=32 \
           $(if $(findstring clang,$(CC)),,-falign-jumps=32) -fno-jump-tables
CFLAGS  ?= $(OPT) $(ALIGN) $(SANITIZE)
LIBRARIES := hwloc inih jansson zlib
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -I. -pthread $(WARN) $(CFLAGS)

# A map is built where pkg-config knows every library on its `needs:` line.
# IMPL=path/to/map.c adds a map from outside the tree (fixtures use it, too).
needs   = $(shell sed -n 's/^.*needs: *\([a-z].*[^ */]\).*$$/\1/p' $(1))
has     = $(if $(call needs,$(1)),$(shell pkg-config --exists \
          $(call needs,$(1)) 2>/dev/null && echo yes),yes)
IMPL      ?=
ALL_IMPLS := $(sort $(wildcard impls/*.c)) $(IMPL)
IMPLS     := $(foreach f,$(ALL_IMPLS),$(if $(call has,$(f)),$(f)))
SKIPPED   := $(filter-out $(IMPLS),$(ALL_IMPLS))
NAMES     := $(sort $(notdir $(IMPLS:%.c=%)))
MAP_LIBS  := $(sort $(foreach f,$(IMPLS),$(call needs,$(f))))
LDLIBS    = $(shell pkg-config --libs $(LIBRARIES) $(MAP_LIBS)) -lm -ldl

RUNNER  := $(filter-out runner/main.c runner/simulate/% %_helper.c %_stats.c,$(wildcard runner/*.c runner/*/*.c))
OBJS    := $(patsubst %.c,$(BUILD)/%.o,$(RUNNER) $(IMPLS)) $(BUILD)/impl_table.o \
           $(BUILD)/events_tsv.o $(BUILD)/build_info.o $(BUILD)/sim_machines.o
TESTS   := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))

MODE    ?= smoke
PYTHON  ?= $(shell report/find_python.sh 2>/dev/null)

.PHONY: all bench report deps help clean FORCE
.DEFAULT_GOAL := all
# Keeps the objects of tests, which make takes for intermediate.
.SECONDARY:
all: $(BUILD)/readmostly  ## build what this machine can
	@$(foreach f,$(SKIPPED),echo "skip: $(f) needs $(call needs,$(f))";)

# Two steps, since what `deps` installs decides what is built.
bench:  ## measure and report: MODE=smoke|quick|standard|full
	@.ci/deps build
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@runner/bench.sh $(BUILD)/readmostly $(MODE) $(BENCH_ARGS)

report:  ## the report again: CAMPAIGN=results/...
	@.ci/deps build
	@python=$$(report/find_python.sh) && $$python -m report $(or $(CAMPAIGN),results/latest)

deps:  ## install what is missing (Debian, Ubuntu; root or sudo)
	@.ci/deps build test

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | sort | expand -t 28

clean:  ## remove everything built
	rm -rf build

# The table of maps is written from the file names: adding a map is adding
# a file. It is replaced only when it differs, so that nothing relinks.
$(BUILD)/impl_table.c: FORCE
	@mkdir -p $(@D)
	@{ echo '#include "runner/impl_table.h"'; \
	   for n in $(NAMES); do echo "extern const struct rm_impl rm_impl_$$n;"; done; \
	   echo 'const struct rm_impl *const rm_impl_table[] = {'; \
	   for n in $(NAMES); do echo "	&rm_impl_$$n,"; done; \
	   echo '};'; \
	   echo 'const size_t rm_impl_count = $(words $(NAMES));'; \
	   echo 'const struct rm_skipped rm_skipped_table[] = {'; \
	   $(foreach f,$(SKIPPED),echo '	{ "$(notdir $(f:%.c=%))", "$(call needs,$(f))" },';) \
	   echo '	{ NULL, NULL },'; \
	   echo '};'; \
	   echo 'const size_t rm_skipped_count = $(words $(SKIPPED));'; } >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BUILD)/readmostly: $(BUILD)/runner/main.o $(OBJS)
	$(SAY)$(CC) $(ALL_CFLAGS) -o $@ $^ $(LDLIBS)

# Tests take what they need of it: with all maps each were 60 MB.
$(BUILD)/readmostly.a: $(OBJS)
	@rm -f $@ && ar rcsT $@ $^

$(BUILD)/tests/test_%: $(BUILD)/tests/test_%.o $(BUILD)/readmostly.a
	@mkdir -p $(@D)
	$(SAY)$(CC) $(ALL_CFLAGS) -o $@ $^ $(LDLIBS)

# 10^6 inputs through the workload parser, always with sanitizers.
FUZZED := runner/base/error.c $(addprefix runner/plan/,workload.c workload_keys.c \
          workload_check.c workload_text.c workload_trace.c workload_memory.c allocator.c loops.c lines.c cell.c number.c placement.c topology.c)
$(BUILD)/tests/test_fuzz_workload: tests/test_fuzz_workload.c $(FUZZED) tests/fuzz.h $(wildcard runner/plan/*.h)
	@mkdir -p $(@D)
	$(SAY)$(CC) -std=c11 -D_GNU_SOURCE -I. $(WARN) -O2 -g -fno-sanitize-recover=all \
	  -fsanitize=address,undefined -o $@ $(filter %.c,$^) $(shell pkg-config --libs hwloc inih jansson) -lm

# Plays every bad end of a trial for the tests of the campaign.
$(BUILD)/tests/fake_trial: tests/fixtures/fake_trial.c
	@mkdir -p $(@D)
	$(SAY)$(CC) $(ALL_CFLAGS) -o $@ $< -ljansson
$(BUILD)/tests/test_launch $(BUILD)/tests/test_answers: | $(BUILD)/tests/fake_trial

# A liblikwid of its own name, and registers that the real one takes for real.
$(BUILD)/tests/stub/liblikwid.so.5: tests/fixtures/stub_likwid.c
	@mkdir -p $(@D)
	$(SAY)$(CC) $(ALL_CFLAGS) -shared -fPIC -Wl,-soname,$(@F) -o $@ $< -lm
$(BUILD)/tests/fake_msr.so: tests/fixtures/fake_msr.c
	@mkdir -p $(@D)
	$(SAY)$(CC) -std=c11 -D_GNU_SOURCE $(WARN) $(OPT) -shared -fPIC -o $@ $< -ldl
$(BUILD)/tests/test_likwid $(BUILD)/tests/test_counters: | $(BUILD)/readmostly-likwid \
  $(BUILD)/tests/stub/liblikwid.so.5 $(BUILD)/tests/fake_msr.so

# What the binary was made from: rewritten only when it differs.
COMPILER := $(if $(findstring clang,$(CC)),clang,gcc) $(shell $(CC) -dumpfullversion -dumpversion 2>/dev/null || $(CC) -dumpversion)
$(BUILD)/build_info.c: FORCE
	@mkdir -p $(@D)
	@{ echo '#include "runner/base/build_info.h"'; \
	   echo 'const char *const rm_build_compiler = "$(COMPILER)";'; \
	   echo 'const char *const rm_build_flags = "$(CFLAGS)";'; \
	   echo "const char *const rm_build_libraries = \"$$(for l in $(LIBRARIES) $(MAP_LIBS); do printf '%s %s, ' $$l $$(pkg-config --modversion $$l); done)\";"; \
	   echo "const char *const rm_build_commit = \"$$(git rev-parse HEAD 2>/dev/null || echo unknown)\";"; \
	   echo "const int rm_build_dirty = $$([ -z "$$(git status --porcelain 2>/dev/null)" ] && echo 0 || echo 1);"; } >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BUILD)/build_info.o: $(BUILD)/build_info.c
	$(SAY)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# Objects are made again when the flags change, not when the Makefile does.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(ALL_CFLAGS)' | cmp -s - $@ || echo '$(CC) $(ALL_CFLAGS)' >$@

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(SAY)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The event map is compiled in, so that an installed binary finds it anywhere.
$(BUILD)/events_tsv.c: runner/counters/events.tsv
	@mkdir -p $(@D)
	@{ echo 'extern const unsigned char rm_events_tsv[];'; \
	   echo 'const unsigned char rm_events_tsv[] = {'; \
	   od -An -v -tx1 $< | sed 's/ \(..\)/0x\1,/g'; echo '0 };'; } >$@

$(BUILD)/events_tsv.o: $(BUILD)/events_tsv.c
	$(SAY)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# GPL-3.0-or-later, a program of its own: liblikwid is loaded with dlopen only.
LIKWID_OBJS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard runner/counters/*_helper.c))
all: $(if $(LIKWID_OBJS),$(BUILD)/readmostly-likwid)
$(BUILD)/readmostly-likwid: $(LIKWID_OBJS)
	$(SAY)$(CC) $(ALL_CFLAGS) -o $@ $^ -ldl

$(BUILD)/impl_table.o: $(BUILD)/impl_table.c
	$(SAY)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# Head against base (docs/method.md): base from git into build/regress-base,
# a second real copy of it for the A/A control, head from this tree.
LOCK    ?= build/regress.lock
REGRESS = $(PYTHON) -m report.regress --base build/regress-base/readmostly \
          --copy build/regress-copy/readmostly --head build/regress-head/readmostly \
          --ref '$(BASE)' --commit "$$(cat build/regress-base/commit)" --lock $(LOCK)
.PHONY: regress regress-arms regress-tally
regress: regress-arms  ## head against base: BASE=ref
	@$(REGRESS) $(ARGS)

regress-arms:
	@test -n "$(PYTHON)" || { echo "regress: no Python with numpy and scipy" >&2; exit 2; }
	@test -n "$(BASE)" || { echo "regress: expected BASE=<git ref>" >&2; exit 2; }
	@set -e; commit=$$(git rev-parse --verify -q '$(BASE)^{commit}') || \
	{ echo "regress: BASE=$(BASE): no such commit" >&2; exit 2; }; \
	if [ "$$(cat build/regress-base/commit 2>/dev/null)" != "$$commit" ]; then \
		rm -rf build/regress-base build/regress-copy; \
		mkdir -p build/regress-base/tree; \
		git archive $$commit | tar -x -C build/regress-base/tree; \
		$(MAKE) -s -j$$(nproc) -C build/regress-base/tree BUILD=$(CURDIR)/build/regress-base; \
		echo $$commit >build/regress-base/commit; \
	fi
	@mkdir -p build/regress-copy
	@cp --reflink=never build/regress-base/readmostly build/regress-copy/readmostly
	@$(MAKE) -s -j$$(nproc) BUILD=build/regress-head

regress-tally:  ## 20 runs of base against itself, 10 against +2 %: bar of the gate
	@$(MAKE) regress-arms BASE=$(or $(BASE),HEAD)
	@$(PYTHON) -m report.regress_tally --lock $(LOCK) $(ARGS)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

include runner/stats.mk
include tests/tests.mk
include tests/history.mk
include tests/go.mk
include tests/maps.mk
include tests/checks.mk
include tests/misuse.mk
include tests/replay.mk
include impls/interposed/interposed.mk
include runner/sim/sim.mk
include runner/simulate/simulate.mk
include tests/sim_speed.mk
include tests/sim_threads.mk
