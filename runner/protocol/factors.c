/* SPDX-License-Identifier: Apache-2.0 */
/*
 * factors.c - the table of factors, with one row for each. Workload files are
 * read and written with this table, and cells are named, sent, received and
 * described with it.
 *
 * A new factor needs a row here, its member in struct rm_cell, its key in enum
 * rm_workload_key, a place in an id below and a place in the sweep
 * (runner/plan/plan_expand.c). After that, `make schemas` writes the schema. If
 * JSON omits the factor's usual value, this value must be 0, so that older
 * cells keep their meaning.
 */
#include "runner/protocol/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Above 2^53, doubles cannot represent every whole number, and most JSON
   readers use doubles. */
#define WHOLE_MAX 0x1p53
/* A row may own adjacent members of struct rm_cell, from `first` to `last`.
   Their order matters, since rm_factor_copy() copies them together. */
#define MEMBERS(first, last)                             \
	.offset = offsetof(struct rm_cell, first),       \
	.size = offsetof(struct rm_cell, last) +         \
	        sizeof(((struct rm_cell *)NULL)->last) - \
	        offsetof(struct rm_cell, first)
/* Does not use MEMBERS, since cppcheck loses arguments of nested macros. */
#define MEMBER(name)                              \
	.offset = offsetof(struct rm_cell, name), \
	.size = sizeof(((struct rm_cell *)NULL)->name)

static const char *const write_kind_names[] = { "update", "churn", "fresh",
	NULL };
/* Indexed by the power of ten. */
static const char *const clock_rate_names[] = { "1", "10", "100", "1000",
	NULL };
static const char *const goroutines_names[] = { "free", "wired", NULL };
static const char *const key_differs_names[] = { "first", "middle", "last",
	NULL };
static const char *const arrivals_names[] = { "poisson", "constant", NULL };
static const char *const measure_names[] = { "verify", "throughput", "latency",
	"counters", "causes", "simulated", NULL };

/* Rows that exist only in JSON, or have a different form in JSON. They follow
   the rows of keys. */
enum {
	ROW_ID = RM_WORKLOAD_KEYS,
	ROW_WORKLOAD,
	ROW_KEYS,
	ROW_THREADS,
	ROW_WINDOW_NS,
	ROW_WINDOW_OPS,
	ROW_CPUS,
	ROW_TRACE,
	ROWS,
};

