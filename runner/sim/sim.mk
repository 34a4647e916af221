# SPDX-License-Identifier: Apache-2.0
# The simulated machine. runner/sim/model/ is the model, plain C in every build;
# what replaces libtsan, libc and the kernel for instrumented maps has its own
# folder runner/sim/guest/, which the other programs never link.

# The machine files are compiled in, so that a binary finds them anywhere.
SIM_MACHINES := $(sort $(wildcard runner/sim/machines/*.conf))
$(BUILD)/sim_machines.c: $(SIM_MACHINES) runner/sim/sim.mk
	@mkdir -p $(@D)
	@{ echo '#include "runner/sim/sim.h"'; \
	   echo 'const struct rm_sim_builtin rm_sim_builtins[] = {'; \
	   for f in $(SIM_MACHINES); do \
	     echo "{ \"$$(basename $$f .conf)\","; \
	     sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $$f; echo '},'; done; \
	   echo '{ NULL, NULL } };'; } >$@

$(BUILD)/sim_machines.o: $(BUILD)/sim_machines.c
	$(SAY)$(CC) $(ALL_CFLAGS) -c -o $@ $<


# readmostly-sim: the same maps, instrumented, on the simulated machine.
# Not with sanitizers, which instrument the same places.
.PHONY: sim
sim: $(BUILD)/readmostly-sim  ## the simulated machine's program

ifeq ($(SANITIZE)$(IMPL),)
all: $(OUT)/readmostly-sim $(OUT)/readmostly-explore
endif

SIM      := $(BUILD)/sim
SIM_IMPLS = $(patsubst %.c,$(SIM)/%.o,$(filter %.c,$(call named,$(SIM_MAPS))))
SIM_VERDICTS = $(SIM_IMPLS:.o=.verdict)
# Locks and allocator are simulated code, too.
SIM_GUEST_C := $(addprefix runner/sim/guest/,cond.c heap.c \
               heap_arena.c heap_bins.c mutex.c rwlock.c)
SIM_GUEST := $(patsubst %.c,$(SIM)/%.o,$(SIM_GUEST_C))
SIM_HOST  := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(SIM_GUEST_C), \
               $(wildcard runner/sim/guest/*.c)) $(wildcard runner/sim/program/*.c))
# The trial's team and what it judges by: renamed copies of the other program's
# objects. What the kernel knows of a process is replaced.
SIM_TEAM  := $(patsubst runner/trial/%.c,$(SIM)/trial/%.o,$(filter-out \
               %_stats.c %/kernel.c,$(wildcard runner/trial/*.c)))
SIM_ALLOC := $(addprefix $(SIM)/trial/,team.o key_stream.o)
SIM_BASE   = $(filter-out $(BUILD)/runner/plan/plan%,$(filter $(BUILD)/runner/base/% $(BUILD)/runner/trace/% \
               $(BUILD)/runner/protocol/% $(BUILD)/runner/plan/% $(BUILD)/runner/sim/% %/machine/topology.o \
               %/runner/counters/reading.o %/runner/impl_find.o %/runner/cli/trial.o %/runner/cli/standard.o \
               $(BUILD)/sim_%.o %/build_info.o,$(OBJS)))

# gcc is the reference. clang drops reads before writes and makes vectors.
SIM_FLAGS := $(or $(SIDE_OPT),-O2) -gdwarf-4 -g1 $(DEBUG) $(ALIGN) -fsanitize=thread -fno-lto \
             -include runner/sim/guest/relax.h -DCK_USE_CC_BUILTINS=1 \
             $(if $(findstring clang,$(CC)),-fno-vectorize -fno-slp-vectorize \
             -mllvm -tsan-instrument-read-before-write=1,-Wno-tsan -fno-tree-loop-distribute-patterns)

# By way of assembly, which the lint reads.
sim_maps = $(CC) -std=c11 -D_GNU_SOURCE -I. -pthread $(WARN) $(SIM_FLAGS) $(call headers,$<) $(if $(filter $<,$(IMPL)),$(IMPL_FLAGS))
$(BUILD)/sim-flags: FORCE
	$(call stamp,$(SIM_FLAGS))
$(SIM)/%.s: %.c $(BUILD)/flags $(BUILD)/sim-flags
	@mkdir -p $(@D)
	$(SAY)$(sim_maps) -MMD -MP -S -o $@ $< 2>$@.warned || \
	  { cat $@.warned >&2; false; }
	@cat $@.warned >&2

side-warnings: $(patsubst %.c,$(BUILD)/side-sim/%.warned,$(filter %.c,$(IMPLS)))
$(BUILD)/side-sim/%.warned: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(SAY)$(call warns,$(sim_maps))

$(SIM)/%.raw.o: $(SIM)/%.s
	@$(CC) -c -o $@ $<

# Each object's globals begin a page, so that no other object moves them.
$(SIM)/%.o: $(SIM)/%.raw.o runner/sim/names.txt
	@sed '/^#/d; / /!d' runner/sim/names.txt >$@.names
	@objcopy --redefine-syms=$@.names --set-section-alignment .data=4096 \
	  --set-section-alignment .bss=4096 --set-section-alignment .rodata=4096 $< $@

$(SIM)/%.verdict: $(SIM)/%.raw.o runner/sim/simulatable.sh runner/sim/names.txt
	@runner/sim/simulatable.sh $(notdir $*) $< $(<:.raw.o=.s) >$@$(NEW) && mv $@$(NEW) $@

$(SIM_TEAM): $(SIM)/trial/%.o: $(BUILD)/runner/trial/%.o $(wildcard runner/sim/program/*.txt)
	@mkdir -p $(@D)
	@objcopy --redefine-syms=runner/sim/program/harness.txt $(if $(filter $@,$(SIM_ALLOC)), \
	  --redefine-syms=runner/sim/program/memory.txt) $< $@

# The maps that can be simulated, and the verdict on each; the others' objects
# are not linked. As the table of maps it is replaced only when it differs: which
# maps are asked for, no file's time says.
$(OUT)/sim/maps.c: $(SIM_VERDICTS) FORCE
	@mkdir -p $(@D)
	@{ sort $(SIM_VERDICTS) /dev/null; $(foreach f,$(filter %.cc,$(call named,$(SIM_MAPS))),echo '$(basename $(notdir $(f))) no is in C++, whose run time is not simulated';) } >$@.all$(NEW) && mv $@.all$(NEW) $@.all
	@{ echo '#include "runner/impl_table.h"'; echo '#include "runner/sim/sim.h"'; \
	   sed -n 's/^\([^ ]*\) yes$$/extern const struct rm_impl rm_impl_\1;/p' $@.all; \
	   echo 'const struct rm_impl *const rm_impl_table[] = {'; \
	   sed -n 's/^\([^ ]*\) yes$$/	\&rm_impl_\1,/p' $@.all; \
	   echo '};'; \
	   echo 'const size_t rm_impl_count = sizeof(rm_impl_table) / sizeof(*rm_impl_table);'; \
	   echo 'const struct rm_sim_verdict rm_sim_verdicts[] = {'; \
	   sed -n 's/^\([^ ]*\) yes$$/	{ "\1", NULL },/p; s/^\([^ ]*\) no \(.*\)$$/	{ "\1", "\2" },/p' $@.all; \
	   echo '};'; \
	   echo 'const size_t rm_sim_verdict_count = sizeof(rm_sim_verdicts) / sizeof(*rm_sim_verdicts);'; \
	   echo 'const char *const rm_sim_volatile[] = {'; \
	   grep -lE 'needs:.* ck( |$$)' $(filter %.c,$(call named,$(SIM_MAPS))) /dev/null | \
	   sed 's|.*/\(.*\)\.c$$|	"\1",|'; \
	   echo '	NULL'; echo '};'; } >$@$(NEW)
	@cmp -s $@$(NEW) $@ && rm $@$(NEW) || mv $@$(NEW) $@

$(OUT)/sim/maps.o: $(OUT)/sim/maps.c
	$(SAY)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(OUT)/readmostly-sim: $(OUT)/sim/maps.o $(SIM_IMPLS) $(SIM_GUEST) $(SIM_TEAM) $(SIM_HOST) $(SIM_BASE)
	$(call link,$(filter-out $(SIM_IMPLS),$^) \
	  $$(sed -n 's/^\([^ ]*\) yes$$/\1/p' $(OUT)/sim/maps.c.all | while read -r id; do \
	  printf '%s\n' $(SIM_IMPLS) | grep "/$$id\.o$$"; done) \
	  $$(pkg-config --libs $(LIBRARIES)) -lm -ldl)

# readmostly-explore: the same objects of maps on the run time of runner/sim/explore/,
# which switches threads at each access and counts nothing.
.PHONY: explore
EXPLORE   := $(patsubst %.c,$(BUILD)/%.o,$(wildcard runner/sim/explore/*.c) $(addprefix runner/sim/guest/,ctx.c space.c))
EXPLORE_BASE = $(filter $(BUILD)/runner/base/% $(BUILD)/runner/history/% $(BUILD)/runner/protocol/% \
               %/runner/impl_find.o %/runner/cli/argument.o %/runner/cli/standard.o %/build_info.o,$(OBJS))
$(OUT)/readmostly-explore: $(OUT)/sim/maps.o $(SIM_IMPLS) $(EXPLORE) $(EXPLORE_BASE)
	$(call link,$(filter-out $(SIM_IMPLS),$^) \
	  $$(sed -n 's/^\([^ ]*\) yes$$/\1/p' $(OUT)/sim/maps.c.all | while read -r id; do \
	  printf '%s\n' $(SIM_IMPLS) | grep "/$$id\.o$$"; done) \
	  $$(pkg-config --libs $(LIBRARIES)) -lm -ldl)

explore: $(BUILD)/readmostly-explore $(BUILD)/readmostly  ## all simulatable maps under 2,000 schedules each: SCHEDULES=N MEMORY=tso|c11
	@$(BUILD)/readmostly explore all --schedules $(or $(SCHEDULES),2000) $(if $(MEMORY),--memory $(MEMORY))
.SECONDARY: $(SIM_IMPLS:.o=.s) $(SIM_IMPLS:.o=.raw.o) $(SIM_GUEST:.o=.s) $(SIM_GUEST:.o=.raw.o)

.PHONY: golden-sim
golden-sim: $(BUILD)/readmostly-sim $(BUILD)/readmostly  ## golden simulated counts again: WHY='...' (read the diff)
	@$(PYTHON) tests/tools/sim_golden.py $(BUILD) --write '$(WHY)'
