/* SPDX-License-Identifier: Apache-2.0 */
/* environment.h - cleans the environment of this process and its children. */
#ifndef RM_ENVIRONMENT_H
#define RM_ENVIRONMENT_H

/* Removes the variables that environment.def lists, sets LC_ALL to C.UTF-8,
   makes TMPDIR an absolute path, and removes the owner's bits from the umask.
   Child processes inherit the result. Call it once, before any thread starts
   and before the locale is set. */
void rm_environment_clean(void);

#endif /* RM_ENVIRONMENT_H */
