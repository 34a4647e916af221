/* SPDX-License-Identifier: Apache-2.0 */
/* tally.c - counts of trials and the failure policy. */
#include "runner/campaign/tally.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int rm_tally_start(struct rm_tally *tally, const struct rm_plan *plan,
        struct rm_error *error)
{
	tally->plan = plan;
	tally->cells = calloc(plan->cell_count + 1, sizeof(*tally->cells));
	tally->index = json_object();
	tally->unfit = json_object();
	if (!tally->cells || !tally->index || !tally->unfit)
		return rm_error_set(error, -ENOMEM, "no memory");
	for (size_t i = 0; i < plan->cell_count; i++)
		if (json_object_set_new(tally->index, plan->cells[i].cell.id,
		            json_integer((json_int_t)i)))
			return rm_error_set(error, -ENOMEM, "no memory");
	return 0;
}

static void count_failure(struct rm_tally *tally, size_t cell)
{
	const struct rm_cell *failed = &tally->plan->cells[cell].cell;
	struct rm_tally_cell *counts = &tally->cells[cell];

	tally->failed++;
	counts->failed++;
	counts->failed_in_a_row++;
	if (failed->measure == RM_MEASURE_VERIFY)
		json_object_set_new(
		        tally->unfit, failed->map, json_string(counts->reason));
}

int rm_tally_add(
        struct rm_tally *tally, const json_t *line, struct rm_error *error)
{
	const char *id = json_string_value(json_object_get(line, "cell"));
	const char *status = json_string_value(json_object_get(line, "status"));
	const char *reason = json_string_value(json_object_get(line, "reason"));
	const json_t *at = json_object_get(tally->index, id ? id : "");

	if (!at)
		return rm_error_set(error, -EINVAL,
		        "cell \"%.200s\" is not in the plan of campaign.json",
		        id ? id : "");
	size_t cell = (size_t)json_integer_value(at);
	struct rm_tally_cell *counts = &tally->cells[cell];

	if (!status)
		status = "(none)";
	if (strcmp(status, "ok") && strcmp(status, "skipped"))
		snprintf(counts->reason, sizeof(counts->reason), "%.*s",
		        RM_REASON_BYTES - 1, reason ? reason : "no reason");
	if (!strcmp(status, "failed")) {
		count_failure(tally, cell);
		return 0;
	}
	if (!strcmp(status, "skipped")) {
		tally->skipped++;
		counts->skipped++;
		return 0;
	}
	bool is_ok = !strcmp(status, "ok");

	if (!is_ok && strcmp(status, "void"))
		return rm_error_set(error, -EINVAL,
		        "status \"%.40s\", expected ok, void, failed or "
		        "skipped",
		        status);
	counts->failed_in_a_row = 0;
	counts->ok += is_ok;
	counts->voided += !is_ok;
	tally->ok += is_ok;
	tally->voided += !is_ok;
	return 0;
}

bool rm_tally_gives_up(
        const struct rm_tally *tally, size_t cell, char reason[RM_REASON_BYTES])
{
	const struct rm_tally_cell *counts = &tally->cells[cell];
	const char *unfit = json_string_value(json_object_get(
	        tally->unfit, tally->plan->cells[cell].cell.map));

	if (unfit)
		snprintf(reason, RM_REASON_BYTES,
		        "not run (failed verification): %.200s", unfit);
	else if (counts->failed_in_a_row >= RM_FAILURES_IN_A_ROW)
		snprintf(reason, RM_REASON_BYTES, "failed twice: %.200s",
		        counts->reason);
	else
		return false;
	return true;
}

size_t rm_tally_incomplete(const struct rm_tally *tally)
{
	size_t incomplete = 0;

	for (size_t i = 0; i < tally->plan->cell_count; i++) {
		const struct rm_tally_cell *counts = &tally->cells[i];

		if (tally->plan->cells[i].cell.skip[0])
			continue;
		incomplete += !counts->ok || counts->failed;
	}
	return incomplete;
}

void rm_tally_clear(struct rm_tally *tally)
{
	free(tally->cells);
	json_decref(tally->index);
	json_decref(tally->unfit);
	memset(tally, 0, sizeof(*tally));
}
