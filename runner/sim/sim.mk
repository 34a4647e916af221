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
