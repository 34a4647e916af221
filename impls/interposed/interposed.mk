# SPDX-License-Identifier: Apache-2.0
# The library of the map `interpose`, and caches to load before it (LD_PRELOAD).
INTERPOSED := $(PLACE)/libreadmostly_map.so
CACHES     := $(BUILD)/libreadmostly_cache.so $(BUILD)/libreadmostly_cache_stale.so

# The library has no statistics: their hooks are in the program, which exports nothing.
$(INTERPOSED): impls/interposed/library/map.c $(BUILD)/flags
	$(call step,CC) $(CC) $(filter-out -DRM_STATS,$(ALL_CFLAGS)) $(reads) -fPIC -shared $(call into,$<)
$(CACHES): impls/interposed/library/cache.c impls/interposed/interposed.h $(BUILD)/flags
	$(call link,$(if $(findstring stale,$@),-DCACHE_NO_INVALIDATION) -fPIC -shared $< -ldl)

# The library must be next to each program that links the map.
$(BUILD)/impls/interposed/interpose.o: | $(INTERPOSED)
all: $(CACHES)
