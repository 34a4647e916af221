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
# DWARF 4: valgrind 3.19 does not read clang 14's DWARF 5.
OPT     ?= -O2 -g -gdwarf-4
# A third of gcc's time went into where each variable lives at each
# instruction; types, globals and lines stay. The machine code is the same.
DEBUG   := $(if $(findstring clang,$(CC)),,-fno-var-tracking \
           -fno-var-tracking-assignments -gno-statement-frontiers)
# Instead of the usual ones for the stats and the simulated maps: a test that
# only asks what gcc warns of says -O0, which takes a sixth of the time.
SIDE_OPT ?=
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

# A map is built where pkg-config knows every library on its `needs:` line;
# .ci/pc tells it of those that have no file for it, and of the C++ compiler.
# HIDE='NAMES' builds as on a machine without these libraries, HIDE=peers
# without those of the group `peers` of .ci/packages.
# IMPL=path/to/map.c or map.cc adds a map from outside the tree, IMPL_FLAGS what
# it alone is compiled with.
HIDE    ?=
HIDDEN  := $(if $(filter peers,$(HIDE)),$(shell sed -n 's/^peers [^ ]* \(wanted\|unpacked\) //p' .ci/packages),$(HIDE))
PKG     := PKG_CONFIG_PATH='$(shell .ci/pc $(CC) $(CXX) $(KEPT))':$$PKG_CONFIG_PATH pkg-config
needs   = $(if $(filter %.c %.cc,$(1)),$(shell sed -n 's/^.*needs: *\([a-z].*[^ */]\).*$$/\1/p' $(1)),$(subst :, ,$(patsubst $(1)=%,%,$(filter $(1)=%,$(ELSEWHERE_NEEDS)))))
has     = $(if $(call needs,$(1)),$(if $(filter $(HIDDEN),$(call needs,$(1))),,$(shell $(PKG) --exists \
          $(call needs,$(1)) 2>/dev/null && echo yes)),yes)
# The packages that the libraries of a map come in.
comes_in = $(sort $(foreach l,$(call needs,$(1)),$(shell awk '{ for (i = 4; i <= NF; i++) if ($$i == "$(l)") print $$2 }' .ci/packages)))
# Where a library's headers lie; what they warn of is not ours.
headers = $(if $(filter $(1),$(IMPLS)),$(if $(call needs,$(1)),$(patsubst -I%,-isystem %,$(shell $(PKG) --cflags $(call needs,$(1))))))
objects = $(patsubst %,$(1)/%.o,$(basename $(2)))
IMPL      ?=
IMPL_FLAGS ?=
ALL_IMPLS := $(sort $(wildcard impls/*/*.c impls/*/*.cc)) $(filter-out %.so,$(IMPL))
IMPLS     := $(foreach f,$(ALL_IMPLS),$(if $(call has,$(f)),$(f)))
SKIPPED   := $(filter-out $(IMPLS),$(ALL_IMPLS))
# MAPS_BUILT='IDS' links these maps only (STATS_MAPS, SIM_MAPS: into the
# programs of their names), OUT is where the programs go: `make bench` has one
# set of programs for each mode, over the same objects.
OUT       ?= $(BUILD)
MAPS_BUILT ?= $(notdir $(basename $(IMPLS))) $(ELSEWHERE)
include impls/languages.mk
STATS_MAPS ?= $(MAPS_BUILT)
SIM_MAPS   ?= $(MAPS_BUILT)
named      = $(foreach id,$(sort $(filter-out $(ELSEWHERE_ALL),$(1))),$(or $(filter $(foreach end,c cc,$(id).$(end) %/$(id).$(end)),$(IMPLS)),$(error no map of this build is called $(id))))
LINKED    := $(call named,$(MAPS_BUILT))
MAP_LIBS  := $(sort $(foreach f,$(IMPLS) $(ELSEWHERE),$(call needs,$(f))))
# Of the maps that are linked: a trial shall not load what it does not run.
LDLIBS    = $(shell $(PKG) --libs $(LIBRARIES) $(sort $(foreach f,$(LINKED) $(STATS_LINKED),$(call needs,$(f))))) -lm -ldl

