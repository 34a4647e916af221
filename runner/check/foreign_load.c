/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/check/foreign_load.h"

#include "runner/check/foreign.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What every version has had: all but the optional members. */
static const size_t least_bytes = offsetof(struct rm_foreign_map, join);

bool rm_foreign_is_file(const char *name)
{
	size_t length = strlen(name);

	return strchr(name, '/') ||
	       (length > 3 && !strcmp(name + length - 3, ".so"));
}

static bool one_of(const char *word, const char *const words[])
{
	for (; word && *words; words++)
		if (!strcmp(word, *words))
			return true;
	return false;
}

/* The first mandatory function that is missing, or NULL. */
static const char *missing(const struct rm_foreign_map *table)
{
	if (!table->create)
		return "create";
	if (!table->destroy)
		return "destroy";
	if (!table->lookup)
		return "lookup";
	if (!table->upsert)
		return "upsert";
	return table->remove ? NULL : "remove";
}

static int judge(const char *path, const struct rm_foreign_map *table,
        struct rm_error *error)
{
	static const char *const guarantees[] = { "point-in-time",
		"once-if-present", "none", NULL };
	static const char *const progress[] = { "blocking", "lock-free",
		"wait-free", NULL };
	const uint32_t known = RM_FOREIGN_U64 | RM_FOREIGN_STR;

	if (missing(table))
		return rm_error_set(error, -EINVAL,
		        "%s: rm_foreign_map.%s is null, expected a function",
		        path, missing(table));
	if (!table->keys || table->keys & ~known)
		return rm_error_set(error, -EINVAL,
		        "%s: rm_foreign_map.keys is %u, expected 1 (u64), 2 "
		        "(strings) or 3",
		        path, table->keys);
	if (!table->name || !table->name[0] || strlen(table->name) > 24)
		return rm_error_set(error, -EINVAL,
		        "%s: rm_foreign_map.name, expected 1 .. 24 characters",
		        path);
	if (!one_of(table->guarantees, guarantees))
		return rm_error_set(error, -EINVAL,
		        "%s: rm_foreign_map.guarantees, expected "
		        "point-in-time, once-if-present or none",
		        path);
	if (!one_of(table->progress, progress))
		return rm_error_set(error, -EINVAL,
		        "%s: rm_foreign_map.progress, expected blocking, "
		        "lock-free or wait-free",
		        path);
	return 0;
}

/* The table, of which version and size are known to be right; or NULL. */
static const struct rm_foreign_map *find(
        const char *path, struct rm_error *error)
{
	char file[4096];
	const struct rm_foreign_map *found;
	void *library;

	/* without a slash dlopen() searches the system's folders */
	snprintf(file, sizeof(file), "%s%s", strchr(path, '/') ? "" : "./",
	        path);
	if (access(file, R_OK)) {
		rm_error_set(error, -EINVAL,
		        "%s: %s, expected a shared library", path,
		        strerror(errno));
		return NULL;
	}
	library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		rm_error_set(error, -EINVAL,
		        "%s: not loaded: %s; expected a shared library", path,
		        dlerror());
		return NULL;
	}
	found = dlsym(library, "rm_foreign_map");
	if (!found)
		rm_error_set(error, -EINVAL,
		        "%s: no symbol rm_foreign_map, expected the table of "
		        "runner/foreign.h",
		        path);
	return found;
}

int rm_foreign_read(
        const char *path, struct rm_foreign_map *table, struct rm_error *error)
{
	const struct rm_foreign_map *found = find(path, error);
	size_t bytes;

	if (!found)
		return -EINVAL;
	if (found->version != RM_FOREIGN_VERSION)
		return rm_error_set(error, -EINVAL,
		        "%s: rm_foreign_map.version is %u, expected %u", path,
		        found->version, RM_FOREIGN_VERSION);
	bytes = found->size;
	if (bytes < least_bytes)
		return rm_error_set(error, -EINVAL,
		        "%s: rm_foreign_map.size is %zu, expected %zu or more",
		        path, bytes, least_bytes);
	memset(table, 0, sizeof(*table));
	memcpy(table, found, bytes < sizeof(*table) ? bytes : sizeof(*table));
	if (!judge(path, table, error))
		return 0;
	memset(table, 0, sizeof(*table));
	return -EINVAL;
}
