/* SPDX-License-Identifier: Apache-2.0 */
/* thread_stopper.h - stops one thread in the middle of an operation, and
 * decides whether the others are stuck.
 *
 * A signal interrupts the victim at any instruction, and its handler waits
 * until it may return. Only stops in the map's own code count: a thread that is
 * stopped in the allocator holds a lock of the C library, not of the map. */
#ifndef RM_THREAD_STOPPER_H
#define RM_THREAD_STOPPER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A thread that should proceed while the victim is stopped. */
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
	int report[2];      /* pipe: the handler reports where it stopped */
	int resume[2];      /* pipe: the handler may return */
};

/* Installs the handler of SIGUSR1 for this stopper. `code` is the address of a
 * function of the map. Victim and bystanders set their own members. Returns 0
 * or a negative errno. One stopper per process at a time. */
int rm_stopper_init(struct rm_stopper *stopper, uintptr_t code);
void rm_stopper_free(struct rm_stopper *stopper);

/* Signals the victim. True: it is stopped inside an operation until
 * rm_stopper_release(). False: it was elsewhere, and continues. */
bool rm_stopper_stop(struct rm_stopper *stopper);
void rm_stopper_release(struct rm_stopper *stopper);

/* Waits until the bystanders have completed `enough` operations since the call:
 * together, or with `each` every one of them. False: they are stuck. This means
 * that no operation completed for 2 s, and that each thread that is behind used
 * 2 s of CPU time or slept in every sample. If a busy machine gives them no
 * time, the function waits. */
bool rm_stopper_others_proceed(struct rm_bystander *others, unsigned count,
        uint64_t enough, bool each);

#endif /* RM_THREAD_STOPPER_H */
