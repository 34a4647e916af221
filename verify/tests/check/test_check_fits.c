/* SPDX-License-Identifier: Apache-2.0 */
/* test_check_fits.c - tests which checks apply to a map, and the reasons why
 * others do not. This depends only on the operations and guarantees of the map
 * (runner/map.h). */
#include "tests/unit/tap.h"
#include "verify/tests/check/mock_map.h"

static struct rm_map_ops ops;
static struct rm_impl impl;

static void empty_loop(struct rm_worker *worker)
{
	(void)worker;
}

static const struct rm_own_loop loops[] = { { "pair", empty_loop },
	{ NULL, NULL } };

/* A map to which all checks apply. */
static struct rm_check_case all_fit(void)
{
	ops = mock_ops;
	impl = (struct rm_impl){ .id = "mock",
		.sync = "one lock",
		.shapes = RM_ALL_SHAPES,
		.guarantees = "once-if-present",
		.progress = "lock-free",
		.drive = { empty_loop, empty_loop, empty_loop, empty_loop },
		.loops = loops,
		.ops = &ops };
	return (struct rm_check_case){
		.impl = &impl, .shape = RM_U64X8, .threads = 2
	};
}

/* Returns true if exactly the checks in `names` do not apply, for the reason
 * `why`. */
static bool unfit(
        const struct rm_check_case *c, const char *names, const char *why)
{
	bool right = true;

	for (size_t i = 0; i < rm_check_count; i++) {
		const char *reason = rm_checks[i].unfit(c);
		char name[32];

		snprintf(name, sizeof(name), " %s ", rm_checks[i].name);
		if (strstr(names, name) ? !reason || strcmp(reason, why)
		                        : reason != NULL) {
			printf("# %s: %s\n", rm_checks[i].name,
			        reason ? reason : "fits");
			right = false;
		}
	}
	return right;
}

/* Sanitizers delay signals and replace the allocator. */
static const char *not_sanitized(void)
{
	return rm_sanitized() ? " progress removed " : " ";
}

static void a_map_that_offers_all(void)
{
	struct rm_check_case c = all_fit();

	CHECK(rm_check_count == 19 &&
	                unfit(&c, not_sanitized(), "not under sanitizers"),
	        "a map that offers everything gets all 19 checks");
	CHECK(!strcmp(rm_check_find("loops")->name, "loops") &&
	                !strcmp(rm_check_find("model")->name, "model") &&
	                !rm_check_find("loop") && !rm_check_find(""),
	        "checks are found by their exact names only");
}

static const char most[] =
        " model load readers exchange upsert owner atomic "
        "growth park reclaim removed scan litmus histories pairs "
        "progress starvation drive ";

static void what_is_no_map(void)
{
	struct rm_check_case c = all_fit();

	impl.caps = RM_CAP_NO_STATE;
	CHECK(unfit(&c, most, "the map stores nothing"),
	        "an implementation without state gets only its own loops");
	impl.caps = 0;
	impl.shapes = 1U << rm_shape_index(RM_STR16X8);
	CHECK(unfit(&c, most, "the map does not offer this shape"),
	        "a map that does not offer the shape gets only its own loops");
	c.shape = RM_STR16X8;
	CHECK(rm_check_find("loops")->unfit(&c) &&
	                !rm_check_find("model")->unfit(&c),
	        "loops of a map run once, not per shape");
}

