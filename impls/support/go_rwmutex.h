/* SPDX-License-Identifier: Apache-2.0 */
/*
 * go_rwmutex.h - Go's RWMutex on futexes.
 *
 * Written from a description of the algorithm, not from code. A reader adds 1
 * to reader_count. A writer announces itself by subtracting 2^30, so that later
 * readers see a negative number and queue. Then it waits for the readers that
 * preceded it. After the write all queued readers go first, so neither side
 * starves. Each read costs two atomic additions to one shared line.
 *
 * The writers' mutex `w` is a plain futex mutex (free, held, held with
 * waiters). Unlike Go's, it neither spins nor hands the lock over to a starved
 * writer. go_mutex.h does both, but takes 32 bytes. With it this lock would
 * take 48 bytes, and a shard without padding would be larger than the 32 bytes
 * that it takes in Go (shard_rw_32_pad0). A wait is a futex wait of the thread,
 * whereas Go parks a goroutine.
 */
#ifndef RM_SUPPORT_GO_RWMUTEX_H
#define RM_SUPPORT_GO_RWMUTEX_H

#include "impls/support/go_futex.h"
#include "runner/map.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* A lock of zero bytes is unlocked. */
struct go_rwmutex {
	_Atomic uint32_t w;          /* 0 free, 1 held, 2 held and waited for */
	_Atomic uint32_t writer_sem; /* the writer waits for old readers */
	_Atomic uint32_t reader_sem; /* readers wait for the writer */
	_Atomic int32_t reader_count; /* number of readers, minus 2^30 while a
	                                 writer waits or writes */
	_Atomic int32_t reader_wait;  /* readers for which the writer still
	                                waits */
};

enum { GO_RW_MAX_READERS = 1 << 30 };

/* Decrements the semaphore. Sleeps while it is 0. */
GO_CALL void go_sem_acquire(_Atomic uint32_t *sem)
{
	RM_LOCK_WAIT_BEGIN();
	for (;;) {
		/* relaxed: the exchange below orders */
		uint32_t count =
		        atomic_load_explicit(sem, memory_order_relaxed);

		while (count > 0)
			/* acquire: pairs with go_sem_release(); relaxed if it
			   failed: nothing was taken */
			if (atomic_compare_exchange_weak_explicit(sem, &count,
			            count - 1, memory_order_acquire,
			            memory_order_relaxed))
				return;
		go_futex_wait(sem, 0);
	}
}

/* Adds `count` > 0 to the semaphore and wakes that number of threads. */
GO_CALL void go_sem_release(_Atomic uint32_t *sem, uint32_t count)
{
	/* release: acquiring threads see this thread's work */
	atomic_fetch_add_explicit(sem, count, memory_order_release);
	go_futex_wake(sem, count);
}

static __attribute__((unused)) RM_COLD _Noreturn void go_rwmutex_fatal(
        const char *what)
{
	fprintf(stderr, "fatal: %s of unlocked RWMutex\n", what);
	abort();
}

/* Locks for reading, together with other readers. Not recursive, since a
   waiting writer blocks the second call. */
RM_HOT void go_rwmutex_read_lock(struct go_rwmutex *lock)
{
	/* acquire: pairs with the release of the last writer's unlock */
	if (__builtin_expect(atomic_fetch_add_explicit(&lock->reader_count, 1,
	                             memory_order_acquire) < 0,
	            0))
		go_sem_acquire(&lock->reader_sem);
}

/* Ends a read lock while a writer waits; `count` is the old reader_count. */
GO_CALL void go_rwmutex_read_unlock_slow(struct go_rwmutex *lock, int32_t count)
{
	if (count == 0 || count == -GO_RW_MAX_READERS)
		go_rwmutex_fatal("RUnlock");
	/* acq_rel: the last reader to leave publishes the work of all readers
	   to the writer */
	if (atomic_fetch_sub_explicit(
	            &lock->reader_wait, 1, memory_order_acq_rel) == 1)
		go_sem_release(&lock->writer_sem, 1);
}

RM_HOT void go_rwmutex_read_unlock(struct go_rwmutex *lock)
{
	/* release: pairs with the acquire of the next writer's lock */
	int32_t count = atomic_fetch_sub_explicit(
	        &lock->reader_count, 1, memory_order_release);

	if (__builtin_expect(count <= 0, 0))
		go_rwmutex_read_unlock_slow(lock, count);
}

/* Locks for writing, exclusively. */
GO_CALL void go_rwmutex_lock(struct go_rwmutex *lock)
{
	go_w_lock(&lock->w);
	/* acquire: pairs with the release of readers that have left */
	int32_t readers = atomic_fetch_sub_explicit(
	        &lock->reader_count, GO_RW_MAX_READERS, memory_order_acquire);

	/* acq_rel: readers that left in the meantime have counted below 0 */
	if (readers != 0 && atomic_fetch_add_explicit(&lock->reader_wait,
	                            readers, memory_order_acq_rel) +
	                                    readers !=
	                            0)
		go_sem_acquire(&lock->writer_sem);
}

/* Admits the queued readers first, then other writers. */
GO_CALL void go_rwmutex_unlock(struct go_rwmutex *lock)
{
	/* release: pairs with the acquire of readers */
	int32_t queued = atomic_fetch_add_explicit(&lock->reader_count,
	                         GO_RW_MAX_READERS, memory_order_release) +
	                 GO_RW_MAX_READERS;

	if (queued >= GO_RW_MAX_READERS)
		go_rwmutex_fatal("Unlock");
	if (queued > 0)
		go_sem_release(&lock->reader_sem, (uint32_t)queued);
	go_w_unlock(&lock->w);
}

#endif /* RM_SUPPORT_GO_RWMUTEX_H */