RUNNER  := $(filter-out runner/main.c %_helper.c %_stats.c,$(wildcard runner/*.c runner/*/*.c runner/sim/model/*.c))
OBJS    := $(call objects,$(BUILD),$(RUNNER) $(LINKED)) $(OUT)/impl_table.o $(OUT)/map_code.o \
           $(BUILD)/events_tsv.o $(BUILD)/cpus_tsv.o $(BUILD)/build_info.o $(BUILD)/sim_machines.o $(BUILD)/facts.o

# What a person typed, as one word for the shell; and as a list of words.
quoted   = '$(subst ','\'',$(1))'
words_of = $(foreach word,$(1),$(call quoted,$(word)))

MODE    ?= smoke
PYTHON  ?= $(shell report/find_python.sh 2>/dev/null)

.PHONY: all bench campaign crossover claims chooser programs report artifact deps deps-peers help clean FORCE
.DEFAULT_GOAL := all
# On a full disk a recipe fails with half of its file written, which is newer
# than what it is made of.
.DELETE_ON_ERROR:
# Keeps the objects of tests, which make takes for intermediate.
.SECONDARY:
all: $(OUT)/readmostly  ## build what this machine can
	@$(foreach f,$(SKIPPED),echo "skip: $(f) needs $(call needs,$(f)) (packages: $(call comes_in,$(f)))";)

bench:  ## measure and report: MODE=smoke|quick|articles|production|peers|standard|full MAPS=ids
	@CC='$(CC)' BUILD=$(BUILD) MAPS=$(call quoted,$(MAPS)) runner/bench.sh $(call quoted,$(MODE)) $(BENCH_ARGS)

# The mode of these is theirs: quick, where none is said. ARGS are of the command.
ANSWER = CC='$(CC)' BUILD=$(BUILD) MODE=$(if $(filter command% environment%,$(origin MODE)),$(call quoted,$(MODE)),quick) runner/answer.sh
crossover:  ## where the ranking of two maps flips: A=map B=map MODE=quick|standard
	@$(ANSWER) crossover $(call quoted,$(A)) $(call quoted,$(B)) $(ARGS)

claims:  ## decide the published claims: MODE=quick|standard|full IDS='...'
	@$(ANSWER) claims $(call words_of,$(IDS)) $(ARGS)

# Files are the only state: the same line again joins or resumes (docs/fleet.md).
# OUT that nobody said is the programs' folder.
FLEET_WISH = NODES PARTITION CONSTRAINT MACHINES $(if $(filter command% environment%,$(origin OUT)),OUT) SITE GIVE_UP PLAN ADMIT
campaign:  ## one plan on several machines: NODES=n1,n[3-5] | PARTITION= CONSTRAINT= | MACHINES=file MODE= PLAN=1
	@$(foreach v,$(FLEET_WISH),$(v)=$(call quoted,$($(v)))) MODE=$(call quoted,$(MODE)) runner/fleet/campaign.sh $(ARGS)

# Knows every map by name and has none: it says what a mode needs.
chooser:
	@$(MAKE) --no-print-directory OUT=$(BUILD)/chooser MAPS_BUILT= $(BUILD)/chooser/readmostly

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

schemas: $(BUILD)/readmostly  ## the schema of a cell, from the table of factors
	$(BUILD)/readmostly describe --schema >docs/cell.schema.json

clean:  ## remove everything built
	rm -rf build

# What is written beside a file before it replaces it: a name for each make, since
# tests may start two at once in one folder.
NEW := .$$PPID.new

# The headers of what is compiled and linked at once, which may lie outside of BUILD.
reads = -MMD -MP -MF $@.d -MT $@

# Links a program: tests that run the old one while a make links go on with it.
link = $(SAY)$(CC) $(ALL_CFLAGS) -o $@$(NEW) $(1) && mv $@$(NEW) $@

# The table of maps is written from the file names: adding a map is adding
# a file. It is replaced only when it differs, so that nothing relinks.
# Which of those left out are planted misuses, their files say themselves.
define write_table # FILE, MAP.c..., ids of maps in other languages
	@mkdir -p $(@D)
	@{ echo '#include "runner/impl_table.h"'; \
	   for n in $(sort $(notdir $(basename $(2)))); do echo "extern const struct rm_impl rm_impl_$$n;"; done; \
	   $(call elsewhere_rows,$(3)); \
	   echo 'const struct rm_impl *const rm_impl_table[] = {'; \
	   for n in $(sort $(notdir $(basename $(2)))); do echo "	&rm_impl_$$n,"; done; \
	   for n in $(3); do echo "	&rm_impl_$$n,"; done; \
	   echo '	NULL };'; \
	   echo 'const size_t rm_impl_count = $(words $(2));'; \
	   echo 'const size_t rm_impl_all_count = $(words $(2) $(3));'; \
	   echo 'const struct rm_unbuilt rm_unbuilt_table[] = {'; \
	   for f in $(filter-out $(2),$(IMPLS)); do \
	     grep -q '\.misuse *=' $$f && misuse=true || misuse=false; \
	     n=$${f##*/}; echo "	{ \"$${n%.*}\", $$misuse, false },"; done; \
	   for n in $(filter-out $(3),$(ELSEWHERE)); do echo "	{ \"$$n\", false, true },"; done; \
	   echo '	{ NULL, false, false },'; \
	   echo '};'; \
	   echo 'const struct rm_skipped rm_skipped_table[] = {'; \
	   $(foreach f,$(SKIPPED),echo '	{ "$(notdir $(basename $(f)))", "$(call needs,$(f))", "$(call comes_in,$(f))" },';) \
	   echo '	{ NULL, NULL, NULL },'; \
	   echo '};'; \
	   echo 'const size_t rm_skipped_count = $(words $(SKIPPED));'; } >$(1)$(NEW)
	@cmp -s $(1)$(NEW) $(1) && rm $(1)$(NEW) || mv $(1)$(NEW) $(1)
