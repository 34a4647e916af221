# SPDX-License-Identifier: Apache-2.0
# Readmostly. `make help` lists the targets.
# CC and CXX are one command each: CC names the folder of the build, and scripts call it.
hash    := \#
one      = $(if $(filter default undefined,$(origin $(1))),$(2),$(if $(word 2,$($(1))),$(error $(1)=$($(1)): expected one command. \
  A script can hold these words: printf '%s\n' '$(hash)!/bin/sh' 'exec $($(1)) "$$@"' >/tmp/$(1); chmod +x /tmp/$(1); \
  make $(1)=/tmp/$(1) (or in another folder)),$(if $(shell command -v $($(1))),$($(1)),$(error $(1)=$($(1)): no such \
  command: expected a compiler, such as $(1)=$(2)))))
CC      := $(call one,CC,gcc)
CLANG   := $(findstring clang,$(shell $(CC) --version 2>/dev/null))
CXX     := $(call one,CXX,$(if $(CLANG),clang++,g++))
# Variables have upper-case names. Without this check, mode=quick would be ignored.
$(foreach v,mode set map maps workload ids args a b build deps out impl hide base head cell,$(if $(filter command,$(origin $(v))),\
  $(error $(v)=$($(v)): expected upper case: $(shell echo $(v) | tr a-z A-Z)=$($(v)))))
# So would a misspelt variable, such as MOD=smoke.
given   := $(foreach v,$(.VARIABLES),$(if $(filter command,$(origin $(v))),$(v)))
MISSPELT := $(if $(given),$(shell python3 runner/misspelt.py $(given)))
$(if $(MISSPELT),$(error $(firstword $(MISSPELT))=$($(firstword $(MISSPELT))): no such variable: did you mean \
  $(lastword $(MISSPELT))? `make help` lists variables))
# Inherited variables that change results or output do not reach recipes (runner/base/environment.def).
of_kind  = $(subst *,%,$(shell sed -n 's/^$(1)("\(.*\)").*/\1/p' runner/base/environment.def))
unexport $(filter-out $(call of_kind,KEPT) LC_ALL,$(filter $(call of_kind,UNWANTED),$(.VARIABLES)))
export LC_ALL := C.UTF-8
# Variables with such general names come from the command line. In the environment they may belong to another tool, such
# as BUILD=18 of a CI server. Our scripts pass theirs in the environment (runner/base/environment.sh).
GENERAL := A ARGS B BAD BASE BUILD CELL CORPUS GOOD HEAD HIDE ID IMPL IMPL_FLAGS LOCK MAP MAPS MODE NEEDED NODES OPT \
  OUT PARTITION PLAN SANITIZE SET SHAPES V WHY WORK WORKLOAD
$(if $(RM_SCRIPT),,$(foreach v,$(GENERAL),$(if $(filter environment,$(origin $(v))),$(warning ignores $(v)=$($(v)) \
  of the environment: to use it, run make $(v)=$($(v)))$(eval undefine $(v)))))
BUILD   ?= build/$(notdir $(CC))
$(if $(findstring :,$(CURDIR)$(BUILD)),$(error "$(if $(findstring :,$(CURDIR)),$(CURDIR),BUILD=$(BUILD))": expected \
  a folder whose path has no colon. Rules of make and lists of folders end a name there. Move it))

# DWARF 4: valgrind 3.19 does not read clang 14's DWARF 5. Without -fvar-tracking gcc takes a third less time for the
# same machine code. With SOURCE_DATE_EPOCH, set for packages, no output depends on the folder of the build.
OPT     ?= -O2 -g -gdwarf-4
DEBUG   := $(if $(CLANG),,-fno-var-tracking -fno-var-tracking-assignments -gno-statement-frontiers) \
  $(if $(SOURCE_DATE_EPOCH),'-ffile-prefix-map=$(CURDIR)=.')
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes $(if $(CI),-Werror)
# Fixed alignment: without it an unrelated edit moves results by 1.9 % (docs/adr/0008). No jump tables: check-dispatch
# reads every indirect jump.
ALIGN   := -falign-functions=64 -falign-loops=32 $(if $(CLANG),,-falign-jumps=32) -fno-jump-tables
CFLAGS  ?= $(OPT) $(ALIGN) $(SANITIZE)
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -I. -pthread $(WARN) $(CFLAGS) $(DEBUG)
# C++23 is the first to have <stdatomic.h>. g++ warns about members that a table of operations leaves out.
ALL_CXXFLAGS = -std=gnu++2b -D_GNU_SOURCE -I. -pthread $(CFLAGS) $(DEBUG) \
  $(filter-out -Wstrict-prototypes -Wmissing-prototypes,$(WARN)) -Wno-missing-field-initializers
