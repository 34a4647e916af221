/* SPDX-License-Identifier: Apache-2.0 */
/* test_thread_stopper.c - tests when bystanders of a stopped thread are
 * reported as stuck, and at which places a thread is stopped. Wall time, CPU
 * time and sleep are simulated, so that the result does not depend on load. */
#include "runner/base/clock.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { THREADS_MAX = 3 };
static const uint64_t second_ns = 1000000000U;

/* The effect of each wait on the bystanders, by their number. */
static struct {
	uint64_t now_ns, cpu_ns[THREADS_MAX];
	char state[THREADS_MAX]; /* as in /proc: R runs, S sleeps */
	void (*wait_effect)(uint64_t ns);
	unsigned looked_at; /* the thread whose CPU time was read */
} mock;

static uint64_t mock_now(void)
{
	return mock.now_ns;
}

static void mock_sleep(uint64_t until_ns)
{
	const uint64_t ns = until_ns - mock.now_ns;

	mock.now_ns = until_ns;
	mock.wait_effect(ns);
}

static int mock_clock_of(pthread_t id, clockid_t *clock)
{
	*clock = (clockid_t)id;
	return 0;
}

static int mock_gettime(clockid_t clock, struct timespec *t)
{
	const uint64_t ns = mock.cpu_ns[clock];

	t->tv_sec = (time_t)(ns / second_ns);
	t->tv_nsec = (long)(ns % second_ns);
	return 0;
}

/* The name of a thread may contain ')'. */
static FILE *mock_open(const char *path, const char *how)
{
	static char text[64];
	int thread = 0;

	sscanf(path, "/proc/self/task/%d/stat", &thread);
	snprintf(text, sizeof(text), "%d (a) R) %c 1 2", thread,
	        mock.state[thread]);
	return fmemopen(text, sizeof(text), how);
}

/* Includes the code under test with these replacements, so its object is not
 * linked. */
#define rm_now_ns             mock_now
#define rm_sleep_until        mock_sleep
#define pthread_getcpuclockid mock_clock_of
#define clock_gettime         mock_gettime
#define fopen                 mock_open
#include "verify/check/thread_stopper.c"
#undef rm_now_ns
#undef rm_sleep_until
#undef pthread_getcpuclockid
#undef clock_gettime
#undef fopen

#include "tests/unit/tap.h"

/* ---- which threads are stuck
 * ---------------------------------------------- */

static struct rm_bystander others[THREADS_MAX];

static void do_some(unsigned i, uint64_t count)
{
	/* relaxed: one thread */
	atomic_fetch_add_explicit(&others[i].done, count, memory_order_relaxed);
}

/* Returns true if the others proceed. At first the clock is 0, all threads run,
 * and no operation is completed. */
static bool proceed(void (*wait_effect)(uint64_t ns), bool each)
{
	mock.now_ns = 5 * second_ns;
	mock.wait_effect = wait_effect;
	for (unsigned i = 0; i < THREADS_MAX; i++) {
		mock.cpu_ns[i] = 100 * second_ns;
		mock.state[i] = 'R';
		others[i] = (struct rm_bystander){
			.id = i, .tid = (pid_t)i, .done = 7
		};
	}
	return rm_stopper_others_proceed(others, THREADS_MAX, 10, each);
}

static bool after(double least_s, double most_s)
{
	const double s = (double)(mock.now_ns - 5 * second_ns) / 1e9;

	printf("# %.3f s\n", s);
	return s >= least_s && s <= most_s;
}

/* The threads take turns to complete one operation. */
static void work_slowly(uint64_t ns)
{
	static unsigned turn;

	(void)ns;
	do_some(turn++ % THREADS_MAX, 1);
}

static void one_works(uint64_t ns)
{
	do_some(0, 100);
	mock.cpu_ns[1] += ns;
	mock.cpu_ns[2] += ns;
}

static void spin(uint64_t ns)
{
	for (unsigned i = 0; i < THREADS_MAX; i++)
		mock.cpu_ns[i] += ns;
}

static void sleep_all(uint64_t ns)
{
	(void)ns;
	for (unsigned i = 0; i < THREADS_MAX; i++)
		mock.state[i] = 'S';
}

/* The threads wait for a CPU for a minute, and then get one. */
static void starve(uint64_t ns)
{
	(void)ns;
	if (mock.now_ns > 65 * second_ns)
		do_some(0, 10);
}

/* One thread is awake at times, but gets no CPU time. */
static void doze(uint64_t ns)
{
	static unsigned looks;

	sleep_all(ns);
	mock.state[1] = ++looks % 150 ? 'S' : 'R';
	if (mock.now_ns > 65 * second_ns)
		do_some(0, 10);
}

/* The threads complete an operation every 1.9 s, whatever their CPU time. */
static void crawl(uint64_t ns)
{
	static uint64_t last_ns;

	spin(ns);
	if (last_ns > mock.now_ns)
		last_ns = 0;
	if (mock.now_ns - last_ns > 19 * (second_ns / 10)) {
		last_ns = mock.now_ns;
		do_some(2, 1);
	}
}

