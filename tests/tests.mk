# SPDX-License-Identifier: Apache-2.0
# Targets that test. `make test` is what CI runs; long forms stand apart.
# One program of BUILD/tests/ for each test_*.c of tests/unit/MODULE/ and verify/tests/MODULE/; the shell
# tests are tests/cli/*.sh, those of the report tests/report/test_*.py.
T            := $(BUILD)/tests
# test_sim_threads has its own run time in the place of a sanitizer's.
TEST_SOURCES := $(filter-out $(if $(SANITIZE),%/test_sim_threads.c),$(sort $(wildcard tests/unit/*/test_*.c verify/tests/*/test_*.c)))
programs_of   = $(patsubst %.c,$(T)/%,$(notdir $(1)))
TESTS        := $(call programs_of,$(TEST_SOURCES))
FAST_TESTS   := $(call programs_of,$(shell grep -L '^ \* slow: ' $(TEST_SOURCES)))
# These cannot run under a sanitizer.
PLAIN_TESTS  := $(call programs_of,$(shell grep -l '^ \* plain: ' $(TEST_SOURCES)))

# A test program is its object, the objects of the maps that it names, and one archive
# of all the runner's objects. A test replaces a function by defining it, if the
# object that has it has nothing else that the test needs.
PARTS := $(RUNNER) $(TRIAL) $(CHECKING) $(HISTORY) $(wildcard verify/explore/*.c) runner/sim/guest/ctx.c runner/sim/guest/space.c
PARTS := $(filter-out %/main.c %/this_map.c verify/check/program.c verify/history/program.c %/no_open_loop.c,$(PARTS))
HELPERS := $(filter-out %/sim_threads.c %/sim_threads_heap.c tests/unit/sim/test_sim_threads.c,$(filter-out $(TEST_SOURCES),$(wildcard tests/unit/*.c tests/unit/*/*.c verify/tests/*/*.c)))
$(BUILD)/tests.a: $(sort $(call objects,$(BUILD),$(PARTS) $(HELPERS)) $(filter %_tsv.o %/build_info.o %/sim_machines.o %/facts.o,$(OBJS)))
	$(archive)
# Tests that read counts of hot paths.
$(BUILD)/tests_stats.a: $(call objects,$(BUILD)/stats,$(filter-out %/main.c %/this_map.c,$(COUNTING)))
	$(archive)

NEEDED_LIBS = $(shell $(PKG) --libs $(LIBRARIES) $(sort $(foreach o,$(filter %.o,$^),$(NEEDS_$(basename $(notdir $(o))))))) -lm -ldl
link_test   = $(SAY)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -rdynamic -o $@$(NEW) $(filter %.o,$^) $(filter %.a,$^) $(NEEDED_LIBS) && mv $@$(NEW) $@
maps_of     = $(foreach id,$(filter $(if $(filter each_map,$(1)),$(NATIVE),$(1)),$(NATIVE)),$(MAP_$(id)))
define test_program # NAME SOURCE FLAVOUR IDS
$(T)/$(1): $(call objects,$(BUILD)$(3:%/=/%),$(2) $(call maps_of,$(4))) $(if $(3),$(BUILD)/tests_stats.a) $(BUILD)/tests.a
endef
$(foreach row,$(shell tests/tools/test_maps.sh $(TEST_SOURCES)),$(eval f := $(subst |, ,$(subst ||,|plain|,$(row))))$(eval \
  $(call test_program,$(word 1,$(f)),$(word 2,$(f)),$(filter-out plain,$(word 3,$(f))),$(subst $(comma), ,$(word 4,$(f))))))
$(filter-out %/test_sim_ctx,$(TESTS)):
	$(link_test)

# The fuzzers' mutator, for those in Python.
$(T)/fuzz_mutate.so: tests/unit/fuzz_mutate.c tests/unit/fuzz_mutate.h
	@mkdir -p $(@D)
	$(SAY)$(CC) -std=c11 -D_GNU_SOURCE -I. $(WARN) -O2 -shared -fPIC -o $@ $<

.PHONY: fuzzers
fuzzers: $(filter %/test_fuzz_%,$(TESTS)) $(T)/fuzz_mutate.so

# It loads what `readmostly check` loads before malloc.
$(T)/test_quarantine: | $(PROGRAMS)/check/libreadmostly_quarantine.so

.PHONY: test check lint format bench-floor golden

# Programs that tests run and that are no tests.
TRIED := $(addprefix $(T)/,fake_trial their_trial judge_facts)

# Two builds: the unit tests under AddressSanitizer and UBSan, and the map programs that shell tests
# need, as they are measured. Sanitizers instrument what the simulated machine instruments, too.
UNIT        := build/test
# gcc's sanitizers make it warn of what cannot happen: no -Werror there (CI=).
SANITIZING   = $(MAKE) --no-print-directory -j$$(nproc) CI= BUILD=$(UNIT) OPT='-O1 -g1 -DRM_CALLED' \
  SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all'
# Tests include maps: without optimization gcc takes half the time.
ifneq ($(SANITIZE),)
$(foreach folder,tests stats/tests verify/tests,$(BUILD)/$(folder)/%.o): private override OPT += -O0
endif
# The `needs` lines of shell tests (tests/tools/tap.sh).
needs_of     = $(shell awk '/^needs /{on = 1} on{sub(/^needs /, ""); sub(/\\$$/, ""); print} !/\\$$/{on = 0}' $(1))
# Map programs that tests of the report start.
REPORT_NEEDS := $(addprefix plain/,gomap_rw syncmap shard_rw_32 shard_seg snapshot slab unsync_probe gomap_u64)
FAST_CLI    := $(shell grep -LE '(^|[^a-z])slow: ' tests/cli/*.sh)

# What is built and what is run are lines of their own: make -n runs the line that calls make.
test:  ## the fast tests: ten minutes on two CPUs
	@.ci/deps build test
	+@$(SANITIZING) fast-tests
	+@$(MAKE) --no-print-directory -j$$(nproc) $(filter $(PLAIN_TESTS),$(FAST_TESTS)) $(TRIED)
	@CC='$(CC)' tests/tools/programs.sh $(BUILD) $(call needs_of,$(FAST_CLI)) $(REPORT_NEEDS)
	@printf '%s\n' $(call needs_of,$(FAST_CLI)) >$(BUILD)/prebuilt
	@UNIT=$(UNIT) PREBUILT=$(BUILD)/prebuilt FUZZ_INPUTS=$${FUZZ_INPUTS:-2000} tests/tools/prove.sh --fast $(BUILD)

test-long:  ## all other tests: an hour on two CPUs
	@.ci/deps build test
	@$(MAKE) --no-print-directory -j$$(nproc) all $(filter-out $(FAST_TESTS),$(TESTS)) $(TRIED)
	@tests/tools/prove.sh --long $(BUILD)

.PHONY: fast-tests test-long
fast-tests: $(filter-out $(PLAIN_TESTS),$(FAST_TESTS)) $(TRIED)

check:  ## lint of what changed, and the fast tests: between two edits
	@tests/tools/lint.sh --changed
	@$(MAKE) --no-print-directory test

lint:  ## formatting, static analysis, layers
	@tests/tools/lint.sh

format:  ## rewrite the sources in the house style
	clang-format -i $$(git ls-files '*.[ch]' '*.cc' '*.hh')

bench-floor: $(BUILD)/readmostly  ## the driver's floor: instructions, ns, 2 threads to 1
	@tests/tools/floor.sh $(BUILD)/readmostly time

golden: $(BUILD)/readmostly  ## refresh golden files (read the diff)
	@tests/tools/floor.sh $(BUILD)/readmostly golden


.PHONY: test-programs
test-programs: $(TESTS) $(TRIED)

# Targets that ask whether the maps are right.
.PHONY: check-maps check-dispatch map-objects test-asan test-tsan

CHECK_OPS ?= 200000
check-maps: $(OUT)/readmostly maps check-programs  ## all maps, all checks, quick form; CHECK_OPS=1s: that budget of a shape
	@tests/tools/check_maps.sh $(OUT)/readmostly $(CHECK_OPS)

# MAPS narrows it: the maps of other libraries.
PEERS = $(foreach id,$(NATIVE),$(if $(filter impls/lib/%,$(MAP_$(id))),$(id)))
.PHONY: test-peers
test-peers: $(OUT)/readmostly $(foreach flavour,plain check,$(addprefix $(PROGRAMS)/$(flavour)/,$(PEERS)))  ## all checks of the maps of other libraries
	@MAPS='$(PEERS)' tests/tools/check_maps.sh $(OUT)/readmostly $(CHECK_OPS)

check-dispatch:  ## no indirect call in a measured loop (gcc and clang)
	@tests/cli/maps_dispatch.sh

map-objects: $(call objects,$(BUILD),$(SOURCES))

# All checks of the maps, with a sanitizer in every object, a tenth of the operations and
# operations that are called (runner/map.h). A sanitizer's finding ends the check's process,
# which reports it. The unit tests of the maps are sanitized in `make test`.
SANITIZED_OPS ?= 16000
SANITIZED = $(MAKE) --no-print-directory OPT='-O1 -g1 -DRM_CALLED'
.PHONY: checked
checked: $(OUT)/readmostly $(foreach flavour,plain check,$(addprefix $(PROGRAMS)/$(flavour)/,$(filter-out $(LEAVE_OUT),$(NATIVE))))
	@SHAPES="$${SHAPES:-u64x8 str16x24}" tests/tools/check_maps.sh $(OUT)/readmostly $(SANITIZED_OPS)

test-asan:  ## the maps under AddressSanitizer and UBSan
	+@$(SANITIZED) BUILD=build/asan SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all' checked

# Left out by name, with the reason: `# leave out ID: REASON` in tsan.supp. Checks of one
# thread have no race to show.
TSAN_OUT = $(shell sed -n 's/^\# leave out \([a-z_0-9]*\): .*/\1/p' tests/tsan.supp)
test-tsan:  ## the maps under ThreadSanitizer
	@sed -n 's/^# leave out //p' tests/tsan.supp
	+@CHECKS='not model load reclaim' TSAN_OPTIONS="suppressions=tests/tsan.supp $$TSAN_OPTIONS" \
	$(SANITIZED) BUILD=build/tsan SANITIZE=-fsanitize=thread LEAVE_OUT='$(TSAN_OUT)' checked

# The longest operation while shards grow (docs/special-maps.md).
$(BUILD)/tests/growth_bench: $(BUILD)/tests/long/growth_bench.o $(BUILD)/tests.a
	$(SAY)$(CC) $(ALL_CFLAGS) -o $@ $^ $(LDLIBS)

# Equality with Go and its speed (docs/go-equality.md). Without a Go of the
# right age the recorded logs are what the maps in C are compared with.
GO := $(shell tests/go/find_go.sh)
GO_BUILD = cd tests/go && GOTOOLCHAIN=local GOFLAGS=-buildvcs=false GOPROXY=off \
  GOPATH='$(abspath $(KEPT)/go-path)' GOCACHE='$(abspath $(KEPT)/go-cache)'
GO_SOURCES := $(wildcard tests/go/*/*.go tests/go/*/*.s tests/go/go.mod)
GO_PROGRAMS := $(if $(GO),$(BUILD)/go/replay)

$(BUILD)/go/%: $(GO_SOURCES)
	@mkdir -p $(@D)
	@echo '  GO     $@'
	@$(GO_BUILD) $(GO) build -o '$(abspath $@)' ./$*

$(addprefix $(T)/test_equal_,syncmap gomap floats): | $(GO_PROGRAMS)

# Both Go versions; the operations of 1.20 and 1.23 need the newer.
.PHONY: go-logs
go-logs: $(filter %/test_equal_syncmap %/test_equal_gomap %/test_equal_floats,$(TESTS))  ## record Go's maps anew: needs Go 1.19 and 1.23
	@tests/go/record.sh $(BUILD)

# A program of another project, as far as it may be one in this tree; and one of
# tests/report/test_judges.py.
$(T)/their_trial: $(BUILD)/examples/trial/their_trial.o $(BUILD)/tests.a $(BUILD)/$(MAP_gomap_rw).o
	$(link_test)
$(T)/judge_facts: $(BUILD)/tests/fixtures/judge_facts/facts.o $(BUILD)/tests.a
	$(link_test)

# Locks and malloc of the simulated machine under test: threads compiled as
# maps are, on a world without a trial.
SIM_THREADS := $(SIM)/tests/unit/sim/sim_threads.o $(SIM)/tests/unit/sim/sim_threads_heap.o
ifeq ($(SANITIZE),)
$(T)/test_sim_threads: $(SIM_THREADS) $(SIM_GUEST) $(filter $(BUILD)/runner/sim/guest/%,$(SIM_HOST))
endif
.SECONDARY: $(SIM_THREADS:.o=.s) $(SIM_THREADS:.o=.raw.o)

# Switches between stacks: this machine's assembly, and the portable form.
# AArch64 by hand: CC=aarch64-linux-gnu-gcc CFLAGS='-O2 -static', qemu-aarch64.
TESTS += $(T)/test_sim_ctx_portable
$(T)/test_sim_ctx $(T)/test_sim_ctx_portable: tests/unit/sim/test_sim_ctx.c runner/sim/guest/ctx.c tests/unit/tap.h runner/sim/guest/ctx.h
	@mkdir -p $(@D)
	$(SAY)$(CC) -std=c11 -D_GNU_SOURCE -I. $(WARN) -O2 -g -ffp-contract=off $(if $(findstring portable,$@),-DRM_SIM_CTX_PORTABLE) \
	  -o $@ $(filter %.c,$^)
