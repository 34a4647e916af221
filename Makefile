# SPDX-License-Identifier: Apache-2.0
# Readmostly. `make help` lists what there is to make.
CC      ?= cc
ifeq ($(origin CC),default)
CC      := gcc
endif
ifeq ($(origin CXX),default)
CXX     := $(if $(findstring clang,$(CC)),clang++,g++)
endif
# A git hook exports the variables of its own repository. Git calls of recipes mean this one.
unexport $(filter-out GIT_CONFIG%,$(shell git rev-parse --local-env-vars 2>/dev/null))
# The names of variables are upper case: mode=quick would be ignored, and another mode measured.
$(foreach v,mode set maps ids args a b build out impl hide base head cell,$(if $(filter command,$(origin $(v))),\
  $(error $(v)=$($(v)): expected upper case: $(shell echo $(v) | tr a-z A-Z)=$($(v)))))
# DWARF 4: valgrind 3.19 does not read clang 14's DWARF 5.
OPT     ?= -O2 -g -gdwarf-4
# A third of gcc's time went into where each variable lives at each
# instruction; types, globals and lines stay. The machine code is the same.
DEBUG   := $(if $(findstring clang,$(CC)),,-fno-var-tracking \
           -fno-var-tracking-assignments -gno-statement-frontiers)
SANITIZE ?=
BUILD   ?= build/$(notdir $(CC))
ifneq ($(findstring :,$(CURDIR)$(BUILD)),)
$(error "$(if $(findstring :,$(CURDIR)),$(CURDIR),BUILD=$(BUILD))": expected a folder whose path has no colon, at which rules of make and lists of folders (PYTHONPATH, GOPATH) end a name: move it)
endif
# Short lines while building; V=1 shows the commands.
SAY      = $(if $(V),,@echo '  CC     $@' && )
SAY_CXX  = $(if $(V),,@echo '  CXX    $@' && )
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
           -Wmissing-prototypes $(if $(CI),-Werror)
# Fixed alignment: without it an unrelated edit moves results by 1.9 %
# (docs/adr/0008). No jump tables: check-dispatch reads every indirect jump.
ALIGN   := -falign-functions=64 -falign-loops=32 \
           $(if $(findstring clang,$(CC)),,-falign-jumps=32) -fno-jump-tables
CFLAGS  ?= $(OPT) $(ALIGN) $(SANITIZE)
LIBRARIES := hwloc inih jansson zlib
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -I. -pthread $(WARN) $(CFLAGS) $(DEBUG)
# Maps of C++ libraries. C++23 is the first to have <stdatomic.h>; g++ takes a
# member that a table of operations leaves out for a forgotten one.
ALL_CXXFLAGS = -std=gnu++2b -D_GNU_SOURCE -I. -pthread $(CFLAGS) $(DEBUG) \
  $(filter-out -Wstrict-prototypes -Wmissing-prototypes,$(WARN)) -Wno-missing-field-initializers

# What each build would find or compile anew: one place for all builds, but where
# nothing can be written beside the sources.
KEPT    := $(if $(shell mkdir -p build 2>/dev/null && [ -w build ] && echo yes),build,$(BUILD))

# A map is built if pkg-config knows every library on its `needs:` line; .ci/pc
# tells it of those that have no file for it, and of the C++ compiler.
# HIDE='NAMES' builds as on a machine without these libraries, HIDE=peers
# without those of the group `peers` of .ci/packages.
# IMPL=path/to/map.c or map.cc adds a map from outside the tree, IMPL_FLAGS what
# it alone is compiled with. OUT is where programs go.
HIDE       ?=
IMPL       ?=
IMPL_FLAGS ?=
OUT        ?= $(BUILD)
PROGRAMS    = $(OUT)/maps
HIDDEN  := $(if $(filter peers,$(HIDE)),$(shell sed -n 's/^peers [^ ]* \(wanted\|unpacked\) //p' .ci/packages),$(HIDE))
PC      := PKG_CONFIG_PATH='$(shell .ci/pc $(CC) $(CXX) $(KEPT))':$$PKG_CONFIG_PATH
PKG     := $(PC) pkg-config

