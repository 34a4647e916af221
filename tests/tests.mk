# SPDX-License-Identifier: Apache-2.0
# Targets that test. `make test` is what CI runs; long forms stand apart.
.PHONY: test test-quick lint format bench-floor golden

# C and shell tests print TAP, Python tests are pytest's.
test:  ## all tests, what CI runs
	@.ci/deps build test
	@$(MAKE) --no-print-directory -j$$(nproc) all $(TESTS)
	@tests/prove.sh $(BUILD)

lint:  ## formatting, static analysis, layers
	@tests/lint.sh

format:  ## rewrite the sources in the house style
	clang-format -i $$(git ls-files '*.[ch]')

bench-floor: $(BUILD)/readmostly  ## the driver's floor: instructions, ns, 2 threads to 1
	@tests/floor.sh $(BUILD)/readmostly time

golden: $(BUILD)/readmostly  ## refresh golden files (read the diff)
	@tests/floor.sh $(BUILD)/readmostly golden

# Played by tests of the campaign in place of trials.
test: $(BUILD)/tests/fake_trial

# Sanitized whatever the build is, so that a million inputs meet both.
FUZZ_PROTOCOL := tests/test_fuzz_protocol.c runner/trial/request.c \
  $(wildcard runner/plan/cell*.c runner/plan/number.c runner/plan/loops.c \
  runner/plan/allocator.c runner/base/error.c \
  runner/base/histogram.c) $(patsubst %,runner/campaign/%.c,answer fields \
  reason histogram_log)
$(BUILD)/tests/test_fuzz_protocol: $(FUZZ_PROTOCOL) $(wildcard runner/*/*.h)
	@mkdir -p $(@D)
	$(CC) $(filter-out -fsanitize=thread,$(ALL_CFLAGS)) -fsanitize=address,undefined -fno-sanitize-recover \
	  -o $@ $(FUZZ_PROTOCOL) $(LDLIBS)
