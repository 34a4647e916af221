/* SPDX-License-Identifier: Apache-2.0 */
/* test_slab_syncmap.c - sessions found through a sync.Map: they make only the
   allocator calls of the sync.Map, and a reused record answers only for its new
   session. It is linked with the stats objects. */
#include "impls/slab/sessions_syncmap.h"
#include "runner/driver.h"
#include "runner/trial/trial.h"
#include "tests/unit/tap.h"
#include "tests/unit/wanted_stat.h"

#include <string.h>

extern const struct rm_impl rm_impl_slab, rm_impl_slab_syncmap, rm_impl_syncmap;

enum { HELD = 200, SESSIONS = 5000, TOUCHES = 4 };

static const struct rm_map_ops inner = { SESSIONS_OPS };

/* Returns the allocator calls of the process so far, or a negative number if
   this build does not count them. */
static double allocations(void)
{
	struct wanted_stat wanted = { "allocations", -1 };

	rm_allocations_emit(take_wanted, &wanted);
	return wanted.value;
}

/* A map and its only thread. */
struct user {
	const struct rm_map_ops *ops;
	struct rm_shape shape;
	void *map, *thread;
	bool directory; /* true if only the directory operations of a session
	                   are performed */
};

static struct user user_of(const struct rm_map_ops *ops, bool directory)
{
	const struct rm_sizing sizing = { .keys = HELD + 1,
		.threads = 1,
		.shape = directory ? RM_U64X24 : RM_U64X8,
		.seed = 3 };
	struct user user = { .ops = ops,
		.shape = sizing.shape,
		.map = ops->create(&sizing),
		.directory = directory };

	user.thread = ops->join(user.map, 0);
	return user;
}

static void user_end(struct user *user)
{
	user->ops->leave(user->thread);
	user->ops->destroy(user->map);
}

static struct rm_key key_of(uint64_t rank)
{
	static struct rm_key_bytes line;

	return rm_key_of(RM_U64X8, rank, &line);
}

static bool lookup_key(struct user *user, uint64_t rank)
{
	struct rm_value value;

	return user->ops->lookup(
	        user->thread, user->shape, key_of(rank), &value);
}

/* Opens a session or writes to it. A write to a session looks its key up first.
   If the key is present, it makes no other directory operation. */
static void put(struct user *user, uint64_t rank)
{
	const struct rm_value value = rm_value_of(rank, 0, 1);

	if (!user->directory || !lookup_key(user, rank))
		rm_map_upsert(user->ops, user->thread, user->shape,
		        key_of(rank), &value);
}

static bool drop(struct user *user, uint64_t rank)
{
	return (!user->directory || lookup_key(user, rank)) &&
	       rm_map_remove(
	               user->ops, user->thread, user->shape, key_of(rank));
}

/* Returns the number of allocator calls of closes and opens after the
   warm-up. */
static double calls_of(const struct rm_impl *impl, bool directory)
{
	struct user user = user_of(impl->ops, directory);
	bool found = true;
	double before;

	for (uint64_t i = 0; i < HELD; i++)
		put(&user, i);
	before = allocations();
	for (uint64_t i = 0; i < SESSIONS; i++) {
		found &= drop(&user, i);
		put(&user, i + HELD);
		for (uint64_t n = 0; n < TOUCHES; n++)
			found &= lookup_key(&user, i + HELD);
		put(&user, i + HELD);
		user.ops->quiesce(user.thread);
	}
	const double calls = allocations() - before;

	if (!found)
		CHECK(false, "every session is found");
	user_end(&user);
	printf("# %s%s: %.4f allocator calls per session\n", impl->id,
	        directory ? " as directory" : "", calls / SESSIONS);
	return calls;
}

static void check_allocator_calls(void)
{
	if (allocations() < 0) {
		SKIP("record and slots make no allocator call",
		        "a sanitizer has its own malloc");
		return;
	}
	const double all = calls_of(&rm_impl_slab_syncmap, false);
	const double directory = calls_of(&rm_impl_syncmap, true);

	CHECK(all - directory == 0,
	        "record and slots of a session make no allocator call");
	CHECK(directory >= 2 * SESSIONS,
	        "the sync.Map of a session makes at least two, as in the "
	        "article");
	CHECK(calls_of(&rm_impl_slab, false) == 0,
	        "a directory of linked records makes no allocator call");
}

static struct session *session_of(struct user *user, uint64_t rank)
{
	struct rm_value entry;