LIBRARIES := hwloc inih jansson zlib
PYTHON  ?= $(shell report/find_python.sh 2>/dev/null)

# IMPL=path/to/map.c or map.cc adds a map from outside the tree, compiled with IMPL_FLAGS. HIDE='NAMES' hides these
# libraries from the build, HIDE=peers the group `peers` of .ci/packages. OUT is the folder of programs; targets
# campaign and artifact write to another OUT.
PLACE   := $(or $(if $(filter campaign artifact,$(MAKECMDGOALS)),,$(OUT)),$(BUILD))
PROGRAMS = $(PLACE)/maps
T       := $(BUILD)/tests
HIDDEN  := $(if $(filter peers,$(HIDE)),$(shell sed -n 's/^peers [^ ]* \(wanted\|unpacked\) //p' .ci/packages),$(HIDE))
dead_link = -maxdepth 0 -xtype l -printf '%p is a symbolic link to %l: No such file or directory: make the target, or \
  remove the link (rm %p)\n' -quit 2>/dev/null
# All builds share the caches of Go and cargo, and the files for pkg-config (.ci/pc).
KEPT    := $(if $(shell mkdir -p build 2>/dev/null && [ -w build ] && echo yes),build,$(BUILD))
$(if $(or $(filter help report,$(MAKECMDGOALS)),$(shell mkdir -p $(BUILD) 2>/dev/null && [ -w $(BUILD) ] && echo yes)),,\
  $(error $(BUILD): $(or $(shell find build $(BUILD) $(dead_link)),$(shell id -un) cannot write there \
  ($(shell stat -c 'owner of %n: %U' $(BUILD) build . 2>/dev/null | head -n 1)): run make as the owner), \
  or build elsewhere: make BUILD=/tmp/readmostly))
# Damaged outputs are made again, except by make -n, -q and -t.
PRETEND := $(strip $(foreach flag,n q t,$(findstring $(flag),$(filter-out --%,$(firstword -$(MAKEFLAGS))))))
UNABLE  := $(if $(PRETEND)$(filter clean help,$(MAKECMDGOALS)),,$(shell bash -p runner/damaged.sh $(BUILD) $(PLACE)))
$(if $(UNABLE),$(error $(UNABLE)))
# GO=/path/to/go adds the maps go_other_X, compiled by it (impls/languages.mk).
$(if $(GO),$(if $(shell GO='$(GO)' impls/go/find_go.sh other),,$(error GO=$(GO): expected the path of a Go compiler, 1.19 or newer)))
PC      := GO='$(GO)' PKG_CONFIG_PATH='$(shell GO='$(GO)' .ci/pc $(CC) $(CXX) $(KEPT))':$$PKG_CONFIG_PATH
PKG     := $(PC) pkg-config
# Looked up before the first object of a build is compiled.
LACKING  = $(eval LACKING := $(foreach l,$(LIBRARIES),$(if $(shell $(PKG) --exists $(l) 2>/dev/null && echo yes),,$(l))))$(LACKING)
need_libraries = $(if $(LACKING),$(error pkg-config $(if $(shell command -v pkg-config),does not find $(LACKING),is missing): run \
  `make deps`, or install $(shell awk '$$1 == "build" && $$3 == "needed" && !/python/ { print $$2 }' .ci/packages)$(if \
  $(PKG_CONFIG_LIBDIR),$(comma) or unset PKG_CONFIG_LIBDIR=$(PKG_CONFIG_LIBDIR))))

$(foreach f,$(IMPL),$(if $(wildcard $(f))$(IMPL_MAKE),,$(error IMPL=$(f): no such file: expected the source of a map \
  (FILE.c or FILE.cc; docs/guide/your-map.md) or FILE.so)))