const struct rm_factor rm_factors[ROWS] = {
	[RM_KEY_WRITES] = { "writes", "write_share", .tag = "w",
	        .kind = &rm_kind_share, .list = true, .most = 1,
	        .expected = "a share from 0% to 100%, e.g. 3%",
	        MEMBER(write_share) },
	[RM_KEY_WRITE_KIND] = { "write-kind", "write_kind", .tag = "",
	        .kind = &rm_kind_names, .list = true, .preset = "update",
	        .names = write_kind_names, .expected = "update, churn or fresh",
	        MEMBER(write_kind) },
	[RM_KEY_MISSES] = { "misses", "miss_share", .tag = "m",
	        .kind = &rm_kind_share, .list = true, .preset = "0%", .most = 1,
	        .below = true,
	        .expected = "a share from 0% to below 100%, e.g. 10%",
	        MEMBER(miss_share) },
	[RM_KEY_KEYS] = { "keys", .kind = &rm_kind_keys, .list = true,
	        .most = 0x1p31,
	        .expected = "a number from 1 to 2Gi, e.g. 1000, 10k, 64Ki, "
	                    "llc*4 (keys and values of 1 to 64 times the "
	                    "last-level "
	                    "cache), or file:TRACE",
	        MEMBERS(keys, trace) },
	[RM_KEY_SHAPE] = { "shape", "shape", .tag = "", .kind = &rm_kind_shape,
	        .list = true, .preset = "u64x8", .names = rm_shape_names,
	        .expected = "u64x8, u64x24, str16x8 or str16x24, or another "
	                    "length of keys (str32, str64) or values (x64, "
	                    "x256, x1024)",
	        MEMBERS(shape, str_bytes) },
	[RM_KEY_KEY_BYTES] = { "key-bytes", .kind = &rm_kind_names,
	        .list = true, .names = rm_key_bytes_names,
	        .expected = "8 (a 64-bit word), 16, 32 or 64, or shape (the "
	                    "shape's)",
	        MEMBER(key_bytes) },
	[RM_KEY_VALUE_BYTES] = { "value-bytes", .kind = &rm_kind_names,
	        .list = true, .names = rm_value_bytes_names,
	        .expected = "8, 24, 64, 256 or 1024, or shape (the shape's)",
	        MEMBER(value_bytes) },
	[RM_KEY_KEY_DIFFERS] = { "key-differs", "key_differs",
	        .tag = "differs-", .kind = &rm_kind_names, .list = true,
	        .preset = "first", .usual = "first", .optional = true,
	        .names = key_differs_names, .expected = "first, middle or last",
	        MEMBER(key_differs) },
	[RM_KEY_DIST] = { "dist", "dist", .tag = "", .kind = &rm_kind_dist,
	        .list = true, .preset = "uniform",
	        .cells_only = "trace:CHECKSUM",
	        .expected = "uniform, sequential, zipf:THETA (above 0, at most "
	                    "4) or hot:KEYS%:OPERATIONS%, e.g. zipf:0.99, "
	                    "hot:1%:90%",
	        MEMBERS(dist, dist_b) },
	[RM_KEY_LOOP] = { "loop", "loop", .tag = "", .kind = &rm_kind_loop,
	        .list = true, .preset = "mix", .usual = "mix",
	        .expected = RM_LOOPS_EXPECTED, MEMBER(loop) },
	[RM_KEY_RATE] = { "rate", "rate_per_s", .tag = "r",
	        .kind = &rm_kind_rate, .list = true, .paced = true, .most = 1e9,
	        .expected = "operations per second above 0, at most "
	                    "1000M/s, e.g. 80/s, 10k/s",
	        MEMBER(rate_per_s) },
	[RM_KEY_ARRIVALS] = { "arrivals", "arrivals", .tag = "",
	        .kind = &rm_kind_names, .list = true, .paced = true,
	        .names = arrivals_names, .expected = "poisson or constant",
	        MEMBER(arrivals) },
	[RM_KEY_THREADS] = { "threads", .kind = &rm_kind_threads, .list = true,
	        .least = 1, .most = 4096,
	        .expected = "a number from 1 to 4096, node-cores, cores, cpus, "
	                    "a part or a multiple of 2 to 4096, e.g. cores/2, "
	                    "cpus*2",
	        MEMBERS(threads, threads_unit) },
	[RM_KEY_PLACEMENT] = { "placement", "placement", .tag = "",
	        .kind = &rm_kind_place, .list = true, .preset = "cores",
	        .least = 1,
	        .expected = "cores, smt, sockets, nodes, one-node, "
	                    "numa:N, compact or none",
	        MEMBER(placement) },
	[RM_KEY_MEMORY] = { "memory", "memory", .tag = "",
	        .kind = &rm_kind_place, .list = true, .preset = "first-touch",
	        .usual = "first-touch", .least = 1,
	        .expected = "first-touch, interleave, local, remote, "
	                    "memory-only or bind:N",
	        MEMBER(memory) },
	[RM_KEY_PRESIZE] = { "presize", "presize", .tag = "grow",
	        .tag_only = true, .kind = &rm_kind_flag, .list = true,
	        .preset = "yes", .usual = "yes", .expected = "yes or no",
	        MEMBER(presize) },
	[RM_KEY_SETTLE] = { "settle", "settle", .tag = "",
	        .kind = &rm_kind_settle, .list = true, .preset = "yes",
	        .usual = "yes", .optional = true, .most = RM_RENEWALS_MAX,
	        .expected = "yes, no, or how often each key is renewed, from "
	                    "renewed:1 to renewed:100",
	        MEMBERS(settle, renewals) },
	[RM_KEY_CLOCK_RATE] = { "clock-rate", "clock_rate", .tag = "clock-x",
	        .kind = &rm_kind_names, .list = true, .preset = "1",
	        .usual = "1", .optional = true, .names = clock_rate_names,
	        .expected = "1, 10, 100 or 1000", MEMBER(clock_rate) },
	[RM_KEY_ALLOCATOR] = { "allocator", "allocator", .tag = "",
	        .kind = &rm_kind_names, .list = true, .preset = "glibc",
	        .usual = "glibc", .optional = true, .names = rm_allocator_names,
	        .expected = "glibc, jemalloc, mimalloc or tcmalloc",
	        MEMBER(allocator) },
	[RM_KEY_HUGE_PAGES] = { "huge-pages", "huge_pages", .tag = "huge-",
	        .kind = &rm_kind_names, .list = true, .preset = "system",
	        .usual = "system", .optional = true,
	        .names = rm_huge_pages_names, .expected = "system, off or on",
	        MEMBER(huge_pages) },
	[RM_KEY_GOROUTINES] = { "goroutines", "goroutines",
	        .tag = "goroutines-", .kind = &rm_kind_names, .list = true,
	        .preset = "free", .usual = "free", .optional = true,
	        .names = goroutines_names, .expected = "free or wired",
	        MEMBER(goroutines) },
	[RM_KEY_WARM_UP] = { "warm-up", "warm_up_ns", .kind = &rm_kind_time,
	        .preset = "200ms", .most = WHOLE_MAX,
	        .expected = "a time (ns, us, ms, s, min, h) of at most 104 "
	                    "days, e.g. 200ms, or 0s",
	        MEMBER(warm_up_ns) },
	[RM_KEY_WINDOW] = { "window", .kind = &rm_kind_window, .preset = "1s",
	        .expected = "a time (ns, us, ms, s, min, h) from 1ns to 104 "
	                    "days, or a count per thread, e.g. 500ms, "
	                    "500000ops, or passes of a "
	                    "trace, e.g. 1pass",
	        MEMBERS(window_ns, trace_passes) },
	[RM_KEY_DEADLINE] = { "deadline", "deadline_ns", .kind = &rm_kind_time,
	        .preset = "60s", .least = 1, .most = WHOLE_MAX,
	        .expected = "a time (ns, us, ms, s, min, h) from 1ns to 104 "
	                    "days, e.g. 60s",
	        MEMBER(deadline_ns) },
	[RM_KEY_BLOCKS] = { "blocks", .kind = &rm_kind_whole, .preset = "10",
	        .least = 1, .most = 10000,
	        .expected = "a number from 1 to 10000", MEMBER(blocks) },
	[RM_KEY_REPEAT_WAIT] = { "repeat-wait", .kind = &rm_kind_share,
	        .preset = "20%", .most = 1, .below = true,
	        .expected = "a share from 0% (waiting does not count) to below "
	                    "100%, e.g. 20%",
	        MEMBER(repeat_wait) },
	[RM_KEY_REPEAT_MOST] = { "repeat-most", .kind = &rm_kind_whole,
	        .preset = "3", .most = RM_REPEATS_MAX,
	        .expected = "a number from 0 (nothing is repeated) to 10",
	        MEMBER(repeat_most) },
	[RM_KEY_REPEAT_SHARE] = { "repeat-share", .kind = &rm_kind_share,
	        .preset = "50%", .most = 1,
	        .expected = "repeats for each planned trial, from 0% to 100%, "
	                    "e.g. 50%",
	        MEMBER(repeat_share) },
	[RM_KEY_VERIFY] = { "verify", "verify_ops", .kind = &rm_kind_ops,
	        .preset = "1Mops", .most = WHOLE_MAX,
	        .expected = "a count of writes from 1 to 2^53, e.g. 100kops",
	        MEMBER(verify_ops) },
	[RM_KEY_MAPS] = { "maps", "map", .tag = "", .kind = &rm_kind_pattern,
	        .list = true, .preset = "all", .least = 1,
	        .expected = "all, ids, globs, or ~ and a glob, separated by "
	                    "blanks, e.g. all ~syncmap*",
	        MEMBER(map) },
	[RM_KEY_BASE] = { "base", .kind = &rm_kind_name, .preset = "gomap_rw",
	        .expected = "the id of a map", MEMBER(base) },
	[RM_KEY_CONTROL] = { "control", .kind = &rm_kind_name,
	        .expected = "the id of a map in C or C++, or none",
	        MEMBER(control) },
	[RM_KEY_MEASURE] = { "measure", "measure", .tag = "",
	        .kind = &rm_kind_measure, .list = true, .names = measure_names,
	        .cells_only = "verify",
	        .expected = "throughput, latency, counters, causes or "
	                    "simulated:MODEL (a name without a slash)",
	        MEMBERS(measure, model) },
	[RM_KEY_ARTICLE] = { "article", .kind = &rm_kind_article, .list = true,
	        .expected = "numbers of docs/articles/workloads.tsv, e.g. W1",
	        MEMBER(article) },
	[RM_KEY_INCLUDE] = { "include",
	        .expected = "the name of a workload file" },
	[ROW_ID] = { .member = "id", .kind = &rm_kind_text, MEMBER(id) },
	[ROW_WORKLOAD] = { .member = "workload",
	        .tag = "",
	        .kind = &rm_kind_text,
	        MEMBER(workload) },
	[ROW_KEYS] = { .member = "keys",
	        .tag = "n",
	        .kind = &rm_kind_whole,
	        .least = 1,
	        .most = 0x1p31,
	        MEMBER(keys) },
	[ROW_THREADS] = { .member = "threads",
	        .tag = "t",
	        .kind = &rm_kind_whole,
	        .least = 1,
	        .most = 4096,
	        MEMBER(threads) },
	[ROW_WINDOW_NS] = { .member = "window_ns",
	        .kind = &rm_kind_whole,
	        .most = WHOLE_MAX,
	        MEMBER(window_ns) },
	[ROW_WINDOW_OPS] = { .member = "window_ops",
	        .tag = "",
	        .kind = &rm_kind_ops,
	        .usual = "0ops",
	        .most = WHOLE_MAX,
	        MEMBER(window_ops) },
	[ROW_CPUS] = { .member = "cpus",
	        .kind = &rm_kind_cpus,
	        .most = 1 << 20,
	        MEMBER(cpus) },
	[ROW_TRACE] = { .member = "trace",
	        .kind = &rm_kind_trace,
	        .optional = true,
	        .usual = "",
	        MEMBER(trace) },
};

