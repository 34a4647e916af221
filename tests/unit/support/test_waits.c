/* SPDX-License-Identifier: Apache-2.0 */
/* test_waits.c - tests on one thread how locks wait. Yields, sleeps and futexes
   are simulated, and actions of other threads happen within them. */
#define GO_WAITS "tests/unit/support/played_waits.h"

#include "impls/support/go_rwmutex.h"
#include "impls/support/ticket.h"
#include "tests/unit/tap.h"

enum { PAUSES = 100 }; /* number of checks before a wait yields */

/* The waits so far, and what happens during them. */
static struct {
	unsigned yields, sleeps;
	uint64_t slept_ns;
	struct ticket_lock *serves; /* advances by one turn at each yield */
	unsigned after;             /* number of yields before that begins */
} played;

int sched_yield(void)
{
	if (++played.yields > played.after && played.serves)
		played.serves->serving++;
	return 0;
}

int nanosleep(const struct timespec *span, struct timespec *left)
{
	(void)left;
	played.sleeps++;
	played.slept_ns =
	        (uint64_t)span->tv_sec * 1000000000 + (uint64_t)span->tv_nsec;
	if (played.serves)
		played.serves->serving++;
	return 0;
}

static void begin(struct ticket_lock *serves, unsigned after)
{
	played.yields = played.sleeps = 0;
	played.slept_ns = 0;
	played.serves = serves;
	played.after = after;
}

static void spinning_ends(void)
{
	unsigned looks = 0;

	begin(NULL, 0);
	for (unsigned i = 0; i < PAUSES; i++)
		spin_wait(&looks);
	CHECK(played.yields == 0, "the first hundred checks do not yield");
	spin_wait(&looks);
	CHECK(played.yields == 1, "the next check yields");
	spin_wait(&looks);
	spin_wait(&looks);
	CHECK(played.yields == 3, "each further check yields");
}

static void free_tickets_do_not_wait(void)
{
	struct ticket_lock lock = { 0 };

	begin(&lock, 0);
	ticket_lock(&lock);
	CHECK(lock.next == 1 && lock.serving == 0 && !played.yields,
	        "a free lock is taken at once");
	ticket_unlock(&lock);
	CHECK(lock.next == 1 && lock.serving == 1, "the lock is free again "
	                                           "after the unlock");
}

static void near_turns_stay_awake(void)
{
	struct ticket_lock lock = { .next = 8 };

	begin(&lock, 5);
	ticket_lock(&lock);
	CHECK(lock.next == 9 && lock.serving == 8,
	        "the ninth thread waits for its turn");
	CHECK(played.sleeps == 0 && played.yields == 5 + 8,
	        "a waiter eight turns away stays awake");
}

static void far_turns_sleep(void)
{
	struct ticket_lock lock = { .next = 10 };

	begin(&lock, 5);
	ticket_lock(&lock);
	CHECK(lock.serving == 10 && played.sleeps == 2,
	        "a waiter farther away sleeps, one turn at a time here");
	CHECK(played.slept_ns == 9 * 50000,
	        "a waiter sleeps 50 us per remaining turn");
	CHECK(played.yields == 5 + 8, "a waiter stays awake for the last "
	                              "eight turns");
	lock = (struct ticket_lock){ .next = UINT32_MAX - 3,
		.serving = UINT32_MAX - 12 };
	begin(&lock, 0);
	ticket_lock(&lock);
	CHECK(lock.serving == UINT32_MAX - 3 && played.sleeps == 1,
	        "large tickets behave the same");
	begin(NULL, 0);
	ticket_sleep(40000);
	CHECK(played.slept_ns == UINT64_C(2000000000),
	        "a sleep may be longer than a second");
	ticket_sleep(20001);
	CHECK(played.slept_ns == UINT64_C(1000050000),
	        "a sleep may have both seconds and nanoseconds");
}

static void let_go(_Atomic uint32_t *word)
{
	if (played_waits.waits == 3)
		*word = 0;
}

