# SPDX-License-Identifier: Apache-2.0
# Targets that test. `make test` is what CI runs; long forms stand apart.
# One program of build/CC/tests/ for each tests/unit/ROOM/test_*.c; the shell
# tests are tests/cli/*.sh, those of the report tests/report/test_*.py.
TEST_SOURCES := $(sort $(wildcard tests/unit/*/test_*.c))
TESTS        := $(patsubst %.c,$(BUILD)/tests/%,$(notdir $(TEST_SOURCES)))
FAST_TESTS   := $(patsubst %.c,$(BUILD)/tests/%,$(notdir $(shell \
  grep -L '^ \* slow: ' $(TEST_SOURCES))))
# $(call with_object,TESTS,FOLDER): each program gets its object of FOLDER/.
with_object   = $(foreach t,$(1),$(eval $(t): $(patsubst %.c,$(2)/%.o,$(filter %/$(notdir $(t)).c,$(TEST_SOURCES)))))

# Tests take what they need of it: with all maps each were 60 MB.
$(BUILD)/readmostly.a: $(OBJS)
	@rm -f $@ && ar rcsT $@ $^


# Tests that read counts of hot paths are linked with the stats objects.
STATS_TESTS := $(patsubst %.c,$(BUILD)/tests/%,$(notdir $(shell grep -lE \
  '/(epoch_arena|map_race|map_stall|syncmap_bench)\.h"|linked with the stats objects' $(TEST_SOURCES))))
$(call with_object,$(STATS_TESTS),$(BUILD)/stats)
$(BUILD)/stats.a: $(STATS_OBJS)
	@rm -f $@ && ar rcsT $@ $^
$(STATS_TESTS): $(BUILD)/stats.a
	@mkdir -p $(@D)
	$(call link,$(filter %.o,$^) $< $(LDLIBS))

# Programs of schedules, as text: also without the run time that plays them.
EXPLORE_TEXTS := program menu classes written

# Parsers that are fuzzed and the model of the simulated machine are sanitized
# whatever the build is: one archive for their tests (no kernel that is counted).
SANITIZED_ROOMS := base machine protocol plan history trace counters campaign sim/model
SANITIZED_OBJS  := $(patsubst %.c,$(BUILD)/sanitized/%.o,$(filter-out %_helper.c %/kernels.c, \
  $(wildcard $(SANITIZED_ROOMS:%=runner/%/*.c) $(EXPLORE_TEXTS:%=runner/sim/explore/%.c) tests/unit/fuzz*.c)))
FUZZERS         := $(sort $(wildcard tests/unit/*/test_fuzz_*.c))
SANITIZED_TESTS := $(patsubst %.c,$(BUILD)/tests/%,$(notdir $(FUZZERS) $(filter \
  $(addprefix %/test_,sim_cache.c sim_che.c sim_coherence.c sim_mach.c sim_sched.c sim_watch.c),$(TEST_SOURCES))))
SANITIZED_FLAGS  = $(filter-out -fsanitize=thread,$(ALL_CFLAGS)) \
  -fsanitize=address,undefined -fno-sanitize-recover=all
