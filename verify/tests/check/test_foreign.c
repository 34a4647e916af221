/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_foreign.c - a table of runner/foreign.h as a map of ours: which tables
 * are taken, what is asked of them in which words, and what they are described
 * as. The library is played: its table is this file's own.
 */
#include "runner/foreign.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct rm_foreign_map theirs;
static char opened[4096]; /* what was asked to be loaded */

static void *played_dlopen(const char *file, int flags)
{
	(void)flags;
	snprintf(opened, sizeof(opened), "%s", file);
	return opened;
}

static void *played_dlsym(void *library, const char *name)
{
	return library == opened && !strcmp(name, "rm_foreign_map") ? &theirs
	                                                            : NULL;
}

static int played_access(const char *file, int how)
{
	(void)file, (void)how;
	return 0;
}

/* The code itself, with these: the library's object is then not linked. */
#define dlopen played_dlopen
#define dlsym  played_dlsym
#define access played_access
#include "verify/check/foreign.c"
#undef dlopen
#undef dlsym
#undef access

#include "tests/unit/tap.h"

/* ---- their map: what it was asked for last -------------------------------- */

static struct {
	const char *operation;
	void *handle;
	struct rm_foreign_key key;
	uint64_t value, expected, *out;
	uint32_t kind;
	size_t keys, threads, slot;
	uint64_t seed;
	int says; /* what it answers */
} their;

static void note(const char *operation, void *handle,
        const struct rm_foreign_key *key, uint64_t value, uint64_t *out)
{
	their.operation = operation;
	their.handle = handle;
	their.value = value;
	their.out = out;
	if (key)
		their.key = *key;
	if (out && their.says)
		*out = 99;
}

static bool was(const char *operation)
{
	const bool same =
	        their.operation && !strcmp(their.operation, operation);

	if (!same)
		printf("# %s\n", their.operation ? their.operation : "none");
	their.operation = NULL;
	return same;
}

static void *their_create(
        uint32_t kind, size_t keys, size_t threads, uint64_t seed)
{
	their.kind = kind;
	their.keys = keys;
	their.threads = threads;
	their.seed = seed;
	return &their;
}

static void their_destroy(void *map)
{
	note("destroy", map, NULL, 0, NULL);
}

static int their_lookup(
        void *handle, const struct rm_foreign_key *key, uint64_t *value)
{
	note("lookup", handle, key, 0, value);
	return their.says;
}

static int their_upsert(void *handle, const struct rm_foreign_key *key,
        uint64_t value, uint64_t *old)
{
	note("upsert", handle, key, value, old);
	return their.says;
}

static int their_remove(
        void *handle, const struct rm_foreign_key *key, uint64_t *old)
{
	note("remove", handle, key, 0, old);
	return their.says;
}

static void *their_join(void *map, size_t slot)
{
	note("join", map, NULL, 0, NULL);
	their.slot = slot;
	return &theirs;
}

static void their_leave(void *handle)
{
	note("leave", handle, NULL, 0, NULL);
}

static void their_quiesce(void *handle)
{
	note("quiesce", handle, NULL, 0, NULL);
}

static int their_insert(void *handle, const struct rm_foreign_key *key,
        uint64_t value, uint64_t *present)
{
	note("insert", handle, key, value, present);
	return their.says;
}

static int their_swap(void *handle, const struct rm_foreign_key *key,
        uint64_t expected, uint64_t value)
{
	note("swap", handle, key, value, NULL);
	their.expected = expected;
	return their.says;
}

static int their_compare_remove(
        void *handle, const struct rm_foreign_key *key, uint64_t expected)
{
	note("compare_remove", handle, key, 0, NULL);
	their.expected = expected;
	return their.says;
}

static void their_scan(void *handle, rm_foreign_visit *visit, void *context)
{
	const struct rm_foreign_key key = { 5, "five", 4 };

	note("scan", handle, NULL, 0, NULL);
	if (visit(context, &key, 55))
		visit(context, &key, 56);
}

static size_t their_length(void *handle)
{
	note("length", handle, NULL, 0, NULL);
	return 123;
}