/* Order of factors in an id. It must not change, since journals are searched by
   id. Usual values are omitted, so that a new factor changes no id of an older
   campaign. */
static const int in_id[] = { ROW_WORKLOAD, RM_KEY_MAPS, RM_KEY_SHAPE, ROW_KEYS,
	RM_KEY_WRITES, RM_KEY_WRITE_KIND, RM_KEY_MISSES, RM_KEY_DIST,
	ROW_THREADS, RM_KEY_PLACEMENT, RM_KEY_MEMORY, RM_KEY_PRESIZE,
	RM_KEY_SETTLE, RM_KEY_CLOCK_RATE, RM_KEY_ALLOCATOR, RM_KEY_HUGE_PAGES,
	RM_KEY_GOROUTINES, RM_KEY_KEY_DIFFERS, ROW_WINDOW_OPS, RM_KEY_LOOP,
	RM_KEY_RATE, RM_KEY_ARRIVALS, RM_KEY_MEASURE };

enum rm_workload_key rm_key_find(const char *name)
{
	int key = 0;

	while (key < RM_WORKLOAD_KEYS && strcmp(rm_factors[key].key, name))
		key++;
	return (enum rm_workload_key)key;
}

int rm_factor_read(
        enum rm_workload_key key, const char *text, struct rm_cell *cell)
{
	const struct rm_factor *factor = &rm_factors[key];
	const char *only = factor->cells_only;
	size_t length = strcspn(text, ":");

