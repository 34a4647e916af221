/* SPDX-License-Identifier: Apache-2.0 */
/* witness.c - shared memory in which the process of a check reports its
 * progress. */
#include "verify/check/witness.h"

#include <stdarg.h>

/* Global, because signal handlers and innermost loops get no context. A process
 * has one. */
static struct rm_witness private_witness;
static struct rm_witness *current = &private_witness;

struct rm_witness *rm_witness(void)
{
	return current;
}

void rm_witness_use(struct rm_witness *witness)
{
	current = witness ? witness : &private_witness;
	/* relaxed, here and below: no other thread runs, or the value is only a
	 * count */
	atomic_store_explicit(&current->progress, 0, memory_order_relaxed);
	for (unsigned i = 0; i < RM_WITNESS_THREADS; i++)
		atomic_store_explicit(
		        &current->threads[i].ticks, 0, memory_order_relaxed);
	current->step[0] = 0;
	atomic_store_explicit(
	        &current->calls_check, false, memory_order_relaxed);
}

void rm_witness_count_progress(void)
{
	atomic_fetch_add_explicit(&current->progress, 1, memory_order_relaxed);
}

void rm_witness_step(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(current->step, sizeof(current->step), format, arguments);
	va_end(arguments);
	rm_witness_count_progress();
}

uint64_t rm_witness_progress(const struct rm_witness *witness)
{
	uint64_t sum =
	        atomic_load_explicit(&witness->progress, memory_order_relaxed);

	for (unsigned i = 0; i < RM_WITNESS_THREADS; i++)
		sum += atomic_load_explicit(
		        &witness->threads[i].ticks, memory_order_relaxed);
	return sum;
}
