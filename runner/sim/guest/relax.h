/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relax.h - included before each instrumented source: what no instrumentation
 * sees. A spinning core's pause is an instruction; here it takes virtual time.
 * A copy of a constant size is expanded where it stands, by plain loads and
 * stores that are nobody's; here it is a call, unless it becomes one assignment,
 * which is instrumented.
 */
#ifndef RM_SIM_RELAX_H
#define RM_SIM_RELAX_H

#include <string.h>

void *rm_sim_memcpy(void *to, const void *from, size_t bytes);
void *rm_sim_memmove(void *to, const void *from, size_t bytes);
void *rm_sim_memset(void *to, int value, size_t bytes);
int rm_sim_memcmp(const void *a, const void *b, size_t bytes);

#define RM_SIM_COPY(how, to, from, bytes)                     \
	((bytes) == 8          ? __builtin_##how(to, from, 8) \
	        : (bytes) == 4 ? __builtin_##how(to, from, 4) \
	        : (bytes) == 2 ? __builtin_##how(to, from, 2) \
	        : (bytes) == 1 ? __builtin_##how(to, from, 1) \
	                       : rm_sim_##how(to, from, bytes))
#define memcpy(to, from, bytes)  RM_SIM_COPY(memcpy, to, from, bytes)
#define memmove(to, from, bytes) RM_SIM_COPY(memmove, to, from, bytes)
#define memset(to, value, bytes) rm_sim_memset(to, value, bytes)
#define memcmp(a, b, bytes)      rm_sim_memcmp(a, b, bytes)

void rm_sim_relax(void);
void rm_sim_operation_begins(void);

/* with parentheses, so that __has_builtin() does not see another name */
#define __builtin_ia32_pause() rm_sim_relax()

/* The measured loop tells where an operation begins, so that the lines which
   each touches can be counted (runner/driver.h). */
#define RM_OPERATION_BEGINS rm_sim_operation_begins

#endif /* RM_SIM_RELAX_H */