# All maps, as ID|SOURCE|STATE|NEEDS (impls/names.sh). MAP_id, STATE_id and NEEDS_id are the source without its end,
# its states and its libraries. A map is built if pkg-config knows each library on its `needs:` line.
comma   := ,
define map # ID, SOURCE, STATES, NEEDS
MAP_$(1) := $(basename $(2))
STATE_$(1) := $(subst $(comma), ,$(3))
NEEDS_$(1) := $(subst :, ,$(filter-out -,$(4)))
endef
NAMES   := $(shell $(PC) impls/names.sh $(PLACE)/maps/names.tsv '$(HIDDEN)' $(filter-out %.so,$(IMPL)))
$(foreach name,$(NAMES),$(eval f := $(subst |, ,$(subst ||,|-|,$(name)|)))\
  $(eval $(call map,$(word 1,$(f)),$(word 2,$(f)),$(word 3,$(f)),$(word 4,$(f)))))
ALL_IDS := $(foreach name,$(NAMES),$(firstword $(subst |, ,$(name))))
near     = $(shell python3 -c 'import difflib, sys; print(*difflib.get_close_matches(sys.argv[1], sys.argv[2:], 1))' \
  '$(subst ','\'',$(1))' $(ALL_IDS) 2>/dev/null)
no_map   = no map is called $(1)$(if $(near), (did you mean $(near)?))
with     = $(foreach id,$(ALL_IDS),$(if $(filter $(1),$(STATE_$(id))),$(id)))
BUILT   := $(call with,built)
FOREIGN := $(filter $(call with,language),$(BUILT))
NATIVE  := $(filter-out $(FOREIGN),$(BUILT))
SIZED   := $(filter $(call with,sized) $(notdir $(basename $(IMPL))),$(NATIVE))
SIZES   := 24 64 256 1024
# Flavours that compile their own objects, except for code without keys and values.
APART   := $(SIZES:%=x%) placed $(SIZES:%=placed-x%)
SOURCES := $(foreach id,$(NATIVE),$(wildcard $(MAP_$(id)).c $(MAP_$(id)).cc))
objects  = $(patsubst %,$(1)/%.o,$(basename $(2)))
# Headers of a map's libraries are system headers, since their warnings are not ours.
needs    = $(NEEDS_$(basename $(notdir $<)))
headers  = $(if $(needs),$(patsubst -I%,-isystem %,$(shell $(PKG) --cflags $(needs))))
# An adapter for readmostly.h gets the measured loop from a header.
ADAPTERS := $(if $(IMPL),$(shell grep -lE '^ *# *include *[<"]([^>"]*/)?readmostly\.h[>"]' $(filter %.c %.cc,$(IMPL))))
impl_flags = $(if $(filter $<,$(IMPL)),$(IMPL_FLAGS)) $(if $(filter $<,$(ADAPTERS)),-DFOREIGN_ID='"$(basename $(<F))"' \
  -DFOREIGN_IMPL=rm_impl_$(subst -,_,$(basename $(<F))) -include runner/foreign_loop.h -idirafter runner \
  -Wno-missing-field-initializers)
path_of  = $(shell $(PKG) --variable=path $(1))
version_of = $(shell $(PKG) --modversion $(1))

# On a full disk a recipe fails with half of its file written.
.DELETE_ON_ERROR:
# Keeps the objects of tests, which make would delete as intermediate files.
.SECONDARY:
.SUFFIXES:
.PHONY: FORCE
%.o: %.s

# `step` starts a recipe: it prints a short line (V=1: the commands) and makes the folder. A file
# has another name until it is complete, because tests may run the old program and two makes may
# write one file.
step = $(if $(V),,@printf '  %-6s %s\n' $(1) '$@' && )mkdir -p $(@D) &&
NEW := .$$PPID.new
into = -o $@$(NEW) $(1) && { [ ! -e $@.d$(NEW) ] || mv $@.d$(NEW) $@.d; } && mv $@$(NEW) $@
link = $(call step,LINK) $(CC) $(ALL_CFLAGS) $(call into,$(1))
replace = { cmp -s $@$(NEW) $@ && rm $@$(NEW) || mv $@$(NEW) $@; }

