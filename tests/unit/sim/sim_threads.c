/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim_threads.c - scenarios that would break if locks, conditions or barriers
 * did not keep their guarantees. They are compiled like maps for the simulated
 * machine, so each access may switch to another core. Every wait ends only if
 * the guarantee holds; otherwise the simulation reports a deadlock.
 */
#include "tests/unit/sim/sim_threads.h"

#include "runner/sim/guest/world.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 40, ITEMS = 120, ROOM = 3 };

const char *sim_wrong;
unsigned sim_threads;

/* State of a critical section in which only one thread may be. */
static struct {
	unsigned inside, sum;
	_Alignas(64) unsigned far; /* on another cache line, always equal to
	                              sum */
} shared;

static void enter(void)
{
	SIM_EXPECT(shared.inside == 0);
	shared.inside++;
	SIM_EXPECT(shared.sum == shared.far);
	shared.sum++;
	shared.far++;
	SIM_EXPECT(shared.inside == 1);
	shared.inside--;
}

static void begin_alone(void)
{
	memset(&shared, 0, sizeof(shared));
}

static void end_alone(void)
{
	SIM_EXPECT(shared.sum == sim_threads * ROUNDS);
	SIM_EXPECT(shared.far == shared.sum);
}

/* Waits long enough for the other threads to do everything that they can. */
static void rest(void)
{
	nanosleep(&(struct timespec){ 0, 20000 }, NULL);
}

static pthread_mutex_t mutex;

static void make_mutex(int kind)
{
	pthread_mutexattr_t attr;

	begin_alone();
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, kind);
	pthread_mutex_init(&mutex, &attr);
	pthread_mutexattr_destroy(&attr);
}

static void begin_mutex(unsigned threads, unsigned round)
{
	static const int kinds[] = { PTHREAD_MUTEX_NORMAL,
		PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK,
		PTHREAD_MUTEX_ADAPTIVE_NP };

	(void)threads;
	make_mutex(kinds[round % 4]);
}

static void use_mutex(unsigned self)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		if ((i + self) % 3 == 0)
			while (pthread_mutex_trylock(&mutex))
				sched_yield();
		else
			SIM_EXPECT(!pthread_mutex_lock(&mutex));
		enter();
		SIM_EXPECT(!pthread_mutex_unlock(&mutex));
	}
}

static void end_mutex(void)
{
	end_alone();
	SIM_EXPECT(!pthread_mutex_destroy(&mutex));
}

static void begin_recursive(unsigned threads, unsigned round)
{
	(void)threads;
	(void)round;
	make_mutex(PTHREAD_MUTEX_RECURSIVE);
}

static void use_recursive(unsigned self)
{
	(void)self;
	for (unsigned i = 0; i < ROUNDS; i++) {
		SIM_EXPECT(!pthread_mutex_lock(&mutex));
		SIM_EXPECT(!pthread_mutex_lock(&mutex));
		SIM_EXPECT(!pthread_mutex_trylock(&mutex));
		SIM_EXPECT(!pthread_mutex_unlock(&mutex));
		SIM_EXPECT(!pthread_mutex_unlock(&mutex));
		enter(); /* the mutex is still held once */
		SIM_EXPECT(!pthread_mutex_unlock(&mutex));
		SIM_EXPECT(pthread_mutex_unlock(&mutex) == EPERM);
	}
}

static void begin_noted(unsigned threads, unsigned round)
{
	(void)threads;
	(void)round;
	make_mutex(PTHREAD_MUTEX_NORMAL);
}

/* The first thread holds the mutex while the others arrive one by one. */
static void use_noted(unsigned self)
{
	nanosleep(&(struct timespec){ 0, 20000L * self }, NULL);
	SIM_EXPECT(!pthread_mutex_lock(&mutex));
	if (self == 0)
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	enter();
	SIM_EXPECT(!pthread_mutex_unlock(&mutex));
}

/* Checks the number of read-modify-writes. Each thread locks and unlocks once,
   a woken thread exchanges once more, and only the first waiter marks the
   mutex. */
