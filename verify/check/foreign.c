/* SPDX-License-Identifier: Apache-2.0 */
/* foreign.c - maps of other projects: reads and validates the rm_foreign_map
 * table of a shared library, and wraps it in a table of rm_map_ops. */
#include "verify/check/internal.h"

#include "runner/base/clock.h"
#include "runner/base/file.h"
#include "runner/base/limits.h"
#include "runner/readmostly.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Size of the table in its first version: all members except the optional
 * ones. */
static const size_t least_bytes = offsetof(struct rm_foreign_map, join);

/* Returns the library that verify/author/readmostly-check compiled from the
 * sources on the command line, whose names become the map's id; NULL: none. */
static const char *compiled_library(void)
{
	return getenv("RM_LIBRARY");
}

bool rm_foreign_is_path(const char *name)
{
	size_t length = strlen(name);

	return compiled_library() || strchr(name, '/') ||
	       (length > 3 && !strcmp(name + length - 3, ".so"));
}

static bool is_listed(const char *word, const char *const words[])
{
	for (; word && *words; words++)
		if (!strcmp(word, *words))
			return true;
	return false;
}

/* Returns the name of the first mandatory function that is missing, or NULL. */
static const char *missing_function(const struct rm_foreign_map *table)
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

/* The table comes from another project and compiler. Therefore this function
 * validates every member that a check calls or a report prints. */
static int validate_table(const char *path, const struct rm_foreign_map *table,
        struct rm_error *error)
{
	static const char *const guarantees[] = { "point-in-time",
		"once-if-present", "none", NULL };
	static const char *const progress[] = { "blocking", "starvation-free",
		"lock-free", "wait-free", NULL };
	const uint32_t known = RM_FOREIGN_U64 | RM_FOREIGN_STR;
	const uint32_t flags = RM_FOREIGN_ONE_WRITER | RM_FOREIGN_SLOW_WRITES;

	if (missing_function(table))
		return rm_error_set(error, -EINVAL,
		        "%s: rm_foreign_map.%s is null, expected a function",
		        path, missing_function(table));
	if (!table->keys || table->keys & ~known)
		return rm_error_set(error, -EINVAL,
		        "%s: rm_foreign_map.keys is %u, expected 1 (u64), 2 "
		        "(strings) or 3",
		        path, table->keys);
	if (table->flags & ~flags)
		return rm_error_set(error, -EINVAL,
		        "%s: rm_foreign_map.flags is %u, expected 0, 1 (one "
		        "writer), 2 (slow writes) or 3",
		        path, table->flags);
	if (!table->name || !table->name[0] || strlen(table->name) > 24)
		return rm_error_set(error, -EINVAL,
		        "%s: rm_foreign_map.name, expected 1 .. 24 characters",
		        path);
	if (!is_listed(table->guarantees, guarantees))
		return rm_error_set(error, -EINVAL,
		        "%s: rm_foreign_map.guarantees, expected "
		        "point-in-time, once-if-present or none",
		        path);
	if (!is_listed(table->progress, progress))
		return rm_error_set(error, -EINVAL,
		        "%s: rm_foreign_map.progress, expected blocking, "
		        "starvation-free, lock-free or wait-free",
		        path);
	return 0;
}

/* Loads the library in a child process first, because its constructors may
 * crash, end the process, or hang. `deadline_ns` is in wall time. */
static int try_to_load(const char *path, const char *file, uint64_t deadline_ns,
        struct rm_error *error)
{
	enum { LOADED = 77 }; /* no constructor exits with this status */
	static const char next[] =
	        "expected a shared library whose constructors return; "
	        "`readmostly check FILE.so --in-process` shows it to gdb";
	const uint64_t start_ns = rm_now_ns();
	const pid_t child = fork();
	int status;

	if (child < 0)
		return rm_error_set(error, -errno, "%s: not loaded: %s", path,
		        strerror(errno));
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		rm_limits_forbid_core();
		dlopen(file, RTLD_NOW | RTLD_LOCAL);
		_exit(LOADED);
	}
	while (!waitpid(child, &status, WNOHANG)) {
		if (rm_now_ns() - start_ns > deadline_ns) {
			kill(child, SIGKILL);
			waitpid(child, &status, 0);
			return rm_error_set(error, -EINVAL,
			        "%s: loading did not end in %.0f s "
			        "(--deadline), %s",
			        path, (double)deadline_ns / 1e9, next);
		}
		poll(NULL, 0, 1);
	}
	if (WIFSIGNALED(status))
		return rm_error_set(error, -EINVAL,
		        "%s: loading ended the process by signal %d (%s), %s",
		        path, WTERMSIG(status), strsignal(WTERMSIG(status)),
		        next);
	if (WEXITSTATUS(status) != LOADED)
		return rm_error_set(error, -EINVAL,
		        "%s: loading ended the process with status %d, %s",
		        path, WEXITSTATUS(status), next);
	return 0;
}

