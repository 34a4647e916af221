# SPDX-License-Identifier: Apache-2.0
# The library of the map `interpose`, and caches to load before it (LD_PRELOAD).
INTERPOSED := $(OUT)/libreadmostly_map.so
CACHES     := $(BUILD)/libreadmostly_cache.so $(BUILD)/libreadmostly_cache_stale.so

# Never with statistics: their hooks are the program's, which exports nothing.
$(INTERPOSED): impls/interposed/library/map.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(SAY)$(CC) $(filter-out -DRM_STATS,$(ALL_CFLAGS)) $(reads) -fPIC -shared -o $@$(NEW) $< && mv $@$(NEW) $@
-include $(wildcard $(INTERPOSED).d)
$(CACHES): impls/interposed/library/cache.c impls/interposed/interposed.h $(BUILD)/flags
	@mkdir -p $(@D)
	$(SAY)$(CC) $(ALL_CFLAGS) $(if $(findstring stale,$@),-DCACHE_FORGETS_NOTHING) -fPIC -shared -o $@$(NEW) $< -ldl && mv $@$(NEW) $@

# Wherever the map is linked, its library lies beside the program.
$(BUILD)/impls/interposed/interpose.o: | $(INTERPOSED)
all: $(CACHES)
