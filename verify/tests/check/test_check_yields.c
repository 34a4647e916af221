/* SPDX-License-Identifier: Apache-2.0 */
/* test_check_yields.c - tests that threads of a check yield after a number of
 * single steps (recorder.h), and sometimes at marked places of a map
 * (rm_pause()). It replaces sched_yield() to count the yields. */
#include "tests/unit/tap.h"
#include "verify/check/recorder.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

static _Thread_local volatile unsigned yields;
static volatile unsigned progress, at_yield;

/* Replaces the C library's function; it changes errno. */
int sched_yield(void)
{
	yields++;
	at_yield = progress;
	errno = EDOM;
	return -1;
}

/* Executes a few instructions per unit of `progress`. */
static void work(unsigned count)
{
	for (progress = 0; progress < count; progress++)
		;
}

/* Returns true if this thread runs in single steps. Only x86 has them. */
static bool stepping(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_readeflags_u64() >> 8 & 1;
#else
	return false;
#endif
}

/* Returns the progress of the work when the thread yielded after `steps`
 * steps. */
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
		SKIP("a thread yields after the chosen number of steps",
		        "no steps");
		return;
	}
	const unsigned early = stands_at(100, 3);

	CHECK(yields == 3 && early > 0 && early < 100,
	        "after its steps a thread yields the chosen number of times");
	const unsigned late = stands_at(1000, 1);

	CHECK(yields == 1 && late > 5 * early && late < 20 * early,
	        "ten times the steps make ten times the progress");
	stands_at(100, 0);
	CHECK(yields == 0, "a thread that shall yield 0 times does not yield");
	stands_at(1000000, 4);
	CHECK(yields == 0, "a thread does not yield if the operation ended "
	                   "before its last step");
	CHECK(!stepping(), "code after the operation runs without steps");
	rm_step_arm(1000000, 4);
	CHECK(stepping() && yields == 0, "code before the end runs in steps");
	rm_step_disarm();
	errno = ENOENT;
	stands_at(100, 2);
	CHECK(yields == 2 && errno == ENOENT, "a yield preserves errno");
}

/* Libraries block signals when they start a thread. A blocked trap would end
 * this process. */
static void held_back_signals_end_the_steps(void)
{
	sigset_t all, before, after;

	if (!rm_step_init()) {
		SKIP("a thread yields before it blocks signals", "no steps");
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
	        "a thread yields before it blocks signals");
	CHECK(sigismember(&before, SIGTRAP) == sigismember(&after, SIGTRAP),
	        "the signal mask is unchanged");
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

/* Pauses are set per thread, and are off initially. */
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
	        "one pause of sixteen yields");
	CHECK(same == one && pauses(3) != one,
	        "the seed determines which pauses yield");
	if (pthread_create(&thread, NULL, pause_there, &there)) {
		SKIP("pauses are per thread", "no thread");
		return;
	}
	pthread_join(thread, NULL);
	CHECK(there == 0, "pauses are per thread");
	CHECK(pauses(0) == 0, "without a seed a thread never yields");
}

int main(void)
{
	steps_are_counted();
	held_back_signals_end_the_steps();
	places_are_paused_at();
	return DONE();
}