	if (only && length == strcspn(only, ":") &&
	        !strncmp(text, only, length))
		return -EINVAL;
	return factor->kind->read(factor, text, cell);
}

void rm_factor_text(
        enum rm_workload_key key, const struct rm_cell *cell, char *text)
{
	rm_factors[key].kind->write(&rm_factors[key], cell, text);
}

void rm_factor_copy(enum rm_workload_key key, const struct rm_cell *from,
        struct rm_cell *to)
{
	const struct rm_factor *factor = &rm_factors[key];

	memcpy((char *)to + factor->offset, (const char *)from + factor->offset,
	        factor->size);
}

const char *rm_write_kind_name(enum rm_write_kind kind)
{
	return write_kind_names[kind];
}

const char *rm_measure_name(enum rm_measure measure)
{
	return measure_names[measure];
}

static bool is_usual(const struct rm_factor *factor, const struct rm_cell *cell)
{
	char text[RM_VALUE_BYTES];

	if (!factor->usual)
		return false;
	factor->kind->write(factor, cell, text);
	return !strcmp(text, factor->usual);
}

/* Builds the id. An id that is too long is truncated and fills its buffer;
   add_new() in plan_add.c rejects it. */
void rm_cell_name(struct rm_cell *cell)
{
	char text[RM_VALUE_BYTES];
	size_t used = 0;

	cell->id[0] = '\0';
	for (size_t i = 0; i < sizeof(in_id) / sizeof(*in_id); i++) {
		const struct rm_factor *factor = &rm_factors[in_id[i]];
		const struct rm_kind *kind = factor->kind;

		if (is_usual(factor, cell) ||
		        (factor->paced && cell->loop.kind != RM_LOOP_PACED))
			continue;
		(kind->name ? kind->name : kind->write)(factor, cell, text);
		if (kind->bare)
			text[strlen(text) - strlen(kind->unit)] = '\0';
		snprintf(cell->id + used, sizeof(cell->id) - used, "%s%s%s",
		        i ? "/" : "", factor->tag,
		        factor->tag_only ? "" : text);
		used = strlen(cell->id);
	}
}

