/* SPDX-License-Identifier: Apache-2.0 */
/* thread_stopper.h - stops one thread in the middle of an operation, and
 * decides whether the others are stuck.
 *
 * A signal interrupts the victim at any instruction, and its handler waits
 * until it may return. Only stops in the map's own code are used: if a thread
 * is stopped in the allocator, it may hold a lock of the C library. */
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
	/* completed operations; only this thread writes it */
	_Atomic uint64_t done;
	atomic_bool started; /* true if id and tid are set */
};

struct rm_stopper {
	uintptr_t low, high; /* addresses of the map's code */
	pthread_t victim;
	atomic_bool inside; /* true while the victim executes an operation */
	int report[2];      /* pipe: the handler reports where it stopped */
	int resume[2];      /* pipe: the handler may return */
};

/* Installs the handler of SIGUSR1 for this stopper. `code` is the address of a
 * function of the map. Victim and bystanders set their own members. Returns 0
 * or a negative errno. One stopper per process at a time. */
int rm_stopper_init(struct rm_stopper *stopper, uintptr_t code);
void rm_stopper_free(struct rm_stopper *stopper);

/* Signals the victim. Returns true if it is stopped inside an operation until
 * rm_stopper_release(). Returns false if it was not in the map's code; it then
 * continues. */
bool rm_stopper_stop(struct rm_stopper *stopper);
void rm_stopper_release(struct rm_stopper *stopper);

/* Waits until the bystanders have completed `enough` operations since the call:
 * in total, or, with `each`, every single bystander. Returns false if they are
 * stuck: no operation completed for 2 s, and each thread with too few
 * operations used 2 s of CPU time or slept in every sample. If a busy machine
 * gives them no CPU time, the function continues to wait. */
bool rm_stopper_others_proceed(struct rm_bystander *others, unsigned count,
        uint64_t enough, bool each);

#endif /* RM_THREAD_STOPPER_H */
