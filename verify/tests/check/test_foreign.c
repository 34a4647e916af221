/* SPDX-License-Identifier: Apache-2.0 */
/* test_foreign.c - tests maps from tables of runner/readmostly.h: which tables
 * are accepted, how they are described, and which of their functions are
 * called. The table is in this file instead of a library. */
#include "runner/base/file.h"
#include "runner/readmostly.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static struct rm_foreign_map lib_table;
static char opened[4096]; /* the file that the code under test requests */

static void *mock_dlopen(const char *file, int flags)
{
	(void)flags;
	snprintf(opened, sizeof(opened), "%s", file);
	return opened;
}

static void *mock_dlsym(void *library, const char *name)
{
	return library == opened && !strcmp(name, "rm_foreign_map") ? &lib_table
	                                                            : NULL;
}

static int mock_library_check(const char *file)
{
	(void)file;
	return 0;
}

/* Includes the code under test with these replacements, so its object is not
 * linked. */
#define dlopen           mock_dlopen
#define dlsym            mock_dlsym
#define rm_library_check mock_library_check
#include "verify/check/foreign.c"
#undef dlopen
#undef dlsym
#undef rm_library_check

#include "tests/unit/tap.h"

/* ---- the library's map: stores its last call ----------------------------- */

static struct {
	const char *operation;
	void *handle;
	struct rm_foreign_key key;
	uint64_t value, expected, *out;
	uint32_t kind;
	size_t keys, threads, slot;
	uint64_t seed;
	int result; /* the result that the next calls return */
} call;

static void record_call(const char *operation, void *handle,
        const struct rm_foreign_key *key, uint64_t value, uint64_t *out)
{
	call.operation = operation;
	call.handle = handle;
	call.value = value;
	call.out = out;
	if (key)
		call.key = *key;
	if (out && call.result)
		*out = 99;
}

static bool called(const char *operation)
{
	const bool same = call.operation && !strcmp(call.operation, operation);

	if (!same)
		printf("# %s\n", call.operation ? call.operation : "none");
	call.operation = NULL;
	return same;
}

static void *their_create(
        uint32_t kind, size_t keys, size_t threads, uint64_t seed)
{
	call.kind = kind;
	call.keys = keys;
	call.threads = threads;
	call.seed = seed;
	return &call;
}

static void their_destroy(void *map)
{
	record_call("destroy", map, NULL, 0, NULL);
}

static int their_lookup(
        void *handle, const struct rm_foreign_key *key, uint64_t *value)
{
	record_call("lookup", handle, key, 0, value);
	return call.result;
}

static int their_upsert(void *handle, const struct rm_foreign_key *key,
        uint64_t value, uint64_t *old)
{
	record_call("upsert", handle, key, value, old);
	return call.result;
}

static int their_remove(
        void *handle, const struct rm_foreign_key *key, uint64_t *old)
{
	record_call("remove", handle, key, 0, old);
	return call.result;
}

static void *their_join(void *map, size_t slot)
{
	record_call("join", map, NULL, 0, NULL);
	call.slot = slot;
	return &lib_table;
}

static void their_leave(void *handle)
{
	record_call("leave", handle, NULL, 0, NULL);
}

static void their_quiesce(void *handle)
{
	record_call("quiesce", handle, NULL, 0, NULL);
}

static int their_insert(void *handle, const struct rm_foreign_key *key,
        uint64_t value, uint64_t *present)
{
	record_call("insert", handle, key, value, present);
	return call.result;
}

static int their_swap(void *handle, const struct rm_foreign_key *key,
        uint64_t expected, uint64_t value)
{
	record_call("swap", handle, key, value, NULL);
	call.expected = expected;
	return call.result;
}

static int their_compare_remove(
        void *handle, const struct rm_foreign_key *key, uint64_t expected)
{
	record_call("compare_remove", handle, key, 0, NULL);
	call.expected = expected;
	return call.result;
}

static void their_scan(void *handle, rm_foreign_visit *visit, void *context)
{
	const struct rm_foreign_key key = { 5, "five", 4 };

	record_call("scan", handle, NULL, 0, NULL);
	if (visit(context, &key, 55))
		visit(context, &key, 56);
}

