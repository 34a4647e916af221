/* SPDX-License-Identifier: Apache-2.0 */
/* test_syncmap_random.c - tests sync.Map with a model and with threads. */
#include "tests/unit/map_model.h"
#include "tests/unit/map_race.h"
#include "tests/unit/map_stall.h"

extern const struct rm_impl rm_impl_syncmap, rm_impl_syncmap_leak;

int main(void)
{
	model_check(&rm_impl_syncmap, 400000);
	model_check(&rm_impl_syncmap_leak, 100000);
	race_check(&rm_impl_syncmap, 20000, false);
	race_check(&rm_impl_syncmap_leak, 20000, true);
	stall_check(&rm_impl_syncmap);
	return DONE();
}
