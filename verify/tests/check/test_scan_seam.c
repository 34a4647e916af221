/* SPDX-License-Identifier: Apache-2.0 */
/* test_scan_seam.c - tests that the check of scans accepts every state of a
 * correct map, including the state in which the token wraps from the last rank
 * to the first. The map waits once in this state until it has been scanned. */
#include "impls/support/no_handle.h"
#include "tests/unit/tap.h"
#include "verify/check/internal.h"

#include <string.h>
#include <unistd.h>

enum { ROOM = 256, LAST = 249, FIRST = 200 }; /* ranks of scan.c's tokens */

struct entry {
	uint64_t word;
	struct rm_value value;
};

/* Unordered entries under one lock. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct entry entries[ROOM];
	size_t count;
	bool at_seam, was_scanned;
} map = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER };

static size_t find(uint64_t word)
{
	size_t i = 0;

	while (i < map.count && map.entries[i].word != word)
		i++;
	return i;
}

static bool holds(uint32_t rank)
{
	for (size_t i = 0; i < map.count; i++)
		if ((uint32_t)map.entries[i].value.word[0] == rank)
			return true;
	return false;
}

static bool upsert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	(void)thread, (void)shape;
	pthread_mutex_lock(&map.lock);
	size_t i = find(key.word);
	bool was_there = i < map.count;

	map.count += !was_there;
	map.entries[i] = (struct entry){ key.word, *value };
	if (!map.was_scanned && holds(LAST) && holds(FIRST)) {
		map.at_seam = true;
		pthread_cond_broadcast(&map.changed);
		while (!map.was_scanned)
			pthread_cond_wait(&map.changed, &map.lock);
	}
	pthread_mutex_unlock(&map.lock);
	return was_there;
}

static bool remove_key(void *thread, struct rm_shape shape, struct rm_key key)
{
	(void)thread, (void)shape;
	pthread_mutex_lock(&map.lock);
	size_t i = find(key.word);
	bool was_there = i < map.count;

	if (was_there)
		map.entries[i] = map.entries[--map.count];
	pthread_mutex_unlock(&map.lock);
	return was_there;
}

static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	(void)thread, (void)shape;
	pthread_mutex_lock(&map.lock);
	while (!map.at_seam)
		pthread_cond_wait(&map.changed, &map.lock);
	for (size_t i = 0; i < map.count; i++)
		fn(context, (struct rm_key){ .word = map.entries[i].word },
		        &map.entries[i].value);
	map.was_scanned = true;
	pthread_cond_broadcast(&map.changed);
	pthread_mutex_unlock(&map.lock);
}

static void *create(const struct rm_sizing *sizing)
{
	(void)sizing;
	return &map;
}

static const struct rm_map_ops ops = {
	.create = create,
	.destroy = nothing,
	.join = map_itself,
	.leave = nothing,
	.quiesce = nothing,
	.upsert = upsert,
	.remove = remove_key,
	.scan = scan,
};

int main(void)
{
	static const struct rm_impl impl = { .id = "at_seam",
		.shapes = 1,
		.guarantees = "point-in-time",
		.ops = &ops };
	const struct rm_check_case c = { .impl = &impl,
		.shape = RM_U64X8,
		.seed = 1,
		.ops = 1,
		.threads = 2 };
	struct rm_error error = { "" };

	alarm(120);
	CHECK(rm_check_scan_tokens(&c, &error) == 0 && map.was_scanned,
	        "the last token and the first are neighbours");
	if (error.text[0])
		printf("# %s\n", error.text);
	return DONE();
}
