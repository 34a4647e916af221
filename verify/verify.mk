# SPDX-License-Identifier: Apache-2.0
# Programs that test whether a map is correct: flavours check and explore, and the checker of
# recorded histories (verify/README.md).
CHECKING := $(wildcard verify/check/*.c) runner/map_program/this_map.c
HISTORY  := $(filter-out %/program.c,$(wildcard verify/history/*.c))
EXPLORING := $(wildcard verify/explore/*.c) $(addprefix runner/sim/guest/,ctx.c space.c strings.c) \
  $(addprefix verify/check/,foreign.c keyset.c)
$(BUILD)/check.a: $(call objects,$(BUILD),$(CHECKING) $(HISTORY)) $(core)
$(foreach size,$(SIZES),$(eval $(BUILD)/check-x$(size).a: \
  $(call objects,$(BUILD)/x$(size),$(CHECKING) runner/impl_words.c) $(call objects,$(BUILD),$(HISTORY)) $(core)))
$(BUILD)/explore.a: $(call objects,$(BUILD),$(EXPLORING) runner/map_program/this_map.c \
  verify/check/no_open_loop.c $(HISTORY)) $(core)
$(PLACE)/readmostly-history: $(BUILD)/verify/history/program.o $(BUILD)/check.a
	$(call link,$^ $(LDLIBS))

# The library that `readmostly check` loads before malloc; a sanitizer has its own.
QUARANTINE := libreadmostly_quarantine.so
QUARANTINES = $(foreach folder,check $(SIZES:%=check-x%),$(PROGRAMS)/$(folder)/$(QUARANTINE))
$(QUARANTINES): verify/check/quarantine/library.c $(BUILD)/flags
	$(call step,CC) $(CC) $(filter-out $(SANITIZE),$(ALL_CFLAGS)) $(reads) -fPIC -shared $(call into,$<)
$(PROGRAMS)/check/library: $(BUILD)/verify/check/library/library.o $(BUILD)/check.a | $(PROGRAMS)/check/$(QUARANTINE)
	$(link_map)
# Instrumented libraries call functions of this program, some of which have no other caller.
$(PROGRAMS)/explore/library: private BASE_LIBS += -rdynamic
$(PROGRAMS)/explore/library: $(BUILD)/verify/check/library/library.o $(call objects,$(BUILD),$(EXPLORING)) $(BUILD)/explore.a
	$(link_map)

# Commands for authors of other projects' maps, which need a compiler and these files only.
AUTHOR := $(PLACE)/author
AUTHOR_FILES := verify/author/readmostly-check verify/author/readmostly.rs verify/explore/explored.txt \
  runner/readmostly.h runner/sim/names.txt runner/sim/simulatable.sh runner/sim/guest/relax.h
.PHONY: author
author: $(PROGRAMS)/check/library $(PROGRAMS)/explore/library $(PLACE)/readmostly-history $(AUTHOR)/readmostly-explore
$(AUTHOR)/readmostly-explore: $(AUTHOR_FILES)
	@mkdir -p $(@D) && cp $^ $(@D) && ln -sf readmostly-check $@
$(PROGRAMS)/check/library $(PROGRAMS)/explore/library: | $(AUTHOR)/readmostly-explore

##@ Check maps
.PHONY: check-maps test-peers check-dispatch map-objects explore checked test-asan test-tsan bugs test-bugs-sanitized
CHECK_OPS ?= 200000
# Checked before the build, which takes minutes.
$(if $(filter check-maps test-peers,$(MAKECMDGOALS)),\
  $(if $(shell echo '$(CHECK_OPS)' | grep -Ex '([1-9][0-9]*s?)?' && echo ok),,\
  $(error CHECK_OPS=$(CHECK_OPS): expected a number of operations, or seconds for each shape, such as 1s)))
check-maps: $(PLACE)/readmostly maps check-programs  ## run all checks of all maps, briefly; CHECK_OPS=1s: time per shape
	@tests/tools/check_maps.sh $(PLACE)/readmostly $(CHECK_OPS)

$(if $(filter explore,$(MAKECMDGOALS)),$(if $(filter-out sc tso c11,$(MEMORY)),$(error MEMORY=$(MEMORY): expected sc, tso or c11)) \
  $(if $(shell [ '$(or $(SCHEDULES),1)' -ge 1 ] 2>&1 || echo no),$(error SCHEDULES=$(SCHEDULES): expected a number from 1)))
explore: explore-programs $(PLACE)/readmostly  ## explore all simulatable maps in 2,000 schedules: SCHEDULES=N MEMORY=sc|tso|c11
	@$(PLACE)/readmostly explore all --schedules $(or $(SCHEDULES),2000) $(if $(MEMORY),--memory $(MEMORY))

check-dispatch:  ## find indirect calls in measured loops (gcc and clang): IMPL=my_map.c
	@tests/cli/maps_dispatch.sh

map-objects: $(call objects,$(BUILD),$(SOURCES))

# All checks of the maps of other libraries.
PEERS = $(foreach id,$(NATIVE),$(if $(filter impls/lib/%,$(MAP_$(id))),$(id)))
both  = $(addprefix $(PROGRAMS)/plain/,$(1)) $(addprefix $(PROGRAMS)/check/,$(1))
test-peers: $(PLACE)/readmostly $(call both,$(PEERS))
	@MAPS='$(PEERS)' tests/tools/check_maps.sh $(PLACE)/readmostly $(CHECK_OPS)

# All checks with a sanitizer in every object, a tenth of the operations, and out-of-line operations
# (runner/map.h). A finding ends the check's process, which reports it.
SANITIZED_OPS ?= 16000
ASAN      := -fsanitize=address,undefined -fno-sanitize-recover=all
SANITIZED = $(MAKE) --no-print-directory OPT='-O1 -g1 -DRM_OUT_OF_LINE'
checked: $(PLACE)/readmostly $(call both,$(filter-out $(LEAVE_OUT),$(NATIVE)))
	@SHAPES="$${SHAPES:-u64x8 str16x24}" tests/tools/check_maps.sh $(PLACE)/readmostly $(SANITIZED_OPS)

test-asan:  ## check the maps under AddressSanitizer and UBSan
	+@$(SANITIZED) BUILD=build/asan SANITIZE='$(ASAN)' checked

# tests/tsan.supp names the maps to leave out, with the reason: `# leave out ID: REASON`. Checks of one thread cannot
# race.
TSAN_OUT = $(shell sed -n 's/^\# leave out \([a-z_0-9]*\): .*/\1/p' tests/tsan.supp)
test-tsan:  ## check the maps under ThreadSanitizer
	@sed -n 's/^# leave out //p' tests/tsan.supp
	+@CHECKS='not model load reclaim' TSAN_OPTIONS="suppressions=tests/tsan.supp $$TSAN_OPTIONS" \
	$(SANITIZED) BUILD=build/tsan SANITIZE=-fsanitize=thread LEAVE_OUT='$(TSAN_OUT)' checked

# Corpora of broken and correct maps (verify/corpora/*/README.md), built into BUILD/CORPUS. CORPUS=bugs: published
# bugs; broken, unseen: by independent authors; fixtures: our own; right: correct maps that look suspicious.
CORPUS ?= bugs
CORPUS_FILES := $(sort $(wildcard $(foreach c,$(if $(filter fixtures,$(CORPUS)),planted explored,$(CORPUS)),\
  verify/corpora/$(c)/*.c)))
CORPUS_IDS   := $(notdir $(basename $(CORPUS_FILES)))
bugs:
	@$(MAKE) --no-print-directory OUT=$(BUILD)/$(CORPUS) IMPL='$(CORPUS_FILES)' IMPL_FLAGS=-DPLANTED_BARE \
	  NEEDED='$(foreach flavour,plain check explore,$(addprefix $(flavour)/,$(CORPUS_IDS)))' programs

# Sanitizers look for the bugs; the corrected versions must be silent.
$(T)/test_bugs: $(call objects,$(BUILD),$(sort $(wildcard verify/corpora/bugs/*.c)))
test-bugs-sanitized:
	+@for san in address,undefined thread; do $(SANITIZED) BUILD=build/bugs-$$san \
	  SANITIZE="-fsanitize=$$san -fno-sanitize-recover=all" build/bugs-$$san/tests/test_bugs && \
	  ASAN_OPTIONS=detect_leaks=1 build/bugs-$$san/tests/test_bugs twins || exit 1; done