static void end_noted(void)
{
	SIM_EXPECT(rm_sim_count(rm_sim_world_model(), RM_SIM_RMWS) ==
	           2 * sim_threads + (sim_threads - 1) + 1);
}

static pthread_barrier_t barrier;

static void begin_checked(unsigned threads, unsigned round)
{
	(void)round;
	make_mutex(PTHREAD_MUTEX_ERRORCHECK);
	pthread_barrier_init(&barrier, NULL, threads);
}

static void use_checked(unsigned self)
{
	if (self == 0) {
		SIM_EXPECT(pthread_mutex_unlock(&mutex) == EPERM);
		SIM_EXPECT(!pthread_mutex_lock(&mutex));
		SIM_EXPECT(pthread_mutex_lock(&mutex) == EDEADLK);
		SIM_EXPECT(pthread_mutex_trylock(&mutex) == EBUSY);
		SIM_EXPECT(pthread_mutex_destroy(&mutex) == EBUSY);
	}
	pthread_barrier_wait(&barrier);
	if (self != 0) {
		SIM_EXPECT(pthread_mutex_trylock(&mutex) == EBUSY);
		SIM_EXPECT(pthread_mutex_unlock(&mutex) == EPERM);
	}
	pthread_barrier_wait(&barrier);
	if (self == 0)
		SIM_EXPECT(!pthread_mutex_unlock(&mutex));
}

static pthread_spinlock_t spin;

static void begin_spin(unsigned threads, unsigned round)
{
	(void)threads;
	(void)round;
	begin_alone();
	pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
}

static void use_spin(unsigned self)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		if ((i + self) % 3 == 0)
			while (pthread_spin_trylock(&spin) == EBUSY)
				sched_yield();
		else
			SIM_EXPECT(!pthread_spin_lock(&spin));
		enter();
		SIM_EXPECT(!pthread_spin_unlock(&spin));
	}
}

static void end_spin(void)
{
	end_alone();
	SIM_EXPECT(!pthread_spin_destroy(&spin));
}

static pthread_rwlock_t rwlock;

static void make_rwlock(int kind)
{
	pthread_rwlockattr_t attr;

	begin_alone();
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, kind);
	pthread_rwlock_init(&rwlock, &attr);
	pthread_rwlockattr_destroy(&attr);
}

static int kind_of(unsigned round)
{
	return round % 2 ? PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP
	                 : PTHREAD_RWLOCK_PREFER_READER_NP;
}

static void begin_rwlock(unsigned threads, unsigned round)
{
	(void)threads;
	make_rwlock(kind_of(round));
}

static void use_rwlock(unsigned self)
{
	for (unsigned i = 0; i < 4 * ROUNDS; i++) {
		if ((i + self) % 4 == 0) {
			SIM_EXPECT(!pthread_rwlock_wrlock(&rwlock));
			SIM_EXPECT(pthread_rwlock_wrlock(&rwlock) == EDEADLK);
			SIM_EXPECT(pthread_rwlock_rdlock(&rwlock) == EDEADLK);
			enter();
		} else {
			SIM_EXPECT(!pthread_rwlock_rdlock(&rwlock));
			unsigned before = shared.sum;

			SIM_EXPECT(shared.inside == 0);
			sched_yield(); /* waits for a while */
			SIM_EXPECT(shared.sum == before);
			SIM_EXPECT(shared.far == before);
		}
		SIM_EXPECT(!pthread_rwlock_unlock(&rwlock));
	}
}

static void end_rwlock(void)
{
	end_alone();
	SIM_EXPECT(!pthread_rwlock_destroy(&rwlock));
}

static void begin_readers(unsigned threads, unsigned round)
{
	make_rwlock(kind_of(round));
	pthread_barrier_init(&barrier, NULL, threads);
}

/* All threads hold the lock at the same time. Otherwise none would leave the
   barrier. */
