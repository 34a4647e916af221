/* SPDX-License-Identifier: Apache-2.0 */
/* test_syncmap_variants.c - tests how the variants of sync.Map differ: when
   dirty is promoted, when it is built, and what Range visits. With one thread,
   this is exact. */
#include "runner/keys.h"
#include "tests/unit/map_model.h"
#include "tests/unit/map_race.h"

extern const struct rm_impl rm_impl_syncmap, rm_impl_syncmap_rlock_miss,
        rm_impl_syncmap_promote_gt, rm_impl_syncmap_promote_0,
        rm_impl_syncmap_dirty_late, rm_impl_syncmap_load_factor,
        rm_impl_syncmap_range_lock, rm_impl_syncmap_padded;

struct subject {
	const struct rm_impl *impl;
	const struct rm_map_ops *ops;
	void *map, *thread;
};

static struct subject subject_open(const struct rm_impl *impl)
{
	struct rm_sizing sizing = {
		.keys = 300, .threads = 1, .shape = RM_U64X8, .seed = 7
	};
	struct subject s = { .impl = impl, .ops = impl->ops };

	s.map = s.ops->create(&sizing);
	s.thread = s.ops->join(s.map, 0);
	return s;
}

static void subject_close(struct subject *s)
{
	char why[200] = "", name[200];

	snprintf(name, sizeof(name), "%s: invariants hold", s->impl->id);
	if (!CHECK(s->ops->check(s->map, why, sizeof(why)), name))
		printf("# %s\n", why);
	s->ops->leave(s->thread);
	s->ops->destroy(s->map);
}

static void store(struct subject *s, uint64_t word, uint64_t value)
{
	struct rm_value v = { { value } };

	rm_map_upsert(s->ops, s->thread, RM_U64X8,
	        (struct rm_key){ .word = word }, &v);
}

static bool load(struct subject *s, uint64_t word)
{
	struct rm_value v;

	return s->ops->lookup(
	        s->thread, RM_U64X8, (struct rm_key){ .word = word }, &v);
}

static bool amended(struct subject *s)
{
	return race_stat(s->impl, s->map, "amended") != 0;
}

static size_t entries(struct subject *s, const char *which)
{
	return (size_t)race_stat(s->impl, s->map, which);
}

/* Inserts `keys` new keys and then looks up absent keys. Returns the number
   (from 1) of the lookup that promotes, or 0 if none of 1,000 does. */
static unsigned promoting_miss(const struct rm_impl *impl, uint64_t keys)
{
	struct subject s = subject_open(impl);
	unsigned promoted = 0;

	for (uint64_t i = 0; i < keys; i++)
		store(&s, i, 1);
	for (unsigned miss = 1; miss <= 1000 && !promoted; miss++) {
		load(&s, 1U << 20);
		promoted = amended(&s) ? 0 : miss;
	}
	subject_close(&s);
	return promoted;
}

static void promotion_rules(void)
{
	CHECK(promoting_miss(&rm_impl_syncmap, 5) == 5 &&
	                promoting_miss(&rm_impl_syncmap, 100) == 100,
	        "Go promotes at misses == len(dirty)");
	CHECK(promoting_miss(&rm_impl_syncmap_rlock_miss, 5) == 5 &&
	                promoting_miss(&rm_impl_syncmap_rlock_miss, 100) == 100,
	        "the variant with a shared lock promotes at misses == "
	        "len(dirty)");
	CHECK(promoting_miss(&rm_impl_syncmap_padded, 100) == 100,
	        "the variant with a padded header promotes at misses == "
	        "len(dirty)");
	CHECK(promoting_miss(&rm_impl_syncmap_promote_gt, 5) == 6 &&
	                promoting_miss(&rm_impl_syncmap_promote_gt, 100) == 101,
	        "promote_gt promotes at misses == len(dirty) + 1");
	CHECK(promoting_miss(&rm_impl_syncmap_promote_0, 5) == 1 &&
	                promoting_miss(&rm_impl_syncmap_promote_0, 100) == 1,
	        "promote_0: the first miss promotes");
	CHECK(promoting_miss(&rm_impl_syncmap_load_factor, 5) == 0,
	        "load_factor: misses never promote");
}

