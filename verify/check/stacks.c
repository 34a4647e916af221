/* SPDX-License-Identifier: Apache-2.0 */
/* stacks.c - stacks of a check that hangs or crashed: a signal handler of each
 * thread writes its own stack, and the parent process prints them
 * (stacks_print.c). */
#include "verify/check/internal.h"

#include "runner/base/clock.h"
#include "runner/base/sanitized.h"

#include <dirent.h>
#include <errno.h>
#include <execinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A thread is signalled after the stack of the previous one is complete, or
 * after a short time, so that stacks are in order. On a busy machine some
 * threads need seconds. */
enum { SOON_MS = 200, LATE_MS = 5000 };
/* frames of the handler and of the kernel's signal return */
enum { SKIPPED = 2 };

static int stack_signal(void)
{
	return SIGRTMIN + 2;
}

/* backtrace() allocates only in its first call, which rm_stacks_install()
 * makes. */
static void write_stack(int number)
{
	struct rm_witness *witness = rm_witness();
	const int saved_errno = errno;
	/* relaxed: only numbers the stacks */
	const unsigned i = atomic_fetch_add_explicit(
	        &witness->stack_count, 1, memory_order_relaxed);

	if (i < RM_STACKS) {
		struct rm_witness_stack *stack = witness->stacks + i;

		stack->thread = gettid();
		stack->depth = backtrace(stack->frames, RM_STACK_FRAMES);
		stack->skip = stack->depth > SKIPPED ? SKIPPED : 0;
		/* release: pairs with the acquire in wait_for_stacks() */
		atomic_store_explicit(
		        &stack->complete, true, memory_order_release);
	}
	if (number != stack_signal())
		rm_check_report_lack_of_memory();
	errno = saved_errno;
	if (number != stack_signal())
		/* SA_RESETHAND: the second signal ends the process */
		raise(number);
}

/* Sanitizers print the stack of a crash themselves. */
void rm_stacks_install(void)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL,
		SIGABRT };
	struct sigaction action = { .sa_handler = write_stack,
		.sa_flags = SA_RESTART };
	void *frames[2];

	(void)backtrace(frames, 2);
	sigemptyset(&action.sa_mask);
	sigaction(stack_signal(), &action, NULL);
	action.sa_flags = (int)SA_RESETHAND;
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		if (!rm_sanitized())
			sigaction(crashes[i], &action, NULL);
}

/* Waits until the first stacks are complete, or the time is over. */
static void wait_for_stacks(
        struct rm_witness *witness, unsigned first, uint64_t ms)
{
	const uint64_t end_ns = rm_now_ns() + ms * 1000000;

	for (unsigned i = 0; i < first && i < RM_STACKS; i++)
		/* acquire: pairs with the release in write_stack() */
		while (!atomic_load_explicit(
		        &witness->stacks[i].complete, memory_order_acquire)) {
			if (rm_now_ns() >= end_ns)
				return;
			rm_sleep_until(rm_now_ns() + 1000000);
		}
}

static unsigned count_stacks(struct rm_witness *witness)
{
	/* relaxed: wait_for_stacks() acquires the stacks */
	return atomic_load_explicit(
	        &witness->stack_count, memory_order_relaxed);
}

void rm_stacks_collect(pid_t pid, struct rm_witness *witness)
{
	unsigned requested = count_stacks(witness);
	char path[64];
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	threads = opendir(path);
	if (!threads)
		return;
	for (struct dirent *entry; (entry = readdir(threads));) {
		const unsigned next = count_stacks(witness) + 1;

		if (entry->d_name[0] == '.' || requested >= RM_STACKS ||
		        syscall(SYS_tgkill, pid, atoi(entry->d_name),
		                stack_signal()))
			continue;
		requested++;
		wait_for_stacks(witness, next, SOON_MS);
	}
	closedir(threads);
	wait_for_stacks(witness, requested, LATE_MS);
}
