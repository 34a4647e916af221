/* SPDX-License-Identifier: Apache-2.0 */
/* limit_reason.c - names the limit of this machine that ended a trial. */
#include "runner/campaign/internal.h"

#include "runner/base/file.h"
#include "runner/base/limits.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_one_of(const char *text, const char *const *words)
{
	while (*words && !strstr(text, *words))
		words++;
	return *words;
}

/* Searches for the words that strerror(), launch.c, map programs, C++, Go, Java
   and Rust use if the system refuses memory or threads. Returns a constant or
   `advice`; NULL if it finds none. */
static const char *find_advice(
        const char *reason, bool oom_killed, char advice[RM_LIMIT_ADVICE_BYTES])
{
	static const char *const memory[] = { "ut of memory", "no memory",
		"annot allocate memory", "bad_alloc", "memory allocation of",
		"OutOfMemoryError: Java heap", "failed to reserve",
		"Could not reserve", "nsufficient memory", " MiB that it may",
		NULL };
	static const char *const tasks[] = { "Resource temporarily unavailable",
		"failed to create new OS thread",
		"unable to create native thread", NULL };
	const bool lacks_tasks = has_one_of(reason, tasks);
	struct rm_limits limits;

	if (strstr(reason, "could not be started: Operation not permitted"))
		return RM_THREAD_FORBIDDEN;
	if (strstr(reason, "ended by signal 25 (") ||
	        strstr(reason, "File too large"))
		return RM_FILE_SIZE_ADVICE;
	if (!oom_killed && ((strstr(reason, "ended by signal 24 (") &&
	                            rm_limits_cpu_time_ended(SIGXCPU)) ||
	                           (strstr(reason, "ended by signal 9 (") &&
	                                   rm_limits_cpu_time_ended(SIGKILL))))
		return RM_CPU_TIME_ADVICE;
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
	/* Go prints a long stack trace, and a longer reason would be cut at its
	   end. */
	int kept = (int)strnlen(*reason, 300);

	while (kept && ((*reason)[kept] & 0xC0) == 0x80)
		kept--; /* do not split a UTF-8 character */
	if (asprintf(&longer, "%.*s%s: %s", kept, *reason,
	            oom_killed ? " by the kernel, for lack of memory" : "",
	            advice) < 0)
		return -ENOMEM;
	free(*reason);
	*reason = longer;
	return 0;
}
