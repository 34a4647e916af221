/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctx.h - switches between stacks in one thread of the host.
 *
 * A switch by hand costs some 7 ns on x86-64 and AArch64; elsewhere
 * swapcontext() does it, at some 160 ns. Only what the ABI says a function
 * keeps is kept; signal masks and rounding modes are not.
 */
#ifndef RM_SIM_CTX_H
#define RM_SIM_CTX_H

#include <stddef.h>

/* A stack that is not running: where it stopped. */
struct rm_sim_ctx {
	void *stack_pointer;
};

/*
 * Makes a context that calls entry() on the stack whose bytes end at `top`
 * (16-byte aligned, `bytes` long, the caller's). entry() must not return.
 */
void rm_sim_ctx_make(
        struct rm_sim_ctx *ctx, void *top, size_t bytes, void (*entry)(void));

/* Stops here, saved in `from`, and goes on in `to`; returns when somebody
   switches to `from`. Both on the same host thread. */
void rm_sim_ctx_switch(struct rm_sim_ctx *from, const struct rm_sim_ctx *to);

#endif /* RM_SIM_CTX_H */
