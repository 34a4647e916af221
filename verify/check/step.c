/* SPDX-License-Identifier: Apache-2.0 */
/* step.c - single-steps a thread by the CPU's trap flag, which a signal handler
 * on the same thread sets and clears, without a debugger. See recorder.h. */
#include "verify/check/recorder.h"

#include "verify/check/internal.h"

#if defined(__x86_64__)
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>

enum { TRAP_FLAG = 1 << 8 }; /* bit of EFLAGS: AMD APM vol. 2, 13.1.4 */

/* Per thread, because a signal handler gets no context. */
static _Thread_local volatile unsigned steps_left, yields_left;

/* Returns true before a system call that blocks signals, because the next trap
 * would then end the process. Libraries block signals when they start or
 * register a thread. */
static bool blocks_signals(const greg_t *registers)
{
	const unsigned char *next =
	        (const unsigned char *)(uintptr_t)registers[REG_RIP];

	return next[0] == 0x0f && next[1] == 0x05 && /* syscall */
	       registers[REG_RAX] == SYS_rt_sigprocmask;
}

/* Lets the thread run one more instruction, or ends the stepping and yields. */
static void handle_trap(int number, siginfo_t *info, void *opaque)
{
	ucontext_t *context = opaque;
	greg_t *flags = context->uc_mcontext.gregs + REG_EFL;
	const int saved_errno = errno;

	(void)number;
	(void)info;
	if (steps_left && !blocks_signals(context->uc_mcontext.gregs)) {
		steps_left--;
		*flags |= TRAP_FLAG;
		return;
	}
	steps_left = 0;
	*flags &= ~(greg_t)TRAP_FLAG;
	for (; yields_left; yields_left--)
		sched_yield();
	errno = saved_errno;
}

bool rm_step_init(void)
{
	struct sigaction action = { .sa_sigaction = handle_trap,
		.sa_flags = SA_SIGINFO | SA_RESTART };

	sigemptyset(&action.sa_mask);
	return !rm_sanitized() && !sigaction(SIGTRAP, &action, NULL);
}

/* The handler of a breakpoint returns with the trap flag set. */
void rm_step_arm(unsigned steps, unsigned yields)
{
	yields_left = yields;
	steps_left = steps;
	__asm__ volatile("int3" ::: "memory");
}

void rm_step_disarm(void)
{
	/* comes first, because the next step may be the last */
	yields_left = 0;
	steps_left = 0;
	__asm__ volatile("int3" ::: "memory");
}
#else
bool rm_step_init(void)
{
	return false;
}

void rm_step_arm(unsigned steps, unsigned yields)
{
	(void)steps;
	(void)yields;
}

void rm_step_disarm(void)
{
}
#endif
