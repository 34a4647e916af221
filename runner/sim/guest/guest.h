/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest.h - functions that simulated code may call in place of those of the C
 * library.
 *
 * Sources of maps and of the measured loop use the standard names. After
 * compilation, objcopy renames the symbols in their objects
 * (runner/sim/names.txt). The second half is for functions that are simulated
 * code themselves (mutex.c, heap.c). They are compiled with instrumentation, so
 * that accesses of locks and allocator are counted. All functions run on the
 * single host thread of the simulation.
 */
#ifndef RM_SIM_GUEST_H
#define RM_SIM_GUEST_H

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* mutex.c: algorithms and structures of glibc. */
int rm_sim_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr);
int rm_sim_mutex_destroy(pthread_mutex_t *mutex);
int rm_sim_mutex_lock(pthread_mutex_t *opaque);
int rm_sim_mutex_trylock(pthread_mutex_t *opaque);
int rm_sim_mutex_unlock(pthread_mutex_t *opaque);
int rm_sim_spin_init(pthread_spinlock_t *lock, int shared);
int rm_sim_spin_destroy(pthread_spinlock_t *lock);
int rm_sim_spin_lock(pthread_spinlock_t *lock);
int rm_sim_spin_trylock(pthread_spinlock_t *lock);
int rm_sim_spin_unlock(pthread_spinlock_t *lock);
/* rwlock.c */
int rm_sim_rwlock_init(
        pthread_rwlock_t *lock, const pthread_rwlockattr_t *attr);
int rm_sim_rwlock_destroy(pthread_rwlock_t *lock);
int rm_sim_rwlock_rdlock(pthread_rwlock_t *opaque);
int rm_sim_rwlock_wrlock(pthread_rwlock_t *opaque);
int rm_sim_rwlock_unlock(pthread_rwlock_t *opaque);
/* cond.c */
int rm_sim_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr);
int rm_sim_cond_destroy(pthread_cond_t *cond);
int rm_sim_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex);
int rm_sim_cond_signal(pthread_cond_t *cond);
int rm_sim_cond_broadcast(pthread_cond_t *cond);
int rm_sim_barrier_init(pthread_barrier_t *opaque,
        const pthread_barrierattr_t *attr, unsigned count);
int rm_sim_barrier_destroy(pthread_barrier_t *barrier);
int rm_sim_barrier_wait(pthread_barrier_t *opaque);

/* heap.c: chunk layout and per-thread caches of glibc. */
void *rm_sim_malloc(size_t bytes);
void *rm_sim_calloc(size_t count, size_t bytes);
void *rm_sim_realloc(void *old, size_t bytes);
void *rm_sim_aligned_alloc(size_t alignment, size_t bytes);
int rm_sim_posix_memalign(void **out, size_t alignment, size_t bytes);
void rm_sim_free(void *opaque);

/* touch.c: the host's library copies the bytes, and the accesses are
   counted. */
void *rm_sim_memcpy(void *to, const void *from, size_t bytes);
void *rm_sim_memmove(void *to, const void *from, size_t bytes);
void *rm_sim_memset(void *to, int value, size_t bytes);
int rm_sim_memcmp(const void *a, const void *b, size_t bytes);
int rm_sim_bcmp(const void *a, const void *b, size_t bytes);
/* Reports an access of 1 .. 8 bytes within an aligned word, just before the C
   library makes it. Other threads may run before this function returns. */
void rm_sim_touch(const void *at, size_t bytes, bool write, const void *site);

/* strings.c */
size_t rm_sim_strlen(const char *text);
size_t rm_sim_strnlen(const char *text, size_t most);
void *rm_sim_memchr(const void *bytes, int c, size_t most);
int rm_sim_strcmp(const char *a, const char *b);
int rm_sim_strncmp(const char *a, const char *b, size_t most);
char *rm_sim_strcpy(char *to, const char *from);
char *rm_sim_strncpy(char *to, const char *from, size_t most);
char *rm_sim_strdup(const char *text);
void rm_sim_qsort(void *first, size_t count, size_t bytes,
        int (*compare_two)(const void *a, const void *b));
void *rm_sim_bsearch(const void *key, const void *first, size_t count,
        size_t bytes, int (*compare_two)(const void *a, const void *b));

/* kernel.c */
long rm_sim_syscall(long number, ...);
int rm_sim_sched_yield(void);
int rm_sim_clock_gettime(clockid_t clock, struct timespec *time);
int rm_sim_clock_nanosleep(clockid_t clock, int flags,
        const struct timespec *time, struct timespec *left);
int rm_sim_nanosleep(const struct timespec *time, struct timespec *left);
int rm_sim_sched_setaffinity(pid_t pid, size_t bytes, const cpu_set_t *set);
int rm_sim_sched_getaffinity(pid_t pid, size_t bytes, cpu_set_t *set);
int rm_sim_sched_getcpu(void);

/* in explorations only (verify/explore/explored.txt) */
int rm_sim_rwlock_tryrdlock(pthread_rwlock_t *opaque);
int rm_sim_rwlock_trywrlock(pthread_rwlock_t *opaque);
int64_t rm_sim_clock_now(void);

/* world.c: threads of the virtual cores. Only the trial's team uses them. */
int rm_sim_thread_create(pthread_t *thread, const pthread_attr_t *attr,
        void *(*entry)(void *), void *argument);
int rm_sim_thread_join(pthread_t thread, void **result);
pthread_t rm_sim_thread_self(void);
/* The barrier for all threads of the team and the main thread. */
int rm_sim_team_barrier_wait(pthread_barrier_t *barrier);

/* --- for simulated code in this folder --- */

/* Returns the running core: 0 .. cores - 1, or RM_SIM_CORES_MAX for the main
   thread. The main thread runs outside the simulated machine, and its accesses
   are not counted. */
unsigned rm_sim_self(void);

/* Sleeps in virtual time while *word == value (one system call). Returns 0
   after a wake, or -EAGAIN if the value differed. */
int rm_sim_futex_wait(const void *word, uint32_t value);
/* Wakes at most `threads` waiters of `word`, in the order in which they began
   to wait. An exploration wakes the lowest thread number first
   (explore/world.h). */
void rm_sim_futex_wake(const void *word, uint32_t threads);
/* Called when a spinning core pauses. */
void rm_sim_relax(void);
void rm_sim_operation_begins(void);
/* Called at places that a map marks with RM_PAUSE() (runner/map.h). */
void rm_sim_pause(void);

/* Ends the simulation because simulated code made a call that the real library
   does not allow. Does not return. */
_Noreturn void rm_sim_reject(const char *what);

#endif /* RM_SIM_GUEST_H */
