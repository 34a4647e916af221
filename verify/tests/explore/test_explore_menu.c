/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_menu.c - tests how operations of threads are drawn: their kinds,
   frequencies and keys. */
#include "verify/explore/menu.c"

#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

enum { DRAWS = 4000, KINDS = RM_EXPLORE_UPDATE + 1 };

/* Never called; only its presence matters. */
static void called(void)
{
	abort();
}

#define OFFERED(name) \
	.name = (__typeof__(((struct rm_map_ops *)NULL)->name))called

static const struct rm_map_ops everything = { OFFERED(lookup), OFFERED(upsert),
	OFFERED(remove), OFFERED(exchange), OFFERED(take),
	OFFERED(insert_if_absent), OFFERED(compare_swap),
	OFFERED(compare_remove), OFFERED(update), OFFERED(scan),
	OFFERED(length), OFFERED(clear) };
static const struct rm_map_ops least = { OFFERED(lookup), OFFERED(upsert),
	OFFERED(remove) };
static const struct rm_impl rich = { .ops = &everything };
static const struct rm_impl poor = { .ops = &least };
static const struct rm_impl one_writer = { .ops = &everything,
	.caps = RM_CAP_SINGLE_WRITER };

/* Each map has one operation in addition to the mandatory ones. */
static void each_operation_is_asked_for(void)
{
	static const struct {
		unsigned kind;
		struct rm_map_ops ops;
	} maps[] = {
		{ RM_HISTORY_EXCHANGE, { OFFERED(exchange) } },
		{ RM_HISTORY_TAKE, { OFFERED(take) } },
		{ RM_HISTORY_INSERT_IF_ABSENT, { OFFERED(insert_if_absent) } },
		{ RM_HISTORY_COMPARE_SWAP, { OFFERED(compare_swap) } },
		{ RM_HISTORY_COMPARE_REMOVE, { OFFERED(compare_remove) } },
		{ RM_HISTORY_LENGTH, { OFFERED(length) } },
		{ RM_HISTORY_SCAN, { OFFERED(scan) } },
		{ RM_HISTORY_CLEAR, { OFFERED(clear) } },
		{ RM_EXPLORE_UPDATE, { OFFERED(update) } },
	};
	bool right = true;

	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps); i++) {
		const struct rm_impl impl = { .ops = &maps[i].ops };

		for (size_t j = 0; j < sizeof(maps) / sizeof(*maps); j++)
			right &= rm_explore_has_operation(
			                 &impl, maps[j].kind) == (i == j);
	}
	CHECK(right, "a map offers the operations that it implements");
	CHECK(rm_explore_has_operation(&poor, RM_HISTORY_LOOKUP) &&
	                rm_explore_has_operation(&poor, RM_HISTORY_UPSERT) &&
	                rm_explore_has_operation(&poor, RM_HISTORY_REMOVE),
	        "all maps offer lookup, upsert and remove");
}

/* True if each kind is on the menu as often as expected, and reads come
 * first. */
static bool menu_is(const struct rm_impl *impl, bool looks, bool grows,
        const unsigned wanted[KINDS])
{
	struct rm_explore_menu menu;
	unsigned times[KINDS] = { 0 }, all = 0;
	bool reads_first = true;

	memset(&menu, 0xff, sizeof(menu));
	rm_explore_menu_make(&menu, impl, looks, grows);
	for (unsigned i = 0; i < menu.all; i++) {
		const unsigned kind = menu.kind[i];

		times[kind]++;
		reads_first &=
		        (kind == RM_HISTORY_LOOKUP ||
		                kind == RM_HISTORY_LENGTH ||
		                kind == RM_HISTORY_SCAN) == (i < menu.reads);
	}
	for (unsigned kind = 0; kind < KINDS; kind++)
		all += wanted[kind];
	return reads_first && menu.all == all &&
	       !memcmp(times, wanted, sizeof(times));
}

static void menus_have_their_shares(void)
{
	static const unsigned keys[KINDS] = { [RM_HISTORY_LOOKUP] = 8,
		[RM_HISTORY_UPSERT] = 4,
		[RM_HISTORY_REMOVE] = 4,
		[RM_HISTORY_EXCHANGE] = 4,
		[RM_HISTORY_TAKE] = 3,
		[RM_HISTORY_INSERT_IF_ABSENT] = 4,
		[RM_HISTORY_COMPARE_SWAP] = 4,
		[RM_HISTORY_COMPARE_REMOVE] = 3,
		[RM_EXPLORE_UPDATE] = 3 };
	static const unsigned few[KINDS] = { [RM_HISTORY_LOOKUP] = 8,
		[RM_HISTORY_UPSERT] = 4,
		[RM_HISTORY_REMOVE] = 4 };
	unsigned more[KINDS];

	CHECK(menu_is(&rich, false, false, keys),
	        "a menu has lookups and each kind of write");
	CHECK(menu_is(&poor, true, false, few),
	        "operations that a map does not offer are left out");
	memcpy(more, keys, sizeof(more));
	more[RM_HISTORY_LENGTH] = more[RM_HISTORY_CLEAR] = 2;
	more[RM_HISTORY_SCAN] = 3;
	CHECK(menu_is(&rich, true, false, more),
	        "a menu may have operations on the whole map");
	memcpy(more, keys, sizeof(more));
	more[RM_HISTORY_UPSERT] = 8;
	more[RM_HISTORY_INSERT_IF_ABSENT] = 6;
	CHECK(menu_is(&rich, false, true, more),
	        "a menu that grows has more inserts");
}

