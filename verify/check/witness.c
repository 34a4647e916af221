/* SPDX-License-Identifier: Apache-2.0 */
/* witness.c - the memory in which a check's process shows how far it is. */
#include "verify/check/witness.h"

#include <stdarg.h>

/* A signal handler and the innermost loops need it without being given it.
   There is one per process. */
static struct rm_witness own;
static struct rm_witness *used = &own;

struct rm_witness *rm_witness(void)
{
	return used;
}

void rm_witness_use(struct rm_witness *witness)
{
	used = witness ? witness : &own;
	/* relaxed, here and below: no other thread runs, or it is a count */
	atomic_store_explicit(&used->progress, 0, memory_order_relaxed);
	for (unsigned i = 0; i < RM_WITNESS_THREADS; i++)
		atomic_store_explicit(
		        &used->threads[i].ticks, 0, memory_order_relaxed);
	used->step[0] = 0;
}

void rm_witness_goes_on(void)
{
	atomic_fetch_add_explicit(&used->progress, 1, memory_order_relaxed);
}

void rm_witness_step(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(used->step, sizeof(used->step), format, arguments);
	va_end(arguments);
	rm_witness_goes_on();
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
