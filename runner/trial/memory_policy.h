/* SPDX-License-Identifier: Apache-2.0 */
/* memory_policy.h - where the pages of this process go. */
#ifndef RM_MEMORY_POLICY_H
#define RM_MEMORY_POLICY_H

#include "runner/base/error.h"

/*
 * Applies "first-touch" (nothing to do), "interleave" (over all nodes that
 * this process may use) or "bind:N". Main thread, before others start: they
 * inherit it. 0, or -errno and the reason (unknown node, container without
 * the right, kernel without NUMA).
 */
int rm_memory_policy_apply(const char *policy, struct rm_error *error);

#endif /* RM_MEMORY_POLICY_H */
