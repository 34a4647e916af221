# SPDX-License-Identifier: Apache-2.0
# Targets that test. Each test_*.c of tests/unit/MODULE/ and verify/tests/MODULE/ is a program of BUILD/tests/; shell
# tests are tests/cli/*.sh, tests of the report tests/report/test_*.py. test_sim_threads has a run time of its own,
# which excludes a sanitizer's.
TEST_SOURCES := $(sort $(wildcard tests/unit/*/test_*.c verify/tests/*/test_*.c))
TEST_SOURCES := $(filter-out $(if $(SANITIZE),%/test_sim_threads.c),$(TEST_SOURCES))
programs_of   = $(patsubst %.c,$(T)/%,$(notdir $(1)))
TESTS        := $(call programs_of,$(TEST_SOURCES))
FAST_TESTS   := $(call programs_of,$(shell grep -L '^ \* slow: ' $(TEST_SOURCES)))
# These tests cannot run under a sanitizer.
PLAIN_TESTS  := $(call programs_of,$(shell grep -l '^ \* plain: ' $(TEST_SOURCES)))

# A test program is its object, the objects of the maps that it names, and one archive of all the runner's objects. A
# test can replace a function by defining it, if it needs nothing else from the object that defines the function.
PARTS := $(filter-out %/main.c %/this_map.c verify/check/program.c verify/history/program.c %/no_open_loop.c, \
  $(RUNNER) $(TRIAL) $(CHECKING) $(HISTORY) $(EXPLORING))
# The sanitized tests call only these files of two folders. If a test calls another one, add it.
UNIT   := build/test
CALLED := $(addprefix runner/cli/,campaign_run.c command.c python.c run_summary.c) $(addprefix verify/explore/, \
  classes.c clocks.c fair.c heap.c lanes.c menu.c program.c program_file.c progress.c schedule.c stall.c walk.c)
