/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_stopper.c - who is said to be stuck while another thread stands still,
 * and where a thread is stopped at all. Time, CPU time and who sleeps are
 * played, so that neither load nor patience decides.
 */
#include "runner/base/clock.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 3 };
static const uint64_t second_ns = 1000000000U;

/* What happens with each wait: to the bystanders, by their number. */
static struct {
	uint64_t now_ns, cpu_ns[MOST];
	char state[MOST]; /* as in /proc: R runs, S sleeps */
	void (*passes)(uint64_t ns);
	unsigned looked_at; /* whose clock was asked for */
} played;

static uint64_t played_now(void)
{
	return played.now_ns;
}

static void played_sleep(uint64_t until_ns)
{
	const uint64_t ns = until_ns - played.now_ns;

	played.now_ns = until_ns;
	played.passes(ns);
}

static int played_clock_of(pthread_t id, clockid_t *clock)
{
	*clock = (clockid_t)id;
	return 0;
}

static int played_gettime(clockid_t clock, struct timespec *t)
{
	const uint64_t ns = played.cpu_ns[clock];

	t->tv_sec = (time_t)(ns / second_ns);
	t->tv_nsec = (long)(ns % second_ns);
	return 0;
}

/* The name of a thread may hold anything. */
static FILE *played_open(const char *path, const char *how)
{
	static char text[64];
	int thread = 0;

	sscanf(path, "/proc/self/task/%d/stat", &thread);
	snprintf(text, sizeof(text), "%d (a) R) %c 1 2", thread,
	        played.state[thread]);
	return fmemopen(text, sizeof(text), how);
}

/* The code itself, with these: the library's object is then not linked. */
#define rm_now_ns             played_now
#define rm_sleep_until        played_sleep
#define pthread_getcpuclockid played_clock_of
#define clock_gettime         played_gettime
#define fopen                 played_open
#include "verify/check/thread_stopper.c"
#undef rm_now_ns
#undef rm_sleep_until
#undef pthread_getcpuclockid
#undef clock_gettime
#undef fopen

#include "tests/unit/tap.h"

/* ---- who is stuck --------------------------------------------------------- */

static struct rm_bystander others[MOST];

static void do_some(unsigned i, uint64_t count)
{
	/* relaxed: one thread */
	atomic_fetch_add_explicit(&others[i].done, count, memory_order_relaxed);
}

/* Do they go on? The clock begins anew, all of them run, nothing is done. */
static bool go_on(void (*passes)(uint64_t ns), bool each)
{
	played.now_ns = 5 * second_ns;
	played.passes = passes;
	for (unsigned i = 0; i < MOST; i++) {
		played.cpu_ns[i] = 100 * second_ns;
		played.state[i] = 'R';
		others[i] = (struct rm_bystander){
			.id = i, .tid = (pid_t)i, .done = 7
		};
	}
	return rm_stopper_others_go_on(others, MOST, 10, each);
}

static bool after(double least_s, double most_s)
{
	const double s = (double)(played.now_ns - 5 * second_ns) / 1e9;

	printf("# %.3f s\n", s);
	return s >= least_s && s <= most_s;
}

/* One after the other ends one operation. */
static void work_slowly(uint64_t ns)
{
	static unsigned turn;

	(void)ns;
	do_some(turn++ % MOST, 1);
}

static void one_works(uint64_t ns)
{
	do_some(0, 100);
	played.cpu_ns[1] += ns;
	played.cpu_ns[2] += ns;
}

static void spin(uint64_t ns)
{
	for (unsigned i = 0; i < MOST; i++)
		played.cpu_ns[i] += ns;
}

static void sleep_all(uint64_t ns)
{
	(void)ns;
	for (unsigned i = 0; i < MOST; i++)
		played.state[i] = 'S';
}

/* An hour without a CPU; then they have one. */
static void starve(uint64_t ns)
{
	(void)ns;
	if (!after(0, 3600))
		do_some(0, 10);
}

/* One of them is awake now and then, and gets no time. */
static void doze(uint64_t ns)
{
	static unsigned looks;

	sleep_all(ns);
	played.state[1] = ++looks % 150 ? 'S' : 'R';
	if (played.now_ns > 65 * second_ns)
		do_some(0, 10);
}

/* An operation each 1.9 s, whatever time they use. */
static void crawl(uint64_t ns)
{
	static uint64_t last_ns;

	spin(ns);
	if (last_ns > played.now_ns)
		last_ns = 0;
	if (played.now_ns - last_ns > 19 * (second_ns / 10)) {
		last_ns = played.now_ns;
		do_some(2, 1);
	}
}

/* The others are ready, and go on or do not. */
static void last_crawls(uint64_t ns)
{
	do_some(0, 100);
	do_some(1, others[1].done < 100 ? 100 : 0);
	crawl(ns);
}

