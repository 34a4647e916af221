/* SPDX-License-Identifier: Apache-2.0 */
/* tally.c - counts trials by status, and stops cells that fail. */
#include "runner/campaign/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int rm_tally_start(struct rm_tally *tally, const struct rm_plan *plan,
        const struct rm_arms *arms, struct rm_error *error)
{
	tally->plan = plan;
	tally->arms = arms;
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

static void count_failure(struct rm_tally *tally, size_t cell, size_t arm)
{
	const struct rm_cell *failed = &tally->plan->cells[cell].cell;
	struct rm_arm_set set = rm_arms_find_set(tally->arms, failed);
	struct rm_tally_cell *counts = &tally->cells[cell];
	const char *program = set.arms[arm].program;

	tally->failed++;
	counts->failed++;
	counts->failed_in_a_row[arm]++;
	if (failed->measure == RM_MEASURE_VERIFY)
		json_object_set_new(tally->unfit, failed->map,
		        set.count < 2 || !program
		                ? json_string(counts->reason)
		                : json_sprintf("arm %s (%s): %s",
		                          set.arms[arm].name, program,
		                          counts->reason));
}

static const char *reason_of(const json_t *line)
{
	const char *reason = json_string_value(json_object_get(line, "reason"));

	return reason ? reason : "no reason";
}

static struct rm_arm_set set_of(const struct rm_tally *tally, size_t cell)
{
	return rm_arms_find_set(tally->arms, &tally->plan->cells[cell].cell);
}

/* Stores the index of a line's arm within the cell's set. Returns 0; -EINVAL if
   the line belongs to a different campaign. */
static int find_arm(const struct rm_tally *tally, size_t cell,
        const json_t *line, size_t *number, struct rm_error *error)
{
	const char *name = json_string_value(json_object_get(line, "arm"));
	struct rm_arm_set set = set_of(tally, cell);

	for (*number = 0; *number < set.count; ++*number)
		if (name && !strcmp(set.arms[*number].name, name))
			return 0;
	return rm_error_set(error, -EINVAL,
	        "arm \"%.40s\" does not run this cell in campaign.json",
	        name ? name : "");
}

int rm_tally_restore_line(
        void *tally, const json_t *line, struct rm_error *error)
{
	return rm_tally_add(tally, line, error);
}

/* Adds one trial to the counts of its status (`sign` 1), or removes it (-1). */
static void count_as(struct rm_tally *tally, struct rm_tally_cell *counts,
        size_t arm, int sign)
{
	const enum rm_counted counted = counts->last[arm];
	int ok = counted == RM_COUNTED_OK || counted == RM_COUNTED_DISTURBED;
	int voided = counted == RM_COUNTED_VOID;

	counts->good[arm] += (unsigned)(sign * ok);
	counts->voided += (unsigned)(sign * voided);
	tally->ok += (size_t)(sign * ok);
	tally->voided += (size_t)(sign * voided);
	tally->disturbed += (size_t)(sign * (counted == RM_COUNTED_DISTURBED));
}

/* Removes the counts of the previous attempt, which a new attempt replaces.
   That attempt is the last line of this arm and cell, because the attempts of a
   cell in one block are adjacent. */
static void remove_previous_attempt(struct rm_tally *tally,
        struct rm_tally_cell *counts, size_t arm, const json_t *line)
{
	if (json_integer_value(json_object_get(line, "attempt")) <= 1)
		return;
	count_as(tally, counts, arm, -1);
	tally->repeated++;
}

/* Counts an ok or void line, and resets the number of consecutive failures. */
static void count_answer(struct rm_tally *tally, size_t cell, size_t arm,
        bool is_ok, const json_t *line)
{
	struct rm_tally_cell *counts = &tally->cells[cell];
	bool disturbed = json_is_string(json_object_get(line, "disturbed"));

	counts->failed_in_a_row[arm] = 0;
	counts->last[arm] = !is_ok      ? RM_COUNTED_VOID
	                    : disturbed ? RM_COUNTED_DISTURBED
	                                : RM_COUNTED_OK;
	count_as(tally, counts, arm, 1);
}

/* Stores the reason of a void trial. A later attempt replaces it. */
static void set_void_reason(struct rm_tally_cell *counts, size_t arm,
        bool is_void, const json_t *line)
{
	long long block = json_integer_value(json_object_get(line, "block"));
	char key[64];

	snprintf(key, sizeof(key), "%zu %lld", arm, block);
	json_object_del(counts->voids, key);
	if (!is_void)
		return;
	if (!counts->voids)
		counts->voids = json_object();
	json_object_set_new(counts->voids, key, json_string(reason_of(line)));
}

static int count_line(struct rm_tally *tally, size_t cell, size_t arm,
        const char *status, const json_t *line, struct rm_error *error)
{
	struct rm_tally_cell *counts = &tally->cells[cell];

	remove_previous_attempt(tally, counts, arm, line);
	counts->last[arm] = RM_COUNTED_NOTHING;
	set_void_reason(counts, arm, !strcmp(status, "void"), line);
	if (!strcmp(status, "failed")) {
		count_failure(tally, cell, arm);
	} else if (!strcmp(status, "skipped")) {
		tally->skipped++;
		counts->skipped++;
	} else if (!strcmp(status, "ok") || !strcmp(status, "void")) {
		count_answer(tally, cell, arm, !strcmp(status, "ok"), line);
	} else {
		return rm_error_set(error, -EINVAL,
		        "status \"%.40s\", expected ok, void, failed or "
		        "skipped",
		        status);
	}
	return 0;
}

int rm_tally_add(
        struct rm_tally *tally, const json_t *line, struct rm_error *error)
{
	const char *id = json_string_value(json_object_get(line, "cell"));
	const char *status = json_string_value(json_object_get(line, "status"));
	const json_t *at = json_object_get(tally->index, id ? id : "");

	if (!at)
		return rm_error_set(error, -EINVAL,
		        "cell \"%.200s\" is not in the plan of campaign.json",
		        id ? id : "");
	size_t cell = (size_t)json_integer_value(at);
	struct rm_tally_cell *counts = &tally->cells[cell];
	size_t arm;

	if (find_arm(tally, cell, line, &arm, error))
		return -EINVAL;
	if (!status)
		status = "(none)";
	if (!strcmp(status, "failed"))
		snprintf(counts->reason, sizeof(counts->reason), "%.*s",
		        RM_REASON_BYTES - 1, reason_of(line));
	return count_line(tally, cell, arm, status, line, error);
}

bool rm_tally_is_stopped(const struct rm_tally *tally, size_t cell,
        size_t number, char reason[RM_REASON_BYTES])
{
	const struct rm_tally_cell *counts = &tally->cells[cell];
	struct rm_arm_set set = set_of(tally, cell);
	const char *unfit = json_string_value(json_object_get(
	        tally->unfit, tally->plan->cells[cell].cell.map));

	if (unfit) {
		snprintf(reason, RM_REASON_BYTES,
		        "not run (failed verification): %.200s", unfit);
		return true;
	}
	for (size_t i = 0; i < set.count; i++) {
		if (counts->failed_in_a_row[i] < RM_FAILURES_IN_A_ROW ||
		        (set.arms[i].flavour[0] && i != number))
			continue;
		snprintf(reason, RM_REASON_BYTES, "%s%sfailed twice: %.200s",
		        set.count > 1 ? set.arms[i].name : "",
		        set.count > 1 ? " " : "", counts->reason);
		return true;
	}
	return false;
}

static bool is_short(const struct rm_tally *tally, size_t cell)
{
	const struct rm_tally_cell *counts = &tally->cells[cell];
	const size_t arms = set_of(tally, cell).count;
	size_t good_arms = 0;

	for (size_t i = 0; i < arms; i++)
		good_arms += counts->good[i] > 0;
	return tally->plan->cells[cell].misuse
	               ? !good_arms && !counts->failed
	               : good_arms < arms || counts->failed;
}

size_t rm_tally_incomplete(const struct rm_tally *tally)
{
	size_t incomplete = 0;

	for (size_t i = 0; i < tally->plan->cell_count; i++)
		incomplete += !tally->plan->cells[i].cell.skip[0] &&
		              is_short(tally, i);
	return incomplete;
}

void rm_tally_clear(struct rm_tally *tally)
{
	for (size_t i = 0; tally->cells && i < tally->plan->cell_count; i++)
		json_decref(tally->cells[i].voids);
	free(tally->cells);
	json_decref(tally->index);
	json_decref(tally->unfit);
	memset(tally, 0, sizeof(*tally));
}
