/* SPDX-License-Identifier: Apache-2.0 */
/* thread_stopper.c - stops a thread by a signal whose handler waits, and
 * decides whether the other threads proceed. It measures their CPU time instead
 * of wall time, because on a busy machine they may not run for a long time. */
#include "verify/check/thread_stopper.h"

#include "runner/base/clock.h"

#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

enum { BYSTANDERS_MAX = 8, STOPPED = 'S', ELSEWHERE = 'E' };

static const uint64_t STUCK_NS = 2000000000U;
static const uint64_t SAMPLE_NS = 10000000U;
/* minimum number of samples that show a thread asleep */
enum { SAMPLES = 100 };

/* A signal handler gets no context, so it finds the stopper here. A process has
 * at most one. */
static struct rm_stopper *_Atomic active_stopper;

#if defined(__x86_64__)
static uintptr_t instruction(const ucontext_t *context)
{
	return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
}
#elif defined(__aarch64__)
static uintptr_t instruction(const ucontext_t *context)
{
	return (uintptr_t)context->uc_mcontext.pc;
}
#endif

/* Calls only read() and write(), which are safe in a signal handler. */
static void handle_stop(int number, siginfo_t *info, void *context)
{
	/* relaxed, here and below: set before the signal was sent, or by this
	 * thread */
	struct rm_stopper *stopper =
	        atomic_load_explicit(&active_stopper, memory_order_relaxed);
	const uintptr_t at = instruction(context);
	const int saved_errno = errno;
	char word = ELSEWHERE;

	(void)number;
	(void)info;
	if (atomic_load_explicit(&stopper->inside, memory_order_relaxed) &&
	        at >= stopper->low && at < stopper->high)
		word = STOPPED;
	while (write(stopper->report[1], &word, 1) < 0 && errno == EINTR)
		;
	while (word == STOPPED && read(stopper->resume[0], &word, 1) < 0 &&
	        errno == EINTR)
		;
	errno = saved_errno;
}

struct search {
	uintptr_t code;
	struct rm_stopper *stopper;
};

/* Finds the executable segment, of the program or a shared object, that
 * contains the code. */
static int find_segment(struct dl_phdr_info *info, size_t size, void *context)
{
	struct search *search = context;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t low = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
		uintptr_t high = low + info->dlpi_phdr[i].p_memsz;

		if (info->dlpi_phdr[i].p_type != PT_LOAD ||
		        search->code < low || search->code >= high)
			continue;
		search->stopper->low = low;
		search->stopper->high = high;
		return 1;
	}
	return 0;
}

int rm_stopper_init(struct rm_stopper *stopper, uintptr_t code)
{
	struct sigaction action = { .sa_sigaction = handle_stop,
		.sa_flags = SA_SIGINFO | SA_RESTART };
	struct search search = { code, stopper };

	*stopper = (struct rm_stopper){ 0 };
	if (!dl_iterate_phdr(find_segment, &search))
		return -ENOENT;
	if (pipe(stopper->report))
		return -errno;
	if (pipe(stopper->resume)) {
		close(stopper->report[0]);
		close(stopper->report[1]);
		return -errno;
	}
	/* relaxed: threads that get the signal are started later */
	atomic_store_explicit(&active_stopper, stopper, memory_order_relaxed);
	sigemptyset(&action.sa_mask);
	sigaction(SIGUSR1, &action, NULL);
	return 0;
}

void rm_stopper_free(struct rm_stopper *stopper)
{
	signal(SIGUSR1, SIG_DFL);
	for (int i = 0; i < 2; i++) {
		close(stopper->report[i]);
		close(stopper->resume[i]);
	}
}

bool rm_stopper_stop(struct rm_stopper *stopper)
{
	char word = ELSEWHERE;

	if (pthread_kill(stopper->victim, SIGUSR1))
		return false;
	while (read(stopper->report[0], &word, 1) < 0 && errno == EINTR)
		;
	return word == STOPPED;
}

void rm_stopper_release(struct rm_stopper *stopper)
{
	while (write(stopper->resume[1], "", 1) < 0 && errno == EINTR)
		;
}

static uint64_t count_done(const struct rm_bystander *other)
{
	/* relaxed: a count */
	return atomic_load_explicit(&other->done, memory_order_relaxed);
}

static uint64_t cpu_ns(const struct rm_bystander *other)
{
	struct timespec t = { 0 };
	clockid_t clock;

	if (!pthread_getcpuclockid(other->id, &clock))
		clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* Returns true if the thread neither runs nor waits for a CPU. */
static bool is_asleep(const struct rm_bystander *other)
{
	char path[64], text[256] = "", *state;
	FILE *file;

	snprintf(
	        path, sizeof(path), "/proc/self/task/%d/stat", (int)other->tid);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (!fgets(text, sizeof(text), file))
		text[0] = 0;
	fclose(file);
	state = strrchr(text, ')'); /* the name may contain ')' */
	return state && state[1] && state[2] == 'S';
}

/* Evidence that threads are stuck, collected since the last completed
 * operation. */
struct evidence {
	uint64_t since_ns, samples;
	uint64_t sum; /* sum of the threads' operations */
	uint64_t cpu_ns[BYSTANDERS_MAX];
	/* true if the thread was not asleep in some sample */
	bool awake[BYSTANDERS_MAX];
};

static void restart_evidence(struct evidence *evidence,
        struct rm_bystander *others, unsigned count, uint64_t sum)
{
	*evidence = (struct evidence){ .since_ns = rm_now_ns(), .sum = sum };
	for (unsigned i = 0; i < count; i++)
		evidence->cpu_ns[i] = cpu_ns(others + i);
}

/* Takes one sample. Returns true if the threads used enough CPU time or slept,
 * but completed no operation. */
static bool are_stuck(struct evidence *evidence, struct rm_bystander *others,
        unsigned count, const bool *pending)
{
	bool all = true;

	evidence->samples++;
	for (unsigned i = 0; i < count; i++) {
		evidence->awake[i] =
		        evidence->awake[i] || !is_asleep(others + i);
		if (!pending[i])
			continue;
		if (evidence->awake[i] &&
		        cpu_ns(others + i) < evidence->cpu_ns[i] + STUCK_NS)
			all = false;
	}
	return all && evidence->samples >= SAMPLES &&
	       rm_now_ns() > evidence->since_ns + STUCK_NS;
}

bool rm_stopper_others_proceed(struct rm_bystander *others, unsigned count,
        uint64_t enough, bool require_each)
{
	uint64_t start_counts[BYSTANDERS_MAX], wait_ns = 20000;
	struct evidence evidence = { 0 };

	for (unsigned i = 0; i < count; i++)
		start_counts[i] = count_done(others + i);
	for (;; wait_ns = wait_ns * 2 > SAMPLE_NS ? SAMPLE_NS : wait_ns * 2) {
		bool pending[BYSTANDERS_MAX], any = false;
		uint64_t sum = 0, slow = 0;

		for (unsigned i = 0; i < count; i++) {
			const uint64_t n =
			        count_done(others + i) - start_counts[i];

			sum += n;
			pending[i] = n < enough;
			any = any || pending[i];
			slow += pending[i] ? n : 0;
		}
		if (require_each ? !any : sum >= enough)
			return true;
		/* with `each`, only operations of threads that have completed
		 * too few are counted */
		sum = require_each ? slow : sum;
		if (!evidence.since_ns || sum != evidence.sum)
			restart_evidence(&evidence, others, count, sum);
		rm_sleep_until(rm_now_ns() + wait_ns);
		if (wait_ns == SAMPLE_NS &&
		        are_stuck(&evidence, others, count, pending))
			return false;
	}
}
