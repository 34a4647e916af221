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

# Flavours sim and explore: maps that are instrumented, on the simulated machine
# or under schedules. Not with sanitizers, which instrument the same places.
SIM := $(BUILD)/sim
# Locks and allocator are simulated code, too.
SIM_GUEST_C := $(addprefix runner/sim/guest/,cond.c heap.c heap_arena.c heap_bins.c mutex.c rwlock.c)
SIM_GUEST := $(patsubst %.c,$(SIM)/%.o,$(SIM_GUEST_C))
SIM_HOST  := $(call objects,$(BUILD),$(filter-out $(SIM_GUEST_C),$(wildcard runner/sim/guest/*.c)) \
             $(wildcard runner/sim/program/*.c runner/sim/model/*.c) $(addprefix runner/map_program/,this_map.c trial.c)) $(BUILD)/sim_machines.o
# The trial with the simulated machine's threads and clock (harness.h); what the
# kernel knows of a process is replaced.
SIM_TRIAL := $(call objects,$(BUILD)/harness,$(filter-out %/kernel.c,$(filter runner/trial/%,$(TRIAL))))
$(BUILD)/sim.a: $(SIM_GUEST) $(SIM_HOST) $(SIM_TRIAL) $(call objects,$(BUILD),$(wildcard runner/trace/*.c) \
  $(filter runner/base/% runner/protocol/% %/topology.c %/reading.c %/impl_words.c,$(CORE)))
	$(archive)
$(BUILD)/harness/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call compile_c,-include runner/sim/program/harness.h $(if $(filter %/team.c %/key_stream.c,$<),-DRM_SIM_MEMORY))

# A map that cannot be simulated has ID.no with the reason, and an empty program
# that nothing starts.
link_instrumented = @mkdir -p $(@D); if [ -s $(SIM)/$(MAP_$(@F)).verdict ]; then cp $(SIM)/$(MAP_$(@F)).verdict $@.no; : >$@; else rm -f $@.no; \
  echo '  LINK   $@' && $(CC) -pthread -o $@$(NEW) $< -Wl,--as-needed -Wl,--defsym=rm_this_map=rm_impl_$(@F) $(filter %.a,$^) $(BASE_LIBS) && mv $@$(NEW) $@; fi
SIM_C   := $(filter $(notdir $(basename $(filter %.c,$(SOURCES)))),$(NATIVE))
SIM_CXX := $(filter-out $(SIM_C),$(NATIVE))
$(foreach flavour,sim explore,$(addprefix $(PROGRAMS)/$(flavour)/,$(SIM_CXX))):
	@mkdir -p $(@D) && echo 'is in C++, whose run time is not simulated' >$@.no && : >$@

# gcc is the reference. clang drops reads before writes and makes vectors.
SIM_FLAGS := -O2 -gdwarf-4 -g1 $(DEBUG) $(ALIGN) -fsanitize=thread -fno-lto \
             -include runner/sim/guest/relax.h -DCK_USE_CC_BUILTINS=1 \
             $(if $(findstring clang,$(CC)),-fno-vectorize -fno-slp-vectorize \
             -mllvm -tsan-instrument-read-before-write=1,-Wno-tsan -fno-tree-loop-distribute-patterns)

# By way of assembly, which the lint reads.
sim_maps = $(CC) -std=c11 -D_GNU_SOURCE -I. -pthread $(WARN) $(SIM_FLAGS) $(headers) $(own)
$(BUILD)/sim-flags: FORCE
	$(call stamp,$(SIM_FLAGS))
$(SIM)/%.s: %.c $(BUILD)/flags $(BUILD)/sim-flags
	@mkdir -p $(@D)
	$(SAY)$(sim_maps) -MMD -MP -S -o $@ $<

$(SIM)/%.raw.o: $(SIM)/%.s
	@$(CC) -c -o $@ $<

# Each object's globals begin a page, so that no other object moves them.
$(SIM)/%.o: $(SIM)/%.raw.o runner/sim/names.txt
	@sed '/^#/d; / /!d' runner/sim/names.txt >$@.names
	@objcopy --redefine-syms=$@.names --set-section-alignment .data=4096 \
	  --set-section-alignment .bss=4096 --set-section-alignment .rodata=4096 $< $@

# Empty, or why the map is not simulated.
$(SIM)/%.verdict: $(SIM)/%.raw.o runner/sim/simulatable.sh runner/sim/names.txt
	@runner/sim/simulatable.sh $< $(<:.raw.o=.s) >$@$(NEW) && mv $@$(NEW) $@


.SECONDARY: $(foreach o,$(SIM_GUEST) $(foreach id,$(SIM_C),$(SIM)/$(MAP_$(id)).o),$(o:.o=.s) $(o:.o=.raw.o))

.PHONY: golden-sim
golden-sim: sim-programs maps $(OUT)/readmostly  ## golden simulated counts again: WHY='...' (read the diff)
	@$(PYTHON) tests/tools/sim_golden.py $(BUILD) --write '$(WHY)'