static void words_mark_waiters(void)
{
	_Atomic uint32_t w = 0;

	played_waits = (struct played_waits){ 0 };
	go_w_lock(&w);
	CHECK(w == 1 && !played_waits.waits, "a free word is taken at once");
	go_w_unlock(&w);
	CHECK(w == 0 && !played_waits.wakes,
	        "no thread is woken if none waits");
	w = 1;
	played_waits.meanwhile = let_go;
	go_w_lock(&w);
	CHECK(played_waits.waits == 3 && played_waits.value == 2 &&
	                played_waits.word == &w,
	        "a thread waits for a held word until it is free");
	CHECK(w == 2, "after a wait the word indicates that other threads may "
	              "be waiting");
	go_w_unlock(&w);
	CHECK(w == 0 && played_waits.wakes == 1 && played_waits.woken == 1 &&
	                played_waits.word == &w,
	        "unlocking wakes one waiting thread");
}

static void release_two(_Atomic uint32_t *word)
{
	if (played_waits.waits == 2)
		go_sem_release(word, 2);
}

static void semaphores_count(void)
{
	_Atomic uint32_t sem = 2;

	played_waits = (struct played_waits){ 0 };
	go_sem_acquire(&sem);
	go_sem_acquire(&sem);
	CHECK(sem == 0 && !played_waits.waits, "available units are taken");
	played_waits.meanwhile = release_two;
	go_sem_acquire(&sem);
	CHECK(sem == 1 && played_waits.waits == 2 && played_waits.value == 0,
	        "without available units a thread sleeps until there are more, "
	        "and takes one");
	CHECK(played_waits.woken == 2,
	        "as many threads are woken as there are units");
}

static struct go_rwmutex lock;

/* Lets both readers leave, one in each wait. */
static void a_reader_leaves(_Atomic uint32_t *word)
{
	(void)word;
	go_rwmutex_read_unlock(&lock);
}

static void writers_wait_for_readers(void)
{
	lock = (struct go_rwmutex){ 0 };
	played_waits = (struct played_waits){ 0 };
	go_rwmutex_read_lock(&lock);
	go_rwmutex_read_lock(&lock);
	CHECK(lock.reader_count == 2 && !played_waits.waits,
	        "readers do not wait for each other");
	played_waits.meanwhile = a_reader_leaves;
	go_rwmutex_lock(&lock);
	CHECK(played_waits.waits == 2 && played_waits.wakes == 1,
	        "a writer waits until the last one has left, which wakes it");
	CHECK(lock.reader_count == -GO_RW_MAX_READERS && lock.w == 1 &&
	                lock.writer_sem == 0 && lock.reader_wait == 0,
	        "the writer then holds the lock");
	go_rwmutex_unlock(&lock);
	CHECK(lock.reader_count == 0 && lock.w == 0 && played_waits.wakes == 1,
	        "a writer's unlock wakes no reader if none waits");
}

/* Lets the writer leave while a reader waits. */
static void the_writer_leaves(_Atomic uint32_t *word)
{
	(void)word;
	go_rwmutex_unlock(&lock);
}

static void readers_wait_for_writers(void)
{
	lock = (struct go_rwmutex){ 0 };
	played_waits = (struct played_waits){ 0 };
	go_rwmutex_lock(&lock);
	CHECK(!played_waits.waits, "a writer of a free lock does not wait");
	played_waits.meanwhile = the_writer_leaves;
	go_rwmutex_read_lock(&lock);
	CHECK(played_waits.waits == 1 && played_waits.woken == 1 &&
	                lock.reader_count == 1 && lock.reader_sem == 0,
	        "a reader waits for the writer, which wakes it");
	go_rwmutex_read_unlock(&lock);
	CHECK(lock.reader_count == 0 && lock.reader_wait == 0,
	        "the lock is unchanged at the end");
}

int main(void)
{
	spinning_ends();
	free_tickets_do_not_wait();
	near_turns_stay_awake();
	far_turns_sleep();
	words_mark_waiters();
	semaphores_count();
	writers_wait_for_readers();
	readers_wait_for_writers();
	return DONE();
}
