# SPDX-License-Identifier: Apache-2.0
# Histories and their checker (docs/history-format.md).
.PHONY: history-bench

$(BUILD)/tests/history_bench: $(BUILD)/tests/history_bench.o $(BUILD)/readmostly.a
	$(SAY)$(CC) $(ALL_CFLAGS) -o $@ $^ $(LDLIBS)

history-bench: $(BUILD)/tests/history_bench  ## what judging histories costs: seconds, MiB
	@$<

# 10^6 inputs through the readers of histories, always with sanitizers.
HISTORY := $(wildcard runner/history/*.c) runner/base/error.c
$(BUILD)/tests/test_fuzz_history: tests/test_fuzz_history.c $(HISTORY) $(wildcard runner/history/*.h tests/fuzz.h)
	@mkdir -p $(@D)
	$(SAY)$(CC) -std=c11 -D_GNU_SOURCE -I. $(WARN) -O2 -g -fno-sanitize-recover=all \
	  -fsanitize=address,undefined -o $@ $(filter %.c,$^) $(shell pkg-config --libs jansson)
