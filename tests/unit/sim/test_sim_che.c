/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sim_che.c - compares misses of uniform look-ups with Che's
 * approximation. slow: over five seconds of CPU time; not part of `make check`.
 *
 * Che, Tung, Wang: Hierarchical Web Caching Systems, IEEE JSAC 20(7), 2002,
 * section III. Under independent references an LRU cache of C lines hits line i
 * with probability 1 - exp(-p_i t), where t solves: sum over all lines of 1 -
 * exp(-p_i t) = C. The frequencies of lines are taken from the table.
 */
#include "tests/unit/sim/sim_fixture.h"
#include "tests/unit/tap.h"

#include <math.h>

enum { SLOT_BYTES = 16, FREQUENCIES = 64 };

/* An open-addressing table at offset 0 that is half full; only the positions of
   its keys matter. */
struct table {
	uint64_t slots, keys;
	uint32_t *home;         /* hashed slot of each key */
	uint32_t *at;           /* actual slot of each key */
	unsigned *keys_of_line; /* number of keys whose look-up reads each
	                           line */
};

static void *allocate(size_t count, size_t bytes)
{
	void *memory = calloc(count, bytes);

	if (!memory) {
		printf("Bail out! out of memory\n");
		exit(1);
	}
	return memory;
}

static struct table fill(uint64_t keys)
{
	struct table table = { .slots = 16, .keys = keys };
	bool *full;

	while (table.slots < 2 * keys)
		table.slots *= 2;
	full = allocate(table.slots, sizeof(*full));
	table.home = allocate(keys, sizeof(*table.home));
	table.at = allocate(keys, sizeof(*table.at));
	table.keys_of_line = allocate(
	        table.slots * SLOT_BYTES / 64, sizeof(*table.keys_of_line));
	for (uint64_t key = 0; key < keys; key++) {
		uint64_t slot = rm_seed(1, key) & (table.slots - 1);
		uint64_t line = slot * SLOT_BYTES / 64;

		table.home[key] = (uint32_t)slot;
		table.keys_of_line[line]++;
		while (full[slot]) {
			slot = (slot + 1) & (table.slots - 1);
			if (slot * SLOT_BYTES / 64 != line)
				table.keys_of_line[slot * SLOT_BYTES / 64]++;
			line = slot * SLOT_BYTES / 64;
		}
		full[slot] = true;
		table.at[key] = (uint32_t)slot;
	}
	free(full);
	return table;
}

static void clear(struct table *table)
{
	free(table->home);
	free(table->at);
	free(table->keys_of_line);
}

/* Returns the misses per look-up by the approximation, for a cache of
   `capacity` lines. */
static double che(const struct table *table, double capacity)
{
	uint64_t lines = table->slots * SLOT_BYTES / 64,
	         of[FREQUENCIES] = { 0 };
	double n = (double)table->keys, low = 0, high = 1e12, misses = 0;

	for (uint64_t line = 0; line < lines; line++)
		of[table->keys_of_line[line]]++;
	for (int step = 0; step < 100; step++) {
		double t = (low + high) / 2, filled = 0;

		for (int k = 1; k < FREQUENCIES; k++)
			filled += (double)of[k] * (1 - exp(-k / n * t));
		*(filled < capacity ? &low : &high) = t;
	}
	for (int k = 1; k < FREQUENCIES; k++)
		misses += (double)of[k] * k / n * exp(-k / n * low);
	return misses;
}

static void look_up(struct rm_sim *sim, struct rm_sim_core *core,
        const struct table *table, uint64_t key)
{
	uint64_t slot = table->home[key];

	for (;; slot = (slot + 1) & (table->slots - 1)) {
		while (!sim_access(core, slot * SLOT_BYTES, 8, RM_SIM_LOAD))
			rm_sim_turn(sim);
		if (slot == table->at[key])
			return;
	}
}

/* Returns the misses per look-up of the model, after a warm-up. */
static double simulated(const struct rm_sim_mach *mach,
        const struct table *table, uint64_t look_ups)
{
	struct rm_sim *sim = sim_start(mach, 1, table->slots * SLOT_BYTES);
	struct rm_sim_core *core = rm_sim_turn(sim);
	uint64_t rng = 77;
	double misses;

	for (uint64_t i = 0; i < 2 * look_ups; i++) {
		if (i == look_ups)
			rm_sim_counts_reset(sim);
		look_up(sim, core, table, rm_below(rm_next(&rng), table->keys));
	}
	misses = (double)rm_sim_count(sim, RM_SIM_LOAD_MISSES);
	rm_sim_destroy(sim);
	return misses / (double)look_ups;
}

int main(void)
{
	static const char *const machines[] = { "icelake-sp", "cachegrind" };
	static const uint64_t keys[] = { 4096, 16384, 65536, 262144, 1000000 };

	for (size_t m = 0; m < 2; m++) {
		struct rm_error error = { "" };
		struct rm_sim_mach mach;
		double worst = 0;
		char name[96];

		if (rm_sim_mach_find(machines[m], &mach, &error)) {
			printf("Bail out! %s\n", error.text);
			return 1;
		}
		for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
			struct table table = fill(keys[i]);
			double expected = che(
			        &table, (double)mach.l1d.sets * mach.l1d.ways);
			double got = simulated(&mach, &table, 300000);
			double off = fabs(got / expected - 1);

			printf("# %s, %llu keys: simulated %.4f, Che %.4f "
			       "misses per look-up (%+.2f %%)\n",
			        machines[m], (unsigned long long)keys[i], got,
			        expected, 100 * (got / expected - 1));
			worst = off > worst ? off : worst;
			clear(&table);
		}
		snprintf(name, sizeof(name),
		        "%s: within 2 %% of Che's approximation, 4 Ki to 1 M "
		        "keys",
		        machines[m]);
		CHECK(worst < 0.02, name);
	}
	return DONE();
}