/* Returns row i of the JSON form. Rows without a key come first, so that JSON
   starts with the id. */
static const struct rm_factor *json_row(int i)
{
	return &rm_factors[(i + RM_WORKLOAD_KEYS) % ROWS];
}

json_t *rm_cell_to_json(const struct rm_cell *cell)
{
	json_t *json = json_object();

	for (int i = 0; json && i < ROWS; i++) {
		const struct rm_factor *factor = json_row(i);

		if (!factor->member ||
		        (factor->optional && is_usual(factor, cell)))
			continue;
		if (json_object_set_new(json, factor->member,
		            factor->kind->form->to_json(factor, cell))) {
			json_decref(json);
			return NULL;
		}
	}
	return json;
}

/* Checks that all required members exist, and that no member is unknown. */
static int check_members(const json_t *json, struct rm_error *error)
{
	const char *name;
	json_t *value;

	if (!json_is_object(json))
		return rm_error_set(error, -EINVAL, "cell: expected an object");
	for (int i = 0; i < ROWS; i++)
		if (rm_factors[i].member && !rm_factors[i].optional &&
		        !json_object_get(json, rm_factors[i].member))
			return rm_cell_error(error, rm_factors[i].member,
			        "a value, it is missing");
	json_object_foreach ((json_t *)(uintptr_t)json, name, value) {
		int i = 0;

		while (i < ROWS && (!rm_factors[i].member ||
		                           strcmp(rm_factors[i].member, name)))
			i++;
		if (i == ROWS)
			return rm_error_set(error, -EINVAL,
			        "cell.%.64s: unknown member", name);
	}
	return 0;
}