# All maps, as ID|SOURCE|STATE|NEEDS (impls/names.sh). MAP_id, STATE_id and NEEDS_id
# are the source without its end, its states and its libraries.
comma   := ,
NAMES   := $(shell $(PC) impls/names.sh $(OUT)/maps/names.tsv '$(HIDDEN)' $(filter-out %.so,$(IMPL)))
$(foreach name,$(NAMES),$(eval f := $(subst |, ,$(subst ||,|-|,$(name)|)))$(eval MAP_$(word 1,$(f)) := $(basename $(word 2,$(f))))$(eval \
  STATE_$(word 1,$(f)) := $(subst $(comma), ,$(word 3,$(f))))$(eval NEEDS_$(word 1,$(f)) := $(subst :, ,$(filter-out -,$(word 4,$(f))))))
IDS     := $(foreach name,$(NAMES),$(firstword $(subst |, ,$(name))))
with     = $(foreach id,$(IDS),$(if $(filter $(1),$(STATE_$(id))),$(id)))
BUILT   := $(call with,built)
FOREIGN := $(filter $(call with,language),$(BUILT))
NATIVE  := $(filter-out $(FOREIGN),$(BUILT))
SIZED   := $(filter $(call with,sized) $(notdir $(basename $(IMPL))),$(NATIVE))
SIZES   := 24 64 256 1024
SOURCES := $(foreach id,$(NATIVE),$(wildcard $(MAP_$(id)).c $(MAP_$(id)).cc))
objects  = $(patsubst %,$(1)/%.o,$(basename $(2)))
# The headers of a map's libraries; their warnings are not ours.
headers  = $(if $(NEEDS_$(basename $(notdir $<))),$(patsubst -I%,-isystem %,$(shell $(PKG) --cflags $(NEEDS_$(basename $(notdir $<))))))
own      = $(if $(filter $<,$(IMPL)),$(IMPL_FLAGS))
lies_at    = $(shell $(PKG) --variable=path $(1))
version_of = $(shell $(PKG) --modversion $(1))

# What a person typed, as one word for the shell; and as a list of words.
quoted   = '$(subst ','\'',$(1))'
words_of = $(foreach word,$(1),$(call quoted,$(word)))

PYTHON  ?= $(shell report/find_python.sh 2>/dev/null)

.PHONY: all maps sizes check-programs sim-programs explore-programs programs bench campaign crossover articles claims peers production report artifact deps deps-peers help clean FORCE
.DEFAULT_GOAL := all
# On a full disk a recipe fails with half of its file written, which is newer
# than what it is made of.
.DELETE_ON_ERROR:
# Keeps the objects of tests, which make takes for intermediate.
.SECONDARY:
.SUFFIXES:
%.o: %.s
all: $(OUT)/readmostly $(OUT)/readmostly-history $(PROGRAMS)/check/library maps  ## build what this machine can
	@$(foreach id,$(call with,missing),echo "skip: $(id) needs $(NEEDS_$(id))";)

# MODE, SET, MAPS, IDS, A and B reach the scripts as make exports them. ARGS are of the command.
RUN = CC='$(CC)' BUILD=$(BUILD)
bench:  ## measure and report: MODE=smoke|quick|standard|full SET=articles|claims|peers|production MAPS=ids
	@$(RUN) runner/bench.sh $(BENCH_ARGS)

crossover:  ## where the ranking of two maps flips: A=map B=map MODE=quick|standard
	@$(RUN) runner/answer.sh crossover "$$A" "$$B" $(ARGS)

articles claims peers production:
	@echo 'make $@: sets of workloads are measured by make bench: expected make bench SET=$@' >&2; exit 2

# Files are the only state: the same line again joins or resumes (docs/fleet.md).
# OUT that nobody said is the programs' folder.
FLEET_WISH = NODES PARTITION CONSTRAINT MACHINES $(if $(filter command% environment%,$(origin OUT)),OUT) SITE GIVE_UP PLAN ADMIT
campaign:  ## one plan on several machines: NODES=n1,n[3-5] | PARTITION= CONSTRAINT= | MACHINES=file MODE= SET= PLAN=1
	@$(foreach v,$(FLEET_WISH),$(v)=$(call quoted,$($(v)))) runner/fleet/campaign.sh $(ARGS)

