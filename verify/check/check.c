/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - the table of checks, and whom each of them does not fit. */
#include "verify/check/check.h"

#include "verify/check/internal.h"

#include <string.h>

static const char *not_offered(const struct rm_check_case *c)
{
	const unsigned i = rm_shape_index(c->shape);

	if (!(c->impl->shapes & 1U << i))
		return "the map does not offer this shape";
	if (c->impl->caps & RM_CAP_NO_STATE)
		return "the map holds nothing";
	return NULL;
}

static const char *no_loop(const struct rm_check_case *c)
{
	const char *why = not_offered(c);

	return why || c->impl->drive[rm_shape_index(c->shape)]
	               ? why
	               : "the map has no measured loop";
}

static const char *no_own_loop(const struct rm_check_case *c)
{
	if (!c->impl->loops)
		return "the subject has no loops of its own";
	return rm_shape_index(c->shape) ? "own loops have no shape" : NULL;
}

static const char *no_load(const struct rm_check_case *c)
{
	const char *why = not_offered(c);

	return why || c->impl->ops->load ? why : "the map offers no load";
}

static const char *no_exchange(const struct rm_check_case *c)
{
	const char *why = not_offered(c);

	return why || c->impl->ops->exchange ? why
	                                     : "the map offers no exchange";
}

static const char *no_conditional(const struct rm_check_case *c)
{
	const struct rm_map_ops *ops = c->impl->ops;
	const char *why = not_offered(c);

	if (why || ops->insert_if_absent || ops->compare_swap || ops->update)
		return why;
	return "the map offers no insert_if_absent, compare_swap, update";
}

static const char *no_scan(const struct rm_check_case *c)
{
	const char *why = not_offered(c);

	if (why)
		return why;
	if (!c->impl->ops->scan)
		return "the map offers no scan";
	if (!rm_impl_views(c->impl))
		return "the map promises nothing of a scan beside writes";
	return NULL;
}

static const char *only_one_thread(const struct rm_check_case *c)
{
	const char *why = not_offered(c);

	if (why || !(c->impl->caps & (RM_CAP_UNSAFE | RM_CAP_SINGLE_WRITER)))
		return why;
	return "the map has one writer";
}

static const char *alone_beside_writer(const struct rm_check_case *c)
{
	const char *why = not_offered(c);

	if (why)
		return why;
	if (c->impl->caps & (RM_CAP_UNSAFE | RM_CAP_UNSAFE_INSERT))
		return "the map is not safe beside a writer";
	return c->threads < 2 ? "needs two threads" : NULL;
}

/* What a map that may answer late is not asked. */
static const char *not_at_once(const struct rm_check_case *c)
{
	const char *why = not_offered(c);

	if (why || !(c->impl->caps & RM_CAP_STALE))
		return why;
	return "its lookups may be late: nothing to hold it to";
}

static const char *stale_beside_writer(const struct rm_check_case *c)
{
	const char *why = alone_beside_writer(c);

	return why ? why : not_at_once(c);
}

static const char *no_promise(const struct rm_check_case *c)
{
	const char *why = alone_beside_writer(c);

	if (why)
		return why;
	if (!strcmp(c->impl->progress, "blocking"))
		return "the map says blocking: nothing to hold it to";
	return rm_sanitized() ? "a sanitizer holds signals back" : NULL;
}

const struct rm_check rm_checks[] = {
	{ "model", "every operation against an array, on one thread",
	        not_offered, rm_check_model, 6, false },
	{ "load", "bulk prefill holds what it was given", no_load,
	        rm_check_load, 0, false },
	{ "readers", "many threads that only read", not_offered,
	        rm_check_readers, 1, false },
	{ "exchange", "each value written is returned once or held",
	        no_exchange, rm_check_exchange, 6, false },
	{ "upsert", "each key inserted is removed once or held", not_offered,
	        rm_check_upsert, 6, false },
	{ "owner", "own writes are read back; nobody reads backwards in time",
	        not_at_once, rm_check_owner, 4, false },
	{ "atomic", "conditional operations have one winner", no_conditional,
	        rm_check_atomic, 6, false },
	{ "growth", "keys stay while the map grows under their feet",
	        not_offered, rm_check_growth, 6, false },
	{ "park", "one writes while all others are joined and parked",
	        only_one_thread, rm_check_park, 1, false },
	{ "reclaim", "what is retired is freed, all of it with the map",
	        not_offered, rm_check_reclaim, 4, true },
	{ "scan", "a scan beside writes keeps its promise", no_scan,
	        rm_check_scan, 4, false },
	{ "litmus", "two threads without a recorder: no order that cannot be",
	        stale_beside_writer, rm_check_litmus, 10, false },
	{ "histories", "short recorded histories are linearizable",
	        stale_beside_writer, rm_check_histories, 16, false },
	{ "pairs", "each operation beside each other, on all kinds of keys",
	        alone_beside_writer, rm_check_pairs, 24, false },
	{ "progress", "others go on while one stands inside an operation",
	        no_promise, rm_check_progress, 8, false },
	{ "drive", "the measured loops count what the map holds", no_loop,
	        rm_check_drive, 2, false },
	{ "loops", "a subject's own loops add up", no_own_loop, rm_check_loops,
	        0, false },
};

const size_t rm_check_count = sizeof(rm_checks) / sizeof(rm_checks[0]);

const struct rm_check *rm_check_find(const char *name)
{
	for (size_t i = 0; i < rm_check_count; i++)
		if (!strcmp(rm_checks[i].name, name))
			return rm_checks + i;
	return NULL;
}