static void what_is_not_offered(void)
{
	struct rm_check_case c = all_fit();

	if (rm_sanitized()) {
		SKIP("operations that are not offered", "progress never fits");
		return;
	}
	ops.load = NULL;
	CHECK(unfit(&c, " load ", "the map offers no load"),
	        "a map without load does not get load");
	c = all_fit();
	ops.exchange = NULL;
	CHECK(unfit(&c, " exchange ", "the map offers no exchange"),
	        "a map without exchange does not get exchange");
	c = all_fit();
	ops.scan = NULL;
	CHECK(unfit(&c, " scan ", "the map offers no scan"),
	        "a map without scan does not get scan");
	c = all_fit();
	impl.guarantees = "none";
	CHECK(unfit(&c, " scan ",
	              "the map guarantees nothing about scans during writes"),
	        "a map without guarantees does not get scan");
	c = all_fit();
	impl.progress = "blocking";
	CHECK(unfit(&c, " progress ", "the map claims only to be blocking"),
	        "a blocking map does not get progress");
	c = all_fit();
	impl.drive[rm_shape_index(c.shape)] = NULL;
	CHECK(unfit(&c, " drive ", "the map has no measured loop"),
	        "a shape without a measured loop does not get drive");
	c = all_fit();
	impl.loops = NULL;
	CHECK(unfit(&c, " loops ", "the map defines no loops"),
	        "a map that defines no loops does not get loops");
}

/* One conditional operation is enough. */
static void one_condition_will_do(void)
{
	struct rm_check_case c = all_fit();
	const struct rm_check *atomic = rm_check_find("atomic");

	ops.insert_if_absent = NULL;
	ops.compare_swap = NULL;
	CHECK(!atomic->unfit(&c), "a map with update alone gets atomic");
	ops.update = NULL;
	CHECK(atomic->unfit(&c) &&
	                !strcmp(atomic->unfit(&c),
	                        "the map offers no insert_if_absent, "
	                        "compare_swap, update"),
	        "a map without conditional operations does not get atomic");
	ops.compare_swap = mock_ops.compare_swap;
	CHECK(!atomic->unfit(&c), "a map with compare_swap alone gets atomic");
	ops.compare_swap = NULL;
	ops.insert_if_absent = mock_ops.insert_if_absent;
	CHECK(!atomic->unfit(&c),
	        "a map with insert_if_absent alone gets atomic");
}

static void what_is_not_promised(void)
{
	static const char beside[] =
	        " litmus histories pairs progress starvation ";
	struct rm_check_case c = all_fit();

	if (rm_sanitized()) {
		SKIP("guarantees that are not given", "progress never fits");
		return;
	}
	impl.caps = RM_CAP_SINGLE_WRITER;
	CHECK(unfit(&c, " park ", "the map has one writer"),
	        "a map with one writer does not get park");
	impl.caps = RM_CAP_STALE;
	CHECK(unfit(&c, " owner litmus histories ",
	              "its lookups may return old values"),
	        "a map with late lookups gets no check of order");
	impl.caps = RM_CAP_UNSAFE_INSERT;
	CHECK(unfit(&c, beside, "the map does not allow access during writes"),
	        "a map whose inserts are unsafe gets no concurrent check");
	impl.caps = RM_CAP_UNSAFE | RM_CAP_UNSAFE_INSERT;
	CHECK(rm_check_find("park")->unfit(&c) &&
	                rm_check_find("pairs")->unfit(&c) &&
	                !rm_check_find("owner")->unfit(&c),
	        "a map for one thread gets only checks of one thread");
	impl.caps = 0;
	c.threads = 1;
	CHECK(unfit(&c, beside, "needs two threads"),
	        "checks that need two threads do not fit one");
}

/* Weight 0: a repetition would find nothing new. Memory in the quarantine would
 * be reported as leaked. */
static void shares_and_memory(void)
{
	const struct rm_check *removed = rm_check_find("removed");
	bool once = true, counts = true;

	for (size_t i = 0; i < rm_check_count; i++) {
		const struct rm_check *one = rm_checks + i;

		once &= !one->weight == (one == rm_check_find("load") ||
		                                one == rm_check_find("loops") ||
		                                one == removed);
		counts &= one->counts_memory ==
		          (one == rm_check_find("reclaim") || one == removed);
	}
	CHECK(once, "all checks but load, loops and removed share the budget");
	CHECK(counts, "only reclaim and removed count memory");
}

int main(void)
{
	a_map_that_offers_all();
	what_is_no_map();
	what_is_not_offered();
	one_condition_will_do();
	what_is_not_promised();
	shares_and_memory();
	return DONE();
}
