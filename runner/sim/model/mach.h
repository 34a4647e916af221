/* SPDX-License-Identifier: Apache-2.0 */
/* mach.h - private header: reads and writes descriptions of machines as
   text. */
#ifndef RM_SIM_MACH_H
#define RM_SIM_MACH_H

#include "runner/sim/sim.h"

/*
 * Reads a description from `length` bytes of `text`. `file` is used in messages
 * and for the name. Returns 0, or -EINVAL with `error` "file:line: fault,
 * expected value" for unknown, duplicate, missing and impossible values.
 */
int rm_sim_mach_parse(const char *file, const char *text, size_t length,
        struct rm_sim_mach *mach, struct rm_error *error);

/* Sets one key, as a line of the file does. Sensitivity runs use it. */
int rm_sim_mach_set(struct rm_sim_mach *mach, const char *key,
        const char *value, struct rm_error *error);

/* Returns the description as text, which rm_sim_mach_parse() reads back without
   loss. The caller frees the text; NULL: out of memory. Results and golden
   files identify the machine by it. */
char *rm_sim_mach_text(const struct rm_sim_mach *mach);

#endif /* RM_SIM_MACH_H */
