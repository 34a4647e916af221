/* SPDX-License-Identifier: Apache-2.0 */
/* starvation.c - the check `starvation`: an operation of thread 0 must end
 * although others work. The other threads first only look up keys, later only
 * write, until thread 0 has done its operations. They stop if one of them used
 * STARVED_NS of CPU time during an operation of thread 0. Wall time is ignored.
 * An operation is also ignored if its thread neither used CPU time nor slept,
 * because the machine did not run the thread. Maps that promise to be wait-free
 * or starvation-free fail if the other threads were stopped, or if thread 0
 * spent most of its CPU time in operations that others overtook OFTEN times.
 * For other maps the result only mentions starvation. */
#include "runner/base/clock.h"
#include "runner/base/rng.h"
#include "runner/impl.h"
#include "verify/check/internal.h"

#include <sys/resource.h>

enum { KEYS = 64, SUBJECT = 0, CLOCK_OPS = 256 };
/* A host may attribute the time of another guest to a thread, but not for most
 * of the time. */
enum { OFTEN = 1000, LONG_NS = 500000, SHARE_MOST = 75, FEWEST = 5 };
static const uint64_t STARVED_NS = 1000000000U;

struct starvation {
	bool write; /* true if the other threads write */
	uint64_t ops;
	_Atomic uint64_t ended; /* operations of thread 0 */
	atomic_bool over, stopped;
	unsigned starved; /* operations during which the others were stopped */
	/* CPU time of thread 0: in all operations, in the longest one, and in
	 * operations of at least LONG_NS that others overtook OFTEN times. */
	uint64_t own_ns, longest_ns, longest_overtaken;
	uint64_t overtaken_ns, overtaken;
};

/* Returns the number of operations that all other threads have completed. */
static uint64_t others_done(const struct rm_peer *peer)
{
	uint64_t sum = 0;

	for (unsigned i = 1; i < peer->peers->threads; i++)
		/* relaxed: a count */
		sum += atomic_load_explicit(
		        &peer->published[i].ticks, memory_order_relaxed);
	return sum;
}

static void operate(struct rm_peer *peer, uint64_t n)
{
	const uint64_t rank = rm_next(&peer->rng) % KEYS;
	struct rm_value value;

	if (n % 3 == 0)
		rm_peer_lookup(peer, rank, &value);
	else if (n % 3 == 1)
		rm_peer_upsert(peer, rank, rm_peer_value(peer, rank));
	else
		rm_peer_remove(peer, rank);
}

static uint64_t count_sleeps(void)
{
	struct rusage usage;

	/* if the count is unavailable, no operation counts as delayed */
	return getrusage(RUSAGE_THREAD, &usage) ? 0 : (uint64_t)usage.ru_nvcsw;
}

static void measure(struct rm_peer *peer, uint64_t n)
{
	struct starvation *test = peer->peers->context;
	const uint64_t began_ns = rm_thread_cpu_ns(),
	               before = others_done(peer);
	const uint64_t sleeps = count_sleeps();
	uint64_t own_ns, overtaken;

	operate(peer, n);
	own_ns = rm_thread_cpu_ns() - began_ns;
	overtaken = others_done(peer) - before;
	test->own_ns += own_ns;
	if (overtaken > OFTEN && own_ns > LONG_NS) {
		test->overtaken_ns += own_ns;
		test->overtaken++;
	}
	if (own_ns > test->longest_ns) {
		test->longest_ns = own_ns;
		test->longest_overtaken = overtaken;
	}
	/* the others start again after this operation has ended */
	if (atomic_exchange(&test->stopped, false))
		test->starved += own_ns > LONG_NS || count_sleeps() > sleeps;
	atomic_fetch_add(&test->ended, 1);
}

static void run_subject(struct rm_peer *peer)
{
	struct starvation *test = peer->peers->context;

	for (uint64_t n = 0; n < test->ops && rm_peer_tick_in_time(peer); n++)
		measure(peer, n);
	atomic_store(&test->over, true);
}

static void run_other(struct rm_peer *peer)
{
	struct starvation *test = peer->peers->context;
	const bool writes = test->write &&
	                    peer->slot < rm_case_writers(peer->peers->c, false);
	uint64_t ended = 0, since_ns = 0;

	for (uint64_t n = 0; !atomic_load(&test->over); n++) {
		if (atomic_load(&test->stopped)) {
			peer->ops->quiesce(peer->thread);
			rm_sleep_until(rm_now_ns() + 1000000);
			continue;
		}
		operate(peer, writes ? n : 0);
		rm_peer_tick(peer);
		if (n % CLOCK_OPS)
			continue;
		if (!n || ended != atomic_load(&test->ended)) {
			ended = atomic_load(&test->ended);
			since_ns = rm_thread_cpu_ns();
		} else if (rm_thread_cpu_ns() - since_ns > STARVED_NS) {
			atomic_store(&test->stopped, true);
		}
	}
}

static void run_thread(struct rm_peer *peer)
{
	if (peer->slot == SUBJECT)
		run_subject(peer);
	else
		run_other(peer);
}

static double overtaken_share(const struct starvation *test)
{
	return 100 * (double)test->overtaken_ns /
	       (double)(test->own_ns + !test->own_ns);
}

static int judge(const struct rm_check_case *c, const struct starvation *test,
        struct rm_error *error)
{
	const bool starves =
	        test->starved || (test->overtaken >= FEWEST &&
	                                 overtaken_share(test) > SHARE_MOST);
	const bool excluded = rm_impl_excludes_starvation(c->impl);

	return rm_error_set(error, starves && excluded ? -1 : 0,
	        "%slongest operation of thread 0: %.2f ms of its CPU time, "
	        "overtaken by %llu operations of other threads, which %s; it "
	        "spent %.0f %% of its time in operations that more than %d "
	        "others overtook%s; the map promises to be %s",
	        starves ? "starvation: " : "", (double)test->longest_ns / 1e6,
	        (unsigned long long)test->longest_overtaken,
	        test->write ? "write" : "look up", overtaken_share(test), OFTEN,
	        test->starved ? "; another thread used 1 s of CPU time in one"
	                      : "",
	        c->impl->progress);
}

int rm_check_starvation(const struct rm_check_case *c, struct rm_error *error)
{
	const struct rm_case_phase phases[] = {
		{ rm_case_threads(c, false), run_thread }, { 0 }
	};
	int code = 0;

	for (unsigned write = 0; write < 2 && !code; write++) {
		struct starvation test = { .write = write,
			.ops = rm_case_ops(c) / (2 * c->threads) + 1 };

		error->text[0] = '\0'; /* a summary is not a failure */
		code = rm_case_play(c, KEYS, false, phases, &test, error);
		if (!code)
			code = judge(c, &test, error);
	}
	return code;
}
