/* SPDX-License-Identifier: Apache-2.0 */
/* loops.c - a subject's own loops, with their default numbers: do they add
   up? What that means is in its ops->check. */
#include "verify/check/internal.h"

#include "runner/impl.h"
#include "runner/protocol/protocol.h"
#include "runner/worker.h"

#include <stdlib.h>

struct own {
	const struct rm_impl *impl;
	void (*run)(struct rm_worker *worker);
	const char *name;
	struct rm_loop loop;
	uint64_t iterations; /* per thread */
	unsigned threads;
	atomic_bool stop;
};

/* Of a thread: nobody looks at a loop meanwhile, so it must not take so long
   that it is taken for one that hangs. */
enum { ITERATIONS_MOST = 1 << 20 };

/* The loop ends by its number of iterations. `stop` is there because each
   loop looks at it, as in a trial, but nobody sets it. */
static void run(struct rm_peer *peer)
{
	struct own *own = peer->peers->context;
	struct rm_worker *worker =
	        aligned_alloc(RM_CACHE_LINE, sizeof(*worker));

	if (!worker) {
		rm_peer_fail(peer, "out of memory");
		return;
	}
	*worker = (struct rm_worker){ .thread = peer->thread,
		.stop = &own->stop,
		.rng = rm_next(&peer->rng),
		.slot = peer->slot,
		.threads = own->threads,
		.measured = true,
		.loop_args = own->loop.args,
		.iterations_limit = own->iterations };
	if (own->impl->open && !own->impl->open(worker))
		rm_peer_fail(peer, "out of memory for what the loop holds");
	else
		own->run(worker);
	if (own->impl->close)
		own->impl->close(worker);
	if (worker->counts.wrong)
		rm_peer_fail(peer, "loop %s saw a wrong answer", own->name);
	free(worker);
}

static int lap(
        const struct rm_check_case *c, struct own *own, struct rm_error *error)
{
	const struct rm_sizing sizing = { .keys = 1000,
		.threads = own->threads,
		.presize = true,
		.shape = c->shape,
		.seed = c->seed,
		.loop_args = own->loop.args };
	void *map = c->impl->ops->create(&sizing);
	int code;

	if (!map)
		return rm_error_set(error, -1, "create() returned NULL");
	code = rm_peers_run(c, map, own->threads, run, own, error);
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
		struct own own = { .impl = c->impl,
			.run = loop->run,
			.name = loop->name,
			.iterations = c->ops / c->threads + 1,
			.threads = c->threads };

		if (rm_loop_parse(loop->name, &own.loop))
			return rm_error_set(error, -1,
			        "\"%s\" is no kind of loop", loop->name);
		if (own.iterations > ITERATIONS_MOST)
			own.iterations = ITERATIONS_MOST;
		/* these take a millisecond and more per iteration */
		if ((own.loop.kind == RM_LOOP_HOLD ||
		            own.loop.kind == RM_LOOP_AUDIT) &&
		        own.iterations > 20)
			own.iterations = 20;
		code = lap(c, &own, error);
	}
	return code;
}
