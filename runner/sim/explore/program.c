/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.c - small programs from what a map offers.
 *
 * Most have two to four keys, so that threads meet; one in four has up to
 * RM_EXPLORE_KEYS_MAX and a menu that inserts, so that tables grow and shrink
 * while others look. One in four looks at the map as a whole.
 */
#include "runner/sim/explore/program.h"

#include "runner/base/rng.h"
#include "runner/impl_table.h"

#include <stdio.h>
#include <string.h>

enum { MENU = 64 };

struct menu {
	uint8_t kind[MENU];
	unsigned reads, all; /* what only reads comes first */
};

static void offer(
        struct menu *menu, bool offered, unsigned kind, unsigned times)
{
	while (offered && times-- && menu->all < MENU)
		menu->kind[menu->all++] = (uint8_t)kind;
}

static void make_menu(
        struct menu *menu, const struct rm_impl *impl, bool looks, bool grows)
{
	const struct rm_map_ops *ops = impl->ops;

	*menu = (struct menu){ .all = 0 };
	offer(menu, true, RM_HISTORY_LOOKUP, 8);
	offer(menu, looks && ops->length, RM_HISTORY_LENGTH, 2);
	offer(menu, looks && ops->scan, RM_HISTORY_SCAN, 3);
	menu->reads = menu->all;
	offer(menu, true, RM_HISTORY_UPSERT, grows ? 8 : 4);
	offer(menu, true, RM_HISTORY_REMOVE, 4);
	offer(menu, ops->exchange, RM_HISTORY_EXCHANGE, 4);
	offer(menu, ops->take, RM_HISTORY_TAKE, 3);
	offer(menu, ops->insert_if_absent, RM_HISTORY_INSERT_IF_ABSENT,
	        grows ? 6 : 4);
	offer(menu, ops->compare_swap, RM_HISTORY_COMPARE_SWAP, 4);
	offer(menu, ops->compare_remove, RM_HISTORY_COMPARE_REMOVE, 3);
	offer(menu, ops->update, RM_EXPLORE_UPDATE, 3);
	offer(menu, looks && ops->clear, RM_HISTORY_CLEAR, 2);
}

/* The n-th set bit of the map's shapes, n from 0. */
static unsigned shape_of(unsigned shapes, uint64_t n)
{
	while (n--)
		shapes &= shapes - 1;
	return (unsigned)__builtin_ctz(shapes);
}

static unsigned draw(uint64_t *rng, unsigned n)
{
	return (unsigned)rm_below(rm_next(rng), n);
}

static void fill(struct rm_explore_program *program, const struct menu *menu,
        unsigned ops, uint64_t *rng)
{
	for (unsigned t = 0; t < program->threads; t++) {
		bool writes =
		        !t || !(program->impl->caps & RM_CAP_SINGLE_WRITER);

		program->ops[t] = ops;
		for (unsigned i = 0; i < ops; i++) {
			unsigned n =
			        draw(rng, writes ? menu->all : menu->reads);
			/* a single key is best at showing who came first */
			bool hot = draw(rng, 2);

			program->op[t][i] = (struct rm_explore_op){
				menu->kind[n],
				(uint8_t)draw(rng, hot ? 1 : program->keys)
			};
		}
	}
}

void rm_explore_program_make(const struct rm_explore_options *options,
        uint64_t number, struct rm_explore_program *program)
{
	uint64_t rng = rm_seed(options->seed, 2 * number);
	unsigned shapes = (unsigned)__builtin_popcount(options->shapes);
	bool promises = strcmp(options->impl->guarantees, "none") != 0;
	bool grows = draw(&rng, 4) == 0;
	struct menu menu;

	*program = (struct rm_explore_program){ .impl = options->impl,
		.shape = rm_shapes[shape_of(options->shapes, number % shapes)],
		.map_seed = rm_next(&rng),
		.presize = draw(&rng, 2),
		/* a map that promises nothing of scans is not asked for any */
		.looks = draw(&rng, 4) == 0 && promises,
		.threads = options->threads };
	program->keys = grows ? 5 + draw(&rng, RM_EXPLORE_KEYS_MAX - 4)
	                      : 2 + draw(&rng, 3);
	program->resident =
	        (uint32_t)rm_next(&rng) & ((1U << program->keys) - 1);
	make_menu(&menu, options->impl, program->looks, grows);
	fill(program, &menu, options->ops, &rng);
}

void rm_explore_op_words(
        const struct rm_explore_op *op, char *text, size_t size)
{
	if (op->kind == RM_EXPLORE_UPDATE)
		snprintf(text, size, "update key %u", op->key);
	else if (rm_history_is_whole(op->kind))
		snprintf(text, size, "%s", rm_history_kind_name(op->kind));
	else
		snprintf(text, size, "%s key %u",
		        rm_history_kind_name(op->kind), op->key);
}