# ---- targets for users -------------------------------------------------------
# Variables from the command line reach scripts through the environment.
RUN = CC='$(CC)' BUILD=$(BUILD)
.PHONY: all maps bench crossover flamegraph campaign report artifact deps deps-peers man install dist help clean
.PHONY: articles claims peers production schemas regress regress-arms regress-exact regress-bisect

##@ Build and measure
all: $(PLACE)/readmostly author maps  ## build all programs that this machine supports
	@$(foreach id,$(call with,missing),echo "skip: $(id) needs $(NEEDS_$(id))";)

bench:  ## measure and report (smoke: 4 min, quick: 11): MODE=smoke|quick|standard|full SET=articles|claims|peers|production MAPS=ids
	@$(RUN) runner/bench.sh $(ARGS)

crossover:  ## find where the ranking of two maps flips: A=map B=map MODE=quick|standard
	@$(RUN) runner/answer.sh crossover "$$A" "$$B" $(ARGS)

flamegraph:  ## draw sampled stacks of one trial as SVG: MAP=map WORKLOAD=name|file ARGS='--set threads=2'
	$(if $(filter-out $(ALL_IDS),$(MAP)),$(error MAP=$(MAP): $(call no_map,$(MAP)): expected an id \
	  that $(BUILD)/readmostly dev list prints))
	@$(RUN) runner/flamegraph.sh "$$MAP" "$$WORKLOAD" $(ARGS)

man: $(BUILD)/readmostly  ## write man pages and shell completion to build/man
	@runner/manual.sh $< build/man

campaign:  ## run one plan on several machines: NODES=n1,n[3-5] | PARTITION= CONSTRAINT= | MACHINES=file MODE= SET= PLAN=1
	@runner/fleet/campaign.sh $(ARGS)

report:  ## write the report again: CAMPAIGN=results/...
	@[ -d "$${CAMPAIGN:=results/latest}" ] || { find results "$$CAMPAIGN" $(dead_link) | sed 's/^/report: /' | grep . || \
	  echo "report: CAMPAIGN=$$CAMPAIGN: expected the folder of a campaign (\`ls results\`); make bench makes one"; \
	  exit 2; } >&2
	@.ci/deps build
	@. runner/base/environment.sh && find_python && "$$python" -m report "$${CAMPAIGN:-results/latest}"

artifact: $(BUILD)/readmostly  ## pack campaigns, sources and environment into one file: CAMPAIGNS='results/a results/b' OUT=FILE
	@$(RUN) CXX='$(CXX)' runner/artifact.sh "$${OUT:-build/artifact.tar.gz}" $$CAMPAIGNS

articles claims peers production:
	@echo 'make $@: sets of workloads are measured by make bench: expected make bench SET=$@' >&2; exit 2

schemas: $(PLACE)/readmostly
	$(BUILD)/readmostly dev describe --schema >docs/cell.schema.json
	$$(report/find_python.sh) -m report.schemas

##@ Compare two commits
# docs/method/gate.md: base from git into build/regress-base, a second real copy of it for the A/A control, head from this
# tree. LOCK is held until the end, so that no other run rebuilds what this one measures.
LOCK ?= build/regress.lock
REGRESS_AT := build/regress$(if $(IMPL),-their)
arms_of = $(RUN) LOCK=$(LOCK) runner/regress_arms.sh "$$BASE"
regress:  ## compare the time of head with base: BASE=ref IMPL=their/map.c
	@$(arms_of) env REF="$$BASE" NOTES=$(REGRESS_AT)-notes $(if $(IMPL),PLAN=$(REGRESS_AT)-plan) \
	  runner/regress.sh $(foreach arm,base copy head,$(REGRESS_AT)-$(arm)/maps) $(ARGS)

regress-arms:
	@$(arms_of)

regress-exact:  ## compare simulated counts of head with base, without noise: BASE=ref HEAD=ref MAPS=ids IMPL=their/map.c
	@$(RUN) runner/regress_exact.sh "$$BASE" "$$HEAD" $(ARGS)

regress-bisect:  ## find the commit that made a cell fail: GOOD=ref BAD=ref CELL=MAP/nKEYS/KIND/tN JUDGE=exact|time
	@CC='$(CC)' PYTHON='$(PYTHON)' runner/regress_bisect.sh "$$GOOD" "$$BAD" "$$CELL"

