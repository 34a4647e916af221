/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_maps.c - every map in this build is described as runner/map.h requires.
 *
 * slow: it is linked with each map of the build.
 */
#include "runner/impl.h"
#include "runner/protocol/protocol.h"
#include "tests/unit/find_map.h"
#include "tests/unit/tap.h"

#include <string.h>

/* tests/tools/check_dispatch.py reads these members from object files. */
_Static_assert(offsetof(struct rm_impl, shapes) == 56, "AT_SHAPES");
_Static_assert(offsetof(struct rm_impl, dispatch) == 80, "AT_DISPATCH");
_Static_assert(offsetof(struct rm_impl, drive) == 96, "AT_DRIVE");
_Static_assert(offsetof(struct rm_impl, loops) == 128, "AT_LOOPS");

static bool is_listed(const char *word, const char *const words[])
{
	for (; *words; words++)
		if (word && !strcmp(word, *words))
			return true;
	return false;
}

static void fact(const struct rm_impl *impl, bool ok, const char *what)
{
	char name[160];

	snprintf(name, sizeof(name), "%s %s", impl->id, what);
	CHECK(ok, name);
}

static bool drives_match(const struct rm_impl *impl)
{
	for (unsigned i = 0; i < RM_SHAPES; i++)
		if ((impl->drive[i] != NULL) != (impl->shapes >> i & 1))
			return false;
	return (impl->shapes != 0) == rm_impl_is_map(impl) &&
	       impl->shapes <= RM_ALL_SHAPES;
}

static bool required_operations(const struct rm_impl *impl)
{
	const struct rm_map_ops *ops = impl->ops;
	bool keys = ops->lookup && (ops->upsert || ops->exchange) &&
	            (ops->remove || ops->take);

	return ops->create && ops->destroy && ops->join && ops->leave &&
	       ops->quiesce && (keys || !rm_impl_is_map(impl));
}

/* True if the kind of each loop is known and the map or technique has a
   check. */
static bool check_loops(const struct rm_impl *impl)
{
	const struct rm_own_loop *own = impl->loops;
	struct rm_loop loop;

	for (; own && own->name; own++)
		if (rm_loop_parse(own->name, &loop) || !own->run)
			return false;
	return !impl->loops || impl->ops->check;
}

static bool words_known(const struct rm_impl *impl)
{
	static const char *const families[] = { "lock", "sync", "shard", "rcu",
		"free", "bound", "technique", NULL };
	static const char *const guarantees[] = { "point-in-time",
		"once-if-present", "none", NULL };
	static const char *const progress[] = { "blocking", "starvation-free",
		"lock-free", "wait-free", NULL };
	static const char *const dispatch[] = { "callback", "plt", NULL };

	return is_listed(impl->family, families) &&
	       is_listed(impl->guarantees, guarantees) &&
	       is_listed(impl->progress, progress) &&
	       (!impl->dispatch || is_listed(impl->dispatch, dispatch));
}

static void description(const struct rm_impl *impl)
{
	const struct rm_map_ops *ops = impl->ops;

	fact(impl, words_known(impl), "is described in the words of map.h");
	fact(impl,
	        impl->label[0] && strlen(impl->label) <= 60 &&
	                impl->source[0] && impl->sync[0],
	        "has a label that fits in a cell of a table, a source and a "
	        "sync");
	fact(impl, drives_match(impl), "has one loop per shape it offers");
	fact(impl, required_operations(impl), "has the eight operations");
	fact(impl, check_loops(impl), "has loops of known kinds, and a check");
	fact(impl, !ops->park == !ops->unpark,
	        "has both park and unpark, or neither");
	fact(impl, rm_impl_find(impl->id) == impl, "is found by its id");
}

int main(void)
{
	each_map(description);
	CHECK(!rm_impl_find("no such map"), "an unknown id finds nothing");
	return DONE();
}
