# SPDX-License-Identifier: Apache-2.0
# The simulated machine. runner/sim/*.c is the model, plain C in every build;
# what replaces libtsan, libc and the kernel for instrumented maps has its own
# folder runner/sim/guest/, which the other programs never link.

# The machine files are compiled in, so that a binary finds them anywhere.
SIM_MACHINES := $(sort $(wildcard runner/sim/machines/*.conf))
$(BUILD)/sim_machines.c: $(SIM_MACHINES) runner/sim/sim.mk
	@mkdir -p $(@D)
	@{ echo '#include "runner/sim/mach.h"'; \
	   echo 'const struct rm_sim_builtin rm_sim_builtins[] = {'; \
	   for f in $(SIM_MACHINES); do \
	     echo "{ \"$$(basename $$f .conf)\","; \
	     sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $$f; echo '},'; done; \
	   echo '{ NULL, NULL } };'; } >$@

$(BUILD)/sim_machines.o: $(BUILD)/sim_machines.c
	$(SAY)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# The tests of the model are sanitized whatever the build is.
SIM_MODEL := $(wildcard runner/sim/*.c) runner/base/error.c \
  $(patsubst %,runner/plan/%.c,lines number topology)
SIM_TESTS := $(patsubst %,$(BUILD)/tests/test_sim_%,cache che coherence mach sched watch)
SIM_SAN    = $(filter-out -fsanitize=thread,$(ALL_CFLAGS)) \
  -fsanitize=address,undefined -fno-sanitize-recover=all
$(BUILD)/sim_sanitized/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(SAY)$(CC) $(SIM_SAN) -MMD -MP -c -o $@ $<
$(SIM_TESTS): $(BUILD)/tests/test_sim_%: $(BUILD)/sim_sanitized/tests/test_sim_%.o \
  $(SIM_MODEL:%.c=$(BUILD)/sim_sanitized/%.o) $(BUILD)/sim_machines.o
	@mkdir -p $(@D)
	$(SAY)$(CC) $(SIM_SAN) -o $@ $^ $(shell pkg-config --libs hwloc) -lm