static void half_spins(uint64_t ns)
{
	played.cpu_ns[0] += ns;
	played.cpu_ns[1] += ns / 2;
	played.cpu_ns[2] += ns;
}

static void they_go_on(void)
{
	CHECK(go_on(work_slowly, false) &&
	                others[0].done + others[1].done + others[2].done ==
	                        3 * 7 + 10,
	        "they go on when they have done enough together");
	CHECK(go_on(work_slowly, true) && others[0].done >= 17 &&
	                others[1].done >= 17 && others[2].done >= 17 &&
	                others[0].done + others[1].done + others[2].done <=
	                        3 * 17,
	        "or where each must, when each has");
	CHECK(go_on(one_works, false) && after(0, 0.1),
	        "one that works is enough");
	CHECK(go_on(crawl, false) && after(17, 17.5),
	        "an operation now and then is going on");
	CHECK(go_on(last_crawls, true) && after(17, 17.5),
	        "also of the last where each must");
}

static void they_are_stuck(void)
{
	CHECK(!go_on(spin, false) && after(2, 2.2),
	        "2 s of CPU time of all without an operation is stuck");
	CHECK(!go_on(spin, true) && after(2, 2.2), "where each must, too");
	CHECK(!go_on(sleep_all, false) && after(2, 2.2),
	        "so is sleep of all for 2 s");
	CHECK(!go_on(one_works, true) && after(2, 2.2),
	        "and who does not go on where each must");
	CHECK(!go_on(half_spins, false) && after(4, 4.2),
	        "who gets half of the time has twice as long");
}

static void nobody_is_accused(void)
{
	CHECK(go_on(starve, false) && after(3600, 3601),
	        "an hour in which they have no CPU is none of theirs");
	CHECK(go_on(doze, false) && after(60, 61),
	        "nor is one that sleeps, but for a moment");
}

/* ---- where a thread is stopped -------------------------------------------- */

static struct rm_stopper stopper;
static atomic_bool started, ends;
static _Atomic uint64_t progress;

/* Relaxed, all: counts and hints. */
static void *victim(void *context)
{
	(void)context;
	atomic_store_explicit(&started, true, memory_order_relaxed);
	while (!atomic_load_explicit(&ends, memory_order_relaxed))
		atomic_fetch_add_explicit(&progress, 1, memory_order_relaxed);
	return NULL;
}

static uint64_t far(void)
{
	return atomic_load_explicit(&progress, memory_order_relaxed);
}

/* Does the victim go on? It does sooner or later, if it does. */
static bool moves(void)
{
	const uint64_t before = far();

	for (unsigned i = 0; i < 1000000 && far() == before; i++)
		sched_yield();
	return far() != before;
}

static bool stands(void)
{
	const uint64_t before = far();

	for (unsigned i = 0; i < 100; i++)
		sched_yield();
	return far() == before;
}

/* The victim is at instructions of this program all the time. */
static void stops(void)
{
	atomic_store(&stopper.inside, true);
	CHECK(rm_stopper_stop(&stopper) && stands(),
	        "who is within an operation of the map is stopped");
	rm_stopper_release(&stopper);
	CHECK(moves(), "and goes on when it is let go");
	CHECK(rm_stopper_stop(&stopper) && stands(), "again and again");
	rm_stopper_release(&stopper);
	atomic_store(&stopper.inside, false);
	CHECK(!rm_stopper_stop(&stopper) && moves(),
	        "who is within none is not");
	atomic_store(&stopper.inside, true);
	stopper.high = stopper.low;
	CHECK(!rm_stopper_stop(&stopper) && moves(),
	        "nor who is at others' instructions");
}

static void threads_are_stopped(void)
{
	const uintptr_t library = (uintptr_t)dlsym(RTLD_DEFAULT, "fclose");
	struct sigaction action;

	CHECK(rm_stopper_init(&stopper, 16) == -ENOENT,
	        "there is no code where nothing is loaded");
	CHECK(!rm_stopper_init(&stopper, (uintptr_t)victim) &&
	                stopper.low <= (uintptr_t)victim &&
	                stopper.high > (uintptr_t)victim &&
	                (library < stopper.low || library >= stopper.high),
	        "the map's code is that of its program or library");
	if (pthread_create(&stopper.victim, NULL, victim, NULL)) {
		SKIP("a thread is stopped", "no thread");
		return;
	}
	while (!atomic_load_explicit(&started, memory_order_relaxed))
		sched_yield();
	stops();
	atomic_store_explicit(&ends, true, memory_order_relaxed);
	pthread_join(stopper.victim, NULL);
	rm_stopper_free(&stopper);
	sigaction(SIGUSR1, NULL, &action);
	CHECK(action.sa_handler == SIG_DFL && close(stopper.go[0]) == -1,
	        "then the signal is nobody's, and nothing is left open");
}

int main(void)
{
	alarm(120);
	they_go_on();
	they_are_stuck();
	nobody_is_accused();
	threads_are_stopped();
	return DONE();
}
