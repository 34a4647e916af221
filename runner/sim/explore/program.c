/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.c - small programs from what a map offers.
 *
 * Most have two to four keys, so that threads meet; one in four has up to
 * RM_EXPLORE_KEYS_MAX and a menu that inserts, so that tables grow and shrink
 * while others look. One in four looks at the map as a whole. In one of four each
 * thread has a role, one operation that it does again and again, since some
 * things go wrong only for who meets the same obstacle several times. These and
 * those that grow are twice as long.
 */
#include "runner/sim/explore/written.h"

#include "runner/base/rng.h"
#include "runner/impl_table.h"

#include <stdio.h>
#include <string.h>

enum { MENU = 64 };

struct menu {
	uint8_t kind[MENU];
	unsigned reads, all; /* what only reads comes first */
};

bool rm_explore_offers(const struct rm_impl *impl, unsigned kind)
{
	const struct rm_map_ops *ops = impl->ops;

	switch (kind) {
	case RM_HISTORY_EXCHANGE:
		return ops->exchange;
	case RM_HISTORY_TAKE:
		return ops->take;
	case RM_HISTORY_INSERT_IF_ABSENT:
		return ops->insert_if_absent;
	case RM_HISTORY_COMPARE_SWAP:
		return ops->compare_swap;
	case RM_HISTORY_COMPARE_REMOVE:
		return ops->compare_remove;
	case RM_HISTORY_LENGTH:
		return ops->length;
	case RM_HISTORY_SCAN:
		return ops->scan;
	case RM_HISTORY_CLEAR:
		return ops->clear;
	case RM_EXPLORE_UPDATE:
		return ops->update;
	default:
		return true;
	}
}

static void offer(struct menu *menu, const struct rm_impl *impl, unsigned kind,
        unsigned times)
{
	while (rm_explore_offers(impl, kind) && times-- && menu->all < MENU)
		menu->kind[menu->all++] = (uint8_t)kind;
}

static void make_menu(
        struct menu *menu, const struct rm_impl *impl, bool looks, bool grows)
{
	*menu = (struct menu){ .all = 0 };
	offer(menu, impl, RM_HISTORY_LOOKUP, 8);
	offer(menu, impl, RM_HISTORY_LENGTH, looks ? 2 : 0);
	offer(menu, impl, RM_HISTORY_SCAN, looks ? 3 : 0);
	menu->reads = menu->all;
	offer(menu, impl, RM_HISTORY_UPSERT, grows ? 8 : 4);
	offer(menu, impl, RM_HISTORY_REMOVE, 4);
	offer(menu, impl, RM_HISTORY_EXCHANGE, 4);
	offer(menu, impl, RM_HISTORY_TAKE, 3);
	offer(menu, impl, RM_HISTORY_INSERT_IF_ABSENT, grows ? 6 : 4);
	offer(menu, impl, RM_HISTORY_COMPARE_SWAP, 4);
	offer(menu, impl, RM_HISTORY_COMPARE_REMOVE, 3);
	offer(menu, impl, RM_EXPLORE_UPDATE, 3);
	offer(menu, impl, RM_HISTORY_CLEAR, looks ? 2 : 0);
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

/* What a thread does: each operation anew from the menu, or in a role the same
   one always. A single key is best at showing who came first. */
static void fill_thread(struct rm_explore_program *program, unsigned t,
        const uint8_t *kinds, unsigned count, bool role, uint64_t *rng)
{
	unsigned kind = draw(rng, count);

	for (unsigned i = 0; i < program->ops[t]; i++) {
		bool hot = draw(rng, 2);

		if (!role)
			kind = draw(rng, count);
		program->op[t][i] = (struct rm_explore_op){ kinds[kind],
			(uint8_t)draw(rng, hot ? 1 : program->keys) };
	}
}

static void fill(struct rm_explore_program *program, const struct menu *menu,
        unsigned ops, bool roles, uint64_t *rng)
{
	for (unsigned t = 0; t < program->threads; t++) {
		bool writes =
		        !t || !(program->impl->caps & RM_CAP_SINGLE_WRITER);

		program->ops[t] = ops;
		fill_thread(program, t, menu->kind,
		        writes ? menu->all : menu->reads, roles, rng);
	}
}

/* One that was written down: what it leaves open is drawn. */
static void make_written(const struct rm_explore_written *written,
        struct rm_explore_program *program)
{
	struct rm_explore_program drawn = *program;

	*program = written->program;
	program->impl = drawn.impl;
	program->shape = drawn.shape;
	program->memory = drawn.memory;
	program->unstamped = drawn.unstamped;
	program->unjudged = drawn.unjudged;
	program->map_seed = drawn.map_seed;
	if (!written->sized)
		program->presize = drawn.presize;
}

void rm_explore_program_make(const struct rm_explore_options *options,
        uint64_t number, struct rm_explore_program *program)
{
	uint64_t rng = rm_seed(options->seed, 2 * number);
	unsigned shapes = (unsigned)__builtin_popcount(options->shapes);
	bool grows = draw(&rng, 4) == 0;
	bool roles = draw(&rng, 4) == 0;
	unsigned ops = grows || roles ? 2 * options->ops : options->ops;
	struct menu menu;

	*program = (struct rm_explore_program){ .impl = options->impl,
		.shape = rm_shapes[shape_of(options->shapes, number % shapes)],
		.memory = options->memory,
		.unstamped = options->unstamped,
		.unjudged = options->unjudged,
		.map_seed = rm_next(&rng),
		.presize = draw(&rng, 2),
		/* also of a map that promises nothing of them: they may not
		   crash, race or invent */
		.looks = draw(&rng, 4) == 0,
		.threads = options->threads };
	if (options->written) {
		make_written(options->written, program);
		return;
	}
	program->keys = grows ? 5 + draw(&rng, RM_EXPLORE_KEYS_MAX - 4)
	                      : 2 + draw(&rng, 3);
	program->resident =
	        (uint32_t)rm_next(&rng) & ((1U << program->keys) - 1);
	make_menu(&menu, options->impl, program->looks, grows);
	if (ops > RM_EXPLORE_OPS_MAX)
		ops = RM_EXPLORE_OPS_MAX;
	fill(program, &menu, ops, roles, &rng);
}

void rm_explore_op_words(
        const struct rm_explore_op *op, char *text, size_t size)
{
	if (op->kind == RM_EXPLORE_UPDATE)
		snprintf(text, size, "update %u", op->key);
	else if (rm_history_is_whole(op->kind))
		snprintf(text, size, "%s", rm_history_kind_name(op->kind));
	else
		snprintf(text, size, "%s %u", rm_history_kind_name(op->kind),
		        op->key);
}
