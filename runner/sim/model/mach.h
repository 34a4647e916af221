/* SPDX-License-Identifier: Apache-2.0 */
/* mach.h - descriptions of machines as text; private to this room. */
#ifndef RM_SIM_MACH_H
#define RM_SIM_MACH_H

#include "runner/sim/sim.h"

/*
 * Reads a description from `length` bytes of `text`. `file` is for messages
 * and for the name. 0, or -EINVAL with `error` "file:line: what, and what was
 * expected": unknown, doubled and missing keys, impossible values.
 */
int rm_sim_mach_parse(const char *file, const char *text, size_t length,
        struct rm_sim_mach *mach, struct rm_error *error);

/* Sets one key, as if its line stood in the file: for sensitivity runs. */
int rm_sim_mach_set(struct rm_sim_mach *mach, const char *key,
        const char *value, struct rm_error *error);

/* The description as text that reads back the same; free() it. NULL: no
   memory. It is what identifies the machine in results and golden files. */
char *rm_sim_mach_text(const struct rm_sim_mach *mach);

#endif /* RM_SIM_MACH_H */