static void use_readers(unsigned self)
{
	(void)self;
	for (unsigned i = 0; i < ROUNDS; i++) {
		SIM_EXPECT(!pthread_rwlock_rdlock(&rwlock));
		pthread_barrier_wait(&barrier);
		SIM_EXPECT(pthread_rwlock_destroy(&rwlock) == EBUSY);
		pthread_barrier_wait(&barrier);
		SIM_EXPECT(!pthread_rwlock_unlock(&rwlock));
	}
}

static void end_readers(void)
{
	SIM_EXPECT(!pthread_rwlock_destroy(&rwlock));
}

static _Atomic unsigned holds[2];
static _Atomic bool written;
static bool uneven; /* true if one of the readers holds the lock for a long
                       time */

static void begin_preference(unsigned threads, unsigned round)
{
	(void)threads;
	uneven = round % 2;
	make_rwlock(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	memset((void *)holds, 0, sizeof(holds));
	written = false;
}

/* Two readers hold the lock in turn and overlap, so that it is held forever
   unless a writer gets in. A reader leaves when the other one has come, or
   after a while. If one holds the lock for a long time, the other one comes
   back during that time and sleeps. */
static void use_preference(unsigned self)
{
	if (self > 1) {
		rest(); /* now the readers hold the lock */
		SIM_EXPECT(!pthread_rwlock_wrlock(&rwlock));
		written = true;
		pthread_rwlock_unlock(&rwlock);
		return;
	}
	while (!written) {
		unsigned other = holds[!self];

		SIM_EXPECT(!pthread_rwlock_rdlock(&rwlock));
		holds[self]++;
		if (uneven && self == 1)
			rest();
		for (int i = 0; i < 20 && holds[!self] == other; i++)
			sched_yield();
		pthread_rwlock_unlock(&rwlock);
	}
}

static pthread_cond_t filled, emptied;
static unsigned queue[ROOM], queued, taken, made, sum_made, sum_taken;

static void begin_queue(unsigned threads, unsigned round)
{
	(void)threads;
	(void)round;
	make_mutex(PTHREAD_MUTEX_NORMAL);
	pthread_cond_init(&filled, NULL);
	pthread_cond_init(&emptied, NULL);
	queued = taken = made = sum_made = sum_taken = 0;
}

static void put(unsigned item)
{
	while (queued == ROOM)
		SIM_EXPECT(!pthread_cond_wait(&emptied, &mutex));
	queue[queued++] = item;
	sum_made += item;
	pthread_cond_signal(&filled);
}

/* Returns false once all items have been taken. */
static bool take(void)
{
	while (!queued && taken < ITEMS)
		SIM_EXPECT(!pthread_cond_wait(&filled, &mutex));
	if (taken == ITEMS)
		return false;
	sum_taken += queue[--queued];
	if (++taken == ITEMS)
		pthread_cond_broadcast(&filled); /* ends the waits of all
		                                    takers */
	pthread_cond_signal(&emptied);
	return true;
}

/* Even threads produce items, and odd threads consume them. Only one thread
   holds the mutex. */
static void use_queue(unsigned self)
{
	bool more = true;

	while (more) {
		SIM_EXPECT(!pthread_mutex_lock(&mutex));
		SIM_EXPECT(shared.inside == 0);
		if (self % 2)
			more = take();
		else if ((more = made < ITEMS))
			put(++made);
		shared.inside = 1;
		shared.inside = 0;
		pthread_mutex_unlock(&mutex);
	}
}

static void end_queue(void)
{
	SIM_EXPECT(taken == ITEMS);
	SIM_EXPECT(sum_made == sum_taken);
	SIM_EXPECT(!pthread_cond_destroy(&filled));
}

static unsigned waiting, round_now;

static void begin_broadcast(unsigned threads, unsigned round)
{
	begin_queue(threads, round);
	waiting = round_now = 0;
}

/* Implements a barrier with a mutex and a condition: the last thread wakes all
   others. */
static void use_broadcast(unsigned self)
{
	(void)self;
	for (unsigned i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		SIM_EXPECT(round_now == i);
		if (++waiting == sim_threads) {
			waiting = 0;
			round_now++;
			pthread_cond_broadcast(&filled);
		}
		while (round_now == i)
			pthread_cond_wait(&filled, &mutex);
		pthread_mutex_unlock(&mutex);
	}
}

static _Atomic unsigned arrived, serial;

static void begin_barrier(unsigned threads, unsigned round)
{
	(void)round;
	pthread_barrier_init(&barrier, NULL, threads);
	arrived = serial = 0;
}

static void use_barrier(unsigned self)
{
	for (unsigned i = 1; i <= ROUNDS; i++) {
		for (unsigned late = self * i % 5; late-- > 0;)
			sched_yield();
		arrived++;
		switch (pthread_barrier_wait(&barrier)) {
		case 0:
			break;
		case PTHREAD_BARRIER_SERIAL_THREAD:
			serial++;
			break;
		default:
			SIM_EXPECT(!"0 or PTHREAD_BARRIER_SERIAL_THREAD");
		}
		SIM_EXPECT(arrived >= i * sim_threads);
		SIM_EXPECT(arrived < (i + 1) * sim_threads);
	}
}

static void end_barrier(void)
{
	SIM_EXPECT(serial == ROUNDS);
	SIM_EXPECT(!pthread_barrier_destroy(&barrier));
}

static _Atomic uint32_t word, apart;
static int64_t handed_ns; /* end of the previous turn */

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void begin_futex(unsigned threads, unsigned round)
{
	(void)threads;
	(void)round;
	word = apart = 0;
	handed_ns = 0;
}

/* The word counts turns. A thread sleeps until its turn, which must come after
   the end of the previous turn, on every core. Some threads rest before they
   sleep, so that the word changes. Some have long turns, so that the next
   thread sleeps. */
static void use_futex(unsigned self)
{
	for (uint32_t turn = self; turn < ROUNDS * sim_threads;
	        turn += sim_threads) {
		uint32_t seen;

		while ((seen = word) != turn) {
			if ((turn + seen) % 3 == 0)
				rest();
			if (syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, seen,
			            NULL, NULL, 0))
				SIM_EXPECT(errno == EAGAIN);
		}
		SIM_EXPECT(now_ns() >= handed_ns);
		if (turn % 3 == 0)
			rest();
		handed_ns = now_ns();
		word++;
		syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL,
		        NULL, 0);
	}
}

