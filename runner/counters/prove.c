/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/counters/prove.h"
#include "runner/counters/replay.h"

#include <errno.h>
#include <string.h>

struct expectation {
	const char *metric;
	enum rm_kernel kernel;
	double low, high; /* events per step of the kernel, inclusive */
};

/*
 * A chase step is one load, an addition and a branch. Wide bounds: what is
 * wanted is the right event, not a fine measurement. A replacement policy that
 * is not LRU keeps some lines of the 4 x L1d; a prefetcher may bring a
 * neighbour too. A handover moves the line once, and a waiting thread may
 * see it more than once, or not at all when it looks late.
 */
static const struct expectation table[] = {
	{ "cycles", RM_KERNEL_HALF, 1, 60 },
	{ "ref_cycles", RM_KERNEL_HALF, 0.3, 60 },
	{ "instructions", RM_KERNEL_HALF, 1.5, 16 },
	{ "l1d_load", RM_KERNEL_HALF, 0.9, 4 },
	{ "dc_load", RM_KERNEL_HALF, 0.9, 6 },
	{ "l1d_access", RM_KERNEL_HALF, 0.9, 8 },
	{ "l1d_load_hit", RM_KERNEL_HALF, 0.9, 4 },
	{ "l1d_load_hit", RM_KERNEL_FOUR, 0, 0.5 },
	{ "l1d_load_miss", RM_KERNEL_HALF, 0, 0.1 },
	{ "l1d_load_miss", RM_KERNEL_FOUR, 0.5, 1.3 },
	{ "l1d_fill", RM_KERNEL_HALF, 0, 0.1 },
	{ "l1d_fill", RM_KERNEL_FOUR, 0.6, 2.5 },
	{ "l1d_fill_demand", RM_KERNEL_HALF, 0, 0.1 },
	{ "l1d_fill_demand", RM_KERNEL_FOUR, 0.5, 2 },
	{ "l1d_miss_alloc", RM_KERNEL_HALF, 0, 0.1 },
	{ "l1d_miss_alloc", RM_KERNEL_FOUR, 0.5, 2 },
	{ "l1d_fill_l2", RM_KERNEL_HALF, 0, 0.1 },
	{ "l1d_fill_l2", RM_KERNEL_FOUR, 0.5, 2 },
	{ "snoop_hitm", RM_KERNEL_HALF, 0, 0.01 },
	{ "snoop_hitm", RM_KERNEL_SHARED, 0.2, 8 },
	{ "l1d_fill_ccx", RM_KERNEL_HALF, 0, 0.05 },
	{ "l1d_fill_ccx", RM_KERNEL_SHARED, 0.2, 8 },
	{ "l1d_inval", RM_KERNEL_SHARED, 0.1, 8 },
	{ "dtlb_load_walk", RM_KERNEL_HALF, 0, 0.01 },
	{ "dtlb_load_walk", RM_KERNEL_PAGES, 0.5, 3 },
	{ "dtlb_walk", RM_KERNEL_HALF, 0, 0.01 },
	{ "dtlb_walk", RM_KERNEL_PAGES, 0.5, 3 },
	{ "dtlb_l1_miss", RM_KERNEL_PAGES, 0.5, 3 },
	{ "dtlb_miss", RM_KERNEL_PAGES, 0.5, 3 },
};

enum { EXPECTATIONS = sizeof(table) / sizeof(table[0]), ENOUGH = 1000 };

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* Why this kernel says nothing here; NULL = it does. */
static const char *useless(
        const struct rm_prove *prove, enum rm_kernel kernel, uint64_t steps)
{
	if (kernel != RM_KERNEL_SHARED)
		return NULL;
	if (prove->place.cores < 2)
		return "needs two cores";
	if (steps < ENOUGH)
		return "the two threads did not run at the same time";
	return NULL;
}

