/* SPDX-License-Identifier: Apache-2.0 */
/* limit_reason.c - names the limit of this machine that ended a trial. */
#include "runner/campaign/internal.h"

#include "runner/base/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_one_of(const char *text, const char *const *words)
{
	while (*words && !strstr(text, *words))
		words++;
	return *words;
}

/* The words are those of strerror(), launch.c, Go and Java. Returns a constant
   or `advice`; NULL if nothing was refused. */
static const char *find_advice(
        const char *reason, bool oom_killed, char advice[RM_LIMIT_ADVICE_BYTES])
{
	static const char *const memory[] = { "ut of memory",
		"OutOfMemoryError: Java heap", "Cannot allocate memory",
		" MiB that it may", NULL };
	static const char *const tasks[] = { "Resource temporarily unavailable",
		"failed to create new OS thread",
		"unable to create native thread", NULL };
	const bool lacks_tasks = has_one_of(reason, tasks);
	struct rm_limits limits;

	if (strstr(reason, "could not be started: Operation not permitted"))
		return RM_THREAD_FORBIDDEN;
	if (!lacks_tasks && !oom_killed && !has_one_of(reason, memory))
		return NULL;
	rm_limits_read(&limits);
	return rm_limit_advice(
	        lacks_tasks ? &limits.tasks : &limits.memory, advice);
}

int rm_reason_add_limit(bool oom_killed, char **reason)
{
	char text[RM_LIMIT_ADVICE_BYTES];
	const char *advice = find_advice(*reason, oom_killed, text);
	char *longer;

	if (!advice)
		return 0;
	if (asprintf(&longer, "%s%s: %s", *reason,
	            oom_killed ? " by the kernel, for lack of memory" : "",
	            advice) < 0)
		return -ENOMEM;
	free(*reason);
	*reason = longer;
	return 0;
}