##@ Set up
deps:  ## install missing packages (Debian, Ubuntu); DEPS=no: no target installs any
	@rm -f build/deps-given-up
	@.ci/deps build test && .ci/unpack build

deps-peers:  ## install the libraries of peers
	@rm -f build/deps-given-up
	@.ci/deps peers && .ci/unpack peers

PREFIX ?= /usr/local
# Checked before the build, which takes minutes.
$(if $(and $(filter install,$(MAKECMDGOALS)),$(filter-out /%,$(PREFIX))),$(error PREFIX=$(PREFIX): expected an \
  absolute path: make install PREFIX=$(CURDIR)/$(PREFIX)))
$(if $(PRETEND),,$(if $(filter install,$(MAKECMDGOALS)),$(if $(shell mkdir -p '$(DESTDIR)$(PREFIX)/bin' 2>&1 && \
  { [ -w '$(DESTDIR)$(PREFIX)/bin' ] || echo no; }),$(error PREFIX=$(PREFIX): $(shell id -un) cannot write to \
  $(DESTDIR)$(PREFIX): run make as another user, or choose another folder: make install PREFIX=$$HOME/.local))))
install: $(PLACE)/readmostly author  ## install commands, maps of the modes, report, documents: PREFIX=/usr/local DESTDIR=
	@$(RUN) runner/install.sh '$(DESTDIR)$(PREFIX)'

dist:  ## write the source archive of HEAD, with the same bytes each time: build/readmostly-VERSION.tar.gz
	@runner/dist.sh

clean:  ## remove everything built
	rm -rf build

.DEFAULT:
	@[ -e '$@' ] || { echo 'make: no target and no file $@: `make help` prints the targets' >&2; exit 2; }

help:  ## print this list
	@sed -n 's/^##@ \(.*\)/\n\1/p; s/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile verify/verify.mk tests/tests.mk | \
	  expand -t 24

