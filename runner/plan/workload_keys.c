/* SPDX-License-Identifier: Apache-2.0 */
/* workload_keys.c - how each key of a workload file is read. */
#include "runner/plan/workload_keys.h"
#include "runner/plan/number.h"
#include "runner/plan/placement.h"

#include <errno.h>
#include <string.h>

enum { THREADS_MAX = 4096, BLOCKS_MAX = 10000 };

static int read_name(rm_name name, const char *text, const char *more)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
	                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                              "0123456789_-.";
	size_t length = strlen(text);

	if (length == 0 || length >= RM_NAME_BYTES)
		return -EINVAL;
	for (size_t i = 0; i < length; i++)
		if (!strchr(letters, text[i]) && !strchr(more, text[i]))
			return -EINVAL;
	memcpy(name, text, length + 1);
	return 0;
}

static int read_writes(struct rm_workload *w, unsigned i, const char *text)
{
	return rm_number_share(text, &w->writes[i]);
}

static int read_write_kind(struct rm_workload *w, unsigned i, const char *text)
{
	return rm_write_kind_parse(text, &w->write_kinds[i]);
}

static int read_misses(struct rm_workload *w, unsigned i, const char *text)
{
	double share;

	if (rm_number_share(text, &share) || share == 1)
		return -EINVAL;
	w->misses[i] = share;
	return 0;
}

static int read_shape(struct rm_workload *w, unsigned i, const char *text)
{
	return rm_shape_parse(text, &w->shapes[i]);
}

static int read_dist(struct rm_workload *w, unsigned i, const char *text)
{
	struct rm_cell cell = { 0 };

	if (rm_dist_parse(text, &cell, NULL) || cell.dist == RM_DIST_TRACE)
		return -EINVAL;
	w->dists[i] =
	        (struct rm_dist_of){ cell.dist, cell.dist_a, cell.dist_b };
	return 0;
}

static int read_loop(struct rm_workload *w, unsigned i, const char *text)
{
	return rm_loop_parse(text, &w->loops[i]);
}

static int read_rate(struct rm_workload *w, unsigned i, const char *text)
{
	double rate;

	if (rm_number_rate(text, &rate) || rate > 1e9)
		return -EINVAL;
	w->rates_per_s[i] = rate;
	return 0;
}

static int read_arrivals(struct rm_workload *w, unsigned i, const char *text)
{
	return rm_arrivals_parse(text, &w->arrivals[i]);
}

/* "cores", "cores/2": what the machine has, or a part of it. */
static int read_part(struct rm_threads *threads, const char *text,
        const char *word, enum rm_threads_unit unit)
{
	size_t length = strlen(word);
	uint64_t divisor = 1;

	if (strncmp(text, word, length) ||
	        (text[length] &&
	                (text[length] != '/' ||
	                        rm_number_whole(text + length + 1, &divisor) ||
	                        divisor < 2 || divisor > THREADS_MAX)))
		return -EINVAL;
	*threads = (struct rm_threads){ unit, (unsigned)divisor };
	return 0;
}

static int read_threads(struct rm_workload *w, unsigned i, const char *text)
{
	uint64_t count;

	if (!read_part(&w->threads[i], text, "cores", RM_THREADS_CORES) ||
	        !read_part(&w->threads[i], text, "cpus", RM_THREADS_CPUS))
		return 0;
	if (rm_number_whole(text, &count) || count == 0 || count > THREADS_MAX)
		return -EINVAL;
	w->threads[i] =
	        (struct rm_threads){ RM_THREADS_COUNT, (unsigned)count };
	return 0;
}

static int read_placement(struct rm_workload *w, unsigned i, const char *text)
{
	struct rm_placement placement;

	if (rm_placement_parse(text, &placement, NULL))
		return -EINVAL;
	return read_name(w->placements[i], text, ":");
}

static int read_memory(struct rm_workload *w, unsigned i, const char *text)
{
	enum rm_memory_policy policy;
	unsigned node;

	if (rm_memory_parse(text, &policy, &node, NULL))
		return -EINVAL;
	return read_name(w->memories[i], text, ":");
}

static int read_presize(struct rm_workload *w, unsigned i, const char *text)
{
	if (strcmp(text, "yes") && strcmp(text, "no"))
		return -EINVAL;
	w->presizes[i] = !strcmp(text, "yes");
	return 0;
}

static int read_warm_up(struct rm_workload *w, unsigned i, const char *text)
{
	(void)i;
	if (!strcmp(text, "0s")) {
		w->warm_up_ns = 0;
		return 0;
	}
	return rm_number_time(text, &w->warm_up_ns);
}

/* "500000ops", "1Mops": a count above 0. */
static int read_ops(const char *text, uint64_t *value)
{
	char count[RM_NAME_BYTES];
	size_t length = strlen(text);
	uint64_t ops;

	if (length < 4 || length >= sizeof(count) ||
	        strcmp(text + length - 3, "ops"))
		return -EINVAL;
	memcpy(count, text, length - 3);
	count[length - 3] = '\0';
	if (rm_number_count(count, &ops) || ops == 0)
		return -EINVAL;
	*value = ops;
	return 0;
}

static int read_window(struct rm_workload *w, unsigned i, const char *text)
{
	(void)i;
	w->window_ns = w->window_ops = w->window_passes = 0;
	if (!read_ops(text, &w->window_ops) ||
	        !rm_workload_read_passes(w, text))
		return 0;
	return rm_number_time(text, &w->window_ns);
}

