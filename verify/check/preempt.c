/* SPDX-License-Identifier: Apache-2.0 */
/* preempt.c - stops threads of a check at random points, by one timer and one
 * signal per thread. See preempt.h. */
#include "verify/check/preempt.h"

#include "runner/base/clock.h"
#include "runner/base/rng.h"
#include "runner/base/sanitized.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum {
	/* maximum time between two stops; the mean is 200 us */
	GAP_NS = 400000,
	MIN_CPU_NS = 30000, /* least CPU time between two stops */
	/* least number of operations between two stops, unless they take
	 * SLOW_NS of CPU time */
	MIN_OPS = 16,
	SLOW_NS = 1000000,
	DOUBLINGS = 6,    /* number of times that GAP_NS is first doubled */
	QUADRUPLINGS = 8, /* number of times that it is then quadrupled */
	/* maximum length of a usual stop: thousands of operations */
	SHORT_NS = 200000,
	LONG_NS = 4000000, /* maximum length of one stop in LONG_ONE_IN, during
	                    * which retired memory accumulates */
	LONG_ONE_IN = 128,
	MOVE_ONE_IN = 32
};

/* Per thread, because a signal handler gets no context. */
static _Thread_local struct {
	timer_t timer;
	uint64_t rng, count;
	uint64_t cpu_ns; /* CPU time at the end of the last stop */
	const _Atomic uint64_t *counter; /* counts completed operations */
	/* value of `counter` at the end of the last stop */
	uint64_t completed_at_stop;
	/* consecutive signals since the last stop, none of which stopped the
	 * thread */
	unsigned idle_signals;
	cpu_set_t allowed; /* CPUs that the thread may use */
} self;

static struct timespec in_ns(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / 1000000000U),
		.tv_nsec = (long)(ns % 1000000000U) };
}

/* Returns the longest time until the next signal. A signal wakes a sleeping
 * thread, and a hang is reported only if all threads sleep for ten seconds in
 * all samples (isolate.c). So the gaps between signals of an idle thread grow
 * beyond ten seconds. If the thread continues after all, it is not stopped for
 * up to four times as long as it waited. */
static uint64_t max_gap_ns(void)
{
	const unsigned doubled =
	        self.idle_signals < DOUBLINGS ? self.idle_signals : DOUBLINGS;
	const unsigned more = self.idle_signals - doubled;

	return (uint64_t)GAP_NS
	       << (doubled + 2 * (more < QUADRUPLINGS ? more : QUADRUPLINGS));
}

/* Sets the timer. It uses wall time, which is precise enough. */
static void set_timer(void)
{
	const uint64_t gap_ns = max_gap_ns();
	uint64_t next_ns = 1000 + rm_next(&self.rng) % gap_ns;
	struct itimerspec next = { 0 };

	if (self.idle_signals > DOUBLINGS)
		next_ns = gap_ns / 2 + next_ns / 2;
	next.it_value = in_ns(next_ns);
	timer_settime(self.timer, 0, &next, NULL);
}

/* relaxed: the thread reads its own count */
static uint64_t completed_ops(void)
{
	return atomic_load_explicit(self.counter, memory_order_relaxed);
}

/* Sets the baseline: work after this point permits the next stop. */
static void reset_baseline(void)
{
	self.cpu_ns = rm_thread_cpu_ns();
	self.completed_at_stop = completed_ops();
	self.idle_signals = 0;
}

/* On a busy machine, or at a lock, the thread is not running when most signals
 * arrive; if each signal stopped it, it would never proceed. Other threads
 * would not proceed either if spinning waiters of a fair lock were stopped.
 * Such waiters use CPU time, but complete no operation. */
static bool did_enough_work(void)
{
	const uint64_t used_ns = rm_thread_cpu_ns() - self.cpu_ns;

	return used_ns > SLOW_NS ||
	       (used_ns > MIN_CPU_NS &&
	               completed_ops() >= self.completed_at_stop + MIN_OPS);
}

/* Moves to a random allowed CPU; later the kernel may move it again. */
static void migrate(uint64_t random)
{
	unsigned place =
	        (unsigned)(random % (uint64_t)CPU_COUNT(&self.allowed));
	cpu_set_t one, now;

	if (sched_getaffinity(0, sizeof(now), &now) || CPU_COUNT(&now) == 1)
		return; /* the check has bound the thread to one CPU */
	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &self.allowed) && !place--)
			CPU_SET(cpu, &one);
	if (!sched_setaffinity(0, sizeof(one), &one))
		sched_setaffinity(0, sizeof(self.allowed), &self.allowed);
}

/* Yields, sleeps or migrates. */
static void give_cpu_away(void)
{
	const uint64_t x = rm_next(&self.rng);
	struct timespec length = in_ns((x >> 32) % SHORT_NS);

	self.count++;
	if (x % LONG_ONE_IN == 0)
		length = in_ns((x >> 32) % LONG_NS);
	if (x % MOVE_ONE_IN == 1)
		migrate(x >> 32);
	else if (x % 4 == 2)
		sched_yield();
	else
		nanosleep(&length, NULL);
	reset_baseline();
}

/* Calls only functions that are safe in a signal handler. */
static void handle_signal(int number)
{
	const int saved_errno = errno;

	(void)number;
	if (did_enough_work())
		give_cpu_away();
	else
		self.idle_signals++;
	set_timer();
	errno = saved_errno;
}

bool rm_preempt_begin(uint64_t seed, const _Atomic uint64_t *counter)
{
	const int number = SIGRTMIN + 3;
	struct sigaction action = { .sa_handler = handle_signal,
		.sa_flags = SA_RESTART };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = number };

	if (rm_sanitized())
		return false;
	/* glibc has no name for it before 2.38 */
	event._sigev_un._tid = gettid();
	self.rng = seed;
	self.count = 0;
	self.counter = counter;
	reset_baseline();
	sigemptyset(&action.sa_mask);
	if (sched_getaffinity(0, sizeof(self.allowed), &self.allowed) ||
	        sigaction(number, &action, NULL) ||
	        timer_create(CLOCK_MONOTONIC, &event, &self.timer))
		return false;
	set_timer();
	return true;
}

uint64_t rm_preempt_end(void)
{
	const struct timespec none = { 0 };
	sigset_t signals;

	/* take a pending signal before the timer is deleted */
	sigemptyset(&signals);
	sigaddset(&signals, SIGRTMIN + 3);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	timer_delete(self.timer);
	while (sigtimedwait(&signals, NULL, &none) > 0)
		;
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
	return self.count;
}