static size_t their_length(void *handle)
{
	record_call("length", handle, NULL, 0, NULL);
	return 123;
}

static void their_clear(void *handle)
{
	record_call("clear", handle, NULL, 0, NULL);
}

static const struct rm_foreign_map whole = {
	.version = RM_FOREIGN_VERSION,
	.size = sizeof(struct rm_foreign_map),
	.name = "a name of 24 characters!",
	.keys = RM_FOREIGN_U64 | RM_FOREIGN_STR,
	.guarantees = "once-if-present",
	.progress = "lock-free",
	.create = their_create,
	.destroy = their_destroy,
	.lookup = their_lookup,
	.upsert = their_upsert,
	.remove = their_remove,
	.join = their_join,
	.leave = their_leave,
	.quiesce = their_quiesce,
	.insert_if_absent = their_insert,
	.compare_swap = their_swap,
	.compare_remove = their_compare_remove,
	.scan = their_scan,
	.length = their_length,
	.clear = their_clear,
};

static struct rm_error error;
static int code;

/* Loads the table in a process that has not loaded one yet. */
static const struct rm_impl *loaded(const char *path)
{
	const struct rm_impl *impl = NULL;

	memset(&table, 0, sizeof(table));
	error = (struct rm_error){ "" };
	code = rm_foreign_load(path, 0, &impl, &error);
	return code ? NULL : impl;
}

/* ---- accepted and rejected tables
 * ------------------------------------------ */

static void names_of_files(void)
{
	CHECK(rm_foreign_is_path("./x") && rm_foreign_is_path("a/b") &&
	                rm_foreign_is_path("x.so") &&
	                !rm_foreign_is_path(".so") &&
	                !rm_foreign_is_path("gomap_rw") &&
	                !rm_foreign_is_path("x.so.1") &&
	                !rm_foreign_is_path(""),
	        "a file name has a slash or ends with .so");
	lib_table = whole;
	CHECK(loaded("x.so") && !strcmp(opened, "./x.so"),
	        "without a slash the file in this folder is loaded");
	CHECK(loaded("/a/x.so") && !strcmp(opened, "/a/x.so"),
	        "with a slash the named file is loaded");
}

static bool refused(const char *expected)
{
	const bool right = !loaded("x.so") && code == -EINVAL &&
	                   !strncmp(error.text, "x.so: ", 6) &&
	                   strstr(error.text, expected) && !table.create;

	if (!right)
		printf("# %s\n", error.text);
	lib_table = whole;
	return right;
}

static void wrong_tables(void)
{
	lib_table = whole;
	lib_table.version++;
	CHECK(refused("version is 2, expected 1"),
	        "another version is rejected");
	lib_table.size = offsetof(struct rm_foreign_map, join) - 1;
	CHECK(refused("size is "), "a table that is too short is rejected");
	lib_table.create = NULL;
	CHECK(refused("create is null, expected a function"),
	        "a missing create is rejected");
	lib_table.destroy = NULL;
	CHECK(refused("destroy is null"), "a missing destroy is rejected");
	lib_table.lookup = NULL;
	CHECK(refused("lookup is null"), "a missing lookup is rejected");
	lib_table.upsert = NULL;
	CHECK(refused("upsert is null"), "a missing upsert is rejected");
	lib_table.remove = NULL;
	CHECK(refused("remove is null"), "a missing remove is rejected");
	lib_table.keys = 0;
	CHECK(refused("keys is 0, expected 1 (u64)"),
	        "a table without keys is rejected");
	lib_table.keys = 7;
	CHECK(refused("keys is 7"), "an unknown kind of keys is rejected");
	lib_table.flags = 4;
	CHECK(refused("flags is 4"), "an unknown flag is rejected");
	lib_table.name = "";
	CHECK(refused("name, expected 1 .. 24"), "an empty name is rejected");
	lib_table.name = "a name of 25 characters!!";
	CHECK(refused("name, expected 1 .. 24"),
	        "a name that is too long is rejected");
	lib_table.name = NULL;
	CHECK(refused("name, expected 1 .. 24"), "a null name is rejected");
	lib_table.guarantees = "all";
	CHECK(refused("guarantees, expected point-in-time, once-if-present or "
	              "none"),
	        "an unknown guarantee is rejected");
	lib_table.guarantees = NULL;
	CHECK(refused("guarantees, expected"), "a null guarantee is rejected");
	lib_table.progress = "quick";
	CHECK(refused("progress, expected blocking, starvation-free, "
	              "lock-free or wait-free"),
	        "an unknown progress claim is rejected");
}