static void end_futex(void)
{
	SIM_EXPECT(word == ROUNDS * sim_threads);
}

static void begin_few(unsigned threads, unsigned round)
{
	begin_futex(threads, round);
	arrived = serial = 0;
}

static long wake_one(const _Atomic uint32_t *at)
{
	handed_ns = now_ns();
	return syscall(SYS_futex, at, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Each call that wakes one thread wakes exactly one sleeper of its word and
   returns 1. The first thread sleeps on another word and is woken last. */
static void use_few(unsigned self)
{
	unsigned asleep = 0;

	if (self) {
		arrived++;
		syscall(SYS_futex, self == 1 ? &apart : &word,
		        FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
		/* read first, since shared data would synchronise the clock */
		int64_t woken_ns = now_ns();

		SIM_EXPECT(woken_ns >= handed_ns);
		SIM_EXPECT(self != 1 || serial + 2 == sim_threads);
		serial++;
		return;
	}
	while (arrived + 1 < sim_threads)
		sched_yield();
	rest(); /* by now all threads sleep */
	while (asleep + 2 < sim_threads) {
		SIM_EXPECT(wake_one(&word) == 1);
		rest();
		SIM_EXPECT(serial == ++asleep);
	}
	SIM_EXPECT(wake_one(&word) == 0);
	SIM_EXPECT(wake_one(&apart) == 1);
}

static void use_sleep(unsigned self)
{
	struct timespec until = { 0, 20000 + self };
	int64_t before = now_ns(), after;

	nanosleep(&until, NULL);
	after = now_ns();
	SIM_EXPECT(after - before >= until.tv_nsec);
	SIM_EXPECT(after - before < 2 * until.tv_nsec);
	until.tv_nsec = after + 7000;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	SIM_EXPECT(now_ns() >= after + 7000);
}

static unsigned startled; /* object whose sleepers are woken */
static _Atomic unsigned finished;

static void begin_startled(unsigned threads, unsigned round)
{
	startled = round / 2 % 3;
	finished = 0;
	if (startled == 0)
		begin_mutex(threads, round);
	else
		begin_rwlock(threads, round);
	begin_barrier(threads - 1, round);
}

/* Wakes the sleepers of each word of the object, as the kernel may do at any
   time. */
static void startle(void *object, size_t bytes)
{
	for (uint32_t *each = object; bytes; each++, bytes -= sizeof(*each))
		syscall(SYS_futex, each, FUTEX_WAKE_PRIVATE, INT_MAX, NULL,
		        NULL, 0);
}

static void startle_all(void)
{
	while (finished + 1 < sim_threads) {
		startle(&mutex, startled == 0 ? sizeof(mutex) : 0);
		startle(&rwlock, startled == 1 ? sizeof(rwlock) : 0);
		startle(&barrier, startled == 2 ? sizeof(barrier) : 0);
		sched_yield();
	}
}

static void meet(unsigned self)
{
	for (unsigned i = 1; i <= ROUNDS; i++) {
		for (unsigned late = self * i % 5; late-- > 0;)
			rest();
		arrived++;
		pthread_barrier_wait(&barrier);
		SIM_EXPECT(arrived >= i * (sim_threads - 1));
	}
}

/* Readers hold the lock for a long time, so that writers sleep. */
static void read_long(unsigned self)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned before;

		if ((i + self) % 4 == 0) {
			SIM_EXPECT(!pthread_rwlock_wrlock(&rwlock));
			enter();
		} else {
			SIM_EXPECT(!pthread_rwlock_rdlock(&rwlock));
			before = shared.sum;
			rest();
			SIM_EXPECT(shared.sum == before);
		}
		SIM_EXPECT(!pthread_rwlock_unlock(&rwlock));
	}
}

/* A woken thread must check again, because a wake-up alone lets no thread
   in. */
static void use_startled(unsigned self)
{
	if (self == 0)
		startle_all();
	else if (startled == 0)
		use_mutex(self);
	else if (startled == 1)
		read_long(self);
	else
		meet(self);
	finished++;
}

const struct sim_scenario sim_scenarios[] = {
	{ "a mutex of any kind is held by one thread", 1, begin_mutex,
	        use_mutex, end_mutex },
	{ "a recursive mutex counts its depth", 1, begin_recursive,
	        use_recursive, end_mutex },
	{ "only the first waiter marks a mutex", 2, begin_noted, use_noted,
	        end_noted },
	{ "an error-checking mutex knows its holder", 2, begin_checked,
	        use_checked, NULL },
	{ "a spinlock is held by one thread", 1, begin_spin, use_spin,
	        end_spin },
	{ "a reader-writer lock excludes readers and writers", 1, begin_rwlock,
	        use_rwlock, end_rwlock },
	{ "readers share the lock", 1, begin_readers, use_readers,
	        end_readers },
	{ "with writer preference readers let writers in", 3, begin_preference,
	        use_preference, NULL },
	{ "a condition loses no signal", 2, begin_queue, use_queue, end_queue },
	{ "a broadcast wakes all waiters", 1, begin_broadcast, use_broadcast,
	        NULL },
	{ "a barrier holds all threads until the last, and one is serial", 1,
	        begin_barrier, use_barrier, end_barrier },
	{ "a futex sleeps while the word is unchanged, and wakes later", 1,
	        begin_futex, use_futex, end_futex },
	{ "a futex wakes as many of its own sleepers as requested", 2,
	        begin_few, use_few, NULL },
	{ "a spurious wake lets no thread in", 3, begin_startled, use_startled,
	        NULL },
	{ "sleep takes virtual time", 1, NULL, use_sleep, NULL }, { 0 }
};