report:  ## the report again: CAMPAIGN=results/... PREVIOUS=results/...
	@.ci/deps build
	@python=$$(report/find_python.sh) && $$python -m report $(call quoted,$(or $(CAMPAIGN),results/latest)) $(if $(PREVIOUS),--previous $(call quoted,$(PREVIOUS)))

# OUT is here the file, so that the program is another make's.
artifact:  ## one file of campaigns, sources, environment: CAMPAIGNS='results/a results/b' OUT=FILE.tar.gz
	@$(MAKE) --no-print-directory OUT=$(BUILD) $(BUILD)/readmostly
	@BUILD=$(BUILD) CC='$(CC)' CXX='$(CXX)' runner/artifact.sh $(call quoted,$(if $(filter command%,$(origin OUT)),$(OUT),build/artifact.tar.gz)) $(call words_of,$(CAMPAIGNS))

deps:  ## install what is missing (Debian, Ubuntu; root or sudo)
	@.ci/deps build test

deps-peers:  ## install the libraries that peers are made of
	@.ci/deps peers
	@.ci/unpack peers

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | sort | expand -t 28

schemas: $(OUT)/readmostly  ## the schema of a cell, from the table of factors
	$(BUILD)/readmostly dev describe --schema >docs/cell.schema.json

clean:  ## remove everything built
	rm -rf build

# What is written beside a file before it replaces it: a name for each make, since
# tests may start two at once in one folder.
NEW := .$$PPID.new

# The headers of what is compiled and linked at once, which may lie outside of BUILD.
reads = -MMD -MP -MF $@.d -MT $@

# ---- programs of maps: maps/FLAVOUR/ID ------------------------------------
#
# The map's object of the flavour and the archive of the flavour (runner/catalog/
# has the names). A plain program is asked for its description at once.

