/* SPDX-License-Identifier: Apache-2.0 */
/* loops.c - runs the loops that a map or a technique defines itself, with
 * default arguments. The map's ops->check decides whether the results are
 * consistent. */
#include "verify/check/internal.h"

#include "runner/impl.h"
#include "runner/protocol/protocol.h"
#include "runner/worker.h"

#include <stdlib.h>

struct loop_run {
	const struct rm_impl *impl;
	void (*run_thread)(struct rm_worker *worker);
	const char *name;
	struct rm_loop loop;
	uint64_t iterations; /* iterations of each thread */
	unsigned threads;
	atomic_bool stop;
};

/* Per thread. A loop reports no progress, so it must end before the check is
 * reported as hung. */
enum { ITERATIONS_MOST = 1 << 20 };

/* The loop ends after its iterations. Loops read `stop` as in a trial, but no
 * thread sets it. */
static void run_thread(struct rm_peer *peer)
{
	struct loop_run *loop_run = peer->peers->context;
	struct rm_worker *worker =
	        aligned_alloc(RM_CACHE_LINE, sizeof(*worker));

	if (!worker) {
		rm_peer_fail(peer, "out of memory");
		return;
	}
	*worker = (struct rm_worker){ .thread = peer->thread,
		.stop = &loop_run->stop,
		.rng = rm_next(&peer->rng),
		.slot = peer->slot,
		.threads = loop_run->threads,
		.measured = true,
		.loop_args = loop_run->loop.args,
		.iterations_limit = loop_run->iterations };
	if (loop_run->impl->open && !loop_run->impl->open(worker))
		rm_peer_fail(peer, "out of memory in open()");
	else
		loop_run->run_thread(worker);
	if (loop_run->impl->close)
		loop_run->impl->close(worker);
	if (worker->counts.wrong)
		rm_peer_fail(
		        peer, "loop %s got a wrong result", loop_run->name);
	free(worker);
}

static int run_loop(const struct rm_check_case *c, struct loop_run *loop_run,
        struct rm_error *error)
{
	const struct rm_sizing sizing = { .keys = 1000,
		.threads = loop_run->threads,
		.presize = true,
		.shape = c->shape,
		.seed = c->seed,
		.loop_args = loop_run->loop.args };
	void *map = c->impl->ops->create(&sizing);
	int code;

	if (!map)
		return rm_error_set(error, -1, "create() returned NULL");
	code = rm_peers_run(
	        c, map, loop_run->threads, run_thread, loop_run, error);
	if (!code)
		code = rm_case_invariants(c, map, error);
	c->impl->ops->destroy(map);
	return code;
}

int rm_check_loops(const struct rm_check_case *c, struct rm_error *error)
{
	const struct rm_own_loop *loop = c->impl->loops;
	int code = 0;

	for (; !code && loop->name; loop++) {
		struct loop_run loop_run = { .impl = c->impl,
			.run_thread = loop->run,
			.name = loop->name,
			.iterations = c->ops / c->threads + 1,
			.threads = c->threads };

		if (rm_loop_parse(loop->name, &loop_run.loop))
			return rm_error_set(error, -1,
			        "\"%s\" is not a kind of loop", loop->name);
		if (loop_run.iterations > ITERATIONS_MOST)
			loop_run.iterations = ITERATIONS_MOST;
		/* these take a millisecond or more per iteration */
		if ((loop_run.loop.kind == RM_LOOP_HOLD ||
		            loop_run.loop.kind == RM_LOOP_AUDIT) &&
		        loop_run.iterations > 20)
			loop_run.iterations = 20;
		code = run_loop(c, &loop_run, error);
	}
	return code;
}