static int read_deadline(struct rm_workload *w, unsigned i, const char *text)
{
	(void)i;
	return rm_number_time(text, &w->deadline_ns);
}

static int read_blocks(struct rm_workload *w, unsigned i, const char *text)
{
	uint64_t blocks;

	(void)i;
	if (rm_number_whole(text, &blocks) || blocks == 0 ||
	        blocks > BLOCKS_MAX)
		return -EINVAL;
	w->blocks = (unsigned)blocks;
	return 0;
}

static int read_verify(struct rm_workload *w, unsigned i, const char *text)
{
	(void)i;
	return read_ops(text, &w->verify_ops);
}

static int read_maps(struct rm_workload *w, unsigned i, const char *text)
{
	if (text[0] == '~' && (text[1] == '\0' || strchr(text + 1, '~')))
		return -EINVAL;
	return read_name(w->maps[i], text, "~*?");
}

static int read_base(struct rm_workload *w, unsigned i, const char *text)
{
	(void)i;
	return read_name(w->base, text, "");
}

static int read_measure(struct rm_workload *w, unsigned i, const char *text)
{
	struct rm_measured *read = &w->measures[i];

	if (rm_measure_parse(text, &read->measure, read->model) ||
	        read->measure == RM_MEASURE_VERIFY)
		return -EINVAL;
	return 0;
}

/* "W1" to "W99": a number of docs/workloads.md. */
static int read_article(struct rm_workload *w, unsigned i, const char *text)
{
	uint64_t number;

	if (text[0] != 'W' || rm_number_whole(text + 1, &number) ||
	        number == 0 || number > 99 || text[1] == '0')
		return -EINVAL;
	return read_name(w->articles[i], text, "");
}

const struct rm_key_of_workload rm_workload_keys[RM_WORKLOAD_KEYS] = {
	[RM_KEY_WRITES] = { "writes", true, NULL,
	        "a share from 0% to 100%, e.g. 3%", read_writes },
	[RM_KEY_WRITE_KIND] = { "write-kind", true, "update",
	        "update, churn or fresh", read_write_kind },
	[RM_KEY_MISSES] = { "misses", true, "0%",
	        "a share from 0% to below 100%, e.g. 10%", read_misses },
	[RM_KEY_KEYS] = { "keys", true, NULL,
	        "a number from 1 to 2Gi, e.g. 1000, 10k, 64Ki, or file:TRACE",
	        rm_workload_read_keys },
	[RM_KEY_SHAPE] = { "shape", true, "u64x8",
	        "u64x8, u64x24, str16x8 or str16x24", read_shape },
	[RM_KEY_DIST] = { "dist", true, "uniform",
	        "uniform, sequential, zipf:THETA (above 0, at most 4) or "
	        "hot:KEYS%:OPERATIONS%, e.g. zipf:0.99, hot:1%:90%",
	        read_dist },
	[RM_KEY_LOOP] = { "loop", true, "mix", RM_LOOPS_EXPECTED, read_loop },
	[RM_KEY_RATE] = { "rate", true, NULL,
	        "operations per second above 0, e.g. 80/s, 10k/s", read_rate },
	[RM_KEY_ARRIVALS] = { "arrivals", true, NULL, "poisson or constant",
	        read_arrivals },
	[RM_KEY_THREADS] = { "threads", true, NULL,
	        "a number from 1 to 4096, cores, cpus, or a part, e.g. cores/2",
	        read_threads },
	[RM_KEY_PLACEMENT] = { "placement", true, "cores",
	        "cores, smt, sockets, numa:N, compact or none",
	        read_placement },
	[RM_KEY_MEMORY] = { "memory", true, "first-touch",
	        "first-touch, interleave or bind:N", read_memory },
	[RM_KEY_PRESIZE] = { "presize", true, "yes", "yes or no",
	        read_presize },
	[RM_KEY_ALLOCATOR] = { "allocator", true, "glibc",
	        "glibc, jemalloc, mimalloc or tcmalloc",
	        rm_workload_read_allocator },
	[RM_KEY_HUGE_PAGES] = { "huge-pages", true, "system",
	        "system, off or on", rm_workload_read_huge_pages },
	[RM_KEY_WARM_UP] = { "warm-up", false, "200ms",
	        "a time, e.g. 200ms, or 0s", read_warm_up },
	[RM_KEY_WINDOW] = { "window", false, "1s",
	        "a time or a count per thread, e.g. 500ms, 500000ops, or "
	        "passes of a trace, e.g. 1pass",
	        read_window },
	[RM_KEY_DEADLINE] = { "deadline", false, "60s", "a time, e.g. 60s",
	        read_deadline },
	[RM_KEY_BLOCKS] = { "blocks", false, "10", "a number from 1 to 10000",
	        read_blocks },
	[RM_KEY_VERIFY] = { "verify", false, "1Mops",
	        "a count of writes, e.g. 100kops", read_verify },
	[RM_KEY_MAPS] = { "maps", true, "all",
	        "all, ids, globs, or ~ and a glob, e.g. all ~syncmap*",
	        read_maps },
	[RM_KEY_BASE] = { "base", false, "gomap_rw", "the id of a map",
	        read_base },
	[RM_KEY_MEASURE] = { "measure", true, NULL,
	        "throughput, latency, counters, causes or simulated:MODEL",
	        read_measure },
	[RM_KEY_ARTICLE] = { "article", true, NULL,
	        "numbers of docs/workloads.md, e.g. W1", read_article },
	[RM_KEY_INCLUDE] = { .name = "include",
	        .expected = "the name of a workload file" },
};