/* Checks that the members are consistent with each other. */
static int check_sense(const struct rm_cell *cell, struct rm_error *error)
{
	bool verify = cell->measure == RM_MEASURE_VERIFY;
	bool traced = cell->trace[0] != '\0';

	if (cell->cpu_count && cell->cpu_count != cell->threads)
		return rm_cell_error(error, "cpus", RM_CPUS_EXPECTED);
	if (cell->window_ns && cell->window_ops)
		return rm_cell_error(
		        error, "window_ops", "0 unless window_ns is 0");
	if (!verify && !cell->window_ns && !cell->window_ops)
		return rm_cell_error(
		        error, "window_ns", "above 0, or window_ops above 0");
	if (verify && !cell->verify_ops)
		return rm_cell_error(error, "verify_ops", "above 0 for verify");
	if (cell->loop.kind == RM_LOOP_PACED && cell->rate_per_s <= 0)
		return rm_cell_error(
		        error, "rate_per_s", "above 0 for a paced loop");
	if (cell->loop.kind != RM_LOOP_PACED && cell->rate_per_s > 0)
		return rm_cell_error(
		        error, "rate_per_s", "0 for a closed loop");
	if ((cell->dist == RM_DIST_TRACE) != traced)
		return rm_cell_error(error, "trace",
		        "if and only if dist is trace:CHECKSUM");
	if (rm_cell_lacks_decimal_keys(cell))
		return rm_cell_error(error, "loop",
		        "decimal text only with shapes of str16");
	if (traced && (cell->loop.kind != RM_LOOP_MIX || cell->warm_up_ns ||
	                      !cell->window_ops))
		return rm_cell_error(error, "trace",
		        "with the loop mix, warm_up_ns 0 and a counted "
		        "window");
	return 0;
}

/* Reads a cell. An absent member has the value 0, which is its usual value. */
int rm_cell_from_json(
        const json_t *json, struct rm_cell *cell, struct rm_error *error)
{
	int failed = check_members(json, error);

	for (int i = 0; !failed && i < ROWS; i++) {
		const struct rm_factor *factor = &rm_factors[i];
		const json_t *value =
		        factor->member ? json_object_get(json, factor->member)
		                       : NULL;

		if (value)
			failed = factor->kind->form->from_json(
			        factor, value, cell, error);
	}
	if (!failed)
		failed = check_sense(cell, error);
	if (failed)
		rm_cell_clear(cell);
	return failed;
}

void rm_cell_clear(struct rm_cell *cell)
{
	free(cell->cpus);
	*cell = (struct rm_cell){ 0 };
}

json_t *rm_cell_schema(void)
{
	json_t *required = json_array(), *properties = json_object();

	for (int i = 0; i < ROWS; i++) {
		const struct rm_factor *factor = json_row(i);
		json_t *property;

		if (!factor->member)
			continue;
		property = factor->kind->form->schema(factor);
		if (!factor->optional)
			json_array_append_new(
			        required, json_string(factor->member));
		else if (factor->usual[0])
			json_object_set_new(property, "default",
			        json_string(factor->usual));
		json_object_set_new(properties, factor->member, property);
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "$schema",
	        "https://json-schema.org/draft/2020-12/schema", "$id",
	        "cell.schema.json", "title", "A cell of the trial protocol",
	        "description",
	        "made by `make schemas` from runner/protocol/factors.c: every "
	        "factor; schemas that refer to it reject other members",
	        "type", "object", "required", required, "properties",
	        properties);
}
