/* SPDX-License-Identifier: Apache-2.0 */
/* ending.c - exit, status and reason of a trial that has ended. */
#include "runner/campaign/ending.h"

#include "runner/campaign/answer.h"
#include "runner/campaign/reason.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { WHY_BYTES = 256 };

static void name_end(const struct rm_ending *ending, char *text, size_t size)
{
	int status = ending->wait_status;

	if (ending->stop == RM_LATE)
		snprintf(text, size, "deadline");
	else if (WIFSIGNALED(status))
		snprintf(text, size, "signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status))
		snprintf(text, size, "status %d", WEXITSTATUS(status));
	else
		snprintf(text, size, "0");
}

/* Why there is no answer to read; returns its length, 0: there may be one. */
static int explain(const struct rm_ending *ending, char *why, size_t size)
{
	int status = ending->wait_status;

	why[0] = 0;
	if (ending->stop == RM_TOO_LONG)
		return snprintf(why, size, "answered more than %d bytes",
		        RM_LAUNCH_ANSWER_MAX);
	if (ending->stop == RM_ANSWER_NO_MEMORY)
		return snprintf(why, size, "no memory for its answer");
	if (ending->stop == RM_LATE)
		return snprintf(why, size, "no end within %.3g s",
		        (double)ending->deadline_ns / 1e9);
	if (WIFSIGNALED(status))
		return snprintf(why, size, "ended by signal %d (%s)",
		        WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		return snprintf(
		        why, size, "ended with status %d", WEXITSTATUS(status));
	return 0;
}

/* A trial near its limit most likely ended because of it: say so. */
static void blame_memory(const struct rm_ending *ending, uint64_t peak_bytes,
        char *why, size_t used)
{
	uint64_t limit_bytes = ending->memory_limit_bytes;

	if (!limit_bytes || peak_bytes < limit_bytes / 4 * 3)
		return;
	snprintf(why + used, WHY_BYTES - used,
	        " when it held %llu MiB of the %llu MiB that it may",
	        (unsigned long long)(peak_bytes >> 20),
	        (unsigned long long)(limit_bytes >> 20));
}

/* Takes over what the trial says of itself. */
static int believe(struct rm_outcome *outcome)
{
	const json_t *reason = json_object_get(outcome->result, "reason");

	outcome->status = rm_status_constant(
	        json_string_value(json_object_get(outcome->result, "status")));
	if (json_is_null(reason))
		return 0;
	const char *text = json_string_value(reason);

	outcome->reason = rm_reason_text("", text, strlen(text), strlen(text));
	return outcome->reason ? 0 : -ENOMEM;
}

int rm_ending_judge(const struct rm_ending *ending, struct rm_outcome *outcome)
{
	struct rm_error error = { 0 };
	char why[WHY_BYTES];

	name_end(ending, outcome->exit, sizeof(outcome->exit));
	int used = explain(ending, why, sizeof(why));

	if (!used && !rm_answer_read(ending->answer, ending->answer_bytes,
	                     ending->cell_id, &outcome->result, &error))
		return believe(outcome);
	if (used)
		blame_memory(ending, outcome->peak_bytes, why, (size_t)used);
	outcome->status = "failed";
	outcome->reason = rm_reason_text(used ? why : error.text,
	        ending->errors, ending->errors_bytes, RM_LAUNCH_ERRORS_KEPT);
	return outcome->reason ? 0 : -ENOMEM;
}

void rm_outcome_clear(struct rm_outcome *outcome)
{
	free(outcome->reason);
	json_decref(outcome->result);
	memset(outcome, 0, sizeof(*outcome));
}
