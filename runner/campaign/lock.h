/* SPDX-License-Identifier: Apache-2.0 */
/* lock.h - one owner per campaign folder. */
#ifndef RM_LOCK_H
#define RM_LOCK_H

#include "runner/base/error.h"

/*
 * Locks DIR/lock for this process until the descriptor closes, and writes the
 * process id into it. Returns the descriptor (CLOEXEC); -EBUSY with `error`
 * naming the owner; another -errno with the system's reason.
 */
int rm_lock_take(const char *dir, struct rm_error *error);

#endif /* RM_LOCK_H */
