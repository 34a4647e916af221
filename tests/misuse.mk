# SPDX-License-Identifier: Apache-2.0
# Growing shards, stock, misuse: long forms (docs/special-maps.md).
.PHONY: growth-bench misuse-tally
$(BUILD)/tests/growth_bench: $(BUILD)/tests/growth_bench.o $(BUILD)/readmostly.a
	$(SAY)$(CC) $(ALL_CFLAGS) -o $@ $^ $(LDLIBS)

growth-bench: $(BUILD)/tests/growth_bench  ## longest operation while shards grow, step by step against all at once
	@$<

misuse-tally: $(BUILD)/readmostly  ## each misuse and its right form with 200 seeds, by the check named for it
	@SEEDS=200 BUILD=$(BUILD) tests/cli_misuse.sh
