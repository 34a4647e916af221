/* SPDX-License-Identifier: Apache-2.0 */
/* cost_scale.c - compares the speed of this machine with the machine in
   plan_cost.c. */
#include "runner/base/clock.h"
#include "runner/machine/machine.h"
#include "runner/plan/plan.h"

#include <math.h>
#include <sys/mman.h>

enum {
	KEYS = 1 << 16,
	LOOKUPS = 2, /* number of times that each key is looked up */
	REPEATS = 8,
	/* usual time of fill_ns() on the machine of
	   tests/fixtures/trial-costs.tsv */
	REFERENCE_NS = 4400000,
};

struct node {
	struct node *next;
	uint64_t key;
	uint64_t unused[6]; /* pads the node to 64 bytes, as in most maps */
};

/* A chained hash table in new pages, like a map in the process of a trial. */
struct table {
	struct node *buckets[KEYS];
	struct node nodes[KEYS];
};

static struct node **bucket_of(struct table *table, uint64_t key)
{
	return &table->buckets[key * UINT64_C(0x9e3779b97f4a7c15) >> 48];
}

static void insert_all(struct table *table)
{
	for (uint64_t key = 0; key < KEYS; key++) {
		struct node **bucket = bucket_of(table, key);
		struct node *node = &table->nodes[key];

		*node = (struct node){ .next = *bucket, .key = key };
		*bucket = node;
	}
}

/* Returns the number of keys that were found. */
static size_t find_all(struct table *table)
{
	size_t found = 0;

	for (uint64_t i = 0; i < KEYS; i++) {
		/* visits each key once, in an order that caches do not
		   predict */
		uint64_t key = i * 40503 % KEYS;
		const struct node *node = *bucket_of(table, key);

		while (node && node->key != key)
			node = node->next;
		found += node != NULL;
	}
	return found;
}

/* Returns the time to fill and to search a table; 0: no memory. Other programs
   can only lengthen this time, so the caller uses the minimum of several
   calls. */
static uint64_t fill_ns(void)
{
	uint64_t start_ns = rm_now_ns();
	struct table *table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE,
	        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t found = 0;

	if (table == MAP_FAILED)
		return 0;
	insert_all(table);
	for (int i = 0; i < LOOKUPS; i++)
		found += find_all(table);
	munmap(table, sizeof(*table));
	return found == (size_t)LOOKUPS * KEYS ? rm_now_ns() - start_ns : 0;
}

/* Returns a power of the ratio of times. The ratio varies too much: other
   tenants of a host change fill_ns() by up to 1.9 times for some seconds, but
   the mean cost of a campaign's trials by only 1.2 times. The exponent is
   fitted to campaigns of three virtual machines. The power agrees with them
   within 12 %, but the ratio only within 60 %. */
double rm_plan_measure_cost_scale(const struct rm_topology *topology)
{
	uint64_t least_ns = 0;

	for (int i = 0; topology->this_machine && i < REPEATS; i++) {
		uint64_t ns = fill_ns();

		if (ns && (!least_ns || ns < least_ns))
			least_ns = ns;
	}
	return least_ns ? pow((double)least_ns / REFERENCE_NS, 0.4) : 1;
}