/* Returns the table of the library, or NULL with `error`. */
static const struct rm_foreign_map *find_table(
        const char *path, uint64_t deadline_ns, struct rm_error *error)
{
	const char *from = compiled_library() ? compiled_library() : path;
	char file[4096];
	const struct rm_foreign_map *exported;
	void *library;
	int failed;

	/* if the path has no slash, dlopen() searches the system's folders */
	snprintf(file, sizeof(file), "%s%s", strchr(from, '/') ? "" : "./",
	        from);
	failed = rm_library_check(file);
	if (failed) {
		const bool cut = failed == -ENOEXEC;

		rm_error_set(error, -EINVAL,
		        "%s: %s, expected a shared library%s", path,
		        cut ? "truncated or no ELF file" : strerror(-failed),
		        cut ? "; build it again" : "");
		return NULL;
	}
	if (deadline_ns && try_to_load(path, file, deadline_ns, error))
		return NULL;
	library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		rm_error_set(error, -EINVAL,
		        "%s: not loaded: %s; expected a shared library", path,
		        dlerror());
		return NULL;
	}
	exported = dlsym(library, "rm_foreign_map");
	if (!exported)
		rm_error_set(error, -EINVAL,
		        "%s: no symbol rm_foreign_map, expected the table of "
		        "readmostly.h; docs/guide/check-your-map.md shows one",
		        path);
	return exported;
}

/* Loads `path` permanently and copies its validated table. Members that the
 * library does not have become null. Returns 0, or -EINVAL with `error`. */
static int read_table(const char *path, uint64_t deadline_ns,
        struct rm_foreign_map *table, struct rm_error *error)
{
	const struct rm_foreign_map *exported =
	        find_table(path, deadline_ns, error);
	size_t bytes;

	if (!exported)
		return -EINVAL;
	if (exported->version != RM_FOREIGN_VERSION)
		return rm_error_set(error, -EINVAL,
		        "%s: rm_foreign_map.version is %u, expected %u", path,
		        exported->version, RM_FOREIGN_VERSION);
	bytes = exported->size;
	if (bytes < least_bytes)
		return rm_error_set(error, -EINVAL,
		        "%s: rm_foreign_map.size is %zu, expected %zu or more",
		        path, bytes, least_bytes);
	memset(table, 0, sizeof(*table));
	memcpy(table, exported,
	        bytes < sizeof(*table) ? bytes : sizeof(*table));
	if (!validate_table(path, table, error))
		return 0;
	memset(table, 0, sizeof(*table));
	return -EINVAL;
}

/* The library of this process; written once, before any thread. */
static struct rm_foreign_map table;

static struct rm_foreign_key foreign_key(struct rm_key key)
{
	return (struct rm_foreign_key){ key.word, key.bytes, key.length };
}

static void *create(const struct rm_sizing *sizing)
{
	return table.create(sizing->shape.str ? RM_FOREIGN_STR : RM_FOREIGN_U64,
	        sizing->presize ? sizing->keys : 0, sizing->threads,
	        sizing->seed);
}

static void destroy(void *map)
{
	table.destroy(map);
}

static void *join(void *map, size_t slot)
{
	return table.join ? table.join(map, slot) : map;
}

static void leave(void *thread)
{
	if (table.leave)
		table.leave(thread);
}

static void quiesce(void *thread)
{
	if (table.quiesce)
		table.quiesce(thread);
}

static bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct rm_foreign_key foreign = foreign_key(key);

	(void)shape;
	return table.lookup(thread, &foreign, &value->word[0]);
}

static bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct rm_foreign_key foreign = foreign_key(key);

	(void)shape;
	return table.upsert(thread, &foreign, value->word[0], &old->word[0]);
}

