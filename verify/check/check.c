/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - the table of checks, and the reasons why a check does not apply to
   a map. */
#include "verify/check/check.h"

#include "verify/check/internal.h"

#include <string.h>

static const char *need_shape(const struct rm_check_case *c)
{
	const unsigned i = rm_shape_index(c->shape);

	if (!(c->impl->shapes & 1U << i))
		return "the map does not offer this shape";
	if (c->impl->caps & RM_CAP_NO_STATE)
		return "the map stores nothing";
	return NULL;
}

static const char *need_measured_loop(const struct rm_check_case *c)
{
	const char *why = need_shape(c);

	return why || c->impl->drive[rm_shape_index(c->shape)]
	               ? why
	               : "the map has no measured loop";
}

static const char *need_own_loop(const struct rm_check_case *c)
{
	if (!c->impl->loops)
		return "the map defines no loops";
	return rm_shape_index(c->shape)
	               ? "loops that a map defines have no shape"
	               : NULL;
}

static const char *need_load(const struct rm_check_case *c)
{
	const char *why = need_shape(c);

	return why || c->impl->ops->load ? why : "the map offers no load";
}

static const char *need_exchange(const struct rm_check_case *c)
{
	const char *why = need_shape(c);

	return why || c->impl->ops->exchange ? why
	                                     : "the map offers no exchange";
}

static const char *need_conditional(const struct rm_check_case *c)
{
	const struct rm_map_ops *ops = c->impl->ops;
	const char *why = need_shape(c);

	if (why || ops->insert_if_absent || ops->compare_swap || ops->update)
		return why;
	return "the map offers no insert_if_absent, compare_swap, update";
}

static const char *need_frees(const struct rm_check_case *c)
{
	const char *why = need_shape(c);

	if (why)
		return why;
	if (strstr(c->impl->sync, "leak"))
		return "the map declares a leak";
	if (rm_sanitized())
		return "not under sanitizers";
	return c->impl->caps & RM_CAP_SLOW_WRITES ? "its writes are slow"
	                                          : NULL;
}

static const char *need_scan(const struct rm_check_case *c)
{
	const char *why = need_shape(c);

	if (why)
		return why;
	if (!c->impl->ops->scan)
		return "the map offers no scan";
	if (!rm_impl_guarantees_views(c->impl))
		return "the map guarantees nothing about scans during writes";
	return NULL;
}

static const char *need_many_writers(const struct rm_check_case *c)
{
	const char *why = need_shape(c);

	if (why || !(c->impl->caps & (RM_CAP_UNSAFE | RM_CAP_SINGLE_WRITER)))
		return why;
	return "the map has one writer";
}

static const char *need_concurrent_reads(const struct rm_check_case *c)
{
	const char *why = need_shape(c);

	if (why)
		return why;
	if (c->impl->caps & (RM_CAP_UNSAFE | RM_CAP_UNSAFE_INSERT))
		return "the map does not allow access during writes";
	return c->threads < 2 ? "needs two threads" : NULL;
}

/* Checks of order do not apply to maps whose lookups may return old values. */
static const char *need_fresh_lookups(const struct rm_check_case *c)
{
	const char *why = need_shape(c);

	if (why || !(c->impl->caps & RM_CAP_STALE))
		return why;
	return "its lookups may return old values";
}

static const char *need_fresh_concurrent_reads(const struct rm_check_case *c)
{
	const char *why = need_concurrent_reads(c);

	return why ? why : need_fresh_lookups(c);
}

static const char *need_progress_claim(const struct rm_check_case *c)
{
	const char *why = need_concurrent_reads(c);

	if (why)
		return why;
	if (!strcmp(c->impl->progress, "blocking") ||
	        !strcmp(c->impl->progress, "starvation-free"))
		return "the map claims only to be blocking";
	return rm_sanitized() ? "not under sanitizers" : NULL;
}

const struct rm_check rm_checks[] = {
	{ "model", "compares every operation with an array, on one thread",
	        need_shape, rm_check_model, 6, false },
	{ "load", "a bulk load stores exactly the given entries", need_load,
	        rm_check_load, 0, false },
	{ "readers", "many threads that only read", need_shape,
	        rm_check_readers, 1, false },
	{ "exchange", "each written value is returned once or still present",
	        need_exchange, rm_check_exchange, 6, false },
	{ "upsert", "each inserted key is removed once or still present",
	        need_shape, rm_check_upsert, 6, false },
	{ "owner", "threads read their own writes; values never go back",
	        need_fresh_lookups, rm_check_owner, 4, false },
	{ "atomic", "conditional operations have one winner", need_conditional,
	        rm_check_atomic, 6, false },
	{ "growth", "no key is lost while the map grows", need_shape,
	        rm_check_growth, 6, false },
	{ "park", "one thread writes while all other threads are parked",
	        need_many_writers, rm_check_park, 1, false },
	{ "reclaim", "retired memory is freed, all of it by destroy()",
	        need_shape, rm_check_reclaim, 4, true },
	{ "removed", "memory does not grow with keys that were removed",
	        need_frees, rm_check_removed, 0, true },
	{ "scan", "scans during writes keep the map's guarantee", need_scan,
	        rm_check_scan, 4, false },
	{ "litmus", "litmus loops of two threads show no forbidden order",
	        need_fresh_concurrent_reads, rm_check_litmus, 10, false },
	{ "histories", "short recorded histories are linearizable",
	        need_fresh_concurrent_reads, rm_check_histories, 16, false },
	{ "pairs", "all pairs of operations overlap, on all kinds of keys",
	        need_concurrent_reads, rm_check_pairs, 24, false },
	{ "progress", "threads proceed while one is stopped in an operation",
	        need_progress_claim, rm_check_progress, 8, false },
	{ "starvation", "an operation ends, although other threads work",
	        need_concurrent_reads, rm_check_starvation, 4, false },
	{ "drive", "the measured loops report the map's true content",
	        need_measured_loop, rm_check_drive, 2, false },
	{ "loops", "loops that the map defines give consistent sums",
	        need_own_loop, rm_check_loops, 0, false },
};

const size_t rm_check_count = sizeof(rm_checks) / sizeof(rm_checks[0]);

const struct rm_check *rm_check_find(const char *name)
{
	for (size_t i = 0; i < rm_check_count; i++)
		if (!strcmp(rm_checks[i].name, name))
			return rm_checks + i;
	return NULL;
}
