/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_aside.c - where a thread of a check stands aside: after so many single
 * steps (recorder.h), and now and then where a map has marked a place
 * (rm_pause()). What gives the CPU away is played, so that it can be counted.
 */
#include "tests/unit/tap.h"
#include "verify/check/recorder.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

static _Thread_local volatile unsigned yields;
static volatile unsigned progress, at_yield;

/* In place of the C library's: it leaves another errno behind. */
int sched_yield(void)
{
	yields++;
	at_yield = progress;
	errno = EDOM;
	return -1;
}

/* Some instructions for each step of `progress`. */
static void work(unsigned count)
{
	for (progress = 0; progress < count; progress++)
		;
}

/* Is this thread run in single steps? Only x86 has them. */
static bool stepping(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_readeflags_u64() >> 8 & 1;
#else
	return false;
#endif
}

/* How far the work was when the thread stood aside after so many steps. */
static unsigned stands_at(unsigned steps, unsigned times)
{
	yields = 0;
	at_yield = 0;
	progress = 0;
	rm_step_arm(steps, times);
	work(1000);
	rm_step_disarm();
	return at_yield;
}

static void steps_are_counted(void)
{
	if (!rm_step_init()) {
		SKIP("a thread stands aside after so many steps", "no steps");
		return;
	}
	const unsigned early = stands_at(100, 3);

	CHECK(yields == 3 && early > 0 && early < 100,
	        "after its steps a thread gives the CPU away, so often");
	const unsigned late = stands_at(1000, 1);

	CHECK(yields == 1 && late > 5 * early && late < 20 * early,
	        "after ten times the steps it is ten times as far");
	stands_at(100, 0);
	CHECK(yields == 0, "it does not where it shall not");
	stands_at(1000000, 4);
	CHECK(yields == 0, "nor where the operation was over before");
	CHECK(!stepping(), "and no step is left for what comes after");
	rm_step_arm(1000000, 4);
	CHECK(stepping() && yields == 0, "which is run in steps before");
	rm_step_disarm();
	errno = ENOENT;
	stands_at(100, 2);
	CHECK(yields == 2 && errno == ENOENT,
	        "the errno of what it was amid of is kept");
}

/* As a library does that starts a thread: a trap that is held back would end
   this process. */
static void held_back_signals_end_the_steps(void)
{
	sigset_t all, before, after;

	if (!rm_step_init()) {
		SKIP("who holds signals back stands aside before", "no steps");
		return;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	yields = 0;
	rm_step_arm(100000, 3);
	pthread_sigmask(SIG_BLOCK, &all, &after);
	work(100);
	pthread_sigmask(SIG_SETMASK, &after, NULL);
	rm_step_disarm();
	CHECK(yields == 3 && progress == 100 && !stepping(),
	        "who holds signals back stands aside before");
	CHECK(sigismember(&before, SIGTRAP) == sigismember(&after, SIGTRAP),
	        "and has the signals that it had");
}

enum { PAUSES = 16000 };

static unsigned pauses(uint64_t seed)
{
	yields = 0;
	rm_pause_seed(seed);
	for (unsigned i = 0; i < PAUSES; i++)
		rm_pause();
	return yields;
}

/* Another thread's pauses are its own, and it has none at first. */
static void *pause_there(void *context)
{
	unsigned *count = context;

	for (unsigned i = 0; i < PAUSES; i++)
		rm_pause();
	*count = yields;
	return NULL;
}

static void places_are_paused_at(void)
{
	const unsigned one = pauses(1), same = pauses(1);
	pthread_t thread;
	unsigned there = 1;

	CHECK(one > PAUSES / 20 && one < PAUSES / 13,
	        "one pause of sixteen gives the CPU away");
	CHECK(same == one && pauses(3) != one,
	        "at places that the seed decides");
	if (pthread_create(&thread, NULL, pause_there, &there)) {
		SKIP("pauses are a thread's own", "no thread");
		return;
	}
	pthread_join(thread, NULL);
	CHECK(there == 0, "pauses are a thread's own");
	CHECK(pauses(0) == 0, "without a seed there are none");
}

int main(void)
{
	steps_are_counted();
	held_back_signals_end_the_steps();
	places_are_paused_at();
	return DONE();
}
