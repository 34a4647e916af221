/* SPDX-License-Identifier: Apache-2.0 */
/* waits_to_retire.c - the corrected lock-free map of bucket_copy_kept.c, which
 * also counts the retired objects.
 *
 * Bug: a thread that counts excludes the others by a flag. If it is stopped
 * then, the others wait, although the map promises to be lock-free. Corrected
 * version: the count is one atomic addition. */
#ifndef ID
#define ID waits_to_retire
#endif
#ifndef COUNT_ALONE
#define COUNT_ALONE 1
#endif
#define RIGHT 1 /* selects the corrected version of bucket_copy_kept.c */
#include "impls/support/spin.h"
#include "verify/corpora/unseen/limbo.h"

static atomic_bool counting;
static _Atomic uint64_t retirements;

static inline void count_and_retire(void *handle, struct retired *object)
{
	unsigned looks = 0;

	while (COUNT_ALONE && atomic_exchange(&counting, true))
		spin_wait(&looks);
	atomic_fetch_add(&retirements, 1);
	if (COUNT_ALONE)
		atomic_store(&counting, false);
	limbo_retire(handle, object);
}

#define limbo_retire count_and_retire
#include "verify/corpora/unseen/bucket_copy_kept.c"
