# SPDX-License-Identifier: Apache-2.0
# Locks and malloc of the simulated machine under test: threads compiled as
# maps are, on a world without a trial.
SIM_THREADS := $(SIM)/tests/sim_threads.o $(SIM)/tests/sim_threads_heap.o
SIM_WORLD    = $(SIM_GUEST) $(filter $(BUILD)/runner/sim/%,$(SIM_HOST)) \
  $(filter $(BUILD)/runner/sim/% $(BUILD)/runner/base/% $(BUILD)/runner/plan/% $(BUILD)/sim_%.o %/build_info.o,$(SIM_BASE))
$(BUILD)/tests/test_sim_threads: $(BUILD)/tests/test_sim_threads.o $(SIM_THREADS) $(SIM_WORLD)
	@mkdir -p $(@D)
	$(SAY)$(CC) $(ALL_CFLAGS) -o $@ $^ $(shell pkg-config --libs $(LIBRARIES)) -lm -ldl
.SECONDARY: $(SIM_THREADS:.o=.s) $(SIM_THREADS:.o=.raw.o)

# Switches between stacks: this machine's assembly, and the portable form.
# AArch64 by hand: CC=aarch64-linux-gnu-gcc CFLAGS='-O2 -static', qemu-aarch64.
TESTS += $(BUILD)/tests/test_sim_ctx_portable
$(BUILD)/tests/test_sim_ctx: tests/test_sim_ctx.c runner/sim/guest/ctx.c
$(BUILD)/tests/test_sim_ctx_portable: tests/test_sim_ctx.c runner/sim/guest/ctx.c
$(BUILD)/tests/test_sim_ctx $(BUILD)/tests/test_sim_ctx_portable: tests/tap.h runner/sim/guest/ctx.h
	@mkdir -p $(@D)
	$(SAY)$(CC) -std=c11 -D_GNU_SOURCE -I. $(WARN) -O2 -g -ffp-contract=off $(if $(findstring portable,$@),-DRM_SIM_CTX_PORTABLE) \
	  -o $@ $(filter %.c,$^)