static void draws_are_below(void)
{
	unsigned times[7] = { 0 };
	uint64_t rng = 1, again = 1;
	bool right = true;

	for (unsigned i = 0; i < DRAWS; i++) {
		unsigned drawn = rm_explore_draw(&rng, 7);

		right &= drawn < 7 && drawn == rm_explore_draw(&again, 7);
		times[drawn % 7]++;
	}
	for (unsigned i = 0; i < 7; i++)
		right &= times[i] > DRAWS / 7 * 3 / 4 &&
		         times[i] < DRAWS / 7 * 5 / 4;
	CHECK(right, "seven numbers are drawn equally often, by seed");
}

/* Fills thread `t` many times and counts its operations. */
struct filled {
	unsigned of_key[RM_EXPLORE_KEYS_MAX];
	unsigned reads, writes, one_kind;
};

static struct filled fill_many(
        const struct rm_impl *impl, unsigned t, struct rm_explore_fill how)
{
	struct filled filled = { .reads = 0 };
	struct rm_explore_menu menu;
	uint64_t rng = 3;

	rm_explore_menu_make(&menu, impl, true, false);
	how.menu = &menu;
	how.ops = 8;
	for (unsigned n = 0; n < DRAWS / 8; n++) {
		struct rm_explore_program program = {
			.impl = impl, .keys = 10, .threads = 3
		};
		bool same = true;

		rm_explore_fill(&program, t, &how, &rng);
		if (program.ops[t] != 8 || program.ops[(t + 1) % 3])
			return (struct filled){ .reads = 0 };
		for (unsigned i = 0; i < 8; i++) {
			const struct rm_explore_op *op = &program.op[t][i];
			const bool reads = op->kind == RM_HISTORY_LOOKUP ||
			                   op->kind == RM_HISTORY_LENGTH ||
			                   op->kind == RM_HISTORY_SCAN;

			filled.of_key[op->key]++;
			filled.reads += reads;
			filled.writes += !reads;
			same &= op->kind == program.op[t][0].kind &&
			        op->times == 0;
		}
		filled.one_kind += same;
	}
	return filled;
}

static void threads_are_filled(void)
{
	const struct filled usual =
	        fill_many(&rich, 1, (struct rm_explore_fill){ .hot = 6 });
	const struct filled role =
	        fill_many(&rich, 1, (struct rm_explore_fill){ .role = true });
	bool right = usual.of_key[6] > DRAWS / 2;

	for (unsigned key = 0; key < RM_EXPLORE_KEYS_MAX; key++)
		right &= key == 6 ||
		         (usual.of_key[key] > DRAWS / 20 * 3 / 4) == (key < 10);
	CHECK(right && usual.of_key[6] < DRAWS * 3 / 4,
	        "half of the operations are on the hot key, the rest on any");
	CHECK(usual.reads > DRAWS / 5 && usual.writes > DRAWS / 2,
	        "a thread reads and writes");
	CHECK(usual.one_kind < DRAWS / 8 / 50 && role.one_kind == DRAWS / 8,
	        "a thread with a role repeats one operation");
	CHECK(role.reads > DRAWS / 5 && role.writes > DRAWS / 2 &&
	                role.of_key[9] > DRAWS / 30,
	        "the operation and the keys vary");
}

static void who_may_write(void)
{
	const struct rm_explore_fill reading = { .reads = true }, any = { 0 };

	CHECK(fill_many(&rich, 0, reading).reads == DRAWS / 8 * 8 &&
	                fill_many(&one_writer, 0, reading).writes == 0,
	        "a thread that shall only read writes nothing");
	CHECK(fill_many(&one_writer, 0, any).writes > DRAWS / 2 &&
	                fill_many(&one_writer, 1, any).reads == DRAWS / 8 * 8 &&
	                fill_many(&one_writer, 2, any).writes == 0,
	        "only the first thread writes a map with one writer");
}

static void all_threads_are_filled(void)
{
	struct rm_explore_program program = {
		.impl = &rich, .keys = 4, .threads = 3, .ops = { 2, 0, 0, 0 }
	};
	uint64_t rng = 1;
	bool looked = false, same = true;

	program.op[0][1].key = 23;
	rm_explore_fill_all(&program, 5, false, false, &rng);
	CHECK(program.ops[0] == 7 && program.ops[1] == 5 &&
	                program.ops[2] == 5 && program.ops[3] == 0 &&
	                program.op[0][1].key == 23,
	        "each thread gets the requested number of operations");
	for (unsigned n = 0; n < 100; n++) {
		memset(program.ops, 0, sizeof(program.ops));
		program.looks = n % 2;
		rm_explore_fill_all(&program, 5, false, n % 4 > 1, &rng);
		for (unsigned t = 0; t < 3; t++)
			for (unsigned i = 0; i < 5; i++) {
				const unsigned kind = program.op[t][i].kind;
				const bool whole = kind == RM_HISTORY_LENGTH ||
				                   kind == RM_HISTORY_SCAN ||
				                   kind == RM_HISTORY_CLEAR;

				looked |= whole && n % 2;
				same &= !whole || n % 2;
				same &= n % 4 < 2 ||
				        kind == program.op[t][0].kind;
			}
	}
	CHECK(looked && same,
	        "only some programs use the whole map, and a role is one "
	        "operation");
}

int main(void)
{
	each_operation_is_asked_for();
	menus_have_their_shares();
	draws_are_below();
	threads_are_filled();
	who_may_write();
	all_threads_are_filled();
	return DONE();
}