	return session_find(user->thread, RM_U64X8, key_of(rank), &entry)
	               ? session_at(&entry)
	               : NULL;
}

/* A reader finds a session. It reads the record after the session was closed,
   and after the record belongs to another session. */
static void record_is_reused(void)
{
	struct user user = user_of(&inner, false);
	struct rm_value entry, value = { { 0 } };

	put(&user, 1);
	CHECK(session_find(user.thread, RM_U64X8, key_of(1), &entry) &&
	                session_read_value(&entry, &value) &&
	                !rm_value_errors(RM_U64X8, &value, 1),
	        "an open session is read");
	drop(&user, 1);
	CHECK(!session_read_value(&entry, &value),
	        "a closed session is absent");
	put(&user, 2);
	CHECK(session_of(&user, 2) == session_at(&entry),
	        "the record of a closed session is reused by the next session");
	value.word[0] = 4711;
	CHECK(!session_read_value(&entry, &value) && value.word[0] == 4711,
	        "the record does not answer for the previous session");
	CHECK(lookup_key(&user, 2) && !lookup_key(&user, 1),
	        "the map finds only the new session");
	user_end(&user);
}

static bool check_reports(struct user *user, const char *expected)
{
	char why[100] = "";

	return inner.check(user->map, why, sizeof(why))
	               ? !expected
	               : expected && !strcmp(why, expected);
}

static void check_finds_faults(void)
{
	struct user user = user_of(&inner, false);
	struct sessions *map = user.map;
	struct session *lost;

	put(&user, 1);
	CHECK(check_reports(&user, NULL), "the map's check passes");
	slab_claim(session_of(&user, 1));
	CHECK(check_reports(&user, "a slot is claimed and not ready"),
	        "the check detects a slot that stays claimed");
	drop(&user, 1);
	lost = session_get(&map->pool);
	CHECK(check_reports(&user, "a session is neither open nor in the pool"),
	        "the check detects a lost record");
	session_write(lost, 0, 1);
	CHECK(check_reports(
	              &user, "the directory has another number of sessions"),
	        "the check detects an open session without a key");
	session_put(&map->pool, lost);
	CHECK(check_reports(&user, NULL), "the check passes again");
	user_end(&user);
}

/* Runs lifecycle:4:SLOTS. Another thread removes session `lost` of 16. */
static void loop_uses_handles(uint64_t slots, uint64_t lost)
{
	const uint64_t args[] = { 4, slots, 1 };
	struct user user = user_of(&inner, false);
	struct rm_worker worker = { .thread = user.thread,
		.resident = 16,
		.threads = 1,
		.loop_args = args };
	bool written = life_open_all(&worker);
	const struct ring *ring = worker.held;
	uint64_t word;

	for (uint64_t i = 0; written && i < 16; i++) {
		struct session *session = ring->sessions[i];

		written &= session == session_of(&user, i);
		written &= session_read(session, (unsigned)slots, &word);
		written &= slots == SLAB_WORDS - 1 ||
		           !session_read(session, (unsigned)slots + 1, &word);
	}
	CHECK(written, "each session has its value and SLOTS words, and its "
	               "key leads to it");
	if (lost < 16)
		drop(&user, lost);
	life_close_all(&worker);
	CHECK((worker.counts.wrong != 0) == (lost < 16),
	        "a wrong answer is counted if and only if a session was lost");
	CHECK(inner.length(user.thread) == 0 && check_reports(&user, NULL),
	        "all sessions are closed");
	user_end(&user);
}

static bool count_visit(
        void *context, struct rm_key key, const struct rm_value *value)
{
	unsigned *right = context;
	const uint64_t rank = *right;

	*right += key.word == key_of(rank).word &&
	          !rm_value_errors(RM_U64X8, value, rank);
	return true;
}

static void scan_visits_values(void)
{
	struct user user = user_of(&inner, false);
	unsigned right = 0;

	put(&user, 0);
	inner.scan(user.thread, RM_U64X8, count_visit, &right);
	CHECK(right == 1, "a scan visits a session's key with its value");
	user_end(&user);
}

int main(void)
{
	record_is_reused();
	check_finds_faults();
	loop_uses_handles(4, 16);
	loop_uses_handles(SLAB_WORDS - 1, 16);
	loop_uses_handles(4, 0);
	loop_uses_handles(4, 15);
	scan_visits_values();
	check_allocator_calls();
	return DONE();
}
