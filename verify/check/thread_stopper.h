/* SPDX-License-Identifier: Apache-2.0 */
/*
 * thread_stopper.h - stops one thread in the middle of an operation, and says
 * whether the others are stuck.
 *
 * A signal interrupts the victim at whatever instruction it has reached; its
 * handler waits until it is told to return. Only stops at the map's own
 * instructions count: who is stopped inside the allocator holds a lock of the
 * C library, not of the map.
 */
#ifndef RM_THREAD_STOPPER_H
#define RM_THREAD_STOPPER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A thread that ought to go on while the victim stands. */
struct rm_bystander {
	pthread_t id;
	pid_t tid;
	_Atomic uint64_t done; /* operations; only this thread writes it */
	atomic_bool started;   /* id and tid are set */
};

struct rm_stopper {
	uintptr_t low, high; /* the map's instructions */
	pthread_t victim;
	atomic_bool inside; /* the victim is between call and return */
	int told[2];        /* pipe: the handler says where it stopped */
	int go[2];          /* pipe: the handler may return */
};

/* Installs the handler for SIGUSR1, for this stopper only. `code` is the
   address of a function of the map; victim and bystanders are set by their
   threads. Returns 0 or a negative errno. One stopper per process at a time. */
int rm_stopper_init(struct rm_stopper *stopper, uintptr_t code);
void rm_stopper_free(struct rm_stopper *stopper);

/* Signals the victim. True: it stands in the middle of an operation, until
   rm_stopper_release(). False: it was elsewhere, and goes on. */
bool rm_stopper_stop(struct rm_stopper *stopper);
void rm_stopper_release(struct rm_stopper *stopper);

/*
 * Waits until the bystanders have done `enough` operations since the call:
 * all together, or with `each` every one of them. False: they are stuck. That
 * is said only when for 2 s no operation ended, and each of those that had
 * not done enough used 2 s of CPU time since or was found asleep every time:
 * a machine that gives them no time refutes nothing, and makes this wait.
 */
bool rm_stopper_others_go_on(struct rm_bystander *others, unsigned count,
        uint64_t enough, bool each);

#endif /* RM_THREAD_STOPPER_H */
