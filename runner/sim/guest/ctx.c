/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctx.c - switches contexts, in assembly for known ABIs, else with ucontext.
 *
 * A simulation switches whenever another core's virtual time is earlier.
 * swapcontext() would dominate the run time, since each call makes a system
 * call for the signal mask.
 */
#include "runner/sim/guest/ctx.h"

#include <string.h>
#include <ucontext.h>

#if defined(RM_SIM_CTX_PORTABLE)
/* uses the portable version below, which a test selects */
#elif defined(__x86_64__)

/* System V ABI 1.0, 3.2.1: rbx, rbp, r12 to r15 and rsp belong to the caller.
   endbr64 is a no-op unless the kernel enables its check. */
__asm__(".text\n"
        ".p2align 4\n"
        ".globl rm_sim_ctx_switch\n"
        ".type rm_sim_ctx_switch, @function\n"
        "rm_sim_ctx_switch:\n"
        "	pushq %rbp\n"
        "	pushq %rbx\n"
        "	pushq %r12\n"
        "	pushq %r13\n"
        "	pushq %r14\n"
        "	pushq %r15\n"
        "	movq %rsp, (%rdi)\n"
        "	movq (%rsi), %rsp\n"
        "	popq %r15\n"
        "	popq %r14\n"
        "	popq %r13\n"
        "	popq %r12\n"
        "	popq %rbx\n"
        "	popq %rbp\n"
        "	ret\n"
        ".size rm_sim_ctx_switch, .-rm_sim_ctx_switch\n");

enum { SAVED = 6 }; /* number of registers saved below the return address */

void rm_sim_ctx_make(
        struct rm_sim_ctx *ctx, void *top, size_t bytes, void (*entry)(void))
{
	void **stack = top;

	(void)bytes;
	/* Space for a return address. The ABI requires 16-byte alignment before
	   a call, so entry() must find the stack as after a call. */
	*--stack = NULL;
	memcpy(--stack, &entry, sizeof(entry)); /* target of `ret` */
	for (int i = 0; i < SAVED; i++)
		*--stack = NULL;
	ctx->stack_pointer = stack;
}

#elif defined(__aarch64__)

/* AAPCS64 6.1: x19 to x30 and d8 to d15 belong to the caller. */
__asm__(".text\n"
        ".p2align 4\n"
        ".globl rm_sim_ctx_switch\n"
        ".type rm_sim_ctx_switch, %function\n"
        "rm_sim_ctx_switch:\n"
        "	sub sp, sp, #160\n"
        "	stp x19, x20, [sp, #0]\n"
        "	stp x21, x22, [sp, #16]\n"
        "	stp x23, x24, [sp, #32]\n"
        "	stp x25, x26, [sp, #48]\n"
        "	stp x27, x28, [sp, #64]\n"
        "	stp x29, x30, [sp, #80]\n"
        "	stp d8, d9, [sp, #96]\n"
        "	stp d10, d11, [sp, #112]\n"
        "	stp d12, d13, [sp, #128]\n"
        "	stp d14, d15, [sp, #144]\n"
        "	mov x9, sp\n"
        "	str x9, [x0]\n"
        "	ldr x9, [x1]\n"
        "	mov sp, x9\n"
        "	ldp x19, x20, [sp, #0]\n"
        "	ldp x21, x22, [sp, #16]\n"
        "	ldp x23, x24, [sp, #32]\n"
        "	ldp x25, x26, [sp, #48]\n"
        "	ldp x27, x28, [sp, #64]\n"
        "	ldp x29, x30, [sp, #80]\n"
        "	ldp d8, d9, [sp, #96]\n"
        "	ldp d10, d11, [sp, #112]\n"
        "	ldp d12, d13, [sp, #128]\n"
        "	ldp d14, d15, [sp, #144]\n"
        "	add sp, sp, #160\n"
        "	ret\n"
        ".size rm_sim_ctx_switch, .-rm_sim_ctx_switch\n");

enum { FRAME_BYTES = 160, LINK = 11 }; /* LINK: index of x30 */

void rm_sim_ctx_make(
        struct rm_sim_ctx *ctx, void *top, size_t bytes, void (*entry)(void))
{
	char *frame = (char *)top - FRAME_BYTES;

	(void)bytes;
	memset(frame, 0, FRAME_BYTES);
	memcpy(frame + LINK * sizeof(void *), &entry, sizeof(entry));
	ctx->stack_pointer = frame;
}

#endif

#if defined(RM_SIM_CTX_PORTABLE) || \
        !(defined(__x86_64__) || defined(__aarch64__))

/* The saved state is at the low end of the context's own stack. Only the state
   of the main stack is static: the main stack is always the first context that
   switches. */
static ucontext_t main_state;

void rm_sim_ctx_make(
        struct rm_sim_ctx *ctx, void *top, size_t bytes, void (*entry)(void))
{
	char *low = (char *)top - bytes;
	ucontext_t *state = (ucontext_t *)(void *)low;

	getcontext(state);
	state->uc_stack.ss_sp = low + sizeof(*state);
	state->uc_stack.ss_size = bytes - sizeof(*state);
	state->uc_link = NULL;
	makecontext(state, entry, 0);
	ctx->stack_pointer = state;
}

void rm_sim_ctx_switch(struct rm_sim_ctx *from, const struct rm_sim_ctx *to)
{
	if (!from->stack_pointer)
		from->stack_pointer = &main_state;
	swapcontext(from->stack_pointer, to->stack_pointer);
}

#endif