static unsigned caps(uint32_t flags)
{
	lib_table = whole;
	lib_table.flags = flags;
	return loaded("x.so")->caps;
}

static unsigned shapes(uint32_t keys)
{
	lib_table = whole;
	lib_table.keys = keys;
	return loaded("x.so")->shapes;
}

static void described(void)
{
	static const char *const words[] = { "point-in-time", "once-if-present",
		"none" };
	static const char *const progress[] = { "blocking", "lock-free",
		"wait-free" };
	const struct rm_impl *impl, *other;
	bool kept = true;

	CHECK(caps(0) == 0 && caps(1) == RM_CAP_SINGLE_WRITER &&
	                caps(2) == RM_CAP_SLOW_WRITES &&
	                caps(3) == (RM_CAP_SINGLE_WRITER | RM_CAP_SLOW_WRITES),
	        "flags become caps");
	CHECK(shapes(1) == 1U << rm_shape_index(RM_U64X8) &&
	                shapes(2) == 1U << rm_shape_index(RM_STR16X8) &&
	                shapes(3) == (1U << rm_shape_index(RM_U64X8) |
	                                     1U << rm_shape_index(RM_STR16X8)),
	        "kinds of keys become shapes with values of eight bytes");
	for (unsigned i = 0; i < 3; i++) {
		lib_table = whole;
		lib_table.guarantees = words[i];
		lib_table.progress = progress[i];
		impl = loaded("x.so");
		kept &= impl && !strcmp(impl->guarantees, words[i]) &&
		        !strcmp(impl->progress, progress[i]);
	}
	CHECK(kept, "guarantees and claims are copied");
	lib_table = whole;
	impl = loaded("x.so");
	CHECK(!strcmp(impl->id, "x.so") && !strcmp(impl->label, whole.name) &&
	                !impl->drive[0] && !impl->loops,
	        "the path is the id, and there is no measured loop");
	CHECK(rm_foreign_code(impl) == (uintptr_t)their_lookup,
	        "the map's code is in the library, where progress stops a "
	        "thread");
	CHECK(rm_foreign_load("y.so", 0, &other, &error) == -EBUSY &&
	                strstr(error.text, "y.so: a library is loaded already"),
	        "a second library is rejected");
}

/* ---- calls of the library
 * -------------------------------------------------- */

static void operations(const struct rm_map_ops *ops)
{
	const struct rm_key key = { 7, "seven", 5 };
	struct rm_value value = { { 70 } }, got = { { 0 } };
	int handle;

	CHECK(ops->lookup(&handle, RM_U64X8, key, &got) && called("lookup") &&
	                got.word[0] == 99 && call.handle == &handle &&
	                call.key.word == 7 && call.key.length == 5 &&
	                call.key.bytes == key.bytes,
	        "lookup passes the handle and the key, and returns a value");
	CHECK(rm_map_upsert(ops, &handle, RM_U64X8, key, &value) &&
	                called("upsert") && call.value == 70 && !call.out,
	        "upsert does not request the old value");
	CHECK(ops->exchange(&handle, RM_U64X8, key, &value, &got) &&
	                called("upsert") && call.value == 70 &&
	                call.out == &got.word[0],
	        "exchange is an upsert that requests the old value");
	CHECK(rm_map_remove(ops, &handle, RM_U64X8, key) && called("remove") &&
	                !call.out,
	        "remove does not request the old value");
	CHECK(ops->take(&handle, RM_U64X8, key, &got) && called("remove") &&
	                call.out == &got.word[0],
	        "take is a remove that requests the old value");
	CHECK(ops->insert_if_absent(&handle, RM_U64X8, key, &value, &got) &&
	                called("insert") && call.value == 70 &&
	                call.out == &got.word[0],
	        "insert_if_absent passes both values");
	got.word[0] = 69;
	CHECK(ops->compare_swap(&handle, RM_U64X8, key, &got, &value) &&
	                called("swap") && call.expected == 69 &&
	                call.value == 70,
	        "compare_swap passes both values");
	CHECK(ops->compare_remove(&handle, RM_U64X8, key, &got) &&
	                called("compare_remove") && call.expected == 69,
	        "compare_remove passes the expected value");
	CHECK(ops->length(&handle) == 123 && called("length"),
	        "length returns the library's");
	ops->clear(&handle);
	CHECK(called("clear") && call.handle == &handle,
	        "clear passes the handle");
	call.result = 0;
	CHECK(!ops->lookup(&handle, RM_U64X8, key, &got) &&
	                !rm_map_upsert(ops, &handle, RM_U64X8, key, &value) &&
	                !ops->take(&handle, RM_U64X8, key, &got) &&
	                !ops->compare_swap(
	                        &handle, RM_U64X8, key, &got, &value),
	        "false results are passed on");
	call.result = 1;
}

