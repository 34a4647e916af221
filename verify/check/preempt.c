/* SPDX-License-Identifier: Apache-2.0 */
/* preempt.c - stops threads of a check from outside, by a timer and a signal of
   each. See preempt.h. */
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
	APART_NS = 400000, /* most between two stops: 200 us on average */
	WORKED_NS = 30000, /* CPU time that a stop must be worth, and ... */
	WORKED_OPS = 16,   /* ... operations, but of such as take ... */
	SLOW_NS = 1000000, /* ... so much together */
	DOUBLED = 6,       /* times that APART_NS is, at first */
	FOURFOLD = 8,      /* and then, up to half an hour */
	SHORT_NS = 200000, /* most of a usual one: thousands of operations */
	LONG_NS = 4000000, /* of one in LONG_ONE_IN: what a reclaimer gathers */
	LONG_ONE_IN = 128,
	MOVE_ONE_IN = 32
};

/* Of this thread; a handler is given nothing else. */
static _Thread_local struct {
	timer_t timer;
	uint64_t rng, count;
	uint64_t cpu_ns; /* that it had used when the last stop ended */
	const _Atomic uint64_t *counter; /* of operations */
	uint64_t ended;                  /* that it had ended at that time */
	unsigned idle; /* signals since, that found it to have done little */
	cpu_set_t allowed; /* where it may run at all */
} self;

static struct timespec in_ns(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / 1000000000U),
		.tv_nsec = (long)(ns % 1000000000U) };
}

/* Most until the next signal. A signal wakes who sleeps, and a hang is told
   only where the watch finds all asleep for ten seconds on end (isolate.c): so
   whoever does nothing is asked ever more seldom, and soon the gaps are longer
   than that. Who goes on after all is not stopped for up to four times as long
   as it had waited. */
static uint64_t apart_ns(void)
{
	const unsigned doubled = self.idle < DOUBLED ? self.idle : DOUBLED;
	const unsigned more = self.idle - doubled;

	return (uint64_t)APART_NS
	       << (doubled + 2 * (more < FOURFOLD ? more : FOURFOLD));
}

/* The timer is of the wall's time, which is as fine as stops must be. */
static void wind_up(void)
{
	const uint64_t most = apart_ns();
	uint64_t next_ns = 1000 + rm_next(&self.rng) % most;
	struct itimerspec next = { 0 };

	if (self.idle > DOUBLED)
		next_ns = most / 2 + next_ns / 2;
	next.it_value = in_ns(next_ns);
	timer_settime(self.timer, 0, &next, NULL);
}

/* What the thread ended; relaxed: its own count. */
static uint64_t ended(void)
{
	return atomic_load_explicit(self.counter, memory_order_relaxed);
}

/* Where the thread stands; what it does from here on is worth the next stop. */
static void begin_anew(void)
{
	self.cpu_ns = rm_thread_cpu_ns();
	self.ended = ended();
	self.idle = 0;
}

/* On a machine that is busy, or behind a lock, most signals come while the
   thread does not run: stopped by each it would never get on. Nor would all
   others, if who spins in the line of a fair lock were stopped: it has used
   CPU time, but nothing ended. */
static bool worked(void)
{
	const uint64_t used_ns = rm_thread_cpu_ns() - self.cpu_ns;

	return used_ns > SLOW_NS ||
	       (used_ns > WORKED_NS && ended() >= self.ended + WORKED_OPS);
}

/* To a CPU of those that it may use; where it goes later is the kernel's
   business again. */
static void move(uint64_t random)
{
	unsigned place =
	        (unsigned)(random % (uint64_t)CPU_COUNT(&self.allowed));
	cpu_set_t one, now;

	if (sched_getaffinity(0, sizeof(now), &now) || CPU_COUNT(&now) == 1)
		return; /* a check has bound it */
	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &self.allowed) && !place--)
			CPU_SET(cpu, &one);
	if (!sched_setaffinity(0, sizeof(one), &one))
		sched_setaffinity(0, sizeof(self.allowed), &self.allowed);
}

/* The stop itself. */
static void stand_aside(void)
{
	const uint64_t x = rm_next(&self.rng);
	struct timespec length = in_ns((x >> 32) % SHORT_NS);

	self.count++;
	if (x % LONG_ONE_IN == 0)
		length = in_ns((x >> 32) % LONG_NS);
	if (x % MOVE_ONE_IN == 1)
		move(x >> 32);
	else if (x % 4 == 2)
		sched_yield();
	else
		nanosleep(&length, NULL);
	begin_anew();
}

/* All that is called here may be called from a handler. */
static void interrupted(int number)
{
	const int keep = errno;

	(void)number;
	if (worked())
		stand_aside();
	else
		self.idle++;
	wind_up();
	errno = keep;
}

bool rm_preempt_begin(uint64_t seed, const _Atomic uint64_t *counter)
{
	const int number = SIGRTMIN + 3;
	struct sigaction action = { .sa_handler = interrupted,
		.sa_flags = SA_RESTART };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = number };

	if (rm_sanitized())
		return false;
	/* the C library has no name for it before 2.38 */
	event._sigev_un._tid = gettid();
	self.rng = seed;
	self.count = 0;
	self.counter = counter;
	begin_anew();
	sigemptyset(&action.sa_mask);
	if (sched_getaffinity(0, sizeof(self.allowed), &self.allowed) ||
	        sigaction(number, &action, NULL) ||
	        timer_create(CLOCK_MONOTONIC, &event, &self.timer))
		return false;
	wind_up();
	return true;
}

uint64_t rm_preempt_end(void)
{
	const struct timespec none = { 0 };
	sigset_t own;

	/* one may be pending: it is taken before the timer is no more */
	sigemptyset(&own);
	sigaddset(&own, SIGRTMIN + 3);
	pthread_sigmask(SIG_BLOCK, &own, NULL);
	timer_delete(self.timer);
	while (sigtimedwait(&own, NULL, &none) > 0)
		;
	pthread_sigmask(SIG_UNBLOCK, &own, NULL);
	return self.count;
}
