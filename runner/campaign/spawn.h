/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.h - starts one program as a child that cannot outlive this process. */
#ifndef RM_SPAWN_H
#define RM_SPAWN_H

#include "runner/base/error.h"

#include <stdint.h>
#include <sys/types.h>

/* A running child: this side's pipe ends, all non-blocking and CLOEXEC. */
struct rm_child {
	pid_t pid;  /* also the id of its process group */
	int input;  /* write: its standard input; -1 once closed */
	int output; /* read: its standard output; -1 once closed */
	int errors; /* read: its standard error; -1 once closed */
	int exited; /* pidfd: readable when it ended; -1: old kernel */
};

struct rm_spawn {
	const char *program;         /* path, not searched for in PATH */
	char *const *arguments;      /* argv, NULL-terminated */
	uint64_t memory_limit_bytes; /* RLIMIT_DATA; 0: none */
	/* Bytes of environment added (0: none), so that the stack starts
	   elsewhere in each trial (statistics R13). */
	unsigned padding_bytes;
	/* NAME=VALUE that replace those of our environment; NULL-terminated,
	   or NULL: none */
	const char *const *variables;
};

enum { RM_SPAWN_PADDING_MAX = 4096 };

/*
 * Starts the program in a process group of its own. It inherits descriptors
 * 0, 1 and 2 only, no blocked or ignored SIGPIPE and SIGXFSZ, writes no core,
 * and gets SIGKILL when the calling thread ends: call it on the main thread.
 *
 * Returns 0; -errno with `error` where it cannot be started at all, a program
 * that is missing or not executable included: then nothing is left behind.
 */
int rm_spawn(const struct rm_spawn *spawn, struct rm_child *child,
        struct rm_error *error);

/*
 * Kills what is left of the child's group, reaps the child and closes the
 * pipes. Blocks until it has ended. `peak_bytes` (may be NULL): its largest
 * resident set. Returns the wait status.
 */
int rm_child_reap(struct rm_child *child, uint64_t *peak_bytes);

/* Sends SIGKILL to the child and its group; still to be reaped. */
void rm_child_kill(const struct rm_child *child);

/* Whether the child has ended; does not block and does not reap. */
int rm_child_ended(const struct rm_child *child);

#endif /* RM_SPAWN_H */
