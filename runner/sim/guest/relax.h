/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relax.h - included before each instrumented source; replaces code that
 * instrumentation does not see. The pause of a spinning core is an instruction;
 * here it takes virtual time. Compilers expand copies of a constant size into
 * loads and stores without instrumentation. Here they are calls, or single
 * assignments, which are instrumented.
 */
#ifndef RM_SIM_RELAX_H
#define RM_SIM_RELAX_H

#include <string.h>

/* C++ libraries name these functions in ways that a macro would break. */
#ifdef __cplusplus
extern "C" {
#else
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
#endif

void rm_sim_relax(void);
void rm_sim_operation_begins(void);

#ifdef __cplusplus
}
#endif

/* in parentheses, so that __has_builtin() is not affected */
#define __builtin_ia32_pause() rm_sim_relax()

/* The measured loop marks the start of each operation, so that the lines that
   it touches can be counted (runner/driver.h). */
#define RM_OPERATION_BEGINS rm_sim_operation_begins

#endif /* RM_SIM_RELAX_H */
