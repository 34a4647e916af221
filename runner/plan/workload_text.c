/* SPDX-License-Identifier: Apache-2.0 */
/* workload_text.c - a workload back into the text of a workload file. */
#include "runner/plan/number.h"
#include "runner/plan/workload_keys.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_share(double share, char *text, size_t size)
{
	rm_number_text(share, 2, text, size - 1);
	strcat(text, "%");
}

static void write_dist(const struct rm_dist_of *dist, char *text, size_t size)
{
	struct rm_cell cell = {
		.dist = dist->dist, .dist_a = dist->a, .dist_b = dist->b
	};

	rm_dist_name(&cell, text, size);
}

static void write_threads(
        const struct rm_threads *threads, char *text, size_t size)
{
	const char *word = threads->unit == RM_THREADS_CORES ? "cores" : "cpus";

	if (threads->unit == RM_THREADS_COUNT)
		snprintf(text, size, "%u", threads->count);
	else if (threads->count == 1)
		snprintf(text, size, "%s", word);
	else
		snprintf(text, size, "%s/%u", word, threads->count);
}

static void write_whole(
        uint64_t value, const char *unit, char *text, size_t size)
{
	snprintf(text, size, "%" PRIu64 "%s", value, unit);
}

/* The keys whose value is a word. */
static const char *word_of(const struct rm_workload *workload,
        enum rm_workload_key key, unsigned i)
{
	switch (key) {
	case RM_KEY_WRITE_KIND:
		return rm_write_kind_name(workload->write_kinds[i]);
	case RM_KEY_SHAPE:
		return rm_shape_name(workload->shapes[i]);
	case RM_KEY_ARRIVALS:
		return rm_arrivals_name(workload->arrivals[i]);
	case RM_KEY_PLACEMENT:
		return workload->placements[i];
	case RM_KEY_MEMORY:
		return workload->memories[i];
	case RM_KEY_PRESIZE:
		return workload->presizes[i] ? "yes" : "no";
	case RM_KEY_ALLOCATOR:
		return rm_allocator_name(workload->allocators[i]);
	case RM_KEY_HUGE_PAGES:
		return rm_huge_pages_name(workload->huge_pages[i]);
	case RM_KEY_MAPS:
		return workload->maps[i];
	case RM_KEY_BASE:
		return workload->base;
	case RM_KEY_ARTICLE:
		return workload->articles[i];
	default:
		return NULL;
	}
}

/* The keys whose value is one time, count or number. */
static void write_single(const struct rm_workload *workload,
        enum rm_workload_key key, char *text, size_t size)
{
	switch (key) {
	case RM_KEY_WARM_UP:
		write_whole(workload->warm_up_ns,
		        workload->warm_up_ns ? "ns" : "s", text, size);
		return;
	case RM_KEY_WINDOW:
		if (workload->window_ops)
			write_whole(workload->window_ops, "ops", text, size);
		else if (workload->window_passes)
			write_whole(
			        workload->window_passes, "passes", text, size);
		else
			write_whole(workload->window_ns, "ns", text, size);
		return;
	case RM_KEY_DEADLINE:
		write_whole(workload->deadline_ns, "ns", text, size);
		return;
	case RM_KEY_BLOCKS:
		write_whole(workload->blocks, "", text, size);
		return;
	case RM_KEY_VERIFY:
		write_whole(workload->verify_ops, "ops", text, size);
		return;
	default:
		text[0] = '\0';
	}
}

static void write_keys(
        const struct rm_workload *workload, unsigned i, char *text, size_t size)
{
	if (workload->traces[i][0])
		snprintf(text, size, "file:%s", workload->traces[i]);
	else
		write_whole(workload->keys[i], "", text, size);
}

void rm_workload_write(const struct rm_workload *workload,
        enum rm_workload_key key, unsigned i, char *text, size_t size)
{
	const char *word = word_of(workload, key, i);
	char measure[RM_MEASURE_BYTES], loop[RM_LOOP_BYTES];

	if (word) {
		snprintf(text, size, "%s", word);
		return;
	}
	switch (key) {
	case RM_KEY_WRITES:
		write_share(workload->writes[i], text, size);
		return;
	case RM_KEY_MISSES:
		write_share(workload->misses[i], text, size);
		return;
	case RM_KEY_KEYS:
		write_keys(workload, i, text, size);
		return;
	case RM_KEY_DIST:
		write_dist(&workload->dists[i], text, size);
		return;
	case RM_KEY_RATE:
		rm_number_text(workload->rates_per_s[i], 0, text, size - 2);
		strcat(text, "/s");
		return;
	case RM_KEY_LOOP:
		snprintf(text, size, "%s",
		        rm_loop_text(&workload->loops[i], loop));
		return;
	case RM_KEY_THREADS:
		write_threads(&workload->threads[i], text, size);
		return;
	case RM_KEY_MEASURE:
		rm_measure_text(workload->measures[i].measure,
		        workload->measures[i].model, measure);
		snprintf(text, size, "%s", measure);
		return;
	default:
		write_single(workload, key, text, size);
	}
}

char *rm_workload_text(const struct rm_workload *workload)
{
	char *text = NULL, value[RM_VALUE_BYTES];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (int key = 0; key < RM_KEY_INCLUDE; key++) {
		if (workload->count[key] == 0)
			continue;
		fprintf(out, "%-10s =", rm_workload_keys[key].name);
		for (unsigned i = 0; i < workload->count[key]; i++) {
			rm_workload_write(workload, (enum rm_workload_key)key,
			        i, value, sizeof(value));
			fprintf(out, " %s", value);
		}
		fputc('\n', out);
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

int rm_override_split(char *text, char *where, struct rm_override *override,
        struct rm_error *error)
{
	char *equals = strchr(text, '=');

	snprintf(where, RM_WHERE_BYTES, "--set %.*s",
	        equals ? (int)(equals - text) : (int)strlen(text), text);
	if (!equals || equals == text)
		return rm_error_set(error, -EINVAL,
		        "--set \"%.60s\": expected KEY=VALUE", text);
	*equals = '\0';
	*override = (struct rm_override){
		.key = text, .value = equals + 1, .where = where
	};
	return 0;
}

void rm_workload_clear(struct rm_workload *workload)
{
	free(workload->file);
	memset(workload, 0, sizeof(*workload));
}
