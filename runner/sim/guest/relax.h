/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relax.h - included before each instrumented source: a spinning core's pause
 * is an instruction that no instrumentation sees; here it takes virtual time.
 */
#ifndef RM_SIM_RELAX_H
#define RM_SIM_RELAX_H

void rm_sim_relax(void);
void rm_sim_operation_begins(void);

/* with parentheses, so that __has_builtin() does not see another name */
#define __builtin_ia32_pause() rm_sim_relax()

/* The measured loop tells where an operation begins, so that the lines which
   each touches can be counted (runner/driver.h). */
#define RM_OPERATION_BEGINS rm_sim_operation_begins

#endif /* RM_SIM_RELAX_H */