# ---- maps/FLAVOUR/ID: the map's object and the archive of the flavour -------
CORE     := $(wildcard $(addprefix runner/,base/*.c protocol/*.c machine/*.c counters/*.c)) runner/impl_words.c
CORE     := $(filter-out %_helper.c,$(CORE))
TABLES   := $(addprefix $(BUILD)/,events_tsv.o cpus_tsv.o)
# Compiler and flags, in each program.
MARK     := $(BUILD)/build_mark.o
TRIAL    := $(filter-out %_stats.c,$(wildcard runner/trial/*.c)) \
            $(wildcard runner/trace/*.c runner/map_program/*.c) verify/check/pause.c
# Sources of TRIAL whose code depends on RM_STATS. A sanitizer replaces malloc itself.
COUNTING := $(shell grep -lE 'RM_(STATS?|EVENT|SEARCH|LOCK)_' runner/trial/*.c) \
  $(if $(SANITIZE),,$(wildcard runner/trial/*_stats.c))
core      = $(call objects,$(BUILD),$(CORE)) $(TABLES) $(MARK)

$(BUILD)/%.a:
	@rm -f $@$(NEW) && ar rcsT $@$(NEW) $(filter %.o,$^) && mv $@$(NEW) $@
$(BUILD)/plain.a: $(call objects,$(BUILD),$(TRIAL)) $(core)
$(BUILD)/stats.a: $(call objects,$(BUILD)/stats,$(COUNTING)) $(core) \
  $(call objects,$(BUILD),$(filter-out $(COUNTING) $(if $(SANITIZE),,%/allocations.c),$(TRIAL)))
$(foreach f,$(APART),$(eval $(BUILD)/$(f).a: $(call objects,$(BUILD)/$(f),$(TRIAL)) $(core)))

# A verdict with text is the reason why the map is not simulated. ID.no then contains it, and the
# program is an empty file that is never started. $(1) runs before the program has its name.
BASE_LIBS := $(shell $(PKG) --libs hwloc jansson zlib 2>/dev/null) -lm -ldl
verdict    = $(filter %.verdict,$^)
link_map   = $(call step,LINK) rm -f $@.no && if [ -s '$(verdict)' ]; then cp $(verdict) $@.no && : >$@; else \
  $(CC) -pthread $(SANITIZE) -o $@$(NEW) $(filter %.o,$^) -Wl,--as-needed \
  -Wl,-u,rm_build_mark,--defsym=rm_this_map=rm_impl_$(subst -,_,$(@F)) $(filter %.a,$^) \
  $(if $(NEEDS_$(@F)),$(shell $(PKG) --libs $(NEEDS_$(@F)))) $(BASE_LIBS) && $(1) mv $@$(NEW) $@; fi
# Stored counts are valid for code with the same hash, which is taken before the map is linked (docs/adr/0014).
describe   = objcopy -O binary -j '.text*' $(filter %.o,$^) $@.text$(NEW) && \
  $@$(NEW) describe "$$(sha256sum <$@.text$(NEW) | cut -c1-12)" >$@.out$(NEW) && \
  runner/seal.sh <$@.out$(NEW) >$@.json$(NEW) && rm $@.text$(NEW) $@.out$(NEW) && mv $@.json$(NEW) $@.json &&

# aa: the same objects after the padding of runner/aa_padding.c, for the A/A control (docs/adr/0059).
AA      := $(BUILD)/runner/aa_padding.o
CONTROL := $(filter $(shell sed -n 's/^control *= *//p' workloads/*.conf workloads/modes/*.conf),$(NATIVE))
# `make check-programs` builds all programs of a flavour. `make programs NEEDED='FLAVOUR/ID ...'` builds the programs
# that a plan names, and the plain programs of these maps, whose descriptions `readmostly` reads.
ids_of = $(if $(filter plain placed,$(1)),$(BUILT),$(if $(filter x% check-x% placed-x%,$(1)),$(SIZED) $(if $(filter x%,$(1)),$(filter go_%,$(FOREIGN))),\
  $(NATIVE) $(if $(filter check explore,$(1)),library)))
FLAVOURS := plain aa stats check sim explore $(APART) $(SIZES:%=check-x%)
can = $(addprefix $(1)/,$(call ids_of,$(1)))
.PHONY: programs sizes $(FLAVOURS:%=%-programs)
$(foreach id,$(filter-out library $(ALL_IDS),$(notdir $(NEEDED))),$(error NEEDED=$(NEEDED): $(call no_map,$(id)): \
  expected FLAVOUR/ID of a map in impls/, or also IMPL=FILE))
maps: plain-programs $(addprefix $(PROGRAMS)/aa/,$(CONTROL))
sizes: $(SIZES:%=x%-programs)
$(foreach f,$(FLAVOURS),$(eval $(f)-programs: $(addprefix $(PROGRAMS)/,$(call can,$(f)))))
# A plan may name a size that a map does not have, but no unknown map or flavour.
unknown = $(strip $(foreach n,$(NEEDED),$(if $(and $(filter $(FLAVOURS),$(patsubst %/,%,$(dir $n))),$(filter $(ALL_IDS) library,$(notdir $n))),,$n)))
$(if $(filter programs,$(MAKECMDGOALS)),$(if $(unknown),$(error NEEDED=$(firstword $(unknown)): expected FLAVOUR/ID with a \
  flavour of $(FLAVOURS) and an id that `readmostly dev list` prints)))
programs: $(PLACE)/readmostly $(addprefix $(PROGRAMS)/,$(filter $(foreach f,$(FLAVOURS),$(call can,$(f))), \
  $(NEEDED) $(addprefix plain/,$(filter-out $(notdir $(basename $(IMPL))),$(notdir $(NEEDED))))))
	@$(foreach id,$(sort $(filter $(call with,missing),$(notdir $(NEEDED)))),echo "skip: $(id) needs $(NEEDS_$(id)): \
	  \`make deps\`, or for a peer \`make deps-peers\`, installs it" >&2;)

# ---- readmostly: no map ----------------------------------------------------
RUNNER := $(wildcard $(addprefix runner/,catalog/*.c plan/*.c campaign/*.c cli/*.c trace/*.c sim/model/*.c))
RUNNER := $(filter-out %/record.c %/play.c,$(CORE) $(RUNNER)) \
          runner/campaign/play.c runner/campaign/record.c runner/trial/kernel.c
GENERATED := $(TABLES) $(MARK) $(addprefix $(BUILD)/,build_info.o sim_machines.o facts.o)
OBJS   := $(call objects,$(BUILD),$(RUNNER)) $(GENERATED)
LDLIBS  = $(shell $(PKG) --libs $(LIBRARIES)) -lm -ldl
$(PLACE)/readmostly: $(BUILD)/runner/main.o $(OBJS)
	$(call link,$^ $(LDLIBS))
# GPL-3.0-or-later, so a separate program: liblikwid is loaded only with dlopen.
LIKWID_C := $(wildcard runner/counters/*_helper.c)
all programs: $(if $(LIKWID_C),$(PLACE)/readmostly-likwid)
$(PLACE)/readmostly-likwid: $(call objects,$(BUILD),$(LIKWID_C))
	$(call link,$^ -ldl)

# The origin of the binary, rewritten only if it differs (runner/origin.sh).
COMPILER := $(if $(CLANG),clang,gcc) $(shell $(CC) -dumpfullversion 2>/dev/null || $(CC) -dumpversion)
ALL_LIBRARIES = $(LIBRARIES) $(sort $(foreach id,$(BUILT),$(NEEDS_$(id))))
$(BUILD)/build_info.c: FORCE
	@mkdir -p $(@D); libraries=$$(for l in $(ALL_LIBRARIES); do printf '%s %s, ' $$l $$($(PKG) --modversion $$l); done); \
	 origin=$$(runner/origin.sh); commit=$${origin% *} dirty=$${origin#* }; \
	 { echo '#include "runner/base/build_info.h"'; \
	   echo "const char *const rm_build_libraries = \"$$libraries\";"; \
	   echo "const char *const rm_build_commit = \"$$commit\";"; \
	   echo "const int rm_build_dirty = $$dirty;"; } >$@$(NEW); $(replace)
c_flags  = $(subst ','\'',$(subst ",\",$(subst \,\\,$(CFLAGS))))
$(MARK:.o=.c): FORCE
	@mkdir -p $(@D); printf '%s\n' '#include "runner/base/build_info.h"' \
	  'const char *const rm_build_compiler = "$(COMPILER)";' 'const char *const rm_build_flags = "$(c_flags)";' \
	  'const char rm_build_mark[] = RM_BUILD_MARK "$(COMPILER) $(strip $(c_flags))";' >$@$(NEW); $(replace)

# Tables compiled into the binary, so that an installed binary finds them: events and CPUs, fact
# sheets of libraries' maps, simulated machines.
$(TABLES:.o=.c): $(BUILD)/%_tsv.c: runner/counters/%.tsv
	@mkdir -p $(@D)
	@{ echo 'extern const unsigned char rm_$*_tsv[];'; echo 'const unsigned char rm_$*_tsv[] = {'; \
	   od -An -v -tx1 $< | sed 's/ \(..\)/0x\1,/g'; echo '0 };'; } >$@$(NEW) && mv $@$(NEW) $@
text_table = @mkdir -p $(@D) && { echo '\#include "$(1)"'; echo 'const struct $(2)[] = {'; \
  for f in $^; do n=$${f\#\#*/}; echo "{ \"$${n%.*}\","; sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $$f; echo '},'; done; \
  echo '{ NULL, NULL } };'; } >$@$(NEW) && mv $@$(NEW) $@
$(BUILD)/facts.c: $(sort $(wildcard impls/facts/*.txt))
	$(call text_table,runner/catalog/catalog.h,rm_facts rm_facts_table)
$(BUILD)/sim_machines.c: $(sort $(wildcard runner/sim/machines/*.conf))
	$(call text_table,runner/sim/sim.h,rm_sim_builtin rm_sim_builtins)
$(GENERATED): %.o: %.c
	$(call step,CC) $(CC) $(ALL_CFLAGS) -c $(call into,$<)

# ---- objects -----------------------------------------------------------------
# Objects are rebuilt if the compiler or its flags (IMPL_FLAGS, too) change, not if the Makefile
# does.
stamp   = @mkdir -p $(@D) && printf '%s\n' '$(subst ','\'',$(1))' >$@$(NEW) && $(replace)
COMPILERS := $(foreach compiler,$(CC) $(CXX),by $(shell $(compiler) --version 2>/dev/null | head -n 1))
$(BUILD)/%.impl-flags: FORCE
	$(call stamp,$(IMPL_FLAGS))
$(foreach f,$(basename $(filter %.c %.cc,$(IMPL))),\
  $(eval $(BUILD)/$(f).o $(BUILD)/sim/$(f).s: $(BUILD)/$(f).impl-flags))

# stats: maps and the measured loop with the counts of runner/stat.h (measure = causes). Counts
# depend only on the source, so operations are called (runner/map.h), which takes a third of the
# time. xN: long keys (24) or values of N bytes (docs/adr/0030); SIZED_FLAGS='-O1 -DRM_OUT_OF_LINE' is
# for tests of answers, in a quarter of the time.
STATS_FLAGS := -DRM_STATS -DRM_OUT_OF_LINE -g1 $(if $(CLANG),,-Wno-maybe-uninitialized)
reads = -MMD -MP -MF $@.d$(NEW) -MT $@
compile_c  = $(call step,CC) $(CC) $(ALL_CFLAGS) $(headers) $(impl_flags) $(1) $(reads) -c $(call into,$<)
compile_cc = $(call step,CXX) $(CXX) $(ALL_CXXFLAGS) $(headers) $(impl_flags) $(1) $(reads) -c $(call into,$<)
define compile # FOLDER, FLAGS
$(BUILD)/$(1)flags: FORCE
	$$(need_libraries)$$(call stamp,$$(CC) $$(ALL_CFLAGS) $$(CXX) $$(ALL_CXXFLAGS) $(2) $$(COMPILERS))
$(BUILD)/$(1)%.o: %.c $(BUILD)/$(1)flags
	$$(call compile_c,$(2))
$(BUILD)/$(1)%.o: %.cc $(BUILD)/$(1)flags
	$$(call compile_cc,$(2))
endef
$(eval $(call compile,stats/,$(STATS_FLAGS)))
$(foreach size,$(SIZES),$(eval $(call compile,x$(size)/,-DRM_SIZED=$(size) $(SIZED_FLAGS))))
# placed: string keys that differ in the middle or at the end (key-differs).
$(eval $(call compile,placed/,-DRM_PLACED))
$(foreach size,$(SIZES),$(eval $(call compile,placed-x$(size)/,-DRM_PLACED -DRM_SIZED=$(size) $(SIZED_FLAGS))))
$(eval $(call compile,,))
-include $(sort $(shell find $(BUILD) $(PLACE) -type f -name '*.d' 2>/dev/null))

include impls/interposed/interposed.mk
include impls/languages.mk
include runner/sim/sim.mk
include verify/verify.mk
include tests/tests.mk

# ---- the link rules, whose prerequisites depend on the map -------------------
.SECONDEXPANSION:
# A campaign records the commit of readmostly, so it is never older than a program.
HERE := $(wildcard $(PLACE)/readmostly)
define program # FLAVOUR, IDS, FOLDER of the map's object
$(addprefix $(PROGRAMS)/$(1)/,$(2)): $(PROGRAMS)/$(1)/%: $(BUILD)/$(3)$$$$(MAP_$$$$*).o $(BUILD)/$(1).a \
  $(if $(filter sim/,$(3)),$(SIM)/$$$$(MAP_$$$$*).verdict) | $(HERE) $(if $(filter check%,$(1)),$(PROGRAMS)/$(1)/$(QUARANTINE))
	$$(call link_map,$(if $(filter plain,$(1)),$$(describe)))
endef
$(foreach flavour,plain check,$(eval $(call program,$(flavour),$(NATIVE))))
$(addprefix $(PROGRAMS)/aa/,$(NATIVE)): $(PROGRAMS)/aa/%: $(AA) $(BUILD)/$$(MAP_$$*).o $(BUILD)/plain.a
	$(link_map)
$(foreach flavour,stats placed,$(eval $(call program,$(flavour),$(NATIVE),$(flavour)/)))
$(foreach flavour,sim explore,$(eval $(call program,$(flavour),$(SIM_C),sim/)))
$(foreach n,$(SIZES),$(foreach flavour,x check-x,$(eval $(call program,$(flavour)$(n),$(SIZED),x$(n)/))))
$(foreach n,$(SIZES),$(eval $(call program,placed-x$(n),$(SIZED),placed-x$(n)/)))
