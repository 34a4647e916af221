/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/trial/memory_policy.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MASK_BITS = 1024, WORD_BITS = 8 * sizeof(unsigned long) };

struct node_mask {
	unsigned long words[MASK_BITS / WORD_BITS];
};

/* The nodes this process may allocate from. */
static int allowed_nodes(struct node_mask *mask)
{
	memset(mask, 0, sizeof(*mask));
	return syscall(SYS_get_mempolicy, NULL, mask->words, MASK_BITS, NULL,
	               MPOL_F_MEMS_ALLOWED)
	               ? -errno
	               : 0;
}

int rm_memory_policy_apply(const char *policy, struct rm_error *error)
{
	struct node_mask mask;
	int mode = MPOL_INTERLEAVE;
	int status;

	if (!strcmp(policy, "first-touch"))
		return 0;
	status = allowed_nodes(&mask);
	if (!status && !strncmp(policy, "bind:", 5)) {
		unsigned long node = strtoul(policy + 5, NULL, 10);
		unsigned long bit = 1UL << node % WORD_BITS;

		if (node >= MASK_BITS || !(mask.words[node / WORD_BITS] & bit))
			return rm_error_set(error, -EINVAL,
			        "memory placement not applied: node %lu is not "
			        "one that this process may use",
			        node);
		memset(&mask, 0, sizeof(mask));
		mask.words[node / WORD_BITS] = bit;
		mode = MPOL_BIND;
	} else if (!status && strcmp(policy, "interleave")) {
		return rm_error_set(error, -EINVAL,
		        "unknown memory placement \"%s\", expected "
		        "first-touch, interleave or bind:N",
		        policy);
	}
	if (!status && syscall(SYS_set_mempolicy, mode, mask.words, MASK_BITS))
		status = -errno;
	if (status)
		return rm_error_set(error, status,
		        "memory placement not applied: %s", strerror(-status));
	return 0;
}