endef

$(OUT)/impl_table.c: FORCE
	$(call write_table,$@,$(LINKED),$(ELSEWHERE_LINKED))
$(OUT)/stats/impl_table.c: FORCE
	$(call write_table,$@,$(STATS_LINKED))
$(OUT)/impl_table.o $(OUT)/stats/impl_table.o $(OUT)/map_code.o: %.o: %.c
	$(SAY)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# A hash of each map's machine code, before it is linked: whether counts that
# were made before are those of the maps of this build (docs/adr/0026).
$(BUILD)/%.code: $(BUILD)/%.o
	@objcopy -O binary -j '.text*' $< $@.text && sha256sum <$@.text | cut -c1-12 >$@; rm -f $@.text
$(OUT)/map_code.c: $(patsubst %.o,%.code,$(call objects,$(BUILD),$(LINKED))) FORCE
	@mkdir -p $(@D)
	@{ echo '#include "runner/impl_table.h"'; \
	   echo 'const struct rm_map_code rm_map_codes[] = {'; \
	   $(foreach f,$(LINKED),echo "	{ \"$(notdir $(basename $(f)))\", \"$$(cat $(BUILD)/$(basename $(f)).code)\" },";) \
	   echo '	{ NULL, NULL },'; \
	   echo '};'; } >$@$(NEW)
	@cmp -s $@$(NEW) $@ && rm $@$(NEW) || mv $@$(NEW) $@

$(OUT)/readmostly: $(BUILD)/runner/main.o $(OBJS) | $(OUT)/libreadmostly_quarantine.so
	$(call link,$^ $(LDLIBS))

# What `readmostly check` loads before malloc; a sanitizer has its own.
$(OUT)/libreadmostly_quarantine.so: runner/check/quarantine/library.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(SAY)$(CC) $(filter-out $(SANITIZE),$(ALL_CFLAGS)) $(reads) -fPIC -shared -o $@$(NEW) $< && mv $@$(NEW) $@
-include $(wildcard $(OUT)/libreadmostly_quarantine.so.d)

