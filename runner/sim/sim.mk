# SPDX-License-Identifier: Apache-2.0
# Flavours sim and explore: instrumented maps on the simulated machine, or under explored schedules. The model
# (runner/sim/model/) is plain C in every build. runner/sim/guest/ replaces libtsan, libc and the kernel; only these
# flavours link it. Sanitizers are not supported, as they use the same instrumentation.
SIM := $(BUILD)/sim
# Locks and the allocator are simulated code, too.
SIM_GUEST_C := $(addprefix runner/sim/guest/,cond.c heap.c heap_arena.c heap_bins.c mutex.c rwlock.c)
SIM_GUEST := $(patsubst %.c,$(SIM)/%.o,$(SIM_GUEST_C))
SIM_HOST  := $(filter-out $(SIM_GUEST_C),$(wildcard $(addprefix runner/sim/,guest/*.c program/*.c model/*.c)))
SIM_HOST  := $(call objects,$(BUILD),$(SIM_HOST) runner/map_program/this_map.c runner/map_program/trial.c) \
             $(BUILD)/sim_machines.o
# The trial with simulated threads and clock (harness.h), without kernel statistics of the process.
SIM_TRIAL := $(call objects,$(BUILD)/harness,$(filter-out %/kernel.c %/ticks.c,$(filter runner/trial/%,$(TRIAL))))
$(BUILD)/sim.a: $(SIM_GUEST) $(SIM_HOST) $(SIM_TRIAL) $(call objects,$(BUILD),$(wildcard runner/trace/*.c) \
  $(filter runner/base/% runner/protocol/% %/topology.c %/reading.c %/impl_words.c,$(CORE)))
$(BUILD)/harness/%.o: %.c $(BUILD)/flags
	$(call compile_c,-include runner/sim/program/harness.h $(if $(filter %/team.c %/key_stream.c,$<),-DRM_SIM_MEMORY))

SIM_C   := $(filter $(notdir $(basename $(filter %.c,$(SOURCES)))),$(NATIVE))
$(foreach flavour,sim explore,$(addprefix $(PROGRAMS)/$(flavour)/,$(filter-out $(SIM_C),$(NATIVE)))):
	@mkdir -p $(@D) && echo 'is in C++, whose run time is not simulated' >$@.no && : >$@

# gcc is the reference. clang omits reads before writes and vectorises.
SIM_FLAGS := -O2 -gdwarf-4 -g1 $(DEBUG) $(ALIGN) -fsanitize=thread -fno-lto \
             -include runner/sim/guest/relax.h -DCK_USE_CC_BUILTINS=1 \
             $(if $(CLANG),-fno-vectorize -fno-slp-vectorize \
             -mllvm -tsan-instrument-read-before-write=1,-Wno-tsan -fno-tree-loop-distribute-patterns)
$(SIM)/flags: FORCE
	$(call stamp,$(SIM_FLAGS) $(COMPILERS))
# Compiled in two steps, by way of assembly, because the lint reads the assembly.
$(SIM)/%.s: %.c $(SIM)/flags
	$(call step,CC) $(CC) -std=c11 -D_GNU_SOURCE -I. -pthread $(WARN) $(SIM_FLAGS) $(headers) $(impl_flags) $(reads) -S $(call into,$<)
$(SIM)/%.raw.o: $(SIM)/%.s
	@$(CC) -c $(call into,$<)
# The globals of each object start on a page boundary, so that other objects do not move them.
$(SIM)/%.o: $(SIM)/%.raw.o runner/sim/names.txt
	@sed '/^#/d; / /!d' runner/sim/names.txt >$@.names
	@objcopy --redefine-syms=$@.names --set-section-alignment .data=4096 \
	  --set-section-alignment .bss=4096 --set-section-alignment .rodata=4096 $< $@$(NEW) && mv $@$(NEW) $@
# The file is empty, or contains the reason why the map is not simulated.
$(SIM)/%.verdict: $(SIM)/%.raw.o runner/sim/simulatable.sh runner/sim/names.txt
	@runner/sim/simulatable.sh $< $(<:.raw.o=.s) >$@$(NEW) && mv $@$(NEW) $@
.SECONDARY: $(foreach o,$(SIM_GUEST) $(foreach id,$(SIM_C),$(SIM)/$(MAP_$(id)).o),$(o:.o=.s) $(o:.o=.raw.o))

# Regenerates the golden simulated counts: WHY='...' (review the difference).
.PHONY: golden-sim
golden-sim: sim-programs maps $(PLACE)/readmostly
	@$(PYTHON) tests/tools/sim_golden.py $(BUILD) --write '$(WHY)'
