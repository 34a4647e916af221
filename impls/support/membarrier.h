/* SPDX-License-Identifier: Apache-2.0 */
/* membarrier.h - a memory barrier on all running threads of this process, by
   the system call membarrier(2), Linux 4.14 or newer. So frequent readers need
   only a compiler barrier, and the rare writer pays the whole cost. */
#ifndef RM_SUPPORT_MEMBARRIER_H
#define RM_SUPPORT_MEMBARRIER_H

#include "runner/map.h"

#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static RM_COLD __attribute__((unused)) void membarrier_call(int command)
{
	if (!syscall(SYS_membarrier, command, 0, 0))
		return;
	fprintf(stderr, "the system call membarrier(2) failed: expected Linux "
	                "4.14 or newer, and no seccomp filter against it; use "
	                "a map that announces quiescence, such as "
	                "readmap_qsbr\n");
	abort();
}

/* Call once before membarrier_run(). */
#define membarrier_register() \
	membarrier_call(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)

/* Every other thread of the process passes a full memory barrier during this
   call. So does the caller, before and after it. */
#define membarrier_run() membarrier_call(MEMBARRIER_CMD_PRIVATE_EXPEDITED)

#endif /* RM_SUPPORT_MEMBARRIER_H */
