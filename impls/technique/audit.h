/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.h - checks claims about a data structure after every step: the loop
 * `audit`. One iteration is one audit: it creates a structure, performs the
 * steps of the claim, inspects the structure after each step, and frees it.
 * Times are measured only by techniques that do so themselves; counts are
 * exact.
 *
 * This is a template: the includer defines the indices of its counts, with
 * AUDIT_AUDITS first and AUDIT_COUNTS last; audit_names[] with the name and
 * unit of each; and audit_once(), which returns false if the structure itself
 * is wrong. In that case the counts mean nothing, and the trial fails.
 */
#ifndef RM_TECHNIQUE_AUDIT_H
#define RM_TECHNIQUE_AUDIT_H

#include "impls/technique/technique.h"
#include "runner/base/rng.h"

enum { AUDIT_KEYS = 100 }; /* default of audit:KEYS */

struct audit {
	_Alignas(2 * RM_CACHE_LINE) _Atomic uint64_t count[AUDIT_COUNTS];
	_Atomic uint64_t wrong;
	uint64_t keys, seed;
	bool presize;
};

static bool audit_once(struct audit *audit, uint64_t seed);

/* Each thread audits structures of its own, so any thread may call this. */
static inline void audit_add(struct audit *audit, unsigned count, uint64_t n)
{
	rm_stat_add(&audit->count[count], n);
}

static void audit_loop(struct rm_worker *worker)
{
	struct audit *audit = worker->thread;

	while (technique_turn(worker)) {
		if (!audit_once(audit, rm_next(&worker->rng)))
			rm_stat_add(&audit->wrong, 1);
		audit_add(audit, AUDIT_AUDITS, 1);
	}
}

static void *audit_create(const struct rm_sizing *sizing)
{
	struct audit *audit = technique_new(sizeof(*audit));

	if (!audit)
		return NULL;
	audit->keys = technique_arg(sizing, 0, AUDIT_KEYS);
	audit->seed = sizing->seed;
	audit->presize = sizing->presize;
	return audit;
}

static void audit_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct audit *audit = opaque;

	for (unsigned i = 0; i < AUDIT_COUNTS; i++)
		emit(context, audit_names[i][0], audit_names[i][1],
		        (double)rm_stat_read(&audit->count[i]));
}

static bool audit_check(void *opaque, char *why, size_t size)
{
	struct audit *audit = opaque;
	const uint64_t wrong = rm_stat_read(&audit->wrong);

	if (wrong)
		snprintf(why, size,
		        "%llu audits found a structure with missing or wrong "
		        "entries",
		        (unsigned long long)wrong);
	return !wrong;
}

TECHNIQUE_TABLES(audit, free, map_itself, "audit", audit_loop)

#endif /* RM_TECHNIQUE_AUDIT_H */
