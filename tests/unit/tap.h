/* SPDX-License-Identifier: Apache-2.0 */
/* tap.h - the Test Anything Protocol in three macros and a plan at the end. */
#ifndef RM_TAP_H
#define RM_TAP_H

#include <stdbool.h>
#include <stdio.h>

static int tap_count, tap_failed;

static inline bool tap_check(
        bool ok, const char *name, const char *file, int line)
{
	printf("%sok %d - %s\n", ok ? "" : "not ", ++tap_count, name);
	if (!ok) {
		tap_failed++;
		printf("# at %s:%d\n", file, line);
	}
	fflush(stdout);
	return ok;
}

/* Checks a fact; `name` is a sentence. */
#define CHECK(condition, name) \
	tap_check((condition), (name), __FILE__, __LINE__)
/* Skips a fact that cannot be tested on this machine, with the reason. */
#define SKIP(name, why) \
	printf("ok %d - %s # SKIP %s\n", ++tap_count, (name), (why))
/* The last line of main() is `return DONE();` */
#define DONE() (printf("1..%d\n", tap_count), tap_failed ? 1 : 0)

#endif /* RM_TAP_H */