/* Only the last thread is slow. */
static void last_crawls(uint64_t ns)
{
	do_some(0, 100);
	do_some(1, others[1].done < 100 ? 100 : 0);
	crawl(ns);
}

static void half_spins(uint64_t ns)
{
	mock.cpu_ns[0] += ns;
	mock.cpu_ns[1] += ns / 2;
	mock.cpu_ns[2] += ns;
}

static void they_go_on(void)
{
	CHECK(proceed(work_slowly, false) &&
	                others[0].done + others[1].done + others[2].done ==
	                        3 * 7 + 10,
	        "threads proceed if together they complete enough operations");
	CHECK(proceed(work_slowly, true) && others[0].done >= 17 &&
	                others[1].done >= 17 && others[2].done >= 17 &&
	                others[0].done + others[1].done + others[2].done <=
	                        3 * 17,
	        "with `each`, threads proceed if each completes enough "
	        "operations");
	CHECK(proceed(one_works, false) && after(0, 0.1),
	        "one working thread is enough");
	CHECK(proceed(crawl, false) && after(17, 17.5),
	        "rare operations count as progress");
	CHECK(proceed(last_crawls, true) && after(17, 17.5),
	        "with `each`, rare operations of the last thread count as "
	        "progress");
}

static void they_are_stuck(void)
{
	CHECK(!proceed(spin, false) && after(2, 2.2),
	        "threads are stuck after 2 s of CPU time each without an "
	        "operation");
	CHECK(!proceed(spin, true) && after(2, 2.2),
	        "with `each`, threads are stuck after 2 s of CPU time without "
	        "an operation");
	CHECK(!proceed(sleep_all, false) && after(2, 2.2),
	        "threads are stuck if all of them sleep for 2 s");
	CHECK(!proceed(one_works, true) && after(2, 2.2),
	        "with `each`, threads are stuck if one of them is");
	CHECK(!proceed(half_spins, false) && after(4, 4.2),
	        "a thread with half the CPU time gets twice as long");
}

static void nobody_is_accused(void)
{
	CHECK(proceed(starve, false) && after(60, 61),
	        "a minute without a CPU proves nothing");
	CHECK(proceed(doze, false) && after(60, 61),
	        "a sleeper that is awake at times proves nothing");
}

/* ---- stops of a thread --------------------------------------------------- */

static struct rm_stopper stopper;
static atomic_bool started, ends;
static _Atomic uint64_t progress;

/* Relaxed throughout: counts and hints. */
static void *victim(void *context)
{
	(void)context;
	atomic_store_explicit(&started, true, memory_order_relaxed);
	while (!atomic_load_explicit(&ends, memory_order_relaxed))
		atomic_fetch_add_explicit(&progress, 1, memory_order_relaxed);
	return NULL;
}

static uint64_t read_progress(void)
{
	return atomic_load_explicit(&progress, memory_order_relaxed);
}

/* Waits for the victim; returns true if it continues. */
static bool victim_moves(void)
{
	const uint64_t before = read_progress();

	for (unsigned i = 0; i < 1000000 && read_progress() == before; i++)
		sched_yield();
	return read_progress() != before;
}

static bool victim_stands(void)
{
	const uint64_t before = read_progress();

	for (unsigned i = 0; i < 100; i++)
		sched_yield();
	return read_progress() == before;
}

/* The victim always runs instructions of this program. */
static void stops(void)
{
	atomic_store(&stopper.inside, true);
	CHECK(rm_stopper_stop(&stopper) && victim_stands(),
	        "a thread inside an operation of the map is stopped");
	rm_stopper_release(&stopper);
	CHECK(victim_moves(), "the stopped thread continues after its release");
	CHECK(rm_stopper_stop(&stopper) && victim_stands(),
	        "a released thread can be stopped again");
	rm_stopper_release(&stopper);
	atomic_store(&stopper.inside, false);
	CHECK(!rm_stopper_stop(&stopper) && victim_moves(),
	        "a thread outside an operation is not stopped");
	atomic_store(&stopper.inside, true);
	stopper.high = stopper.low;
	CHECK(!rm_stopper_stop(&stopper) && victim_moves(),
	        "a thread in code that is not the map's is not stopped");
}

static void threads_are_stopped(void)
{
	const uintptr_t library = (uintptr_t)dlsym(RTLD_DEFAULT, "fclose");
	struct sigaction action;

	CHECK(rm_stopper_init(&stopper, 16) == -ENOENT,
	        "an address without an object is rejected");
	CHECK(!rm_stopper_init(&stopper, (uintptr_t)victim) &&
	                stopper.low <= (uintptr_t)victim &&
	                stopper.high > (uintptr_t)victim &&
	                (library < stopper.low || library >= stopper.high),
	        "the map's code is the segment of its program or library");
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
	CHECK(action.sa_handler == SIG_DFL && close(stopper.resume[0]) == -1,
	        "rm_stopper_free() resets the signal and closes the pipes");
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
