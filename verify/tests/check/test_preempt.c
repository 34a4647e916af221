/* SPDX-License-Identifier: Apache-2.0 */
/* test_preempt.c - tests that a computing thread is stopped while stops are on,
 * and not afterwards. A thread that completes no operation is stopped rarely,
 * and a sleeping thread almost never. */
#include "runner/base/clock.h"
#include "runner/base/sanitized.h"
#include "tests/unit/tap.h"
#include "verify/check/preempt.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	STOPS = 20,
	SPINS = 20000000,
	SLOW_NS = 1000000,
	WAITED_S = 3,
	/* Usually a thread is woken 11 times before the gaps are seconds long,
	 * but a stop shortens the gaps again. With a signal every 13 ms it
	 * would be woken 230 times. */
	WOKEN_MOST = 15
};

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

/* Voluntary context switches of this thread, counted by the kernel. */
static long given_away(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw;
}

static void spin(void)
{
	for (volatile int i = 0; i < SPINS; i++)
		;
}

struct run {
	uint64_t seed, stops, cpu_ns;
	unsigned ends; /* operations completed per iteration of the loop */
	_Atomic uint64_t ended;
	long sleeps, sleeps_after;
	bool began;
};

static void *compute(void *opaque)
{
	struct run *run = opaque;
	const uint64_t start_ns = rm_thread_cpu_ns();
	const long before = given_away();

	run->began = rm_preempt_begin(run->seed, &run->ended);
	if (!run->began)
		return NULL;
	/* Computes until it was stopped, however long that takes; the alarm
	 * ends a thread that is never stopped. */
	while (given_away() - before < STOPS)
		/* relaxed: its own count */
		atomic_fetch_add_explicit(
		        &run->ended, run->ends, memory_order_relaxed);
	run->stops = rm_preempt_end();
	run->cpu_ns = rm_thread_cpu_ns() - start_ns;
	run->sleeps = given_away() - before;
	spin();
	run->sleeps_after = given_away() - before - run->sleeps;
	return NULL;
}

/* Waits for a lock that the main thread holds. Each signal that wakes this
 * thread adds a context switch. */
static void *wait_long(void *opaque)
{
	struct run *run = opaque;
	const uint64_t start_ns = rm_thread_cpu_ns();

	run->began = rm_preempt_begin(run->seed, &run->ended);
	if (!run->began)
		return NULL;
	run->sleeps = given_away();
	pthread_mutex_lock(&held);
	run->sleeps = given_away() - run->sleeps;
	pthread_mutex_unlock(&held);
	run->stops = rm_preempt_end();
	run->cpu_ns = rm_thread_cpu_ns() - start_ns;
	return NULL;
}

/* Hangs are detected only if all threads sleep for ten seconds (isolate.c). */
static void sleepers(void)
{
	struct run run = { .seed = 3 };
	pthread_t id;

	pthread_mutex_lock(&held);
	if (pthread_create(&id, NULL, wait_long, &run))
		_exit(1);
	sleep(WAITED_S);
	pthread_mutex_unlock(&held);
	pthread_join(id, NULL);
	printf("# woken %ld times in %d s or more, and stopped %llu times\n",
	        run.sleeps, WAITED_S, (unsigned long long)run.stops);
	CHECK(run.began && run.sleeps > 0 &&
	                run.sleeps <= (long)(WOKEN_MOST * (1 + run.stops)),
	        "a waiting thread is woken more and more rarely");
	CHECK(run.stops <= run.cpu_ns / SLOW_NS,
	        "a waiting thread is stopped only for CPU time that it used");
}

int main(void)
{
	struct run runs[2] = { { .seed = 1, .ends = 1 }, { .seed = 2 } };
	pthread_t ids[2];

	if (rm_sanitized()) {
		SKIP("threads are stopped", "sanitizers delay signals");
		return DONE();
	}
	alarm(300);
	for (int i = 0; i < 2; i++)
		if (pthread_create(ids + i, NULL, compute, runs + i))
			return 1;
	for (int i = 0; i < 2; i++)
		pthread_join(ids[i], NULL);
	for (int i = 0; i < 2; i++) {
		CHECK(runs[i].began, "a thread gets its timer");
		CHECK(runs[i].sleeps >= STOPS,
		        "a stopped thread is put to sleep");
		/* the numbers may differ: a page fault also puts the thread to
		 * sleep, and a yield does not */
		CHECK(runs[i].stops > 0, "stops are counted");
		CHECK(!runs[i].sleeps_after,
		        "there are no stops after the end");
	}
	CHECK(runs[1].stops <= runs[1].cpu_ns / SLOW_NS,
	        "without completed operations there is one stop per 1 ms of "
	        "CPU time");
	sleepers();
	return DONE();
}
