/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_urcu_lfht.c - liburcu's table against a model and against threads.
 *
 * Not for ThreadSanitizer, which knows nothing of liburcu's own barriers: the
 * library is not instrumented, and every node it frees looks like a race.
 */
#include "runner/impl_table.h"
#include "tests/unit/map_model.h"
#include "tests/unit/map_race.h"
#include "tests/unit/map_stall.h"

int main(void)
{
	const struct rm_impl *impl = rm_impl_find("urcu_lfht");

	if (!impl) {
		SKIP("urcu_lfht agrees with the model", "liburcu is missing");
		return DONE();
	}
	model_check(impl, 300000);
	race_check(impl, 30000, false);
	stall_check(impl);
	return DONE();
}