static void their_clear(void *handle)
{
	note("clear", handle, NULL, 0, NULL);
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

/* As in a process that has loaded none yet. */
static const struct rm_impl *loaded(const char *path)
{
	const struct rm_impl *impl = NULL;

	memset(&table, 0, sizeof(table));
	error = (struct rm_error){ "" };
	code = rm_foreign_load(path, &impl, &error);
	return code ? NULL : impl;
}

/* ---- which are taken ------------------------------------------------------ */

static void names_of_files(void)
{
	CHECK(rm_foreign_is_file("./x") && rm_foreign_is_file("a/b") &&
	                rm_foreign_is_file("x.so") &&
	                !rm_foreign_is_file(".so") &&
	                !rm_foreign_is_file("gomap_rw") &&
	                !rm_foreign_is_file("x.so.1") &&
	                !rm_foreign_is_file(""),
	        "a file has a slash or ends with .so");
	theirs = whole;
	CHECK(loaded("x.so") && !strcmp(opened, "./x.so"),
	        "without a slash the one of this folder is loaded");
	CHECK(loaded("/a/x.so") && !strcmp(opened, "/a/x.so"),
	        "with one that which it names");
}

static bool refused(const char *says)
{
	const bool right = !loaded("x.so") && code == -EINVAL &&
	                   !strncmp(error.text, "x.so: ", 6) &&
	                   strstr(error.text, says) && !table.create;

	if (!right)
		printf("# %s\n", error.text);
	theirs = whole;
	return right;
}

static void wrong_tables(void)
{
	theirs = whole;
	theirs.version++;
	CHECK(refused("version is 2, expected 1"), "another version");
	theirs.size = offsetof(struct rm_foreign_map, join) - 1;
	CHECK(refused("size is "), "a table that is too short");
	theirs.create = NULL;
	CHECK(refused("create is null, expected a function"), "no create");
	theirs.destroy = NULL;
	CHECK(refused("destroy is null"), "no destroy");
	theirs.lookup = NULL;
	CHECK(refused("lookup is null"), "no lookup");
	theirs.upsert = NULL;
	CHECK(refused("upsert is null"), "no upsert");
	theirs.remove = NULL;
	CHECK(refused("remove is null"), "no remove");
	theirs.keys = 0;
	CHECK(refused("keys is 0, expected 1 (u64)"), "no kind of keys");
	theirs.keys = 7;
	CHECK(refused("keys is 7"), "a kind that nobody knows");
	theirs.flags = 4;
	CHECK(refused("flags is 4"), "a flag that nobody knows");
	theirs.name = "";
	CHECK(refused("name, expected 1 .. 24"), "no name");
	theirs.name = "a name of 25 characters!!";
	CHECK(refused("name, expected 1 .. 24"), "a name that is too long");
	theirs.name = NULL;
	CHECK(refused("name, expected 1 .. 24"), "a name that is null");
	theirs.guarantees = "all";
	CHECK(refused("guarantees, expected point-in-time, once-if-present or "
	              "none"),
	        "a promise of scans that nobody knows");
	theirs.guarantees = NULL;
	CHECK(refused("guarantees, expected"), "one that is null");
	theirs.progress = "quick";
	CHECK(refused("progress, expected blocking, lock-free or wait-free"),
	        "a promise of progress that nobody knows");
}

static unsigned caps(uint32_t flags)
{
	theirs = whole;
	theirs.flags = flags;
	return loaded("x.so")->caps;
}

static unsigned shapes(uint32_t keys)
{
	theirs = whole;
	theirs.keys = keys;
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
	        "flags are caps");
	CHECK(shapes(1) == 1U << rm_shape_index(RM_U64X8) &&
	                shapes(2) == 1U << rm_shape_index(RM_STR16X8) &&
	                shapes(3) == (1U << rm_shape_index(RM_U64X8) |
	                                     1U << rm_shape_index(RM_STR16X8)),
	        "kinds of keys are shapes of eight bytes");
	for (unsigned i = 0; i < 3; i++) {
		theirs = whole;
		theirs.guarantees = words[i];
		theirs.progress = progress[i];
		impl = loaded("x.so");
		kept &= impl && !strcmp(impl->guarantees, words[i]) &&
		        !strcmp(impl->progress, progress[i]);
	}
	CHECK(kept, "promises are taken as they are");
	theirs = whole;
	impl = loaded("x.so");
	CHECK(!strcmp(impl->id, "x.so") && !strcmp(impl->label, whole.name) &&
	                !impl->drive[0] && !impl->loops,
	        "its path is its id, and it has no measured loop");
	CHECK(rm_foreign_code(impl) == (uintptr_t)their_upsert,
	        "its code is the library's, where progress stops a thread");
	CHECK(rm_foreign_load("y.so", &other, &error) == -EBUSY &&
	                strstr(error.text, "y.so: a library is loaded already"),
	        "a second library is refused");
}

/* ---- what it is asked ----------------------------------------------------- */

