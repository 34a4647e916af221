/* SPDX-License-Identifier: Apache-2.0 */
/* cell_json.c - a cell as the JSON object of docs/trial-protocol.md. */
#include "runner/plan/cell.h"
#include "runner/plan/cell_optional.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS_MAX = 4096 };

static const char *const members[] = { "id", "workload", "map", "shape", "keys",
	"write_share", "miss_share", "write_kind", "dist", "loop", "rate_per_s",
	"arrivals", "threads", "placement", "memory", "cpus", "presize",
	"warm_up_ns", "window_ns", "window_ops", "deadline_ns", "verify_ops",
	"measure", NULL };

static json_t *cpus_to_json(const struct rm_cell *cell)
{
	json_t *cpus = json_array();

	for (unsigned i = 0; cpus && cell->cpus && i < cell->cpu_count; i++)
		if (json_array_append_new(cpus, json_integer(cell->cpus[i]))) {
			json_decref(cpus);
			return NULL;
		}
	return cpus;
}

static json_t *factors_to_json(const struct rm_cell *cell)
{
	char dist[RM_NAME_BYTES], measure[RM_MEASURE_BYTES];
	char loop[RM_LOOP_BYTES];

	rm_dist_name(cell, dist, sizeof(dist));
	return json_pack("{s:s s:s s:s s:s s:I s:f s:f s:s s:s s:s s:f s:s s:i "
	                 "s:s s:s s:o s:b s:I s:I s:I s:I s:I s:s}",
	        "id", cell->id, "workload", cell->workload, "map", cell->map,
	        "shape", rm_shape_name(cell->shape), "keys",
	        (json_int_t)cell->keys, "write_share", cell->write_share,
	        "miss_share", cell->miss_share, "write_kind",
	        rm_write_kind_name(cell->write_kind), "dist", dist, "loop",
	        rm_loop_text(&cell->loop, loop), "rate_per_s", cell->rate_per_s,
	        "arrivals", rm_arrivals_name(cell->arrivals), "threads",
	        (int)cell->threads, "placement", cell->placement, "memory",
	        cell->memory, "cpus", cpus_to_json(cell), "presize",
	        (int)cell->presize, "warm_up_ns", (json_int_t)cell->warm_up_ns,
	        "window_ns", (json_int_t)cell->window_ns, "window_ops",
	        (json_int_t)cell->window_ops, "deadline_ns",
	        (json_int_t)cell->deadline_ns, "verify_ops",
	        (json_int_t)cell->verify_ops, "measure",
	        rm_measure_text(cell->measure, cell->model, measure));
}

json_t *rm_cell_to_json(const struct rm_cell *cell)
{
	json_t *json = factors_to_json(cell);

	if (json && rm_cell_optional_to_json(cell, json)) {
		json_decref(json);
		return NULL;
	}
	return json;
}

static int bad(struct rm_error *error, const char *member, const char *expected)
{
	return rm_error_set(
	        error, -EINVAL, "cell.%s: expected %s", member, expected);
}

static int read_text(const json_t *json, const char *member, char *text,
        size_t size, struct rm_error *error)
{
	const char *value = json_string_value(json_object_get(json, member));

	if (!value || strlen(value) >= size)
		return rm_error_set(error, -EINVAL,
		        "cell.%s: expected a text of less than %zu bytes",
		        member, size);
	memcpy(text, value, strlen(value) + 1);
	return 0;
}

static int read_whole(const json_t *json, const char *member, uint64_t least,
        uint64_t most, uint64_t *value, struct rm_error *error)
{
	const json_t *number = json_object_get(json, member);
	json_int_t read = json_integer_value(number);

	if (!json_is_integer(number) || read < 0 || (uint64_t)read < least ||
	        (uint64_t)read > most)
		return rm_error_set(error, -EINVAL,
		        "cell.%s: expected an integer from %llu to %llu",
		        member, (unsigned long long)least,
		        (unsigned long long)most);
	*value = (uint64_t)read;
	return 0;
}

static int read_real(const json_t *json, const char *member, double most,
        double *value, struct rm_error *error)
{
	const json_t *number = json_object_get(json, member);
	double read = json_number_value(number);

	if (!json_is_number(number) || !(read >= 0 && read <= most))
		return rm_error_set(error, -EINVAL,
		        "cell.%s: expected a number from 0 to %g", member,
		        most);
	*value = read;
	return 0;
}

/* Every member there, and no other. */
static int check_members(const json_t *json, struct rm_error *error)
{
	json_t *object = (json_t *)(uintptr_t)json; /* jansson has no const */
	const char *name;
	json_t *value;

	if (!json_is_object(json))
		return rm_error_set(error, -EINVAL, "cell: expected an object");
	for (size_t i = 0; members[i]; i++)
		if (!json_object_get(json, members[i]))
			return bad(error, members[i],
			        "to be there, it is missing");
	json_object_foreach (object, name, value) {
		size_t i = 0;

		while (members[i] && strcmp(members[i], name))
			i++;
		if (!members[i] && !rm_cell_optional_is(name))
			return rm_error_set(error, -EINVAL,
			        "cell.%.64s: unknown member", name);
	}
	return 0;
}

static int read_texts(
        const json_t *json, struct rm_cell *cell, struct rm_error *error)
{
	int failed = read_text(json, "id", cell->id, sizeof(cell->id), error);

	if (!failed)
		failed = read_text(json, "workload", cell->workload,
		        sizeof(cell->workload), error);
	if (!failed)
		failed = read_text(
		        json, "map", cell->map, sizeof(cell->map), error);
	if (!failed)
		failed = read_text(json, "placement", cell->placement,
		        sizeof(cell->placement), error);
	if (!failed)
		failed = read_text(json, "memory", cell->memory,
		        sizeof(cell->memory), error);
	return failed;
}

