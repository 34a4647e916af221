/* SPDX-License-Identifier: Apache-2.0 */
/* no_open_loop.c - stubs: map objects contain an open loop, which needs the
 * scheduling of runner/trial/. No check runs it. */
#include "runner/driver.h"

#include <stdlib.h>

bool rm_pace_next(struct rm_worker *worker, bool *sleeping)
{
	(void)worker;
	*sleeping = false;
	abort();
}

void rm_pace_wait(struct rm_worker *worker)
{
	(void)worker;
	abort();
}

void rm_pace_record(
        struct rm_worker *worker, enum rm_operation operation, bool was_there)
{
	(void)worker;
	(void)operation;
	(void)was_there;
	abort();
}
