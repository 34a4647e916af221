# SPDX-License-Identifier: Apache-2.0
# The stats build: all maps and the measured loop again, with the counts of
# runner/stat.h, and the same program around them. `measure = causes` runs it.
# Its allocations are counted, too, but by a sanitizer's own malloc.
# A build that counts anyway (sanitizers: one set of maps) is its own.
ifneq ($(findstring -DRM_STATS,$(OPT)),)
STATS_OBJS := $(OBJS)
else
STATS_SOURCES := $(IMPLS) $(wildcard runner/trial/*_stats.c) \
  $(filter-out %_stats.c,$(wildcard runner/trial/*.c))
STATS_SOURCES := $(filter-out $(if $(SANITIZE),%/allocations_stats.c,%/allocations.c),$(STATS_SOURCES))
STATS_OBJS := $(patsubst %.c,$(BUILD)/stats/%.o,$(STATS_SOURCES)) \
  $(filter-out $(patsubst %.c,$(BUILD)/%.o,$(STATS_SOURCES) runner/trial/allocations.c),$(OBJS))
endif

$(BUILD)/stats/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(SAY)$(CC) $(ALL_CFLAGS) -DRM_STATS -g1 -MMD -MP -c -o $@ $<

all: $(if $(NO_STATS),,$(BUILD)/readmostly-stats)
$(BUILD)/readmostly-stats: $(BUILD)/runner/main.o $(STATS_OBJS)
	$(SAY)$(CC) $(ALL_CFLAGS) -o $@ $^ $(LDLIBS)

# Tests that read counts of hot paths are linked with the stats objects.
STATS_TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(shell grep -lE \
  '/(epoch_arena|map_race|map_stall|syncmap_bench)\.h"|linked with the stats objects' tests/test_*.c))
$(STATS_TESTS): $(BUILD)/tests/%: $(BUILD)/stats/tests/%.o $(STATS_OBJS)
	@mkdir -p $(@D)
	$(SAY)$(CC) $(ALL_CFLAGS) -o $@ $^ $(LDLIBS)