static bool upsert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	struct rm_foreign_key foreign = foreign_key(key);

	(void)shape;
	return table.upsert(thread, &foreign, value->word[0], NULL);
}

static bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct rm_foreign_key foreign = foreign_key(key);

	(void)shape;
	return table.remove(thread, &foreign, &old->word[0]);
}

static bool remove_key(void *thread, struct rm_shape shape, struct rm_key key)
{
	struct rm_foreign_key foreign = foreign_key(key);

	(void)shape;
	return table.remove(thread, &foreign, NULL);
}

static bool insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	struct rm_foreign_key foreign = foreign_key(key);

	(void)shape;
	return table.insert_if_absent(
	        thread, &foreign, value->word[0], &present->word[0]);
}

static bool compare_swap(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *expected, const struct rm_value *value)
{
	struct rm_foreign_key foreign = foreign_key(key);

	(void)shape;
	return table.compare_swap(
	        thread, &foreign, expected->word[0], value->word[0]);
}

static bool compare_remove(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected)
{
	struct rm_foreign_key foreign = foreign_key(key);

	(void)shape;
	return table.compare_remove(thread, &foreign, expected->word[0]);
}

struct scan_callback {
	rm_scan_fn *fn;
	void *context;
};

static int call_scan_fn(
        void *context, const struct rm_foreign_key *key, uint64_t value)
{
	struct scan_callback *scan_callback = context;
	const struct rm_value full_value = { { value } };

	return scan_callback->fn(scan_callback->context,
	        (struct rm_key){ key->word, key->bytes, key->length },
	        &full_value);
}

static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct scan_callback scan_callback = { fn, context };

	(void)shape;
	table.scan(thread, call_scan_fn, &scan_callback);
}

static size_t length(void *thread)
{
	return table.length(thread);
}

static void clear(void *thread)
{
	table.clear(thread);
}

/* Returns the operations of the library as rm_map_ops. */
static struct rm_map_ops wrap_operations(void)
{
	struct rm_map_ops ops = {
		.create = create,
		.destroy = destroy,
		.join = join,
		.leave = leave,
		.lookup = lookup,
		.upsert = upsert,
		.remove = remove_key,
		.quiesce = quiesce,
		.exchange = exchange,
		.take = take,
	};

	if (table.insert_if_absent)
		ops.insert_if_absent = insert_if_absent;
	if (table.compare_swap)
		ops.compare_swap = compare_swap;
	if (table.compare_remove)
		ops.compare_remove = compare_remove;
	if (table.scan)
		ops.scan = scan;
	if (table.length)
		ops.length = length;
	if (table.clear)
		ops.clear = clear;
	return ops;
}

static unsigned convert_shapes(uint32_t keys)
{
	unsigned shapes = 0;

	if (keys & RM_FOREIGN_U64)
		shapes |= 1U << rm_shape_index(RM_U64X8);
	if (keys & RM_FOREIGN_STR)
		shapes |= 1U << rm_shape_index(RM_STR16X8);
	return shapes;
}

static unsigned convert_caps(uint32_t flags)
{
	return (flags & RM_FOREIGN_ONE_WRITER ? RM_CAP_SINGLE_WRITER : 0) |
	       (flags & RM_FOREIGN_SLOW_WRITES ? RM_CAP_SLOW_WRITES : 0);
}

uintptr_t rm_foreign_code(const struct rm_impl *impl)
{
	return impl->ops->lookup == lookup ? (uintptr_t)table.lookup
	                                   : (uintptr_t)impl->ops->lookup;
}

int rm_foreign_load(const char *path, uint64_t deadline_ns,
        const struct rm_impl **impl, struct rm_error *error)
{
	static struct rm_map_ops ops;
	static struct rm_impl described;
	int result;

	if (table.create)
		return rm_error_set(error, -EBUSY,
		        "%s: a library is loaded already, only one "
		        "is allowed per process",
		        path);
	result = read_table(path, deadline_ns, &table, error);
	if (result)
		return result;
	ops = wrap_operations();
	described = (struct rm_impl){
		.id = path,
		.label = table.name,
		.family = "free",
		.sync = "its own",
		.source = path,
		.shapes = convert_shapes(table.keys),
		.caps = convert_caps(table.flags),
		.guarantees = table.guarantees,
		.progress = table.progress,
		.dispatch = "callback",
		.ops = &ops,
	};
	*impl = &described;
	return 0;
}
