/* SPDX-License-Identifier: Apache-2.0 */
/* families_loop.h - keys of three modules: the loop, and what comes of it. Inner
   part of families.h. */
#ifndef RM_SUPPORT_FAMILIES_LOOP_H
#define RM_SUPPORT_FAMILIES_LOOP_H

/* Which key a turn is about. */
struct family_turn {
	void *map;
	unsigned family;
	uint64_t number;
	struct family_key room;
};

/* One of the keys that are there, of "cache:" not those that just come or go. */
RM_HOT uint64_t family_draw(
        struct families *families, unsigned family, uint64_t y)
{
	const uint64_t edge = family == FAMILIES_CACHE ? families->keys / 8 : 0;
	uint64_t number = edge + rm_below(y, families->keys - 2 * edge);

	if (family == FAMILIES_CACHE)
		/* relaxed: any recent value will do, hence the edge */
		number += atomic_load_explicit(
		                  &families->head, memory_order_relaxed) -
		          families->keys;
	return number;
}

RM_HOT void family_write(struct rm_worker *worker, struct family_turn *turn)
{
	struct families_thread *self = worker->thread;
	struct families *families = self->families;
	const bool turns_over = turn->family == FAMILIES_CACHE;

	if (turns_over)
		/* relaxed: only uniqueness matters */
		turn->number = atomic_fetch_add_explicit(
		        &families->head, 1, memory_order_relaxed);

	const struct rm_value value =
	        family_value(turn->family, turn->number, ++worker->sequence);

	worker->counts.writes++;
	if (!family_upsert(turn->map,
	            family_key(turn->family, turn->number, &turn->room),
	            &value))
		rm_stat_own(&self->inserts, 1);
	if (!turns_over)
		return;
	worker->counts.writes++;
	worker->counts.pairs++;
	if (family_remove(turn->map,
	            family_key(turn->family, turn->number - families->keys,
	                    &turn->room)))
		rm_stat_own(&self->removes, 1);
}

/* Returns not 0 for a wrong answer. A key of "cache:" may just have gone. */
RM_HOT uint64_t family_read(
        struct rm_worker *worker, struct family_turn *turn, bool absent)
{
	struct rm_value value = { { 0 } };
	const struct rm_key key = family_key(turn->family,
	        turn->number + (absent ? FAMILIES_ABSENT : 0), &turn->room);
	const bool hit = family_lookup(turn->map, key, &value);

	if (absent) {
		worker->counts.misses_absent++;
		return hit;
	}
	if (hit)
		return family_wrong(&value, turn->family, turn->number);
	worker->counts.misses_resident++;
	return turn->family != FAMILIES_CACHE;
}

static __attribute__((noinline)) uint64_t family_read_timed(
        struct rm_worker *worker, struct family_turn *turn, bool absent)
{
	struct families_thread *self = worker->thread;
	const uint64_t start_ns = rm_now_ns();
	const uint64_t wrong = family_read(worker, turn, absent);

	if (worker->measured) {
		rm_stat_own(&self->timed_ns, rm_now_ns() - start_ns);
		rm_stat_own(&self->timed, 1);
	}
	return wrong;
}

static void families_loop(struct rm_worker *worker)
{
	struct families_thread *self = worker->thread;
	struct families *families = self->families;
	uint64_t rng = worker->rng, wrong = 0;

	while (technique_turn(worker)) {
		const uint64_t x = rm_next(&rng), y = rm_next(&rng);
		struct family_turn turn = {
			.family = (unsigned)((x >> 48) * FAMILIES >> 16),
		};
		const bool absent = (uint32_t)y < families->miss_below;

		turn.map = self->maps[turn.family % FAMILIES_MAPS];
		turn.number = family_draw(families, turn.family, y);
		if ((uint32_t)x < worker->write_below)
			family_write(worker, &turn);
		else if (worker->counts.iterations % FAMILIES_TIMED)
			wrong |= family_read(worker, &turn, absent);
		else
			wrong |= family_read_timed(worker, &turn, absent);
		if (worker->counts.iterations % RM_BATCH == 0)
			families_quiesce(self);
	}
	worker->rng = rng;
	worker->counts.wrong |= wrong;
}

/* Statistics of all maps, summed up by name. */
struct families_sum {
	size_t count;
	struct {
		const char *name, *unit;
		double value;
	} stats[FAMILIES_STATS];
};

static void families_add(
        void *context, const char *name, const char *unit, double value)
{
	struct families_sum *sum = context;
	size_t i = 0;

	while (i < sum->count && strcmp(sum->stats[i].name, name) != 0)
		i++;
	if (i == FAMILIES_STATS)
		return;
	if (i == sum->count) {
		sum->count++;
		sum->stats[i].name = name;
		sum->stats[i].unit = unit;
		sum->stats[i].value = 0;
	}
	sum->stats[i].value += value;
}

/* What look-ups took has two clock readings in it: environment.clock_cost_ns. */
static void families_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct families *families = opaque;
	struct gomap_census census = { 0 };
	struct families_sum sum = { .count = 0 };
	uint64_t timed = 0, timed_ns = 0;

	for (size_t i = 0; i < families->threads; i++) {
		timed += rm_stat_read(&families->thread[i].timed);
		timed_ns += rm_stat_read(&families->thread[i].timed_ns);
	}
	emit(context, "lookups_timed", "1", (double)timed);
	emit(context, "lookup_mean_ns", "ns",
	        timed ? (double)timed_ns / (double)timed : (double)NAN);
	for (unsigned i = 0; i < FAMILIES_MAPS; i++) {
		family_census(&families->maps[i], &census);
		family_stats(&families->maps[i], families_add, &sum);
	}
	emit(context, "entries", "1", (double)census.entries);
	emit(context, "chains", "1", (double)census.chains);
	emit(context, "chains_with_three_or_more", "1", (double)census.third);
	for (size_t i = 0; i < sum.count; i++)
		emit(context, sum.stats[i].name, sum.stats[i].unit,
		        sum.stats[i].value);
}

/* As many keys as there were, those inserted more, those removed less. */
static bool families_check(void *opaque, char *why, size_t size)
{
	struct families *families = opaque;
	uint64_t expected = families->keys * FAMILIES;
	uint64_t held = 0;

	for (size_t i = 0; i < families->threads; i++) {
		expected += rm_stat_read(&families->thread[i].inserts);
		expected -= rm_stat_read(&families->thread[i].removes);
	}
	for (unsigned i = 0; i < FAMILIES_MAPS; i++)
		held += family_count(&families->maps[i]);
	snprintf(why, size, "%llu keys, expected %llu",
	        (unsigned long long)held, (unsigned long long)expected);
	return held == expected;
}

#endif /* RM_SUPPORT_FAMILIES_LOOP_H */