$(BUILD)/sanitized/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(SAY)$(CC) $(SANITIZED_FLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/sanitized.a: $(SANITIZED_OBJS) $(BUILD)/sim_machines.o $(BUILD)/build_info.o $(BUILD)/events_tsv.o $(BUILD)/cpus_tsv.o
	@rm -f $@ && ar rcsT $@ $^
$(call with_object,$(SANITIZED_TESTS),$(BUILD)/sanitized)
# Campaigns and programs name the maps, which are not sanitized: what is left comes last.
$(addprefix $(BUILD)/tests/test_fuzz_,campaign explore_program): | $(BUILD)/readmostly.a
$(SANITIZED_TESTS): $(BUILD)/sanitized.a
	@mkdir -p $(@D)
	$(SAY)$(CC) $(SANITIZED_FLAGS) -o $@ $(filter %.o,$^) $< $(filter %.a,$|) \
	  $(if $|,$(LDLIBS),$(shell pkg-config --libs $(LIBRARIES)) -lm)

# The fuzzers' mutator, for those in Python.
$(BUILD)/tests/fuzz_mutate.so: tests/unit/fuzz_mutate.c tests/unit/fuzz_mutate.h
	@mkdir -p $(@D)
	$(SAY)$(CC) -std=c11 -D_GNU_SOURCE -I. $(WARN) -O2 -shared -fPIC -o $@ $<

.PHONY: fuzzers
fuzzers: $(patsubst %.c,$(BUILD)/tests/%,$(notdir $(FUZZERS))) $(BUILD)/tests/fuzz_mutate.so

# Models of published bugs: no maps of the suite (tests/bugs/README.md).
BUGS := $(sort $(wildcard tests/bugs/*.c))
# And, with CORPUS=broken, maps that another hand has broken (tests/broken/README.md),
# with CORPUS=unseen those of a third one (tests/unseen/README.md);
# with CORPUS=fixtures the planted bugs, whose windows nothing widens here;
# with CORPUS=right, right maps that a checker might accuse (tests/right/README.md).
CORPUS ?= bugs
CORPUS_FILES := $(sort $(if $(filter fixtures,$(CORPUS)),$(wildcard tests/fixtures/planted/*.c tests/fixtures/explored/*.c),$(wildcard tests/$(CORPUS)/*.c)))
CORPUS_IDS   := $(notdir $(basename $(CORPUS_FILES)))
CORPUS_MAPS   = IMPL='$(CORPUS_FILES)' IMPL_FLAGS=-DPLANTED_BARE MAPS_BUILT='$(CORPUS_IDS)'
.PHONY: bugs bugs-sanitized test-bugs-sanitized
bugs:  ## models of published map bugs and their twins: build/CC/bugs/readmostly check ID; CORPUS=broken: another hand's
	@$(MAKE) --no-print-directory OUT=$(BUILD)/$(CORPUS) $(CORPUS_MAPS) \
	  SIM_MAPS='$(CORPUS_IDS)' $(addprefix $(BUILD)/$(CORPUS)/,readmostly readmostly-explore)

# The loops of `check` under ThreadSanitizer and AddressSanitizer, beside the programs.
bugs-sanitized: bugs
	+@for san in tsan:thread asan:address,undefined; do $(SANITIZED) BUILD=build/bugs-$${san#*:} \
	  SANITIZE="-fsanitize=$${san#*:} -fno-sanitize-recover=all" OUT=$(BUILD)/$(CORPUS)/$${san%:*} $(CORPUS_MAPS) \
	  $(BUILD)/$(CORPUS)/$${san%:*}/readmostly || exit 1; done

$(BUILD)/bugs/table.c: FORCE
	$(call write_table,$@,$(BUGS))
$(BUILD)/bugs/table.o: $(BUILD)/bugs/table.c
	$(SAY)$(CC) $(ALL_CFLAGS) -c -o $@ $<
BUG_TESTS := $(BUILD)/tests/test_bugs
$(call with_object,$(BUG_TESTS),$(BUILD))
$(BUG_TESTS): $(call objects,$(BUILD),$(BUGS)) $(BUILD)/bugs/table.o $(BUILD)/readmostly.a
	@mkdir -p $(@D)
	$(call link,$(filter %.o,$^) $(filter %.a,$^) $(LDLIBS))

# The bugs are what sanitizers look for; the twins must be silent.
test-bugs-sanitized:  ## the twins of the models of bugs under AddressSanitizer, UBSan and ThreadSanitizer
	+@for san in address,undefined thread; do $(SANITIZED) BUILD=build/bugs-$$san MAPS_BUILT= IMPLS= \
	  SANITIZE="-fsanitize=$$san -fno-sanitize-recover=all" build/bugs-$$san/tests/test_bugs && \
	  build/bugs-$$san/tests/test_bugs twins || exit 1; done

# It loads what `readmostly check` loads before malloc.
$(BUILD)/tests/test_quarantine: | $(OUT)/libreadmostly_quarantine.so

# Those with rules of their own are at the end of this file.
OTHER_TESTS := $(STATS_TESTS) $(SANITIZED_TESTS) $(addprefix $(BUILD)/tests/,test_sim_threads test_sim_ctx) $(BUG_TESTS)
PLAIN_TESTS := $(filter-out $(OTHER_TESTS),$(TESTS))
$(call with_object,$(PLAIN_TESTS),$(BUILD))
$(PLAIN_TESTS): $(BUILD)/readmostly.a
	@mkdir -p $(@D)
	$(call link,$(filter %.o,$^) $< $(LDLIBS))

.PHONY: test check lint format bench-floor golden

# Programs that tests run and that are no tests.
TRIED := $(addprefix $(BUILD)/tests/,fake_trial their_trial judge_facts)

# C and shell tests print TAP, Python tests are pytest's.
# What is built and what is run are lines of their own: make -n runs the line
# that calls make.
test:  ## all tests, what CI runs
	@.ci/deps build test
	@mkdir -p $(BUILD) && date +%s >$(BUILD)/begun
	@$(MAKE) --no-print-directory -j$$(nproc) all test-programs
	@BUILT_S=$$(($$(date +%s) - $$(cat $(BUILD)/begun))) tests/tools/prove.sh $(BUILD)

# What says "slow:" in its first lines is for `make test`.
check:  ## the fast tests, and lint of what changed: between two edits
	@tests/tools/lint.sh --changed
	@mkdir -p $(BUILD) && date +%s >$(BUILD)/begun
	@$(MAKE) --no-print-directory -j$$(nproc) all $(FAST_TESTS) $(TRIED)
	@BUILT_S=$$(($$(date +%s) - $$(cat $(BUILD)/begun))) tests/tools/prove.sh --fast $(BUILD)

lint:  ## formatting, static analysis, layers
	@tests/tools/lint.sh

format:  ## rewrite the sources in the house style
	clang-format -i $$(git ls-files '*.[ch]' '*.cc' '*.hh')

bench-floor: $(BUILD)/readmostly  ## the driver's floor: instructions, ns, 2 threads to 1
	@tests/tools/floor.sh $(BUILD)/readmostly time

golden: $(BUILD)/readmostly  ## refresh golden files (read the diff)
	@tests/tools/floor.sh $(BUILD)/readmostly golden


# Of whole outputs: `tests/tools/said.py BUILD --full DIR` shows what a digest is of.
.PHONY: golden-said
golden-said: all  ## refresh what programs and pages are held to, word for word (read the diff): ARGS='NAME...'
	@$(PYTHON) tests/tools/said.py $(BUILD) --write $(ARGS) | tail -n 1
	@$(if $(ARGS),:,$(PYTHON) tests/report/page_words.py --write)

.PHONY: test-programs
test-programs: $(TESTS) $(TRIED)

# Targets that ask whether the maps are right.
.PHONY: check-maps check-dispatch map-objects test-asan test-tsan

CHECK_OPS ?= 200000
check-maps: $(BUILD)/readmostly  ## all maps, all checks, quick form; CHECK_OPS=1s: that budget of a shape
	@tests/tools/check_maps.sh $(BUILD)/readmostly $(CHECK_OPS)

# Maps of libraries, those of `make deps-peers` among them; `make test` has a
# shorter form, as of all maps.
PEERS = $(basename $(notdir $(filter impls/lib/%,$(IMPLS))))
.PHONY: test-peers
test-peers: $(BUILD)/readmostly  ## all checks of the maps of other libraries; says what is not built
	@$(foreach f,$(filter impls/lib/%,$(SKIPPED)),echo "not built: $(notdir $(basename $(f))) needs $(call needs,$(f)) (packages: $(call comes_in,$(f)))";)
	@MAPS='$(PEERS)' tests/tools/check_maps.sh $(BUILD)/readmostly $(CHECK_OPS)

check-dispatch:  ## no indirect call in a measured loop (gcc and clang)
	@tests/cli/maps_dispatch.sh

map-objects: $(call objects,$(BUILD),$(IMPLS))

# The maps' own tests and all checks, with a sanitizer in every object and a
# tenth of the operations. The sanitizer's finding ends the check's process,
# and the check says so. Counts of hot paths are compiled in: one set of maps.
# Operations are called (runner/map.h).
SANITIZED_OPS ?= 16000
SANITIZED = $(MAKE) --no-print-directory OPT='-O1 -g1 -DRM_STATS -DRM_CALLED'
MAP_ROOMS  = cache gomap lib shard slab snapshot support syncmap
MAP_TESTS  = $(patsubst %.c,$(BUILD)/tests/%,$(notdir $(filter-out $(if $(LEAVE_OUT), \
  tests/unit/lib/%) %/test_equal_syncmap.c %/test_equal_gomap.c %/test_equal_floats.c,$(wildcard $(MAP_ROOMS:%=tests/unit/%/test_*.c)))))
.PHONY: map-tests
map-tests: $(BUILD)/readmostly $(BUILD)/libreadmostly_map.so $(MAP_TESTS)
	@printf '%s\n' $(MAP_TESTS) | xargs -P $$(nproc) -I{} sh -c '{} >{}.tap 2>&1 || \
	  { grep -v "^ok" {}.tap; exit 1; }; echo "{}: $$(tail -n 1 {}.tap)"'
	@SHAPES="$${SHAPES:-u64x8 str16x24}" tests/tools/check_maps.sh $(BUILD)/readmostly $(SANITIZED_OPS)

test-asan:  ## the maps under AddressSanitizer and UBSan
	+@$(SANITIZED) BUILD=build/asan \
	  SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all' map-tests

# Left out by name, with the reason: `# leave out ID: REASON` in tsan.supp.
# Checks of one thread have no race to show. Both shapes: what races in one only
# would not be seen in the other.
TSAN_OUT = $(shell sed -n 's/^\# leave out \([a-z_0-9]*\): .*/\1/p' tests/tsan.supp)
test-tsan:  ## the maps under ThreadSanitizer
	@sed -n 's/^# leave out //p' tests/tsan.supp
	+@export CHECKS='not model load reclaim'; \
	TSAN_OPTIONS="suppressions=tests/tsan.supp $$TSAN_OPTIONS" \
	$(SANITIZED) BUILD=build/tsan SANITIZE=-fsanitize=thread LEAVE_OUT=1 \
	  IMPLS='$(filter-out $(foreach id,$(TSAN_OUT),%/$(id).c %/$(id).cc),$(IMPLS))' map-tests

# The longest operation while shards grow (docs/special-maps.md).
$(BUILD)/tests/growth_bench: $(BUILD)/tests/long/growth_bench.o $(BUILD)/readmostly.a
	$(SAY)$(CC) $(ALL_CFLAGS) -o $@ $^ $(LDLIBS)

# Equality with Go and its speed (docs/go-equality.md). Without a Go of the
# right age the recorded logs are what the maps in C are compared with.
GO := $(shell tests/go/find_go.sh)
GO_BUILD = cd tests/go && GOTOOLCHAIN=local GOFLAGS=-buildvcs=false GOPROXY=off \
  GOPATH='$(abspath $(KEPT)/go-path)' GOCACHE='$(abspath $(KEPT)/go-cache)'
GO_SOURCES := $(wildcard tests/go/*/*.go tests/go/*/*.s tests/go/go.mod)
GO_PROGRAMS := $(if $(GO),$(BUILD)/go/replay)
EQUAL_TESTS := $(addprefix $(BUILD)/tests/test_equal_,syncmap gomap floats)

$(BUILD)/go/%: $(GO_SOURCES)
	@mkdir -p $(@D)
	@echo '  GO     $@'
	@$(GO_BUILD) $(GO) build -o '$(abspath $@)' ./$*

$(EQUAL_TESTS): | $(GO_PROGRAMS)

# Both Go versions; the operations of 1.20 and 1.23 need the newer.
.PHONY: go-logs
go-logs: $(EQUAL_TESTS)  ## record Go's maps anew: needs Go 1.19 and 1.23
	@tests/go/record.sh $(BUILD)

# A program of another project, as far as it may be one in this tree.
$(BUILD)/tests/their_trial: examples/trial/their_trial.c $(BUILD)/readmostly.a
	@mkdir -p $(@D)
	$(SAY)$(CC) $(ALL_CFLAGS) -o $@ $^ $(LDLIBS)

# Of tests/report/test_judges.py.
$(BUILD)/tests/judge_facts: tests/fixtures/judge_facts/facts.c tests/unit/trial/array_map.h $(BUILD)/readmostly.a
	@mkdir -p $(@D)
	$(SAY)$(CC) $(ALL_CFLAGS) -o $@ $< $(BUILD)/readmostly.a $(LDLIBS)

# Locks and malloc of the simulated machine under test: threads compiled as
# maps are, on a world without a trial.
SIM_THREADS := $(SIM)/tests/unit/sim/sim_threads.o $(SIM)/tests/unit/sim/sim_threads_heap.o
SIM_WORLD    = $(SIM_GUEST) $(filter $(BUILD)/runner/sim/guest/%,$(SIM_HOST)) \
  $(filter $(BUILD)/runner/sim/% $(BUILD)/runner/base/% $(BUILD)/runner/protocol/% $(BUILD)/runner/plan/% %/machine/topology.o $(BUILD)/sim_%.o %/build_info.o,$(SIM_BASE))
$(BUILD)/tests/test_sim_threads: $(BUILD)/tests/unit/sim/test_sim_threads.o $(SIM_THREADS) $(SIM_WORLD)
	@mkdir -p $(@D)
	$(SAY)$(CC) $(ALL_CFLAGS) -o $@ $^ $(shell pkg-config --libs $(LIBRARIES)) -lm -ldl
.SECONDARY: $(SIM_THREADS:.o=.s) $(SIM_THREADS:.o=.raw.o)

# Schedulers, without the run time that asks them.
$(BUILD)/tests/test_explore_schedule: $(patsubst %,$(BUILD)/runner/sim/explore/%.o,schedule stall)

# Programs as text.
EXPLORE_TEXT := $(EXPLORE_TEXTS:%=$(BUILD)/runner/sim/explore/%.o)
$(addprefix $(BUILD)/tests/test_explore_,classes program written): $(EXPLORE_TEXT)

# The run time that maps have, with programs of steps instead of maps.
EXPLORE_RUN := $(patsubst %,$(BUILD)/runner/sim/explore/%.o,access clocks events heap kernel lanes memory memory_c11 \
  memory_tso mutex open reach schedule) $(BUILD)/runner/sim/guest/ctx.o $(BUILD)/runner/sim/guest/space.o
$(BUILD)/tests/test_explore_exhaustive: $(BUILD)/tests/unit/sim/explore_brute.o \
  $(patsubst %,$(BUILD)/runner/sim/explore/%.o,exhaust meet tree) $(EXPLORE_RUN)
# The same with litmus tests: models of memory, which maps have under --memory.
$(BUILD)/tests/test_explore_litmus $(BUILD)/tests/test_explore_protocol: $(BUILD)/tests/unit/sim/explore_litmus.o $(EXPLORE_RUN)
$(BUILD)/tests/test_explore_memory: $(EXPLORE_RUN)
# And with locks, which programs of steps have none of.
$(addprefix $(BUILD)/tests/test_explore_,clocks cond heap kernel mutex rwlock starved): $(EXPLORE_RUN) \
  $(patsubst %,$(BUILD)/runner/sim/explore/%.o,cond rwlock)
$(BUILD)/tests/test_explore_starved: $(patsubst %,$(BUILD)/runner/sim/explore/%.o,meet tree)
$(BUILD)/tests/test_explore_play: $(EXPLORE_RUN) $(patsubst %,$(BUILD)/runner/sim/explore/%.o,call collide)

# Switches between stacks: this machine's assembly, and the portable form.
# AArch64 by hand: CC=aarch64-linux-gnu-gcc CFLAGS='-O2 -static', qemu-aarch64.
TESTS += $(BUILD)/tests/test_sim_ctx_portable
$(BUILD)/tests/test_sim_ctx: tests/unit/sim/test_sim_ctx.c runner/sim/guest/ctx.c
$(BUILD)/tests/test_sim_ctx_portable: tests/unit/sim/test_sim_ctx.c runner/sim/guest/ctx.c
$(BUILD)/tests/test_sim_ctx $(BUILD)/tests/test_sim_ctx_portable: tests/unit/tap.h runner/sim/guest/ctx.h
	@mkdir -p $(@D)
	$(SAY)$(CC) -std=c11 -D_GNU_SOURCE -I. $(WARN) -O2 -g -ffp-contract=off $(if $(findstring portable,$@),-DRM_SIM_CTX_PORTABLE) \
	  -o $@ $(filter %.c,$^)
