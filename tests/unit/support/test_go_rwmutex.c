/* SPDX-License-Identifier: Apache-2.0 */
/* alone: the load decides how often threads run concurrently. */
/* Tests Go's RWMutex: when it admits a thread, and that no thread sleeps
   forever. */
#include "impls/support/go_rwmutex.h"
#include "tests/unit/tap.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

enum { THREADS = 8, TURNS = 4000, WITHIN_S = 600 };

/* The members are plain and protected by the lock, so that a sanitizer detects
   unlocked accesses. */
struct shared {
	struct go_rwmutex lock;
	uint64_t first, second; /* equal, unless a writer holds the lock */
	_Atomic unsigned readers_in, most_readers, writers_in, torn;
	unsigned write_one_in; /* one write in this many turns */
};

struct turns {
	struct shared *shared;
	uint64_t seed, written;
};

static void read_turn(struct shared *shared)
{
	go_rwmutex_read_lock(&shared->lock);
	unsigned in = ++shared->readers_in, most = shared->most_readers;

	while (in > most &&
	        !atomic_compare_exchange_weak(&shared->most_readers, &most, in))
		;
	if (shared->first != shared->second || shared->writers_in != 0)
		shared->torn++;
	if (in == 1)
		sched_yield(); /* lets other threads run */
	shared->readers_in--;
	go_rwmutex_read_unlock(&shared->lock);
}

static void write_turn(struct shared *shared)
{
	go_rwmutex_lock(&shared->lock);
	if (++shared->writers_in != 1 || shared->readers_in != 0)
		shared->torn++;
	shared->first++;
	if (shared->first % 16 == 0)
		sched_yield();
	shared->second++;
	shared->writers_in--;
	go_rwmutex_unlock(&shared->lock);
}

static void *take_turns(void *context)
{
	struct turns *turns = context;
	uint64_t state = turns->seed;

	for (unsigned i = 0; i < TURNS; i++) {
		state = state * 6364136223846793005U + 1442695040888963407U;
		if ((state >> 33) % turns->shared->write_one_in == 0) {
			write_turn(turns->shared);
			turns->written++;
		} else {
			read_turn(turns->shared);
		}
	}
	return NULL;
}

static bool all_zero(const struct go_rwmutex *lock)
{
	return !lock->w && !lock->writer_sem && !lock->reader_sem &&
	       !lock->reader_count && !lock->reader_wait;
}

/* If a wake-up were lost, this would hang, and the alarm would end the test. */
static void writers_are_alone(unsigned write_one_in)
{
	struct shared shared = { .write_one_in = write_one_in };
	struct turns turns[THREADS];
	pthread_t threads[THREADS];
	uint64_t written = 0;
	char fact[120];

	for (unsigned i = 0; i < THREADS; i++) {
		turns[i] = (struct turns){ &shared, i, 0 };
		pthread_create(&threads[i], NULL, take_turns, &turns[i]);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		written += turns[i].written;
	}
	snprintf(fact, sizeof(fact),
	        "%d threads, one write in %u: writers are alone, none is lost",
	        THREADS, write_one_in);
	CHECK(!shared.torn && shared.first == written &&
	                shared.second == written,
	        fact);
	CHECK(all_zero(&shared.lock), "the lock is as at the start");
	if (write_one_in > 1)
		CHECK(shared.most_readers > 1, "readers were in together");
}

/* A thread of these tests, and its position in the order of locking: 1, 2,
   3. */
struct actor {
	struct go_rwmutex *lock;
	_Atomic unsigned *order;
	_Atomic unsigned got_in;
	_Atomic bool *may_leave;
};

static void *write_once(void *context)
{
	struct actor *actor = context;

	go_rwmutex_lock(actor->lock);
	actor->got_in = ++*actor->order;
	while (!*actor->may_leave)
		sched_yield();
	go_rwmutex_unlock(actor->lock);
	return NULL;
}

static void *read_once(void *context)
{
	struct actor *actor = context;

	go_rwmutex_read_lock(actor->lock);
	actor->got_in = ++*actor->order;
	go_rwmutex_read_unlock(actor->lock);
	return NULL;
}

static void await_readers(struct go_rwmutex *lock, int32_t count)
{
	while (lock->reader_count != count)
		sched_yield();
}

/* A reader holds the lock. A writer arrives, then a reader, and then another
   writer. */
static void scene(unsigned *first, unsigned *reader, unsigned *second,
        bool *reader_waited)
{
	struct go_rwmutex lock = { 0 };
	_Atomic unsigned order = 0;
	_Atomic bool first_may = false, second_may = true;
	struct actor writer = { &lock, &order, 0, &first_may };
	struct actor late_reader = { &lock, &order, 0, NULL };
	struct actor late_writer = { &lock, &order, 0, &second_may };
	pthread_t threads[3];

	go_rwmutex_read_lock(&lock);
	pthread_create(&threads[0], NULL, write_once, &writer);
	await_readers(&lock, 1 - GO_RW_MAX_READERS);
	pthread_create(&threads[1], NULL, read_once, &late_reader);
	await_readers(&lock, 2 - GO_RW_MAX_READERS);
	/* Both have arrived. A lock that lets the reader overtake would do so
	   during these yields. */
	for (unsigned i = 0; i < 200; i++)
		sched_yield();
	*reader_waited = !late_reader.got_in && !writer.got_in;
	go_rwmutex_read_unlock(&lock);
	while (!writer.got_in)
		sched_yield();
	pthread_create(&threads[2], NULL, write_once, &late_writer);
	while (lock.w != 2) /* waits until the second writer waits for the
	                       first */
		sched_yield();
	*reader_waited &= !late_reader.got_in;
	first_may = true;
	for (unsigned i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	*first = writer.got_in;
	*reader = late_reader.got_in;
	*second = late_writer.got_in;
}

static void neither_side_starves(void)
{
	bool blocked = true, ordered = true;

	for (unsigned i = 0; i < 200; i++) {
		unsigned first, reader, second;
		bool waited;

		scene(&first, &reader, &second, &waited);
		blocked &= waited;
		ordered &= first == 1 && reader == 2 && second == 3;
	}
	CHECK(blocked, "a waiting writer blocks new readers");
	CHECK(ordered, "queued readers go before the next writer");
}

static bool dies(void (*act)(struct go_rwmutex *lock))
{
	struct go_rwmutex lock = { 0 };
	int status;

	fflush(stdout);
	if (fork() == 0) {
		close(STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		act(&lock);
		_exit(0);
	}
	wait(&status);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void unlock_reading(struct go_rwmutex *lock)
{
	go_rwmutex_read_unlock(lock);
}

static void unlock_reading_while_written(struct go_rwmutex *lock)
{
	go_rwmutex_lock(lock);
	go_rwmutex_read_unlock(lock);
}

static void unlock_writing_while_read(struct go_rwmutex *lock)
{
	go_rwmutex_read_lock(lock);
	go_rwmutex_unlock(lock);
}

static void misuse_is_fatal(void)
{
	CHECK(dies(unlock_reading_while_written),
	        "a reader's unlock is fatal while a writer holds the lock");
	CHECK(dies(unlock_writing_while_read),
	        "a writer's unlock is fatal while a reader holds the lock");
	CHECK(dies(unlock_reading), "a reader's stray unlock is fatal");
	CHECK(dies(go_rwmutex_unlock), "a writer's stray unlock is fatal");
}

int main(void)
{
	alarm(WITHIN_S); /* ends a test that hangs */
	neither_side_starves();
	writers_are_alone(1);
	writers_are_alone(2);
	writers_are_alone(30);
	misuse_is_fatal();
	return DONE();
}