static int read_names(
        const json_t *json, struct rm_cell *cell, struct rm_error *error)
{
	char name[RM_MEASURE_BYTES];

	if (read_text(json, "shape", name, sizeof(name), error) ||
	        rm_shape_parse(name, &cell->shape))
		return bad(
		        error, "shape", "u64x8, u64x24, str16x8 or str16x24");
	if (read_text(json, "write_kind", name, sizeof(name), error) ||
	        rm_write_kind_parse(name, &cell->write_kind))
		return bad(error, "write_kind", "update, churn or fresh");
	if (read_text(json, "loop", name, sizeof(name), error) ||
	        rm_loop_parse(name, &cell->loop))
		return bad(error, "loop", RM_LOOPS_EXPECTED);
	if (read_text(json, "arrivals", name, sizeof(name), error) ||
	        rm_arrivals_parse(name, &cell->arrivals))
		return bad(error, "arrivals", "poisson or constant");
	if (read_text(json, "measure", name, sizeof(name), error) ||
	        rm_measure_parse(name, &cell->measure, cell->model))
		return bad(error, "measure",
		        "verify, throughput, latency, counters, causes or "
		        "simulated:MODEL");
	if (read_text(json, "dist", name, sizeof(name), error))
		return -EINVAL;
	return rm_dist_parse(name, cell, error);
}

static int read_numbers(
        const json_t *json, struct rm_cell *cell, struct rm_error *error)
{
	const uint64_t most = 1ULL << 53;
	uint64_t threads = 0;

	if (read_whole(json, "keys", 1, 1ULL << 31, &cell->keys, error) ||
	        read_whole(json, "threads", 1, THREADS_MAX, &threads, error) ||
	        read_whole(json, "warm_up_ns", 0, most, &cell->warm_up_ns,
	                error) ||
	        read_whole(
	                json, "window_ns", 0, most, &cell->window_ns, error) ||
	        read_whole(json, "window_ops", 0, most, &cell->window_ops,
	                error) ||
	        read_whole(json, "deadline_ns", 1, most, &cell->deadline_ns,
	                error) ||
	        read_whole(json, "verify_ops", 0, most, &cell->verify_ops,
	                error) ||
	        read_real(json, "write_share", 1, &cell->write_share, error) ||
	        read_real(json, "miss_share", 1, &cell->miss_share, error) ||
	        read_real(json, "rate_per_s", 1e12, &cell->rate_per_s, error))
		return -EINVAL;
	cell->threads = (unsigned)threads;
	if (cell->miss_share == 1)
		return bad(error, "miss_share", "a number below 1");
	if (!json_is_boolean(json_object_get(json, "presize")))
		return bad(error, "presize", "true or false");
	cell->presize = json_is_true(json_object_get(json, "presize"));
	return 0;
}

static int read_cpus(
        const json_t *json, struct rm_cell *cell, struct rm_error *error)
{
	const json_t *cpus = json_object_get(json, "cpus");
	size_t count = json_array_size(cpus);

	if (!json_is_array(cpus) || (count != 0 && count != cell->threads))
		return bad(error, "cpus",
		        "an array with one CPU per thread, or an empty one");
	if (count == 0)
		return 0;
	cell->cpus = calloc(count, sizeof(*cell->cpus));
	if (!cell->cpus)
		return rm_error_set(error, -ENOMEM, "out of memory");
	cell->cpu_count = (unsigned)count;
	for (size_t i = 0; i < count; i++) {
		const json_t *cpu = json_array_get(cpus, i);
		json_int_t number = json_integer_value(cpu);

		if (!json_is_integer(cpu) || number < 0 || number > 1 << 20)
			return bad(error, "cpus", "kernel CPU numbers");
		cell->cpus[i] = (unsigned)number;
	}
	return 0;
}

/* What members say of each other. */
static int check_sense(const struct rm_cell *cell, struct rm_error *error)
{
	bool verify = cell->measure == RM_MEASURE_VERIFY;

	if (cell->window_ns && cell->window_ops)
		return bad(error, "window_ops",
		        "0 where window_ns is not 0, or the reverse");
	if (!verify && !cell->window_ns && !cell->window_ops)
		return bad(
		        error, "window_ns", "above 0, or window_ops above 0");
	if (verify && !cell->verify_ops)
		return bad(error, "verify_ops", "above 0 for verify");
	if (cell->loop.kind == RM_LOOP_PACED && cell->rate_per_s <= 0)
		return bad(error, "rate_per_s", "above 0 for a paced loop");
	if (cell->loop.kind != RM_LOOP_PACED && cell->rate_per_s > 0)
		return bad(error, "rate_per_s", "0 for a closed loop");
	return 0;
}

int rm_cell_from_json(
        const json_t *json, struct rm_cell *cell, struct rm_error *error)
{
	int failed = check_members(json, error);

	if (!failed)
		failed = read_texts(json, cell, error);
	if (!failed)
		failed = read_names(json, cell, error);
	if (!failed)
		failed = read_numbers(json, cell, error);
	if (!failed)
		failed = read_cpus(json, cell, error);
	if (!failed)
		failed = check_sense(cell, error);
	if (!failed)
		failed = rm_cell_optional_from_json(json, cell, error);
	if (failed)
		rm_cell_clear(cell);
	return failed;
}
