/* SPDX-License-Identifier: Apache-2.0 */
/* starvation.c - no operation waits while other threads work.
 *
 * Thread 0 reads, writes and removes: alone, then while the others look up,
 * then while they write. A watching thread measures how much CPU time other
 * threads of the process use during its current operation. An operation
 * starves if that exceeds STARVED_NS, and its thread slept in each sample or
 * used CPU time of its own. A thread that the machine does not run is never
 * evidence, and the time of other processes does not count.
 *
 * Maps that promise to be wait-free or starvation-free fail, also if thread 0
 * spends most of its CPU time in operations that are overtaken OFTEN. For others
 * the result states it, and the other threads pause until the operation ends. */
#include "runner/base/clock.h"
#include "runner/base/rng.h"
#include "verify/check/internal.h"
#include "verify/check/thread_stopper.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { KEYS = 64, SUBJECT = 0, SAMPLE_NS = 2000000, OWN_SHARE = 20 };
enum { OFTEN = 1000, LONG_NS = 500000, SHARE_MOST = 75, FEWEST = 5 };
static const uint64_t STARVED_NS = 1000000000U;

enum work { IDLE, LOOKUPS, WRITES };

struct starvation {
	const struct rm_check_case *c;
	unsigned threads;
	enum work work; /* of the other threads */
	uint64_t ops;   /* of the subject */
	/* Odd while the subject is in an operation. */
	_Atomic uint64_t position;
	_Atomic pid_t subject;
	_Atomic unsigned kind; /* index of kind_names */
	atomic_bool over, pause, ended;
	/* CPU time of the subject in its operations, the longest one, and those
	 * of at least LONG_NS that others overtook OFTEN. */
	uint64_t own_ns, longest_ns, longest_overtaken;
	uint64_t overtaken_ns, overtaken;
	unsigned longest_kind;
	char note[160]; /* starvation that the map does not exclude */
};

static const char *const kind_names[] = { "lookup", "upsert", "remove" };

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t = { 0 };

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* CPU time of a thread of this process; 0 if it has ended. This is what
 * pthread_getcpuclockid() returns, which needs a thread that exists. */
static uint64_t thread_cpu_ns(pid_t tid)
{
	return clock_ns((clockid_t)(~(unsigned)tid << 3 | 6));
}

/* Operations of all other threads. */
static uint64_t others_done(const struct starvation *test)
{
	uint64_t sum = 0;

	for (unsigned i = SUBJECT + 1; i < test->threads; i++)
		/* relaxed: a count */
		sum += atomic_load_explicit(
		        &rm_witness()->threads[i].ticks, memory_order_relaxed);
	return sum;
}

/* Evidence since the subject began its operation. */
struct evidence {
	uint64_t position, process_ns, subject_ns, others;
	bool awake; /* the subject, in any sample */
};

static bool excludes_starvation(const struct starvation *test)
{
	const char *promise = test->c->impl->progress;

	return !strcmp(promise, "wait-free") ||
	       !strcmp(promise, "starvation-free");
}

static void found(struct starvation *test, uint64_t overtaken, uint64_t ns)
{
	char text[300], of_map[] = "a thread of the map", of_check[64];

	snprintf(of_check, sizeof(of_check), "%llu operations of others",
	        (unsigned long long)overtaken);
	snprintf(text, sizeof(text),
	        "starvation: %s of thread 0 did not end during %.1f s of CPU "
	        "time of other threads (%s)",
	        kind_names[atomic_load(&test->kind)], (double)ns / 1e9,
	        test->work == IDLE ? of_map : of_check);
	if (test->work == IDLE || excludes_starvation(test))
		rm_check_report_and_exit(text);
	snprintf(test->note, sizeof(test->note), "%.150s", text);
	atomic_store(&test->pause, true);
}

static void sample(struct starvation *test, struct evidence *evidence)
{
	const uint64_t position = atomic_load(&test->position);
	const pid_t subject = atomic_load(&test->subject);
	const uint64_t process_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	const uint64_t subject_ns = thread_cpu_ns(subject);
	uint64_t own_ns, overtaken;

	if (position % 2 == 0 || position != evidence->position) {
		*evidence = (struct evidence){ position, process_ns, subject_ns,
			others_done(test), false };
		return;
	}
	evidence->awake = evidence->awake || !rm_thread_sleeps(subject);
	own_ns = subject_ns - evidence->subject_ns;
	if (process_ns - evidence->process_ns < own_ns + STARVED_NS ||
	        (evidence->awake && own_ns < STARVED_NS / OWN_SHARE))
		return;
	overtaken = others_done(test) - evidence->others;
	/* others that complete nothing hang, too (budget.h) */
	if (overtaken || test->work == IDLE)
		found(test, overtaken,
		        process_ns - evidence->process_ns - own_ns);
}

static void *watch(void *opaque)
{
	struct starvation *test = opaque;
	struct evidence evidence = { 0 };

	while (!atomic_load(&test->ended)) {
		sample(test, &evidence);
		rm_sleep_until(rm_now_ns() + SAMPLE_NS);
	}
	return NULL;
}

