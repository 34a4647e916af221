/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/counters/chase.h"
#include "runner/base/rng.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Another line of each page, or all would fall into few sets of a cache. */
static void **line_at(const struct rm_chase *chase, size_t i, size_t stride)
{
	size_t per_page = stride / RM_CHASE_LINE;
	char *at = chase->area;

	return (void **)(at + i * stride + i % per_page * RM_CHASE_LINE);
}

/* Fisher and Yates; any order will do, the links make the cycle. */
static void shuffle(size_t *order, size_t n)
{
	uint64_t state = rm_seed(97, 0);

	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n - 1; i > 0; i--) {
		size_t k = rm_below(rm_next(&state), i + 1), swap = order[i];

		order[i] = order[k];
		order[k] = swap;
	}
}

int rm_chase_make(struct rm_chase *chase, size_t lines, size_t stride)
{
	size_t *order = malloc(lines * sizeof(*order));

	chase->area_bytes = lines * stride;
	chase->area = mmap(NULL, chase->area_bytes, PROT_READ | PROT_WRITE,
	        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (chase->area == MAP_FAILED)
		chase->area = NULL;
	if (!chase->area || !order) {
		free(order);
		rm_chase_free(chase);
		return -ENOMEM;
	}
	/* A huge page would need no page walks. Not supported: none exist. */
	madvise(chase->area, chase->area_bytes, MADV_NOHUGEPAGE);
	shuffle(order, lines);
	/* Links follow the shuffled order, so that it is one cycle of all. */
	for (size_t i = 0; i < lines; i++)
		*line_at(chase, order[i], stride) =
		        line_at(chase, order[(i + 1) % lines], stride);
	chase->start = line_at(chase, order[0], stride);
	chase->lines = lines;
	free(order);
	return 0;
}

void rm_chase_run(const struct rm_chase *chase, uint64_t steps)
{
	void **at = chase->start;

	while (steps--)
		at = *at;
	__asm__ volatile("" : : "r"(at)); /* the chase must not vanish */
}

void rm_chase_free(struct rm_chase *chase)
{
	if (chase->area)
		munmap(chase->area, chase->area_bytes);
	chase->area = NULL;
	chase->lines = 0;
}
