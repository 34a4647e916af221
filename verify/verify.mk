# SPDX-License-Identifier: Apache-2.0
# Programs that ask whether a map is correct: flavours check and explore, and the judge
# of recorded histories (verify/README.md).
CHECKING := $(wildcard verify/check/*.c) runner/map_program/this_map.c
HISTORY  := $(filter-out %/program.c,$(wildcard verify/history/*.c))
$(BUILD)/check.a: $(call objects,$(BUILD),$(CHECKING) $(HISTORY)) $(core)
	$(archive)
$(foreach size,$(SIZES),$(eval $(BUILD)/check-x$(size).a: $(call objects,$(BUILD)/x$(size),$(CHECKING)) $(call objects,$(BUILD),$(HISTORY)) $(core)))
$(foreach size,$(SIZES),$(BUILD)/check-x$(size).a):
	$(archive)
$(BUILD)/explore.a: $(call objects,$(BUILD),$(wildcard verify/explore/*.c) $(addprefix runner/sim/guest/,ctx.c space.c) \
  runner/map_program/this_map.c verify/check/no_open_loop.c $(HISTORY)) $(core)
	$(archive)
$(OUT)/readmostly-history: $(BUILD)/verify/history/program.o $(BUILD)/check.a
	@mkdir -p $(@D)
	$(call link,$^ $(LDLIBS))

# What `readmostly check` loads before malloc; a sanitizer has its own.
QUARANTINE = $(foreach folder,check $(SIZES:%=check-x%),$(PROGRAMS)/$(folder)/libreadmostly_quarantine.so)
$(QUARANTINE): verify/check/quarantine/library.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(SAY)$(CC) $(filter-out $(SANITIZE),$(ALL_CFLAGS)) $(reads) -fPIC -shared -o $@$(NEW) $< && mv $@$(NEW) $@
-include $(wildcard $(addsuffix .d,$(QUARANTINE)))

# Evaluated at the end of the Makefile, where prerequisites depend on the map.
define check_rules
$(addprefix $(PROGRAMS)/check/,$(NATIVE)): $(PROGRAMS)/check/%: $(BUILD)/$$$$(MAP_$$$$*).o $(BUILD)/check.a | $(PROGRAMS)/check/libreadmostly_quarantine.so
	$$(link_map)
$(PROGRAMS)/check/library: $(BUILD)/verify/check/library/library.o $(BUILD)/check.a | $(PROGRAMS)/check/libreadmostly_quarantine.so
	$$(link_map)
$(addprefix $(PROGRAMS)/explore/,$(SIM_C)): $(PROGRAMS)/explore/%: $(SIM)/$$$$(MAP_$$$$*).o $(SIM)/$$$$(MAP_$$$$*).verdict $(BUILD)/explore.a
	$$(link_instrumented)
endef
define check_sized # BYTES
$(addprefix $(PROGRAMS)/check-x$(1)/,$(SIZED)): $(PROGRAMS)/check-x$(1)/%: $(BUILD)/x$(1)/$$$$(MAP_$$$$*).o $(BUILD)/check-x$(1).a | $(PROGRAMS)/check-x$(1)/libreadmostly_quarantine.so
	$$(link_map)
endef

.PHONY: explore
explore: explore-programs $(OUT)/readmostly  ## all simulatable maps under 2,000 schedules each: SCHEDULES=N MEMORY=tso|c11
	@$(OUT)/readmostly explore all --schedules $(or $(SCHEDULES),2000) $(if $(MEMORY),--memory $(MEMORY))

# Corpora of broken and correct maps (verify/corpora/*/README.md): CORPUS=bugs published
# bugs, broken and unseen by independent authors, fixtures (planted, explored) by ours,
# right: correct maps that a checker might accuse.
CORPUS ?= bugs
CORPUS_FILES := $(sort $(if $(filter fixtures,$(CORPUS)),$(wildcard verify/corpora/planted/*.c verify/corpora/explored/*.c),$(wildcard verify/corpora/$(CORPUS)/*.c)))
CORPUS_IDS   := $(notdir $(basename $(CORPUS_FILES)))
.PHONY: bugs bugs-sanitized test-bugs-sanitized
bugs:  ## models of published map bugs and their twins: build/CC/bugs/readmostly check ID; CORPUS=broken: another hand's
	@$(MAKE) --no-print-directory OUT=$(BUILD)/$(CORPUS) IMPL='$(CORPUS_FILES)' IMPL_FLAGS=-DPLANTED_BARE \
	  NEEDED='$(foreach flavour,plain check explore,$(addprefix $(flavour)/,$(CORPUS_IDS)))' programs

# The loops of `check` under ThreadSanitizer and AddressSanitizer, beside the programs.
bugs-sanitized: bugs
	+@for san in tsan:thread asan:address,undefined; do $(SANITIZED) BUILD=build/bugs-$${san#*:} \
	  SANITIZE="-fsanitize=$${san#*:} -fno-sanitize-recover=all" OUT=$(BUILD)/$(CORPUS)/$${san%:*} IMPL='$(CORPUS_FILES)' \
	  IMPL_FLAGS=-DPLANTED_BARE NEEDED='$(foreach flavour,plain check,$(addprefix $(flavour)/,$(CORPUS_IDS)))' programs || exit 1; done

$(T)/test_bugs: $(call objects,$(BUILD),$(sort $(wildcard verify/corpora/bugs/*.c)))

# The bugs are what sanitizers look for; the twins must be silent.
test-bugs-sanitized:  ## the twins of the models of bugs under AddressSanitizer, UBSan and ThreadSanitizer
	+@for san in address,undefined thread; do $(SANITIZED) BUILD=build/bugs-$$san \
	  SANITIZE="-fsanitize=$$san -fno-sanitize-recover=all" build/bugs-$$san/tests/test_bugs && \
	  build/bugs-$$san/tests/test_bugs twins || exit 1; done

