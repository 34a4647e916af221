/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interpose.c - a Go map under an RWMutex in a shared library. Another library
 * that is loaded first (LD_PRELOAD) can replace the functions, as
 * impls/interposed/library/cache.c does.
 *
 * A lookup is one call through a pointer that create() resolved by dlsym(),
 * like a PLT call, and writes twice to the cache line of the library's lock.
 * The library, libreadmostly_map.so, is next to the program. create() opens it,
 * so programs that never run this map do not need it. The library has no
 * statistics hooks, so reports of causes show 0 for its lock.
 */
#include "impls/interposed/interposed.h"
#include "impls/support/no_handle.h"
#include "runner/driver.h"
#include "runner/map.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

struct map {
	void *inside; /* the library's map */
	bool (*lookup)(void *map, uint64_t key, uint64_t *value);
	bool (*exchange)(
	        void *map, uint64_t key, uint64_t value, uint64_t *old);
	bool (*take)(void *map, uint64_t key, uint64_t *old);
	size_t (*length)(void *map);
	bool (*check)(void *map, char *why, size_t size);
	void (*destroy)(void *map);
};

/* Opens the library in the program's folder or up to two folders above (for
   maps/plain/interpose). Its symbols become global. Returns false if it is
   missing. */
static bool library_open(void)
{
	char program[PATH_BYTES], path[PATH_BYTES + 32];
	ssize_t length = readlink("/proc/self/exe", program, PATH_BYTES - 1);
	char *slash;

	if (length <= 0)
		return false;
	program[length] = '\0';
	slash = strrchr(program, '/');
	*slash = '\0';
	for (int above = 0; above <= 2; above++) {
		snprintf(path, sizeof(path), "%s/%.*slibreadmostly_map.so",
		        program, 3 * above, "../../");
		if (dlopen(path, RTLD_NOW | RTLD_GLOBAL))
			return true;
	}
	return false;
}

/* Resolves a name to its first definition in load order. */
static bool find(const char *name, void *function)
{
	void *symbol = dlsym(RTLD_DEFAULT, name);

	memcpy(function, &symbol, sizeof(symbol));
	return symbol != NULL;
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = calloc(1, sizeof(*map));
	void *(*make)(size_t keys, uint64_t seed);

	if (map && library_open() && find("rm_interposed_create", &make) &&
	        find("rm_interposed_lookup", &map->lookup) &&
	        find("rm_interposed_exchange", &map->exchange) &&
	        find("rm_interposed_take", &map->take) &&
	        find("rm_interposed_length", &map->length) &&
	        find("rm_interposed_check", &map->check) &&
	        find("rm_interposed_destroy", &map->destroy))
		map->inside =
		        make(sizing->presize ? sizing->keys : 0, sizing->seed);
	if (map && map->inside)
		return map;
	free(map);
	return NULL;
}

static void destroy(void *opaque)
{
	struct map *map = opaque;

	map->destroy(map->inside);
	free(map);
}

static __attribute__((noinline)) bool callback_lookup(
        const struct map *map, uint64_t key, uint64_t *value)
{
	return map->lookup(map->inside, key, value);
}

static __attribute__((noinline)) bool callback_exchange(
        const struct map *map, uint64_t key, uint64_t value, uint64_t *old)
{
	return map->exchange(map->inside, key, value, old);
}

static __attribute__((noinline)) bool callback_take(
        const struct map *map, uint64_t key, uint64_t *old)
{
	return map->take(map->inside, key, old);
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	(void)shape;
	return callback_lookup(thread, key.word, &value->word[0]);
}

RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	(void)shape;
	return callback_exchange(
	        thread, key.word, value->word[0], old ? &old->word[0] : NULL);
}

RM_HOT bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	(void)shape;
	return callback_take(thread, key.word, old ? &old->word[0] : NULL);
}

static size_t length(void *thread)
{
	const struct map *map = thread;

	return map->length(map->inside);
}

static bool check(void *opaque, char *why, size_t size)
{
	const struct map *map = opaque;

	return map->check(map->inside, why, size);
}

static const struct rm_map_ops ops = {
	NO_HANDLE_OPS,
	.length = length,
	.check = check,
};

RM_DRIVE(ops, u64x8, RM_U64X8)

const struct rm_impl rm_impl_interpose = {
	.id = "interpose",
	.label = "C port of RWMutex, in a library, waits in the kernel",
	.family = "lock",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex; dlsym(3)",
	.system = "M15",
	.shapes = 1,
	.guarantees = "none",
	.progress = "blocking",
	.dispatch = "callback",
	.ops = &ops,
	.drive = { drive_u64x8, NULL, NULL, NULL },
};
