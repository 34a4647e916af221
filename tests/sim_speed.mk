# SPDX-License-Identifier: Apache-2.0
# The prototype's maps, on its run time and on ours: bars of speed.
.PHONY: sim-speed
SPEED := $(BUILD)/sim_speed
sim-speed: $(SPEED)/ours $(SPEED)/prototype  ## accesses/s against the prototype: PROTOTYPE=DIR
	@tests/sim_speed.sh $^ $(ROUNDS)

$(SPEED)/maps.raw.o: FORCE
	@test -f "$(PROTOTYPE)/maps.c" || { echo "sim-speed: expected PROTOTYPE=DIR with its maps.c" >&2; exit 2; }
	@mkdir -p $(@D)
	$(SAY)gcc -O2 -g -w -fsanitize=thread -fno-omit-frame-pointer -c -o $@ $(PROTOTYPE)/maps.c

$(SPEED)/prototype: $(SPEED)/maps.raw.o
	@objcopy --redefine-syms=$(PROTOTYPE)/syms.txt $< $@.maps.o
	@printf '#define _GNU_SOURCE\n#include <time.h>\n#undef CLOCK_MONOTONIC\n#define CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID\n' >$@.h
	$(SAY)gcc -O2 -g -w -include $@.h -o $@ $(PROTOTYPE)/bench.c $(PROTOTYPE)/sim.c $@.maps.o

SPEED_SIM := $(SIM_GUEST) $(filter $(BUILD)/runner/sim/%,$(SIM_HOST)) $(filter $(BUILD)/runner/sim/% \
  $(BUILD)/runner/base/% $(BUILD)/runner/plan/% $(BUILD)/sim_%.o %/build_info.o,$(SIM_BASE))
$(SPEED)/ours: $(SPEED)/maps.raw.o $(SPEED_SIM) tests/sim_speed.c
	@{ sed '/^#/d; / /!d' runner/sim/names.txt; echo sim_relax rm_sim_relax; \
	   echo sim_futex_wait rm_sim_futex_wait; echo sim_futex_wake rm_sim_futex_wake; } >$@.names
	@objcopy --redefine-syms=$@.names $< $@.maps.o
	$(SAY)$(CC) $(ALL_CFLAGS) -I$(PROTOTYPE) -o $@ tests/sim_speed.c $@.maps.o \
	  $(SPEED_SIM) $(shell pkg-config --libs $(LIBRARIES)) -lm -ldl
