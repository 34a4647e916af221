/* SPDX-License-Identifier: Apache-2.0 */
/* menu.c - draws operations for the threads of a program (menu.h). */
#include "verify/explore/menu.h"

#include "runner/base/rng.h"

bool rm_explore_has_operation(const struct rm_impl *impl, unsigned kind)
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

static void offer(struct rm_explore_menu *menu, const struct rm_impl *impl,
        unsigned kind, unsigned times)
{
	while (rm_explore_has_operation(impl, kind) && times-- &&
	        menu->all < RM_EXPLORE_MENU)
		menu->kind[menu->all++] = (uint8_t)kind;
}

void rm_explore_menu_make(struct rm_explore_menu *menu,
        const struct rm_impl *impl, bool looks, bool grows)
{
	*menu = (struct rm_explore_menu){ .all = 0 };
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

unsigned rm_explore_draw(uint64_t *rng, unsigned n)
{
	return (unsigned)rm_below(rm_next(rng), n);
}

void rm_explore_fill(struct rm_explore_program *program, unsigned t,
        const struct rm_explore_fill *how, uint64_t *rng)
{
	const bool writes =
	        !how->reads &&
	        (!t || !(program->impl->caps & RM_CAP_SINGLE_WRITER));
	const unsigned count = writes ? how->menu->all : how->menu->reads;
	unsigned kind = rm_explore_draw(rng, count);

	for (unsigned i = 0; i < how->ops; i++) {
		const bool hot = rm_explore_draw(rng, 2);

		if (!how->role)
			kind = rm_explore_draw(rng, count);
		program->op[t][program->ops[t]++] = (struct rm_explore_op){
			.kind = how->menu->kind[kind],
			.key = (uint8_t)((hot ? how->hot : 0) +
			                 rm_explore_draw(
			                         rng, hot ? 1 : program->keys))
		};
	}
}

void rm_explore_fill_all(struct rm_explore_program *program, unsigned ops,
        bool grows, bool role, uint64_t *rng)
{
	struct rm_explore_menu menu;

	rm_explore_menu_make(&menu, program->impl, program->looks, grows);
	for (unsigned t = 0; t < program->threads; t++)
		rm_explore_fill(program, t,
		        &(struct rm_explore_fill){
		                .menu = &menu, .ops = ops, .role = role },
		        rng);
}