static void operations(const struct rm_map_ops *ops)
{
	const struct rm_key key = { 7, "seven", 5 };
	struct rm_value value = { { 70 } }, got = { { 0 } };
	int handle;

	CHECK(ops->lookup(&handle, RM_U64X8, key, &got) && was("lookup") &&
	                got.word[0] == 99 && their.handle == &handle &&
	                their.key.word == 7 && their.key.length == 5 &&
	                their.key.bytes == key.bytes,
	        "lookup is given the handle and the key, and gives a value");
	CHECK(ops->upsert(&handle, RM_U64X8, key, &value) && was("upsert") &&
	                their.value == 70 && !their.out,
	        "upsert asks for no old value");
	CHECK(ops->exchange(&handle, RM_U64X8, key, &value, &got) &&
	                was("upsert") && their.value == 70 &&
	                their.out == &got.word[0],
	        "exchange is an upsert that does");
	CHECK(ops->remove(&handle, RM_U64X8, key) && was("remove") &&
	                !their.out,
	        "remove asks for none");
	CHECK(ops->take(&handle, RM_U64X8, key, &got) && was("remove") &&
	                their.out == &got.word[0],
	        "take does");
	CHECK(ops->insert_if_absent(&handle, RM_U64X8, key, &value, &got) &&
	                was("insert") && their.value == 70 &&
	                their.out == &got.word[0],
	        "insert_if_absent");
	got.word[0] = 69;
	CHECK(ops->compare_swap(&handle, RM_U64X8, key, &got, &value) &&
	                was("swap") && their.expected == 69 &&
	                their.value == 70,
	        "compare_swap");
	CHECK(ops->compare_remove(&handle, RM_U64X8, key, &got) &&
	                was("compare_remove") && their.expected == 69,
	        "compare_remove");
	CHECK(ops->length(&handle) == 123 && was("length"), "length");
	ops->clear(&handle);
	CHECK(was("clear") && their.handle == &handle, "clear");
	their.says = 0;
	CHECK(!ops->lookup(&handle, RM_U64X8, key, &got) &&
	                !ops->upsert(&handle, RM_U64X8, key, &value) &&
	                !ops->take(&handle, RM_U64X8, key, &got) &&
	                !ops->compare_swap(
	                        &handle, RM_U64X8, key, &got, &value),
	        "what it denies is denied");
	their.says = 1;
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

	CHECK(ops->join(&their, 3) == &theirs && was("join") &&
	                their.slot == 3 && their.handle == &their,
	        "a thread's handle is the library's");
	ops->quiesce(&handle);
	CHECK(was("quiesce") && their.handle == &handle, "it is quiescent");
	ops->leave(&handle);
	CHECK(was("leave") && their.handle == &handle, "and leaves");
	ops->scan(&handle, RM_U64X8, add, &goes_on);
	CHECK(was("scan") && sum == 55 + 56, "a scan gives all entries");
	goes_on = false;
	sum = 0;
	ops->scan(&handle, RM_U64X8, add, &goes_on);
	CHECK(sum == 55, "or as many as are wanted");
	ops->destroy(&handle);
	CHECK(was("destroy") && their.handle == &handle, "a map has an end");
}

static void makes(const struct rm_map_ops *ops)
{
	struct rm_sizing sizing = {
		.keys = 1000, .threads = 6, .shape = RM_U64X8, .seed = 8
	};

	CHECK(ops->create(&sizing) == &their && their.kind == RM_FOREIGN_U64 &&
	                their.keys == 0 && their.threads == 6 &&
	                their.seed == 8,
	        "a map that shall grow is given no number of keys");
	sizing.presize = true;
	sizing.shape = RM_STR16X8;
	CHECK(ops->create(&sizing) == &their && their.kind == RM_FOREIGN_STR &&
	                their.keys == 1000,
	        "one that is presized is, here of strings");
}

/* What an old library does not know is not read, whatever lies behind it. */
static void mandatory_only(void)
{
	const struct rm_map_ops *ops;

	theirs.size = offsetof(struct rm_foreign_map, join);
	ops = loaded("x.so")->ops;
	CHECK(!ops->insert_if_absent && !ops->compare_swap &&
	                !ops->compare_remove && !ops->scan && !ops->length &&
	                !ops->clear && ops->exchange && ops->take,
	        "a table of what is mandatory offers just that");
	ops->leave(&their);
	ops->quiesce(&their);
	CHECK(ops->join(&their, 3) == &their && !their.operation,
	        "the map itself is the handle, and nothing is told");
	theirs.size = sizeof(theirs) + 64;
	CHECK(loaded("x.so") && table.clear == their_clear,
	        "a table that is longer than ours is read as far as we know");
}

int main(void)
{
	their.says = 1;
	names_of_files();
	wrong_tables();
	described();
	operations(loaded("x.so")->ops);
	threads_and_scans(loaded("x.so")->ops);
	makes(loaded("x.so")->ops);
	mandatory_only();
	return DONE();
}