static void load_factor_rule(void)
{
	static const unsigned want[] = { 7, 13, 25, 49, 97, 193 };
	struct subject s = subject_open(&rm_impl_syncmap_load_factor);
	unsigned met = 0;
	bool right = true;

	for (unsigned count = 1; count <= 300; count++) {
		store(&s, count, 1);
		if (amended(&s))
			continue;
		right &= met < 6 && want[met] == count &&
		         entries(&s, "read_entries") == count;
		met++;
	}
	CHECK(right && met == 6,
	        "load_factor: promoted only at 6 * 2^B + 1 keys");
	for (unsigned i = 1; i <= 300; i++)
		right &= load(&s, i);
	CHECK(right, "load_factor: no key is lost");
	subject_close(&s);
}

static void late_dirty_rule(void)
{
	struct subject s = subject_open(&rm_impl_syncmap_dirty_late);
	bool copied = true;

	for (unsigned count = 1; count <= 50; count++) {
		store(&s, count, 1);
		copied &= !amended(&s) && entries(&s, "read_entries") == count;
	}
	CHECK(copied, "dirty_late: without misses a key goes into a new read");
	for (unsigned miss = 0; miss < 50; miss++)
		load(&s, 1000);
	store(&s, 51, 1);
	CHECK(!amended(&s) && entries(&s, "read_entries") == 51,
	        "dirty_late: as many misses as entries make no dirty");
	load(&s, 1000);
	load(&s, 1000);
	store(&s, 52, 1);
	CHECK(amended(&s) && entries(&s, "read_entries") == 51 &&
	                entries(&s, "dirty_entries") == 52,
	        "dirty_late: one more miss makes one");
	for (unsigned miss = 1; miss < 52; miss++)
		load(&s, 1000);
	CHECK(amended(&s), "dirty_late: then misses count from 0");
	load(&s, 1000);
	CHECK(!amended(&s), "dirty_late: misses promote as in Go");
	subject_close(&s);
}

struct visit {
	struct subject *s;
	unsigned count, news;
};

/* At the first visit, gives both keys a new value. */
static bool rewrite(
        void *context, struct rm_key key, const struct rm_value *value)
{
	struct visit *visit = context;

	(void)key;
	visit->news += value->word[0] == 2;
	if (!visit->count++) {
		store(visit->s, 1, 2);
		store(visit->s, 2, 2);
	}
	return true;
}

static bool ignore(
        void *context, struct rm_key key, const struct rm_value *value)
{
	(void)key, (void)value;
	++*(unsigned *)context;
	return true;
}

static void range_rule(const struct rm_impl *impl, bool locked)
{
	struct subject s = subject_open(impl);
	struct visit visit = { .s = &s };
	unsigned count = 0;

	store(&s, 1, 1);
	store(&s, 2, 1);
	s.ops->scan(s.thread, RM_U64X8, ignore, &count);
	CHECK(count == 2 && amended(&s) == locked,
	        locked ? "range_lock: Range promotes nothing"
	               : "Go's Range promotes");
	load(&s, 9);
	load(&s, 9);
	s.ops->scan(s.thread, RM_U64X8, rewrite, &visit);
	CHECK(visit.count == 2 && visit.news == (locked ? 0 : 1),
	        locked ? "range_lock: Range visits its copy"
	               : "Go's Range reads a value when its turn comes");
	subject_close(&s);
}

int main(void)
{
	const struct rm_impl *const variants[] = { &rm_impl_syncmap_rlock_miss,
		&rm_impl_syncmap_promote_gt, &rm_impl_syncmap_promote_0,
		&rm_impl_syncmap_dirty_late, &rm_impl_syncmap_load_factor,
		&rm_impl_syncmap_range_lock, &rm_impl_syncmap_padded };

	promotion_rules();
	load_factor_rule();
	late_dirty_rule();
	range_rule(&rm_impl_syncmap, false);
	range_rule(&rm_impl_syncmap_range_lock, true);
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		model_check(variants[i], 20000);
		race_check(variants[i], 5000, false);
	}
	return DONE();
}
