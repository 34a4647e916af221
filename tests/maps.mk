# SPDX-License-Identifier: Apache-2.0
# Targets that ask whether the maps are right.
.PHONY: check-maps check-dispatch map-objects test-asan test-tsan

CHECK_OPS ?= 200000
check-maps: $(BUILD)/readmostly  ## all maps, all checks, quick form
	@tests/check_maps.sh $(BUILD)/readmostly $(CHECK_OPS)

check-dispatch:  ## no indirect call in a measured loop (gcc and clang)
	@tests/cli_maps_dispatch.sh

map-objects: $(patsubst %.c,$(BUILD)/%.o,$(IMPLS))

# The maps' own tests and all checks, with a sanitizer in every object and a
# tenth of the operations. The sanitizer's finding ends the check's process,
# and the check says so. Counts of hot paths are compiled in: one set of maps.
# Two shapes have all the code of four.
SANITIZED_OPS ?= 20000
SANITIZED = $(MAKE) --no-print-directory OPT='-O1 -g1 -DRM_STATS'
MAP_TESTS  = $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard \
  tests/test_epoch*.c tests/test_gomap*.c tests/test_go_*.c tests/test_hash.c \
  tests/test_guards.c tests/test_hashtriemap.c tests/test_hazard.c tests/test_local_cache.c tests/test_slab.c tests/test_shard_*.c tests/test_snapshot*.c tests/test_syncmap*.c $(if $(LEAVE_OUT),,tests/test_urcu*.c)))
.PHONY: map-tests
map-tests: $(BUILD)/readmostly $(BUILD)/libreadmostly_map.so $(MAP_TESTS)
	@printf '%s\n' $(MAP_TESTS) | xargs -P $$(nproc) -I{} sh -c '{} >{}.tap 2>&1 || \
	  { grep -v "^ok" {}.tap; exit 1; }; echo "{}: $$(tail -n 1 {}.tap)"'
	@SHAPES='u64x8 str16x24' tests/check_maps.sh $(BUILD)/readmostly $(SANITIZED_OPS)

test-asan:  ## the maps under AddressSanitizer and UBSan
	+@$(SANITIZED) BUILD=build/asan \
	  SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all' map-tests

# Left out by name, with the reason: `# leave out ID: REASON` in tsan.supp.
# Checks of one thread have no race to show.
TSAN_OUT = $(shell sed -n 's/^\# leave out \([a-z_0-9]*\): .*/\1/p' tests/tsan.supp)
test-tsan:  ## the maps under ThreadSanitizer
	@sed -n 's/^# leave out //p' tests/tsan.supp
	+@export CHECKS='not model load reclaim'; \
	TSAN_OPTIONS="suppressions=tests/tsan.supp $$TSAN_OPTIONS" \
	$(SANITIZED) BUILD=build/tsan SANITIZE=-fsanitize=thread LEAVE_OUT=1 \
	  IMPLS='$(filter-out $(TSAN_OUT:%=impls/%.c),$(IMPLS))' map-tests

.PHONY: soak
soak: $(BUILD)/readmostly  ## long forms of the checks, dated in docs/soak.md
	+@$(SANITIZED) BUILD=build/asan \
	  SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all' all
	@tests/soak.sh $(BUILD)/readmostly build/asan/readmostly
