# SPDX-License-Identifier: Apache-2.0
# Growing shards, stock, misuse: long forms (docs/special-maps.md).
.PHONY: growth-bench
$(BUILD)/tests/growth_bench: $(BUILD)/tests/growth_bench.o $(BUILD)/readmostly.a
	$(SAY)$(CC) $(ALL_CFLAGS) -o $@ $^ $(LDLIBS)

growth-bench: $(BUILD)/tests/growth_bench  ## longest operation while shards grow, step by step against all at once
	@$<
