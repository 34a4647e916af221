/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_progress.c - tests which reclaimers are reported. The test
 * simulates a reclaimer that frees blocks whenever a certain number of them is
 * retired. */
#include "verify/explore/progress.c"

#include "tests/unit/tap.h"

#include <setjmp.h>

struct rm_explore_world rm_explore = { .lanes = 3 };

static size_t made, live;
static bool is_foreign;
static jmp_buf stopped;

size_t rm_explore_heap_made(void)
{
	return made;
}

size_t rm_explore_heap_live(void)
{
	return live;
}

void rm_explore_stop(enum rm_explore_fault fault, const void *site,
        const void *other, const char *format, ...)
{
	(void)site, (void)other, (void)format;
	longjmp(stopped, (int)fault);
}

uintptr_t rm_foreign_code(const struct rm_impl *impl)
{
	return (uintptr_t)impl->ops->lookup + is_foreign;
}

/* Programs are not drawn here, and starvation is not judged. */
void rm_explore_menu_make(struct rm_explore_menu *menu,
        const struct rm_impl *impl, bool looks, bool grows)
{
	(void)menu, (void)impl, (void)looks, (void)grows;
}

void rm_explore_fill(struct rm_explore_program *program, unsigned t,
        const struct rm_explore_fill *how, uint64_t *rng)
{
	(void)program, (void)t, (void)how, (void)rng;
}

unsigned rm_explore_draw(uint64_t *rng, unsigned n)
{
	(void)rng, (void)n;
	return 0;
}

void rm_explore_format_op(
        const struct rm_explore_op *op, char *text, size_t size)
{
	(void)op, (void)text, (void)size;
}

const char *rm_explore_lane_name(unsigned lane)
{
	(void)lane;
	return "";
}

/* Operations of a simulated program. */
struct played {
	/* numbers of allocated blocks: before the first free, and after the
	 * last one */
	uint64_t least, most;
	unsigned reads;       /* look-ups for each write */
	bool lasts, in_place; /* in_place: a write allocates no block */
	/* blocks that remain unfreed after each reclamation */
	size_t kept;
	uint64_t writes; /* result */
};

/* Returns the fault. */
static enum rm_explore_fault play(struct played *played)
{
	static const struct rm_map_ops ops = { .lookup = NULL };
	static const struct rm_impl impl = {
		.ops = &ops, .sync = "epoch", .progress = "blocking"
	};
	const struct rm_explore_program program = { .impl = &impl,
		.question = RM_EXPLORE_RECLAIMS,
		.lasts = played->lasts };
	static const struct rm_explore_op op = { .times = 1 };
	static volatile bool answered;

	made = live = 0;
	rm_explore_progress_begin(&program);
	answered = false;
	const int fault = setjmp(stopped);

	if (fault)
		return (enum rm_explore_fault)fault;
	for (played->writes = 0;
	        played->writes < REPEATS_RECLAIM && !answered;) {
		rm_explore_operation_begins(1, &op);
		made += !played->in_place;
		live += !played->in_place;
		if (live >= played->least && made < played->most)
			live = played->kept;
		played->writes++;
		answered = rm_explore_operation_ends(1);
		for (unsigned i = 0; i < played->reads && !answered; i++) {
			rm_explore_operation_begins(2, &op);
			answered = rm_explore_operation_ends(2);
		}
	}
	rm_explore_progress_end();
	return RM_EXPLORE_NOTHING;
}

int main(void)
{
	struct played soon = { 1, UINT64_MAX, 1, false, false, 0, 0 };
	struct played late = { 12000, UINT64_MAX, 1, false, false, 0, 0 };
	struct played batches = { 12000, UINT64_MAX, 1, false, false, 5000, 0 };
	struct played never = { 1, 0, 1, false, false, 0, 0 };
	struct played hidden = { 1, 0, 40, false, false, 0, 0 };
	struct played wraps = { 1, 256, 1, false, false, 0, 0 };
	struct played lasts = { 1, 256, 1, true, false, 0, 0 };
	struct played in_place = { 1, 0, 1, false, true, 0, 0 };

	CHECK(play(&soon) == RM_EXPLORE_NOTHING && soon.writes < 100,
	        "a map that frees soon passes soon");
	CHECK(play(&late) == RM_EXPLORE_NOTHING && late.writes >= 12000,
	        "a map that frees late passes");
	CHECK(play(&batches) == RM_EXPLORE_NOTHING,
	        "a map that keeps many blocks passes");
	CHECK(play(&in_place) == RM_EXPLORE_NOTHING && in_place.writes < 1000,
	        "a map that makes no blocks passes soon");
	CHECK(play(&never) == RM_EXPLORE_UNRECLAIMED,
	        "a map that frees nothing fails");
	CHECK(play(&hidden) == RM_EXPLORE_UNRECLAIMED,
	        "look-ups do not count as writes");
	CHECK(play(&wraps) == RM_EXPLORE_NOTHING &&
	                play(&lasts) == RM_EXPLORE_UNRECLAIMED,
	        "a long program shows an epoch that stops later");
	is_foreign = true;
	CHECK(play(&never) == RM_EXPLORE_NOTHING &&
	                strstr(rm_explore_progress_note(), "frees late"),
	        "a map of another project has no limit, so it gets a note");
	return DONE();
}