# The stats build: maps and the measured loop again, with the counts of
# runner/stat.h, and the same program around them. `measure = causes` runs it.
# Its allocations are counted, too, but by a sanitizer's own malloc.
# A build that counts anyway (sanitizers: one set of maps) is its own. Counts are
# the source's, so operations are called (runner/map.h): a third of the time.
# gcc cannot see there that a value of 8 bytes is never read as one of 24.
STATS_FLAGS := -DRM_STATS -DRM_CALLED -g1 $(if $(findstring clang,$(CC)),,-Wno-maybe-uninitialized)
STATS_LINKED := $(call named,$(STATS_MAPS))
ifneq ($(findstring -DRM_STATS,$(OPT)),)
STATS_OBJS := $(OBJS)
else
STATS_SOURCES := $(wildcard runner/trial/*_stats.c) \
  $(filter-out %_stats.c,$(wildcard runner/trial/*.c))
STATS_SOURCES := $(filter-out $(if $(SANITIZE),%/allocations_stats.c,%/allocations.c),$(STATS_SOURCES))
STATS_OBJS := $(call objects,$(BUILD)/stats,$(STATS_SOURCES) $(STATS_LINKED)) \
  $(OUT)/stats/impl_table.o $(filter-out $(OUT)/impl_table.o $(call objects,$(BUILD), \
  $(LINKED) $(STATS_SOURCES) runner/trial/allocations.c),$(OBJS))
endif

$(BUILD)/stats/%.o: %.c $(BUILD)/flags $(BUILD)/side-flags
	@mkdir -p $(@D)
	$(SAY){ $(CC) $(ALL_CFLAGS) $(SIDE_OPT) $(call headers,$<) $(STATS_FLAGS) -MMD -MP -c -o $@ $< 2>$@.warned; \
	  status=$$?; cat $@.warned >&2; exit $$status; }

$(BUILD)/stats/%.o: %.cc $(BUILD)/cxx-flags $(BUILD)/side-flags
	@mkdir -p $(@D)
	$(SAY_CXX){ $(CXX) $(ALL_CXXFLAGS) $(SIDE_OPT) $(call headers,$<) $(STATS_FLAGS) -MMD -MP -c -o $@ $< 2>$@.warned; \
	  status=$$?; cat $@.warned >&2; exit $$status; }

# What clang says of these and of the simulated maps, without an object:
# -emit-llvm-only ends before the optimizer, behind the last that warns.
.PHONY: side-warnings
side-warnings: $(patsubst %.o,%.warned,$(call objects,$(BUILD)/side-stats,$(IMPLS)))
warns = { $(1) -O0 -Xclang -emit-llvm-only -MMD -MP -MF $@.d -MT $@ -c $< 2>$@; \
	  status=$$?; cat $@ >&2; [ $$status = 0 ] || rm $@; exit $$status; }
$(BUILD)/side-stats/%.warned: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(SAY)$(call warns,$(CC) $(ALL_CFLAGS) $(call headers,$<) $(STATS_FLAGS))
$(BUILD)/side-stats/%.warned: %.cc $(BUILD)/cxx-flags
	@mkdir -p $(@D)
	$(SAY_CXX)$(call warns,$(CXX) $(ALL_CXXFLAGS) $(call headers,$<) $(STATS_FLAGS))

all: $(if $(NO_STATS),,$(OUT)/readmostly-stats)
$(OUT)/readmostly-stats: $(BUILD)/runner/main.o $(STATS_OBJS)
	$(call link,$^ $(LDLIBS))

# Programs for other sizes of keys and values (docs/adr/0030): readmostly-x1024
# has values of 1,024 bytes, readmostly-x24 long keys. Maps that say .value_most,
# and all that knows the length of a value, compiled once more. Built where
# X1024_MAPS='IDS' asks for them, as `make bench` does for a mode that needs them.
# SIZED_FLAGS='-O1 -DRM_CALLED' is for who asks whether they are right and not
# how fast they are: objects of their own, in a quarter of the time.
SIZES         := 24 64 256 1024
SIZED_FLAGS   ?=
SIZED_AS      := $(if $(SIZED_FLAGS),called-)
SIZED_IMPLS   := $(shell grep -l '\.value_most *=' $(IMPLS) /dev/null) $(IMPL)
SIZED_SOURCES := $(filter-out %_stats.c,$(wildcard runner/trial/*.c)) $(wildcard runner/check/*.c runner/trace/*.c) \
  runner/impl_find.c $(addprefix runner/cli/,check.c dump.c replay.c)
.PHONY: sizes
sizes:  ## programs for other sizes of keys and values, of all maps that offer them
	@$(MAKE) --no-print-directory $(foreach s,$(SIZES),X$(s)_MAPS='$(notdir $(basename $(SIZED_IMPLS)))') \
	  $(SIZES:%=$(OUT)/readmostly-x%)

define sized_program # BYTES
X$(1)_LINKED = $$(filter $$(SIZED_IMPLS),$$(call named,$$(X$(1)_MAPS)))
X$(1)_OBJS = $$(call objects,$$(BUILD)/$(SIZED_AS)x$(1),$$(SIZED_SOURCES) $$(X$(1)_LINKED)) $$(OUT)/x$(1)/impl_table.o \
  $$(filter-out $$(OUT)/impl_table.o $$(call objects,$$(BUILD),$$(LINKED) $$(SIZED_SOURCES)),$$(OBJS))
$$(OUT)/x$(1)/impl_table.c: FORCE
	$$(call write_table,$$@,$$(X$(1)_LINKED))
$$(OUT)/x$(1)/impl_table.o: %.o: %.c
	$$(SAY)$$(CC) $$(ALL_CFLAGS) -DRM_SIZED=$(1) -c -o $$@ $$<
$$(BUILD)/$(SIZED_AS)x$(1)/%.o: %.c $$(BUILD)/flags
	@mkdir -p $$(@D)
	$$(SAY)$$(CC) $$(ALL_CFLAGS) $$(call headers,$$<) -DRM_SIZED=$(1) $(SIZED_FLAGS) -MMD -MP -c -o $$@ $$<
$$(BUILD)/$(SIZED_AS)x$(1)/%.o: %.cc $$(BUILD)/cxx-flags
	@mkdir -p $$(@D)
	$$(SAY_CXX)$$(CXX) $$(ALL_CXXFLAGS) $$(call headers,$$<) -DRM_SIZED=$(1) $(SIZED_FLAGS) -MMD -MP -c -o $$@ $$<
$$(OUT)/readmostly-x$(1): $$(BUILD)/runner/main.o $$(X$(1)_OBJS)
	$$(call link,$$^ $$(shell $$(PKG) --libs $$(LIBRARIES) $$(sort $$(foreach f,$$(X$(1)_LINKED),$$(call needs,$$(f))))) -lm -ldl)
endef
$(foreach s,$(SIZES),$(eval $(call sized_program,$(s))))

# What a mode runs: the programs that have no map are left out.
programs: $(foreach s,$(SIZES),$(if $(X$(s)_LINKED),$(OUT)/readmostly-x$(s))) $(OUT)/readmostly $(if $(STATS_LINKED),$(OUT)/readmostly-stats) \
  $(if $(call named,$(SIM_MAPS)),$(OUT)/readmostly-sim)

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
	   echo "const char *const rm_build_libraries = \"$$(for l in $(LIBRARIES) $(MAP_LIBS); do printf '%s %s, ' $$l $$($(PKG) --modversion $$l); done)\";"; \
	   echo "const char *const rm_build_commit = \"$${RM_COMMIT:-$$(git rev-parse -q --verify HEAD || echo unknown)}\";"; \
	   echo "const int rm_build_dirty = $${RM_DIRTY:-$$([ -z "$$(git status --porcelain 2>/dev/null)" ] && echo 0 || echo 1)};"; } >$@$(NEW)
	@cmp -s $@$(NEW) $@ && rm $@$(NEW) || mv $@$(NEW) $@

$(BUILD)/build_info.o: $(BUILD)/build_info.c
	$(SAY)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# Objects are made again when the compiler or its flags change, not when the
# Makefile does: of the stats, of simulated maps (sim.mk), and of a map from outside
# by what it alone is compiled with.
stamp      = @mkdir -p $(@D) && { printf '%s\n' $(call quoted,$(1)) | cmp -s - $@ || printf '%s\n' $(call quoted,$(1)) >$@; }
version    = $(shell $(1) --version 2>/dev/null | head -n 1)
$(BUILD)/flags: FORCE
	$(call stamp,$(CC) $(ALL_CFLAGS) by $(call version,$(CC)))
$(BUILD)/cxx-flags: FORCE
	$(call stamp,$(CXX) $(ALL_CXXFLAGS) by $(call version,$(CXX)))
$(BUILD)/side-flags: FORCE
	$(call stamp,$(SIDE_OPT) $(STATS_FLAGS))
$(BUILD)/%.impl-flags: FORCE
	$(call stamp,$(IMPL_FLAGS))
$(foreach f,$(basename $(filter %.c %.cc,$(IMPL))),$(eval $(BUILD)/$(f).o $(BUILD)/sim/$(f).s: $(BUILD)/$(f).impl-flags))

# What the compiler warned of is kept: compilers.sh builds nothing twice for it.
$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(SAY){ $(CC) $(ALL_CFLAGS) $(call headers,$<) $(if $(filter $<,$(IMPL)),$(IMPL_FLAGS)) -MMD -MP -c -o $@ $< 2>$@.warned; \
	  status=$$?; cat $@.warned >&2; exit $$status; }

$(BUILD)/%.o: %.cc $(BUILD)/cxx-flags
	@mkdir -p $(@D)
	$(SAY_CXX){ $(CXX) $(ALL_CXXFLAGS) $(call headers,$<) $(if $(filter $<,$(IMPL)),$(IMPL_FLAGS)) -MMD -MP -c -o $@ $< 2>$@.warned; \
	  status=$$?; cat $@.warned >&2; exit $$status; }

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
	@{ echo '#include "runner/impl_table.h"'; \
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
REGRESS_ARMS := $(foreach arm,base copy head,$(REGRESS_AT)-$(arm)/readmostly)
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
include runner/sim/sim.mk
include tests/tests.mk
