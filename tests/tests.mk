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
  -fsanitize=address,undefined -fno-sanitize-recover=all $(COVERAGE)
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

# With counts of lines and less optimization, which keeps lines apart.
.PHONY: fuzz fuzzers
fuzzers: $(patsubst %.c,$(BUILD)/tests/%,$(notdir $(FUZZERS))) $(BUILD)/tests/fuzz_mutate.so
fuzz:  ## parsers, 10^6 inputs or a CPU hour each, docs/tally/fuzz.md: ARGS='NAME...'
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=build/fuzz COVERAGE='--coverage -O1' fuzzers
	@nice -n 19 $(PYTHON) tests/tools/fuzz_tally.py build/fuzz $(ARGS)

# Models of published bugs: no maps of the suite (tests/bugs/README.md).
BUGS := $(sort $(wildcard tests/bugs/*.c))
# And, with CORPUS=broken, maps that another hand has broken (tests/broken/README.md),
# with CORPUS=unseen those of a third one (tests/unseen/README.md);
# with CORPUS=fixtures the planted bugs, whose windows nothing widens here;
# with CORPUS=right, right maps that a checker might accuse (tests/right/README.md).
CORPUS ?= bugs
CORPORA := fixtures bugs broken unseen
CORPUS_FILES := $(sort $(if $(filter fixtures,$(CORPUS)),$(wildcard tests/fixtures/planted/*.c tests/fixtures/explored/*.c),$(wildcard tests/$(CORPUS)/*.c)))
CORPUS_IDS   := $(notdir $(basename $(CORPUS_FILES)))
CORPUS_MAPS   = IMPL='$(CORPUS_FILES)' IMPL_FLAGS=-DPLANTED_BARE MAPS_BUILT='$(CORPUS_IDS)'
.PHONY: bugs bugs-tally bugs-sanitized cost-tally test-bugs-sanitized
bugs:  ## models of published map bugs and their twins: build/CC/bugs/readmostly check ID; CORPUS=broken: another hand's
	@$(MAKE) --no-print-directory OUT=$(BUILD)/$(CORPUS) $(CORPUS_MAPS) \
	  SIM_MAPS='$(CORPUS_IDS)' $(addprefix $(BUILD)/$(CORPUS)/,readmostly readmostly-explore)

bugs-tally: bugs  ## which tool finds which published bug, with 20 seeds: docs/tally/bugs.md; CORPUS=broken ARGS='--tools explore --minutes 60'
	@$(PYTHON) tests/tools/bugs_tally.py $(BUILD)/$(CORPUS) --corpus $(CORPUS) $(ARGS)

# The loops of `check` under ThreadSanitizer and AddressSanitizer, beside the programs.
bugs-sanitized: bugs
	+@for san in tsan:thread asan:address,undefined; do $(SANITIZED) BUILD=build/bugs-$${san#*:} \
	  SANITIZE="-fsanitize=$${san#*:} -fno-sanitize-recover=all" OUT=$(BUILD)/$(CORPUS)/$${san%:*} $(CORPUS_MAPS) \
	  $(BUILD)/$(CORPUS)/$${san%:*}/readmostly || exit 1; done

cost-tally:  ## what finding each bug costs, beside sanitizers: docs/tally/cost.md; goes on where it was: ARGS='--seeds 3 --minutes 20'
	@for c in $(CORPORA); do $(MAKE) --no-print-directory CORPUS=$$c bugs-sanitized && \
	  { $(PYTHON) tests/tools/bugs_tally.py $(BUILD)/$$c --corpus $$c --tools 'check,explore,explore c11,TSan,ASan' \
	    $(or $(ARGS),--seeds 5) >$(BUILD)/$$c/page || [ $$? != 2 ]; } || exit 1; done
	@$(PYTHON) tests/tools/cost_tally.py

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

.PHONY: readme-picture
readme-picture:  ## the README's picture from a run of a mode: CAMPAIGN=results/...
	@test -n $(call quoted,$(CAMPAIGN)) || { echo "readme-picture: expected CAMPAIGN=<folder of a run of make bench>" >&2; exit 2; }
	@$(PYTHON) tests/tools/readme_picture.py $(call quoted,$(CAMPAIGN))

.PHONY: screens
screens:  ## the first screen of a report at 1400 and 420 px: CAMPAIGN=results/...
	@test -n $(call quoted,$(CAMPAIGN)) || { echo "screens: expected CAMPAIGN=<folder of a campaign with a report>" >&2; exit 2; }
	@$(PYTHON) tests/tools/screens.py $(call quoted,$(CAMPAIGN)) $(BUILD)/screens

# Long forms of the checks, with their figures in docs/tally/.
.PHONY: planted-tally check-histories
planted-tally: $(BUILD)/readmostly  ## each planted bug with 20 seeds, by the tool named for it
	@tests/tools/planted_tally.sh

check-histories: $(BUILD)/readmostly  ## 10,000 short histories of each map
	@tests/tools/check_histories.sh $(BUILD)/readmostly

# An artifact elsewhere, and what became of it: docs/tally/artifact.md.
.PHONY: artifact-test
artifact-test: $(BUILD)/readmostly  ## an artifact in a debootstrap root without network, 500 flipped bits: needs root; CAMPAIGNS='...'
	@flock $(LOCK) tests/tools/artifact_test.sh $(BUILD) $(call words_of,$(CAMPAIGNS))

# Who runs it, what is installed, how many CPUs there are: docs/tally/any-machine.md.
.PHONY: any-machine
any-machine: $(BUILD)/readmostly  ## make bench as on other machines: needs root
	@READMOSTLY=$(abspath $<) tests/tools/any_machine.sh $(call words_of,$(CASES))

# A test must not see what a tally was asked for: MINUTES of the gate, SEED of a check.
UNASKED = env -u MINUTES -u SEED -u NAMES -u LOADED -u MAKEFLAGS -u MFLAGS

# How rarely does it fail? Goes on where it was: docs/tally/racing.md.
.PHONY: racing-tally
racing-tally: all test-programs  ## tests of tests/racing.txt, each alone, the least-run first: MINUTES=60 LOADED=1 NAMES='...'
	@$(UNASKED) BUILD=$(BUILD) $(PYTHON) tests/tools/racing_tally.py run $(if $(LOADED),--loaded) \
	  --minutes $(or $(MINUTES),60) $(NAMES)

# Do the tests see mistakes that a program drew? Goes on where it was:
# docs/tally/mutants.md.
.PHONY: mutants test-programs
test-programs: $(TESTS) $(TRIED)
mutants: all test-programs  ## mutants of runner, report and impls, drawn by SEED=N and judged: ARGS='--of 8,8,4 --minutes 60'
	@$(UNASKED) $(PYTHON) tests/tools/mutants.py run $(or $(SEED),1) --build $(BUILD) $(ARGS)

# Histories and their checker (docs/history-format.md).
.PHONY: history-bench

$(BUILD)/tests/history_bench: $(BUILD)/tests/tools/history_bench.o $(BUILD)/readmostly.a
	$(SAY)$(CC) $(ALL_CFLAGS) -o $@ $^ $(LDLIBS)

history-bench: $(BUILD)/tests/history_bench  ## what judging histories costs, 10^4 to 10^7 operations: docs/tally/histories.md
	@$<
	@tests/tools/history_cost.sh $<


# Targets that ask whether the maps are right.
.PHONY: check-maps check-dispatch map-objects test-asan test-tsan

CHECK_OPS ?= 200000
check-maps: $(BUILD)/readmostly  ## all maps, all checks, quick form; CHECK_OPS=1s: that budget of a shape
	@tests/tools/check_maps.sh $(BUILD)/readmostly $(CHECK_OPS)

.PHONY: check-cost
check-cost: $(BUILD)/readmostly $(BUILD)/readmostly-explore  ## seconds of check, schedules/s of explore: docs/tally/check-cost.md; ARGS=--maps: of check-maps, too
	@$(PYTHON) tests/tools/check_cost.py $(BUILD) $(ARGS)

# Maps of libraries, those of `make deps-peers` among them; `make test` has a
# shorter form, as of all maps.
PEERS = $(basename $(notdir $(filter impls/lib/%,$(IMPLS))))
.PHONY: test-peers
test-peers: $(BUILD)/readmostly  ## all checks of the maps of other libraries; says what is not built
	@$(foreach f,$(filter impls/lib/%,$(SKIPPED)),echo "not built: $(notdir $(basename $(f))) needs $(call needs,$(f)) (packages: $(call comes_in,$(f)))";)
	@MAPS='$(PEERS)' tests/tools/check_maps.sh $(BUILD)/readmostly $(CHECK_OPS)

# Recorded in docs/tally/peers-bench.tsv, by `tests/tools/peers_bench.py tally`.
PEERS_BENCH ?= build/peers-bench
.PHONY: peers-bench
peers-bench: $(BUILD)/readmostly  ## maps of other libraries: time over std_mutex's, beside its bound
	@test -n "$(PYTHON)" || { echo "peers-bench: no Python with numpy and scipy" >&2; exit 2; }
	@rm -rf $(PEERS_BENCH)
	@BUILD=$(BUILD) flock $(LOCK) $(PYTHON) tests/tools/peers_bench.py run $(PEERS_BENCH) $(ARGS)

# Recorded in docs/tally/calibration.tsv, by `tests/tools/calibrate.py tally`.
CALIBRATE ?= build/calibrate/run
.PHONY: calibrate
calibrate: $(BUILD)/readmostly $(if $(GO_LINKED),$(BUILD)/readmostly-go)  ## maps of other libraries beside their projects' own benchmarks: ARGS='PAIR...'
	@test -n "$(PYTHON)" || { echo "calibrate: no Python with numpy and scipy" >&2; exit 2; }
	@rm -rf $(CALIBRATE)
	@BUILD=$(BUILD) flock $(LOCK) $(PYTHON) tests/tools/calibrate.py run $(CALIBRATE) $(ARGS)

check-dispatch:  ## no indirect call in a measured loop (gcc and clang)
	@tests/cli/maps_dispatch.sh

map-objects: $(call objects,$(BUILD),$(IMPLS))

# The maps' own tests and all checks, with a sanitizer in every object and a
# tenth of the operations. The sanitizer's finding ends the check's process,
# and the check says so. Counts of hot paths are compiled in: one set of maps.
# Operations are called (runner/map.h); `make soak` has them inlined.
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

.PHONY: soak
soak: $(BUILD)/readmostly  ## long forms of the checks, dated in docs/soak.md
	+@$(SANITIZED) OPT='-O1 -g1 -DRM_STATS' BUILD=build/asan-soak \
	  SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all' all
	@tests/tools/soak.sh $(BUILD)/readmostly build/asan-soak/readmostly

# Growing shards, stock, misuse: long forms (docs/special-maps.md).
.PHONY: growth-bench misuse-tally accused-tally check-tally
$(BUILD)/tests/growth_bench: $(BUILD)/tests/tools/growth_bench.o $(BUILD)/readmostly.a
	$(SAY)$(CC) $(ALL_CFLAGS) -o $@ $^ $(LDLIBS)

growth-bench: $(BUILD)/tests/growth_bench  ## longest operation while shards grow, step by step against all at once
	@$<

accused-tally: $(BUILD)/readmostly $(BUILD)/readmostly-explore  ## is each misuse, and each map unsafe beside a writer, accused: docs/tally/accused.md
	@$(PYTHON) tests/tools/accused_tally.py $(BUILD) $(ARGS)

check-tally: $(BUILD)/readmostly  ## hours of check over all maps that promise safety, and over tests/right/: docs/tally/checked.md; MINUTES=60 LOADED=1
	@$(MAKE) --no-print-directory CORPUS=right bugs
	@$(UNASKED) $(PYTHON) tests/tools/check_tally.py run $(BUILD) $(if $(LOADED),--loaded) --minutes $(or $(MINUTES),60)

misuse-tally: $(BUILD)/readmostly  ## each misuse and its right form with 200 seeds, by the check named for it
	@SEEDS=200 BUILD=$(BUILD) tests/cli/misuse.sh

# Do repeats of disturbed trials bias (docs/adr/0024)?
.PHONY: repeats-tally
repeats-tally:  ## simulated campaigns with repeats: is a planted ratio in its interval
	@$$(report/find_python.sh) tests/report/repeated_campaigns.py

# Error rates of intervals, tests and families: docs/tally/stats-rates.md.
.PHONY: stats-rates
stats-rates:  ## simulated: is the truth in its interval, are ledgers without a difference called wrongly: ARGS='--seed N --share F'
	@nice -n 19 $$(report/find_python.sh) tests/tools/stats_rates.py $(ARGS)

# How often the gate errs on noise that was recorded: docs/tally/gate-suites.md.
.PHONY: regress-suites
regress-suites:  ## simulated: 1,000 suites of 20 cells each of equal and of slower programs, decided by the gate
	@nice -n 19 $$(report/find_python.sh) tests/report/gate_suites.py $(ARGS)

# What changed rules of the gate make of runs that were measured before.
.PHONY: regress-again
regress-again:  ## the runs of docs/tally/regress.jsonl, decided once more by the gate's rules of today
	@python=$$(report/find_python.sh) && nice -n 19 $$python -m report.regress_again && \
	$$python -m report.regress_bars page

# Real runs of the gate, in turns until each kind has its number:
# docs/tally/regress.md. Hours in all; the same line goes on.
.PHONY: regress-tally
regress-tally:  ## real runs of make regress on equal, slower and moved heads: KINDS='aa lock' N=20 MINUTES=60 BASE=ref
	@CC='$(CC)' BUILD=$(BUILD) LOCK=$(LOCK) N=$(call quoted,$(N)) MINUTES=$(call quoted,$(MINUTES)) \
	BASE=$(call quoted,$(BASE)) tests/tools/regress_tally.sh $(call words_of,$(KINDS))

# Traces of operations (docs/traces.md).
.PHONY: replay-tally
replay-tally: $(BUILD)/readmostly  ## 10^7 operations recorded and replayed: the same state
	@tests/tools/replay_tally.sh $(BUILD)/readmostly

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

.PHONY: port-speed
port-speed: $(BUILD)/readmostly $(if $(GO),$(BUILD)/readmostly-go)  ## real Go against the ports, by the trial protocol: needs Go
	@test -n "$(GO)" || { echo "port-speed: no Go 1.19 to 1.23 here" >&2; exit 2; }
	@test -n "$(PYTHON)" || { echo "port-speed: no Python with numpy and scipy" >&2; exit 2; }
	@rm -rf build/port-speed
	@flock $(LOCK) $(BUILD)/readmostly run workloads/port-speed.conf -o build/port-speed \
	  --counters none --arms port=$(BUILD)/readmostly,go=$(BUILD)/readmostly-go $(ARGS)
	@$(PYTHON) -m report.port_speed build/port-speed

# A program of another project, as far as it may be one in this tree.
$(BUILD)/tests/their_trial: examples/trial/their_trial.c $(BUILD)/readmostly.a
	@mkdir -p $(@D)
	$(SAY)$(CC) $(ALL_CFLAGS) -o $@ $^ $(LDLIBS)

# Of tests/report/test_judges.py.
$(BUILD)/tests/judge_facts: tests/fixtures/judge_facts/facts.c tests/unit/trial/array_map.h $(BUILD)/readmostly.a
	@mkdir -p $(@D)
	$(SAY)$(CC) $(ALL_CFLAGS) -o $@ $< $(BUILD)/readmostly.a $(LDLIBS)

.PHONY: bench-foreign
bench-foreign: $(BUILD)/readmostly $(BUILD)/tests/their_trial  ## one C map here and in a foreign program, by the trial protocol: the ratio
	@test -n "$(PYTHON)" || { echo "bench-foreign: no Python with numpy and scipy" >&2; exit 2; }
	@rm -rf build/foreign
	@flock $(LOCK) $(BUILD)/readmostly run workloads/foreign.conf -o build/foreign \
	  --counters none --arms here=$(BUILD)/readmostly,there=$(BUILD)/tests/their_trial $(ARGS)
	@$(PYTHON) tests/tools/foreign_ratio.py build/foreign

GO_RATIO ?= build/go-ratio
.PHONY: go-ratio
go-ratio: $(BUILD)/readmostly $(if $(GO_LINKED),$(BUILD)/readmostly-go)  ## sync.Map against RWMutex, of Go and of ports: a tally of 176 cells
	@test -n "$(GO_LINKED)" || { echo "go-ratio: no Go 1.19 or newer here" >&2; exit 2; }
	@test -n "$(PYTHON)" || { echo "go-ratio: no Python with numpy and scipy" >&2; exit 2; }
	@$(PYTHON) tests/tools/go_ratio.py run $(GO_RATIO) $(ARGS)
	@$(PYTHON) tests/tools/go_ratio.py tally $(GO_RATIO)

.PHONY: report-speed
report-speed: $(BUILD)/readmostly  ## CPU seconds of the report of 10,000 trials, beside those with PDFs, and with claims
	@test -n "$(PYTHON)" || { echo "report-speed: no Python with numpy, scipy and matplotlib" >&2; exit 2; }
	@$(PYTHON) tests/tools/report_speed.py build/report-speed $(BUILD)/readmostly

.PHONY: compare-speed
compare-speed:  ## CPU seconds of comparing three machines of 2,000 trials
	@test -n "$(PYTHON)" || { echo "compare-speed: no Python with numpy, scipy and matplotlib" >&2; exit 2; }
	@$(PYTHON) tests/tools/compare_speed.py build/compare-speed

# The prototype's maps, on its run time and on ours: bars of speed.
.PHONY: sim-speed
SPEED := $(BUILD)/sim_speed
sim-speed: $(SPEED)/ours $(SPEED)/prototype  ## accesses/s against the prototype: PROTOTYPE=DIR
	@tests/tools/sim_speed.sh $^ $(ROUNDS)

$(SPEED)/maps.raw.o: FORCE
	@test -f "$(PROTOTYPE)/maps.c" || { echo "sim-speed: expected PROTOTYPE=DIR with its maps.c" >&2; exit 2; }
	@mkdir -p $(@D)
	$(SAY)gcc -O2 -g -w -fsanitize=thread -fno-omit-frame-pointer -c -o $@ $(PROTOTYPE)/maps.c

$(SPEED)/prototype: $(SPEED)/maps.raw.o
	@objcopy --redefine-syms=$(PROTOTYPE)/syms.txt $< $@.maps.o
	@printf '#define _GNU_SOURCE\n#include <time.h>\n#undef CLOCK_MONOTONIC\n#define CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID\n' >$@.h
	$(SAY)gcc -O2 -g -w -include $@.h -o $@ $(PROTOTYPE)/bench.c $(PROTOTYPE)/sim.c $@.maps.o

SPEED_SIM := $(SIM_GUEST) $(filter $(BUILD)/runner/sim/guest/%,$(SIM_HOST)) $(filter $(BUILD)/runner/sim/% \
  $(BUILD)/runner/base/% $(BUILD)/runner/protocol/% $(BUILD)/runner/plan/% %/machine/topology.o $(BUILD)/sim_%.o %/build_info.o,$(SIM_BASE))
$(SPEED)/ours: $(SPEED)/maps.raw.o $(SPEED_SIM) tests/unit/sim/sim_speed.c
	@{ sed '/^#/d; / /!d' runner/sim/names.txt; echo sim_relax rm_sim_relax; \
	   echo sim_futex_wait rm_sim_futex_wait; echo sim_futex_wake rm_sim_futex_wake; } >$@.names
	@objcopy --redefine-syms=$@.names $< $@.maps.o
	$(SAY)$(CC) $(ALL_CFLAGS) -I$(PROTOTYPE) -o $@ tests/unit/sim/sim_speed.c $@.maps.o \
	  $(SPEED_SIM) $(shell pkg-config --libs $(LIBRARIES)) -lm -ldl

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

.PHONY: litmus
litmus: $(BUILD)/tests/test_explore_litmus  ## models of memory: 10^6 runs of each litmus test, docs/tally/litmus.md
	@python3 tests/tools/litmus_axioms.py tests/fixtures/litmus.tsv
	@tests/tools/litmus_tally.sh $< $(or $(RUNS),1000000)

.PHONY: litmus-relacy
litmus-relacy:  ## the same litmus tests by another hand, Relacy: docs/tally/litmus-relacy.md
	@tests/tools/litmus_relacy.sh $(BUILD)/litmus-relacy $(or $(RUNS),100000)

# Switches between stacks: this machine's assembly, and the portable form.
# AArch64 by hand: CC=aarch64-linux-gnu-gcc CFLAGS='-O2 -static', qemu-aarch64.
TESTS += $(BUILD)/tests/test_sim_ctx_portable
$(BUILD)/tests/test_sim_ctx: tests/unit/sim/test_sim_ctx.c runner/sim/guest/ctx.c
$(BUILD)/tests/test_sim_ctx_portable: tests/unit/sim/test_sim_ctx.c runner/sim/guest/ctx.c
$(BUILD)/tests/test_sim_ctx $(BUILD)/tests/test_sim_ctx_portable: tests/unit/tap.h runner/sim/guest/ctx.h
	@mkdir -p $(@D)
	$(SAY)$(CC) -std=c11 -D_GNU_SOURCE -I. $(WARN) -O2 -g -ffp-contract=off $(if $(findstring portable,$@),-DRM_SIM_CTX_PORTABLE) \
	  -o $@ $(filter %.c,$^)

.PHONY: fleet-test
fleet-test: $(BUILD)/readmostly $(BUILD)/tests/fake_trial  ## campaigns on three Slurm nodes and three sshd, each failure of them, 30 min: docs/tally/fleet.md; ARGS='--only slurm:limit'
	@BUILD=$(BUILD) $(PYTHON) tests/tools/fleet_tally.py $(BUILD)/fleet-test $(ARGS)

# Admission's limits, of quiet machines, and what they make of 200 recorded turns.
.PHONY: admission-spread admission-tally
admission-spread: $(BUILD)/readmostly  ## limits of admission, of 60 recorded journals of quiet nodes: report/admission.json; ARGS='--seconds 60'
	@$(PYTHON) tests/tools/admission_tally.py spread $(abspath $<) $(BUILD)/admission-spread $(ARGS)

admission-tally: $(BUILD)/readmostly  ## admission on 200 recorded journals, some with a busy loop: docs/tally/admission.md; ARGS='--seconds 60'
	@$(PYTHON) tests/tools/admission_tally.py fleets $(abspath $<) $(BUILD)/admission-tally $(ARGS)

# Rooms, doors, circles and sizes; docs of the rules in the tool's head.
.PHONY: house
house:  ## structure of the tree: ARGS='--check', '--list NAME', '--baseline REF'
	@python3 tests/tools/house.py $(ARGS)