static void operate(struct rm_peer *peer, unsigned kind)
{
	const uint64_t rank = rm_next(&peer->rng) % KEYS;
	struct rm_value value;

	if (kind == 0)
		rm_peer_lookup(peer, rank, &value);
	else if (kind == 1)
		rm_peer_upsert(peer, rank, rm_peer_value(peer, rank));
	else
		rm_peer_remove(peer, rank);
}

/* An operation that began at these values has ended. */
static void measure(
        struct starvation *test, unsigned kind, const struct evidence *began)
{
	const uint64_t own_ns =
	        clock_ns(CLOCK_THREAD_CPUTIME_ID) - began->subject_ns;
	const uint64_t overtaken = others_done(test) - began->others;

	test->own_ns += own_ns;
	if (overtaken > OFTEN && own_ns > LONG_NS) {
		test->overtaken_ns += own_ns;
		test->overtaken++;
	}
	if (own_ns <= test->longest_ns)
		return;
	test->longest_ns = own_ns;
	test->longest_kind = kind;
	test->longest_overtaken = overtaken;
}

static void run_subject(struct rm_peer *peer, struct starvation *test)
{
	atomic_store(&test->subject, gettid());
	for (uint64_t n = 0; n < test->ops && rm_peer_tick_in_time(peer); n++) {
		const unsigned kind = (unsigned)(n % 3);
		const struct evidence began = {
			.subject_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID),
			.others = others_done(test)
		};

		atomic_store(&test->kind, kind);
		atomic_fetch_add(&test->position, 1);
		operate(peer, kind);
		atomic_fetch_add(&test->position, 1);
		measure(test, kind, &began);
		atomic_store(&test->pause, false);
	}
	atomic_store(&test->over, true);
}

static void run_other(struct rm_peer *peer, struct starvation *test)
{
	const bool writes = test->work == WRITES &&
	                    peer->slot < rm_case_writers(test->c, false);

	for (uint64_t n = 0; !atomic_load(&test->over); n++) {
		if (test->work == IDLE || atomic_load(&test->pause)) {
			peer->ops->quiesce(peer->thread);
			rm_sleep_until(rm_now_ns() + SAMPLE_NS);
			continue;
		}
		operate(peer, writes ? 1 + (unsigned)(n % 2) : 0);
		rm_peer_tick(peer);
	}
}

static void run_thread(struct rm_peer *peer)
{
	struct starvation *test = peer->peers->context;

	if (peer->slot == SUBJECT)
		run_subject(peer, test);
	else
		run_other(peer, test);
}

/* Per cent of the subject's CPU time. */
static double overtaken_share(const struct starvation *test)
{
	return test->own_ns
	               ? 100 * (double)test->overtaken_ns / (double)test->own_ns
	               : 0;
}

/* A thread that the machine stops uses no CPU time, but a host may charge it
 * for a while that another guest ran. That is never most of the time. */
static int judge_share(const struct starvation *test, struct rm_error *error)
{
	if (!excludes_starvation(test) || test->overtaken < FEWEST ||
	        overtaken_share(test) < SHARE_MOST)
		return 0;
	return rm_error_set(error, -1,
	        "starvation: thread 0 spent %.0f %% of its CPU time in %llu "
	        "operations that each took over 0.5 ms of it while over %d "
	        "operations of others completed, but the map promises to be "
	        "%s",
	        overtaken_share(test), (unsigned long long)test->overtaken,
	        OFTEN, test->c->impl->progress);
}

static int run_all(struct starvation *test, struct rm_error *error)
{
	const struct rm_case_phase phases[] = { { test->threads, run_thread },
		{ 0 } };
	int code = 0;

	for (unsigned work = IDLE; work <= WRITES && !code; work++) {
		test->work = work;
		atomic_store(&test->over, false);
		test->own_ns = test->overtaken_ns = test->overtaken = 0;
		code = rm_case_play(test->c, KEYS, false, phases, test, error);
		if (!code)
			code = judge_share(test, error);
	}
	return code;
}

int rm_check_starvation(const struct rm_check_case *c, struct rm_error *error)
{
	struct starvation test = { .c = c,
		.threads = rm_case_threads(c, false),
		.ops = rm_case_ops(c) / (3 * c->threads) + 1 };
	pthread_t watcher;
	int code = pthread_create(&watcher, NULL, watch, &test);

	if (code) {
		rm_check_report_no_thread(1, 1, code);
		return rm_error_set(error, -1, "no thread");
	}
	code = run_all(&test, error);
	atomic_store(&test.ended, true);
	pthread_join(watcher, NULL);
	if (!code)
		rm_error_set(error, 0,
		        "longest operation: %s, %.2f ms of CPU time of its "
		        "thread, overtaken by %llu; %.1f %% of its CPU time in "
		        "long operations that over %d overtook%s%s",
		        kind_names[test.longest_kind],
		        (double)test.longest_ns / 1e6,
		        (unsigned long long)test.longest_overtaken,
		        overtaken_share(&test), OFTEN,
		        test.note[0] ? "; not promised: " : "", test.note);
	return code;
}