PARTS  := $(if $(filter $(UNIT),$(BUILD)),$(filter-out runner/cli/% verify/explore/%,$(PARTS)) $(CALLED),$(PARTS))
HELPERS := $(filter-out $(TEST_SOURCES) %/sim_threads.c %/sim_threads_heap.c %/test_sim_threads.c, \
  $(wildcard tests/unit/*.c tests/unit/*/*.c verify/tests/*/*.c))
$(BUILD)/tests.a: $(sort $(call objects,$(BUILD),$(PARTS) $(HELPERS)) $(GENERATED))
# Tests that read counts of hot paths.
$(BUILD)/tests_stats.a: $(call objects,$(BUILD)/stats,$(COUNTING))
$(BUILD)/tests_placed-x24.a: $(call objects,$(BUILD)/placed-x24,$(filter-out %/main.c %/this_map.c,$(TRIAL)))

needs_of_all = $(sort $(foreach o,$(filter %.o,$^),$(NEEDS_$(basename $(notdir $(o))))))
# Two versions of a library cannot share a program, so tests of each map leave out rows of newer ones.
EACH := $(foreach id,$(NATIVE),$(if $(filter %-new,$(NEEDS_$(id))),,$(id)))
maps_of = $(foreach id,$(filter $(if $(filter each_map,$(1)),$(EACH),$(1)),$(NATIVE)),$(MAP_$(id)))
define test_program # NAME SOURCE FLAVOUR IDS
$(T)/$(1): $(call objects,$(BUILD)$(3:%/=/%),$(2) $(call maps_of,$(subst $(comma), ,$(4)))) \
  $(if $(3),$(BUILD)/tests_$(3:%/=%).a) $(BUILD)/tests.a
endef
$(foreach row,$(shell tests/tools/test_maps.sh $(TEST_SOURCES) $(wildcard tests/long/*.c)),$(eval f := $(subst |, ,$(subst ||,|plain|,$(row))))\
  $(eval $(call test_program,$(word 1,$(f)),$(word 2,$(f)),$(filter-out plain,$(word 3,$(f))),$(word 4,$(f)))))
# Programs for tests: one of another project, one whose facts tests/report/test_judges.py changes, and the two
# measurements of docs/special-maps.md.
$(T)/their_trial: $(BUILD)/examples/trial/their_trial.o $(BUILD)/$(MAP_gomap_rw).o $(BUILD)/tests.a
$(T)/judge_facts: $(BUILD)/tests/fixtures/judge_facts/facts.o $(BUILD)/tests.a
# The default linker takes two to three times as long for some 200 programs.
LINKER := $(firstword $(foreach linker,lld gold,$(if $(shell command -v ld.$(linker)),-fuse-ld=$(linker))))
$(filter-out %/test_sim_ctx,$(TESTS)) $(addprefix $(T)/,their_trial judge_facts growth_bench readmap_bench):
	$(call link,-rdynamic $(LINKER) $(filter %.o,$^) $(filter %.a,$^) \
	  $(shell $(PKG) --libs $(LIBRARIES) $(needs_of_all)) -lm -ldl)

# Programs and libraries for tests: a trial that fails in each possible way, a fake liblikwid, fake
# MSR registers, the fuzzers' mutator for Python, and the library that `readmostly check` loads
# before malloc.
$(T)/fake_trial: tests/fixtures/fake_trial.c
	$(call link,$< -ljansson)
$(T)/stub/liblikwid.so.5: tests/fixtures/stub_likwid.c
	$(call link,-shared -fPIC -Wl$(comma)-soname$(comma)$(@F) $< -lm)
$(T)/fake_msr.so: tests/fixtures/fake_msr.c
$(T)/fuzz_mutate.so: tests/unit/fuzz_mutate.c tests/unit/fuzz_mutate.h
$(T)/fake_msr.so $(T)/fuzz_mutate.so:
	$(call step,CC) $(CC) -std=c11 -D_GNU_SOURCE -I. $(WARN) -O2 -shared -fPIC -o $@ $< -ldl
$(T)/test_launch $(T)/test_answers: | $(T)/fake_trial
$(T)/test_likwid $(T)/test_likwid_bits $(T)/test_counters: | $(BUILD)/readmostly-likwid $(T)/stub/liblikwid.so.5 $(T)/fake_msr.so
$(T)/test_quarantine: | $(PROGRAMS)/check/$(QUARANTINE)
TRIED := $(addprefix $(T)/,fake_trial their_trial judge_facts)

# Two builds: unit tests under AddressSanitizer and UBSan, and map programs for shell tests,
# compiled as for measurement. The simulated machine excludes sanitizers.
# gcc's sanitizers cause false warnings: no -Werror there (CI=).
SANITIZING   = $(SANITIZED) -j$$(nproc) CI= BUILD=$(UNIT) SANITIZE='$(ASAN)'
# Sanitized and not optimized, gcc takes half the time for maps, and for tests, which include maps.
$(foreach of,tests verify/tests impls runner/campaign runner/cli runner/counters runner/plan,$(BUILD)/$(of)/%.o \
  $(BUILD)/stats/$(of)/%.o): private override OPT += $(if $(filter $(UNIT),$(BUILD)),-O0)
# The `needs` lines of shell tests (tests/tools/tap.sh).
needs_of     = $(shell awk '/^needs /{on = 1} on{sub(/^needs /, ""); sub(/\\$$/, ""); print} !/\\$$/{on = 0}' $(1))
# Map programs that tests of the report start.
REPORT_NEEDS := $(addprefix plain/,gomap_rw syncmap shard_rw_32 shard_seg snapshot slab unsync_probe gomap_u64)
FAST_CLI    := $(shell grep -LE '(^|[^a-z])slow: ' tests/cli/*.sh)

##@ Test
.PHONY: test fast-tests test-long check lint format golden go-logs
test:  ## run the fast tests: ten minutes on two CPUs
	@.ci/deps build test
	+@$(SANITIZING) fast-tests
	+@$(MAKE) --no-print-directory -j$$(nproc) $(filter $(PLAIN_TESTS),$(FAST_TESTS)) $(TRIED)
	@CC='$(CC)' tests/tools/programs.sh $(BUILD) $(call needs_of,$(FAST_CLI)) $(REPORT_NEEDS)
	@printf '%s\n' $(call needs_of,$(FAST_CLI)) >$(BUILD)/prebuilt
	@UNIT=$(UNIT) PREBUILT=$(BUILD)/prebuilt FUZZ_INPUTS=$${FUZZ_INPUTS:-2000} tests/tools/prove.sh --fast $(BUILD)

test-long:  ## run all other tests: an hour on two CPUs
	@.ci/deps build test
	@$(MAKE) --no-print-directory -j$$(nproc) all $(filter-out $(FAST_TESTS),$(TESTS)) $(TRIED)
	@tests/tools/prove.sh --long $(BUILD)

fast-tests: $(filter-out $(PLAIN_TESTS),$(FAST_TESTS)) $(TRIED)

check:  ## lint changed files, and run the fast tests
	@tests/tools/lint.sh --changed
	@$(MAKE) --no-print-directory test

lint:  ## check formatting, static analysis and layers
	@tests/tools/lint.sh

format:  ## format the sources
	clang-format -i $$(git ls-files '*.[ch]' '*.cc' '*.hh')

# Regenerates the golden instruction counts of the driver (review the difference).
golden: $(BUILD)/readmostly
	@tests/tools/floor.sh $(BUILD)/readmostly golden

# Equality with Go and its speed (docs/go-equality.md). Without a suitable Go the maps in C are
# compared with recorded logs.
CLASSIC_GO := $(firstword $(shell impls/go/find_go.sh classic))
EQUAL := $(addprefix $(T)/test_equal_,syncmap gomap floats)
$(BUILD)/go/%: $(wildcard tests/go/*/*.go tests/go/*/*.s tests/go/go.mod)
	$(call step,GO) cd tests/go && $(GO_HERE) $(CLASSIC_GO) build -o '$(abspath $@)' ./$*
$(EQUAL): | $(if $(CLASSIC_GO),$(BUILD)/go/replay)
# Both Go versions (1.19 and 1.23); the operations of 1.20 and 1.23 need the newer.
go-logs: $(EQUAL)
	@tests/go/record.sh $(BUILD)

# Locks and malloc of the simulated machine: threads compiled like maps, without a trial.
SIM_THREADS := $(SIM)/tests/unit/sim/sim_threads.o $(SIM)/tests/unit/sim/sim_threads_heap.o
ifeq ($(SANITIZE),)
$(T)/test_sim_threads: $(SIM_THREADS) $(SIM_GUEST) $(filter $(BUILD)/runner/sim/guest/%,$(SIM_HOST))
endif
.SECONDARY: $(SIM_THREADS:.o=.s) $(SIM_THREADS:.o=.raw.o)

# Switches between stacks: this machine's assembly, and the portable form. To test AArch64 by hand:
# CC=aarch64-linux-gnu-gcc CFLAGS='-O2 -static', qemu-aarch64.
TESTS += $(T)/test_sim_ctx_portable
$(T)/test_sim_ctx $(T)/test_sim_ctx_portable: tests/unit/sim/test_sim_ctx.c tests/unit/tap.h \
  $(addprefix runner/sim/guest/,ctx.c ctx.h)
	$(call step,CC) $(CC) -std=c11 -D_GNU_SOURCE -I. $(WARN) -O2 -g -ffp-contract=off \
	  $(if $(findstring portable,$@),-DRM_SIM_CTX_PORTABLE) -o $@ $(filter %.c,$^)