/* Moves "per_step", "expected", "verdict" and "reason" into the line. */
static void judge(json_t *line, const struct expectation *expected,
        const json_t *event, uint64_t steps)
{
	const json_t *total = json_object_get(event, "total");
	const char *verdict = "proved";

	json_object_set_new(line, "expected",
	        json_pack("[f, f]", expected->low, expected->high));
	if (!json_is_number(total)) {
		json_object_set_new(line, "verdict", json_string("no value"));
		json_object_set(
		        line, "reason", json_object_get(event, "reason"));
		return;
	}
	double per_step = json_number_value(total) / (double)steps;
	if (per_step < expected->low || per_step > expected->high) {
		verdict = "refuted";
		json_object_set_new(line, "reason",
		        per_step == 0
		                ? json_sprintf("stayed at 0 in \"%s\": nothing "
		                               "counts here",
		                          rm_kernel_text(expected->kernel))
		                : json_sprintf("%.4g per step in \"%s\", "
		                               "expected %g to %g",
		                          per_step,
		                          rm_kernel_text(expected->kernel),
		                          expected->low, expected->high));
	}
	json_object_set_new(line, "per_step", json_real(per_step));
	json_object_set_new(line, "verdict", json_string(verdict));
}

static json_t *new_line(const json_t *event, const char *kernel)
{
	return json_pack("{s:s, s:s, s:s?, s:n, s:n, s:s, s:n}", "metric",
	        text_of(event, "metric"), "event", text_of(event, "event"),
	        "kernel", kernel, "per_step", "expected", "verdict",
	        "not checked", "reason");
}

static void judge_all(const struct rm_prove *prove, enum rm_kernel kernel,
        const json_t *result, uint64_t steps, json_t *verdicts)
{
	const char *no = useless(prove, kernel, steps);
	json_t *event;
	size_t i;

	json_array_foreach (json_object_get(result, "events"), i, event) {
		for (size_t k = 0; k < EXPECTATIONS; k++) {
			if (table[k].kernel != kernel ||
			        strcmp(table[k].metric,
			                text_of(event, "metric")))
				continue;
			json_t *line = new_line(event, rm_kernel_name(kernel));

			if (no)
				json_object_set_new(
				        line, "reason", json_string(no));
			else
				judge(line, &table[k], event, steps);
			json_array_append_new(verdicts, line);
		}
	}
}

/* Metrics that no kernel can judge are named, too. */
static void name_unchecked(const json_t *request, json_t *verdicts)
{
	json_t *event;
	size_t i;

	json_array_foreach (json_object_get(request, "events"), i, event) {
		bool known = false;

		for (size_t k = 0; k < EXPECTATIONS; k++)
			known = known || !strcmp(table[k].metric,
			                         text_of(event, "metric"));
		if (known)
			continue;
		json_t *line = new_line(event, NULL);
		json_object_set_new(line, "reason",
		        json_string("no kernel knows its right value"));
		json_array_append_new(verdicts, line);
	}
}

int rm_prove_set(struct rm_prove *prove, const json_t *request,
        json_t *verdicts, struct rm_error *error)
{
	struct rm_session_request session = { .request = request,
		.perf_ops = prove->perf_ops };

	for (int k = 0; k < RM_KERNELS; k++) {
		enum rm_kernel kernel = (enum rm_kernel)k;
		json_t *result = NULL;
		uint64_t steps = 0;
		int code = 0;

		if (kernel == RM_KERNEL_SHARED && prove->place.cores < 2) {
			judge_all(prove, kernel, request, 0, verdicts);
			continue;
		}
		code = rm_kernel_count(kernel, &prove->place, &session, &result,
		        &steps, error);
		if (!code && prove->recording)
			code = rm_replay_record(prove->recording, result,
			        prove->intervals++, prove->perf_ops != NULL,
			        error);
		if (!code)
			judge_all(prove, kernel, result, steps, verdicts);
		json_decref(result);
		if (code)
			return code;
	}
	name_unchecked(request, verdicts);
	return 0;
}

/* Few where few are due convinces nobody: a dead counter does that, too. */
static bool convinces(const json_t *line)
{
	const json_t *expected = json_object_get(line, "expected");

	return json_number_value(json_array_get(expected, 0)) > 0;
}

const char *rm_prove_verdict(
        const json_t *verdicts, const char *metric, const char **why)
{
	static const char *const rank[] = { "not checked", "proved", "no value",
		"refuted" };
	unsigned worst = 0;
	json_t *line;
	size_t i;

	*why = NULL;
	json_array_foreach (verdicts, i, line) {
		unsigned r = 0;

		if (strcmp(text_of(line, "metric"), metric))
			continue;
		while (r < 3 && strcmp(text_of(line, "verdict"), rank[r]))
			r++;
		if (r == 1 && !convinces(line))
			r = 0;
		if (r >= worst && text_of(line, "reason")[0])
			*why = text_of(line, "reason");
		if (r > worst)
			worst = r;
	}
	return rank[worst];
}