CORE     := $(wildcard $(addprefix runner/,base/*.c protocol/*.c machine/*.c counters/*.c)) runner/impl_words.c
CORE     := $(filter-out %_helper.c,$(CORE))
TABLES   := $(addprefix $(BUILD)/,events_tsv.o cpus_tsv.o)
TRIAL    := $(filter-out %_stats.c,$(wildcard runner/trial/*.c)) $(wildcard runner/trace/*.c runner/map_program/*.c) verify/check/pause.c
COUNTING := $(filter-out $(if $(SANITIZE),%/allocations_stats.c,%/allocations.c),$(TRIAL) $(wildcard runner/trial/*_stats.c))
core      = $(call objects,$(BUILD),$(CORE)) $(TABLES)
archive   = @rm -f $@ && ar rcsT $@ $(filter %.o,$^)

$(BUILD)/plain.a: $(call objects,$(BUILD),$(TRIAL)) $(core)
	$(archive)
$(BUILD)/stats.a: $(call objects,$(BUILD)/stats,$(COUNTING)) $(core)
	$(archive)
$(foreach size,$(SIZES),$(eval $(BUILD)/x$(size).a: $(call objects,$(BUILD)/x$(size),$(TRIAL)) $(core)))
$(foreach size,$(SIZES),$(BUILD)/x$(size).a):
	$(archive)

# Links the first object with the archive: a test that runs the old program while
# make links goes on with it.
BASE_LIBS := $(shell $(PKG) --libs hwloc jansson zlib) -lm -ldl
link_map   = $(SAY_LINK)$(CC) -pthread $(SANITIZE) -o $@$(NEW) $(firstword $(filter %.o,$^)) -Wl,--as-needed \
  -Wl,--defsym=rm_this_map=rm_impl_$(subst -,_,$(@F)) $(filter %.a,$^) $(filter-out $(firstword $(filter %.o,$^)),$(filter %.o,$^)) \
  $(if $(NEEDS_$(@F)),$(shell $(PKG) --libs $(NEEDS_$(@F)))) $(BASE_LIBS) && mv $@$(NEW) $@
# A hash of the map's machine code before it is linked: whether counts that were
# made before are of this map (docs/adr/0026).
describe   = @objcopy -O binary -j '.text*' $(firstword $(filter %.o,$^)) $@.text && \
  $@ describe "$$(sha256sum <$@.text | cut -c1-12)" >$@.json$(NEW) && mv $@.json$(NEW) $@.json; status=$$?; rm -f $@.text; exit $$status
SAY_LINK   = $(if $(V),,@echo '  LINK   $@' && mkdir -p $(@D) && )

maps: $(addprefix $(PROGRAMS)/plain/,$(BUILT))
check-programs: $(addprefix $(PROGRAMS)/check/,$(NATIVE) library)
stats-programs: $(addprefix $(PROGRAMS)/stats/,$(NATIVE))
sizes: $(foreach size,$(SIZES),$(addprefix $(PROGRAMS)/x$(size)/,$(SIZED)))  ## programs for other sizes of keys and values
sim-programs: $(addprefix $(PROGRAMS)/sim/,$(NATIVE))  ## programs of the simulated machine
explore-programs: $(addprefix $(PROGRAMS)/explore/,$(NATIVE))
# NEEDED='FLAVOUR/ID ...' builds what a plan names, and nothing else.
CAN = $(addprefix plain/,$(BUILT)) $(foreach flavour,stats check sim explore,$(addprefix $(flavour)/,$(NATIVE))) \
  $(foreach size,$(SIZES),$(addprefix x$(size)/,$(SIZED)) $(addprefix check-x$(size)/,$(SIZED))) check/library
# `readmostly` reads what the plain program of a map has printed; one of IMPL is named if it is needed.
programs: $(OUT)/readmostly $(addprefix $(PROGRAMS)/,$(filter $(CAN),$(NEEDED) $(addprefix plain/,$(filter-out \
  $(notdir $(basename $(IMPL))),$(notdir $(NEEDED))))))

# ---- readmostly: no map ----------------------------------------------------
RUNNER := $(filter-out %/record.c %/play.c,$(CORE) $(wildcard $(addprefix runner/,catalog/*.c plan/*.c campaign/*.c cli/*.c trace/*.c sim/model/*.c))) runner/campaign/play.c runner/campaign/record.c runner/trial/kernel.c
OBJS   := $(call objects,$(BUILD),$(RUNNER)) $(TABLES) $(BUILD)/build_info.o $(BUILD)/sim_machines.o $(BUILD)/facts.o
LDLIBS  = $(shell $(PKG) --libs $(LIBRARIES)) -lm -ldl

# Links a program: tests that run the old one while a make links go on with it.
link = $(SAY)$(CC) $(ALL_CFLAGS) -o $@$(NEW) $(1) && mv $@$(NEW) $@
$(OUT)/readmostly: $(BUILD)/runner/main.o $(OBJS)
	@mkdir -p $(@D)
	$(call link,$^ $(LDLIBS))
# Plays every bad end of a trial for the tests of the campaign.
$(BUILD)/tests/fake_trial: tests/fixtures/fake_trial.c
	@mkdir -p $(@D)
	$(call link,$< -ljansson)
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

# What the binary was made from: rewritten only when it differs. RM_COMMIT and
# RM_DIRTY say it of sources that were copied without git (runner/fleet/ssh.sh).
COMPILER := $(if $(findstring clang,$(CC)),clang,gcc) $(shell $(CC) -dumpfullversion -dumpversion 2>/dev/null || $(CC) -dumpversion)
$(BUILD)/build_info.c: FORCE
	@mkdir -p $(@D)
	@{ echo '#include "runner/base/build_info.h"'; \
	   echo 'const char *const rm_build_compiler = "$(COMPILER)";'; \
	   echo 'const char *const rm_build_flags = "$(CFLAGS)";'; \
	   echo "const char *const rm_build_libraries = \"$$(for l in $(LIBRARIES) $(sort $(foreach id,$(BUILT),$(NEEDS_$(id)))); do printf '%s %s, ' $$l $$($(PKG) --modversion $$l); done)\";"; \
	   echo "const char *const rm_build_commit = \"$${RM_COMMIT:-$$(git rev-parse -q --verify HEAD || echo unknown)}\";"; \
	   echo "const int rm_build_dirty = $${RM_DIRTY:-$$([ -z "$$(git status --porcelain 2>/dev/null)" ] && echo 0 || echo 1)};"; } >$@$(NEW)
	@cmp -s $@$(NEW) $@ && rm $@$(NEW) || mv $@$(NEW) $@

$(BUILD)/build_info.o: $(BUILD)/build_info.c
	$(SAY)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# Objects are made again when the compiler or its flags change, not when the
# Makefile does; a map from outside also by what it alone is compiled with.
stamp      = @mkdir -p $(@D) && { printf '%s\n' $(call quoted,$(1)) | cmp -s - $@ || printf '%s\n' $(call quoted,$(1)) >$@; }
version    = $(shell $(1) --version 2>/dev/null | head -n 1)
$(BUILD)/flags: FORCE
	$(call stamp,$(CC) $(ALL_CFLAGS) by $(call version,$(CC)))
$(BUILD)/cxx-flags: FORCE
	$(call stamp,$(CXX) $(ALL_CXXFLAGS) by $(call version,$(CXX)))
$(BUILD)/%.impl-flags: FORCE
	$(call stamp,$(IMPL_FLAGS))
$(foreach f,$(basename $(filter %.c %.cc,$(IMPL))),$(eval $(BUILD)/$(f).o $(BUILD)/sim/$(f).s: $(BUILD)/$(f).impl-flags))

# stats: maps and the measured loop with the counts of runner/stat.h (measure =
# causes). Counts are the source's, so operations are called (runner/map.h): a
# third of the time. xN: long keys (24) or values of N bytes (docs/adr/0030);
# SIZED_FLAGS='-O1 -DRM_CALLED' is for tests of answers, in a quarter of the time.
STATS_FLAGS := -DRM_STATS -DRM_CALLED -g1 $(if $(findstring clang,$(CC)),,-Wno-maybe-uninitialized)
SIZED_FLAGS ?=
compile_c  = $(SAY)$(CC) $(ALL_CFLAGS) $(headers) $(own) $(1) -MMD -MP -c -o $@ $<
compile_cc = $(SAY_CXX)$(CXX) $(ALL_CXXFLAGS) $(headers) $(own) $(1) -MMD -MP -c -o $@ $<
define flavour # FOLDER, FLAGS
$(BUILD)/$(1)%.o: %.c $(BUILD)/flags
	@mkdir -p $$(@D)
	$$(call compile_c,$(2))
$(BUILD)/$(1)%.o: %.cc $(BUILD)/cxx-flags
	@mkdir -p $$(@D)
	$$(call compile_cc,$(2))
endef
$(eval $(call flavour,stats/,$(STATS_FLAGS)))
$(foreach size,$(SIZES),$(eval $(call flavour,x$(size)/,-DRM_SIZED=$(size) $(SIZED_FLAGS))))
$(eval $(call flavour,,))

# The tables of events and CPUs are compiled in, so that an installed binary
# finds them anywhere.
$(BUILD)/%_tsv.c: runner/counters/%.tsv
	@mkdir -p $(@D)
	@{ echo 'extern const unsigned char rm_$*_tsv[];'; \
	   echo 'const unsigned char rm_$*_tsv[] = {'; \
	   od -An -v -tx1 $< | sed 's/ \(..\)/0x\1,/g'; echo '0 };'; } >$@

$(BUILD)/events_tsv.o $(BUILD)/cpus_tsv.o: %.o: %.c
	$(SAY)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# So are the fact sheets of libraries' maps.
FACTS := $(sort $(wildcard impls/facts/*.txt))
$(BUILD)/facts.c: $(FACTS)
	@mkdir -p $(@D)
	@{ echo '#include "runner/catalog/catalog.h"'; \
	   echo 'const struct rm_facts rm_facts_table[] = {'; \
	   for f in $(FACTS); do \
	     echo "{ \"$$(basename $$f .txt)\","; \
	     sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $$f; echo '},'; done; \
	   echo '{ NULL, NULL } };'; } >$@

$(BUILD)/facts.o: $(BUILD)/facts.c
	$(SAY)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# GPL-3.0-or-later, a program of its own: liblikwid is loaded with dlopen only.
LIKWID_OBJS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard runner/counters/*_helper.c))
all programs: $(if $(LIKWID_OBJS),$(OUT)/readmostly-likwid)
$(OUT)/readmostly-likwid: $(LIKWID_OBJS)
	$(call link,$^ -ldl)

# Head against base (docs/method.md): base from git into build/regress-base,
# a second real copy of it for the A/A control, head from this tree. LOCK is held
# until it has ended: no other run builds anew what this one measures.
LOCK ?= build/regress.lock
REGRESS_AT   := build/regress$(if $(IMPL),-their)
REGRESS_ARMS := $(foreach arm,base copy head,$(REGRESS_AT)-$(arm)/maps)
.PHONY: regress regress-arms
arms_of = CC='$(CC)' BUILD=$(BUILD) LOCK=$(LOCK) MAPS=$(call quoted,$(MAPS)) IMPL=$(call quoted,$(IMPL)) \
  IMPL_FLAGS=$(call quoted,$(IMPL_FLAGS)) IMPL_MAKE=$(call quoted,$(IMPL_MAKE)) runner/regress_arms.sh $(call quoted,$(BASE))
regress:  ## head against base: BASE=ref IMPL=their/map.c
	@$(arms_of) env REF=$(call quoted,$(BASE)) NOTES=$(REGRESS_AT)-notes $(if $(IMPL),PLAN=$(REGRESS_AT)-plan) \
	runner/regress.sh $(REGRESS_ARMS) $(ARGS)

regress-arms:
	@$(arms_of)

# Counts of the simulated machine, without noise: no lock, no Python but the
# plain one (docs/exact-gate.md).
.PHONY: regress-exact
regress-exact:  ## head's simulated counts against base's: BASE=ref HEAD=ref MAPS=ids IMPL=their/map.c
	@CC='$(CC)' BUILD=$(BUILD) MAPS=$(call quoted,$(MAPS)) IMPL=$(call quoted,$(IMPL)) \
	IMPL_FLAGS=$(call quoted,$(IMPL_FLAGS)) runner/regress_exact.sh \
	$(call quoted,$(BASE)) $(call quoted,$(HEAD)) $(ARGS)

.PHONY: regress-bisect
regress-bisect:  ## which commit made a cell red: GOOD=ref BAD=ref CELL=MAP/nKEYS/KIND/tN JUDGE=exact|time
	@CC='$(CC)' JUDGE=$(call quoted,$(JUDGE)) PYTHON='$(PYTHON)' runner/regress_bisect.sh \
	$(call quoted,$(GOOD)) $(call quoted,$(BAD)) $(call quoted,$(CELL))

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

include impls/interposed/interposed.mk
include impls/languages.mk
include runner/sim/sim.mk
include verify/verify.mk
include tests/tests.mk

# ---- the link rules, whose prerequisites depend on the map -------------------
.SECONDEXPANSION:
$(addprefix $(PROGRAMS)/plain/,$(NATIVE)): $(PROGRAMS)/plain/%: $(BUILD)/$$(MAP_$$*).o $(BUILD)/plain.a
	$(link_map)
	$(describe)
$(addprefix $(PROGRAMS)/stats/,$(NATIVE)): $(PROGRAMS)/stats/%: $(BUILD)/stats/$$(MAP_$$*).o $(BUILD)/stats.a
	$(link_map)
$(addprefix $(PROGRAMS)/sim/,$(SIM_C)): $(PROGRAMS)/sim/%: $(SIM)/$$(MAP_$$*).o $(SIM)/$$(MAP_$$*).verdict $(BUILD)/sim.a
	$(link_instrumented)
define sized # BYTES
$(addprefix $(PROGRAMS)/x$(1)/,$(SIZED)): $(PROGRAMS)/x$(1)/%: $(BUILD)/x$(1)/$$$$(MAP_$$$$*).o $(BUILD)/x$(1).a
	$$(link_map)
endef
$(foreach size,$(SIZES),$(eval $(call sized,$(size))))
$(foreach size,$(SIZES),$(eval $(call check_sized,$(size))))
$(eval $(check_rules))
