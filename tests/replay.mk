# SPDX-License-Identifier: Apache-2.0
# Traces of operations (docs/traces.md).
TRACE := $(addprefix runner/trace/,trace.c text.c binary.c dictionary.c replay.c write.c) runner/base/error.c
$(BUILD)/tests/test_fuzz_trace: tests/test_fuzz_trace.c $(TRACE) $(wildcard runner/trace/*.h tests/fuzz.h)
	@mkdir -p $(@D)
	$(SAY)$(CC) -std=c11 -D_GNU_SOURCE -I. $(WARN) -O2 -g -fno-sanitize-recover=all \
	  -fsanitize=address,undefined -o $@ $(filter %.c,$^) -lz

.PHONY: replay-tally
replay-tally: $(BUILD)/readmostly  ## 10^7 operations recorded and replayed: the same state
	@tests/replay_tally.sh $(BUILD)/readmostly
