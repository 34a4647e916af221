/* SPDX-License-Identifier: Apache-2.0 */
/* impl_words.c - finds a map's own loop, and lists a map's properties. */
#include "runner/impl.h"

#include <string.h>

void (*rm_impl_own_loop(const struct rm_impl *impl, const char *name))(
        struct rm_worker *worker)
{
	const struct rm_own_loop *loop = impl->loops;

	for (; loop && loop->name; loop++)
		if (!strcmp(loop->name, name))
			return loop->run;
	return NULL;
}

bool rm_impl_is_map(const struct rm_impl *impl)
{
	for (unsigned i = 0; i < RM_SHAPES; i++)
		if (impl->drive[i])
			return true;
	return !impl->loops;
}

bool rm_impl_excludes_starvation(const struct rm_impl *impl)
{
	return !strcmp(impl->progress, "wait-free") ||
	       !strcmp(impl->progress, "starvation-free");
}

const char *rm_impl_duty_word(const struct rm_impl *impl)
{
	static const char *const words[] = { [RM_DUTY_NONE] = "none",
		[RM_DUTY_GUARD] = "guard",
		[RM_DUTY_ANNOUNCE] = "announce" };

	return words[impl->duty];
}

const struct rm_shape rm_shapes[RM_SHAPES] = { { false, 8 },
	{ false, RM_VALUE_LONG }, { true, 8 }, { true, RM_VALUE_LONG } };

const char *rm_impl_cap_word(const struct rm_impl *impl, size_t i)
{
	static const struct {
		unsigned bit;
		const char *word;
	} all[] = {
		{ RM_CAP_SINGLE_WRITER, "single-writer" },
		{ RM_CAP_BACKGROUND, "background-threads" },
		{ RM_CAP_NO_STATE, "no-state" },
		{ RM_CAP_UNSAFE, "unsafe" },
		{ RM_CAP_UNSAFE_INSERT, "unsafe-insert" },
		{ RM_CAP_SLOW_WRITES, "slow-writes" },
		{ RM_CAP_STALE, "stale" },
		{ RM_CAP_FIXED_SIZE, "fixed-size" },
		{ RM_CAP_INEXACT_RETURNS, "inexact-returns" },
		{ RM_CAP_SHORT_KEYS, "short-keys" },
	};

	for (size_t at = 0; at < sizeof(all) / sizeof(*all); at++)
		if (impl->caps & all[at].bit && i-- == 0)
			return all[at].word;
	return NULL;
}

const char *rm_impl_operation_word(const struct rm_impl *impl, size_t i)
{
	typedef void (*any_fn)(void);
#define MEMBER(name)                                     \
	{                                                \
#name, offsetof(struct rm_map_ops, name) \
	}
	static const struct {
		const char *word;
		size_t at;
	} all[] = { MEMBER(park), MEMBER(load), MEMBER(exchange), MEMBER(take),
		MEMBER(insert_if_absent), MEMBER(compare_swap),
		MEMBER(compare_remove), MEMBER(update), MEMBER(scan),
		MEMBER(length), MEMBER(clear), MEMBER(stats), MEMBER(check),
		MEMBER(dump), MEMBER(lookup_many) };
#undef MEMBER
	/* Fails if an operation is added to map.h but not to this list. park
	   and unpark share one word. */
	_Static_assert((sizeof(struct rm_map_ops) -
	                       offsetof(struct rm_map_ops, park)) /
	                               sizeof(any_fn) ==
	                       sizeof(all) / sizeof(*all) + 1,
	        "an optional operation of runner/map.h has no word");

	for (size_t at = 0; at < sizeof(all) / sizeof(*all); at++) {
		any_fn member;

		memcpy(&member, (const char *)impl->ops + all[at].at,
		        sizeof(member));
		if (member && i-- == 0)
			return all[at].word;
	}
	return NULL;
}

const char *rm_impl_loop_word(const struct rm_impl *impl, size_t i)
{
	const struct rm_own_loop *loop = impl->loops;

	while (loop && loop->name && i--)
		loop++;
	return loop ? loop->name : NULL;
}