static uint64_t sum;

static bool add(void *context, struct rm_key key, const struct rm_value *value)
{
	const bool *goes_on = context;

	sum += value->word[0] * (key.word == 5 && key.length == 4);
	return *goes_on;
}

static void threads_and_scans(const struct rm_map_ops *ops)
{
	bool goes_on = true;
	int handle;

	CHECK(ops->join(&call, 3) == &lib_table && called("join") &&
	                call.slot == 3 && call.handle == &call,
	        "join returns the library's handle");
	ops->quiesce(&handle);
	CHECK(called("quiesce") && call.handle == &handle,
	        "quiesce passes the handle");
	ops->leave(&handle);
	CHECK(called("leave") && call.handle == &handle,
	        "leave passes the handle");
	ops->scan(&handle, RM_U64X8, add, &goes_on);
	CHECK(called("scan") && sum == 55 + 56, "a scan gives all entries");
	goes_on = false;
	sum = 0;
	ops->scan(&handle, RM_U64X8, add, &goes_on);
	CHECK(sum == 55, "a scan stops when the callback returns false");
	ops->destroy(&handle);
	CHECK(called("destroy") && call.handle == &handle,
	        "destroy passes the map");
}

static void makes(const struct rm_map_ops *ops)
{
	struct rm_sizing sizing = {
		.keys = 1000, .threads = 6, .shape = RM_U64X8, .seed = 8
	};

	CHECK(ops->create(&sizing) == &call && call.kind == RM_FOREIGN_U64 &&
	                call.keys == 0 && call.threads == 6 && call.seed == 8,
	        "without presizing, create gets 0 keys");
	sizing.presize = true;
	sizing.shape = RM_STR16X8;
	CHECK(ops->create(&sizing) == &call && call.kind == RM_FOREIGN_STR &&
	                call.keys == 1000,
	        "with presizing, create gets the number of keys");
}

/* Members that an old library does not have are not read. */
static void mandatory_only(void)
{
	const struct rm_map_ops *ops;

	lib_table.size = offsetof(struct rm_foreign_map, join);
	ops = loaded("x.so")->ops;
	CHECK(!ops->insert_if_absent && !ops->compare_swap &&
	                !ops->compare_remove && !ops->scan && !ops->length &&
	                !ops->clear && ops->exchange && ops->take,
	        "a table of mandatory members offers only these");
	ops->leave(&call);
	ops->quiesce(&call);
	CHECK(ops->join(&call, 3) == &call && !call.operation,
	        "without join the map itself is the handle");
	lib_table.size = sizeof(lib_table) + 64;
	CHECK(loaded("x.so") && table.clear == their_clear,
	        "the unknown end of a longer table is ignored");
}

int main(void)
{
	call.result = 1;
	names_of_files();
	wrong_tables();
	described();
	operations(loaded("x.so")->ops);
	threads_and_scans(loaded("x.so")->ops);
	makes(loaded("x.so")->ops);
	mandatory_only();
	return DONE();
}
