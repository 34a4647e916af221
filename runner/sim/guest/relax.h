/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relax.h - included before each instrumented source. It replaces code that
 * compilers do not instrument: the pause instruction of a spinning core, which
 * takes virtual time here, and copies of a constant size, which become calls or
 * single assignments.
 */
#ifndef RM_SIM_RELAX_H
#define RM_SIM_RELAX_H

#include <string.h>

/* In C++, a macro would break uses of these functions in libraries. */
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

/* The name is in parentheses, so that the macro does not affect
   __has_builtin(). */
#define __builtin_ia32_pause() rm_sim_relax()

/* The measured loop marks the start of each operation (runner/driver.h), so
   that the cache lines of each operation can be counted. */
#define RM_OPERATION_BEGINS rm_sim_operation_begins

#endif /* RM_SIM_RELAX_H */
