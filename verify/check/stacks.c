/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stacks.c - where the threads of a check stand that hangs or crashed: each
 * thread writes its own stack from a signal handler, the process that started
 * it prints them (stacks_print.c).
 */
#include "verify/check/witness.h"

#include "runner/base/clock.h"
#include "runner/base/sanitized.h"

#include <dirent.h>
#include <errno.h>
#include <execinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* One after the other while they answer soon, so that the first is the first;
   a busy machine lets some wait for seconds. */
enum { SOON_MS = 200, LATE_MS = 5000 };
enum { SKIPPED = 2 }; /* the handler and the kernel's return */

static int asking(void)
{
	return SIGRTMIN + 2;
}

/* backtrace() allocates at its first call only: rm_stacks_offer() has made
   it. */
static void show(int number)
{
	struct rm_witness *witness = rm_witness();
	const int keep = errno;
	/* relaxed: only numbers the stacks */
	const unsigned i = atomic_fetch_add_explicit(
	        &witness->stack_count, 1, memory_order_relaxed);

	if (i < RM_STACKS) {
		struct rm_witness_stack *stack = witness->stacks + i;

		stack->thread = gettid();
		stack->depth = backtrace(stack->frames, RM_STACK_FRAMES);
		stack->skip = stack->depth > SKIPPED ? SKIPPED : 0;
		/* release: pairs with the acquire of who waits */
		atomic_store_explicit(
		        &stack->whole, true, memory_order_release);
	}
	errno = keep;
	if (number != asking())
		raise(number); /* SA_RESETHAND: now it ends the process */
}

/* A sanitizer says itself where a process crashed. */
void rm_stacks_offer(void)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL,
		SIGABRT };
	struct sigaction action = { .sa_handler = show,
		.sa_flags = SA_RESTART };
	void *frames[2];

	(void)backtrace(frames, 2);
	sigemptyset(&action.sa_mask);
	sigaction(asking(), &action, NULL);
	action.sa_flags = (int)SA_RESETHAND;
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		if (!rm_sanitized())
			sigaction(crashes[i], &action, NULL);
}

/* Until the first stacks are whole, or the time is over. */
static void await(struct rm_witness *witness, unsigned first, uint64_t ms)
{
	const uint64_t end_ns = rm_now_ns() + ms * 1000000;

	for (unsigned i = 0; i < first && i < RM_STACKS; i++)
		/* acquire: pairs with the release in show() */
		while (!atomic_load_explicit(
		        &witness->stacks[i].whole, memory_order_acquire)) {
			if (rm_now_ns() >= end_ns)
				return;
			rm_sleep_until(rm_now_ns() + 1000000);
		}
}

static unsigned shown(struct rm_witness *witness)
{
	/* relaxed: what await() waits for is acquired there */
	return atomic_load_explicit(
	        &witness->stack_count, memory_order_relaxed);
}

void rm_stacks_take(pid_t pid, struct rm_witness *witness)
{
	unsigned asked = shown(witness);
	char path[64];
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	threads = opendir(path);
	if (!threads)
		return;
	for (struct dirent *entry; (entry = readdir(threads));) {
		const unsigned next = shown(witness) + 1;

		if (entry->d_name[0] == '.' || asked >= RM_STACKS ||
		        syscall(SYS_tgkill, pid, atoi(entry->d_name), asking()))
			continue;
		asked++;
		await(witness, next, SOON_MS);
	}
	closedir(threads);
	await(witness, asked, LATE_MS);
}
