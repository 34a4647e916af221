/* SPDX-License-Identifier: Apache-2.0 */
/* Tests Go's Mutex: its two modes state by state, and mutual exclusion. */
#include "impls/support/go_mutex.h"
#include "tests/unit/tap.h"
#include "tests/unit/trial/played_clock.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

enum { THREADS = 8, TURNS = 5000, WITHIN_S = 300, STARVED_NS = 2000000 };
enum {
	LOCKED = GO_MUTEX_LOCKED,
	WOKEN = GO_MUTEX_WOKEN,
	STARVING = GO_MUTEX_STARVING,
	WAITER = GO_MUTEX_WAITER
};

static void desired_states_and_changes(void)
{
	const struct go_contender fresh = { .spins = 0 };
	const struct go_contender woken = { .awoken = true };
	const struct go_contender starved = { .awoken = true,
		.starving = true };

	CHECK(go_mutex_desired_state(0, &fresh) == LOCKED,
	        "a free mutex is taken");
	CHECK(go_mutex_desired_state(LOCKED, &fresh) == (LOCKED | WAITER),
	        "a thread queues for a held mutex");
	CHECK(go_mutex_desired_state(STARVING | WAITER, &fresh) ==
	                (STARVING | 2 * WAITER),
	        "a starving mutex is not taken, even if it is free");
	CHECK(go_mutex_desired_state(WOKEN | WAITER, &woken) ==
	                (LOCKED | WAITER),
	        "a woken thread takes a free mutex and clears the woken flag");
	CHECK(go_mutex_desired_state(LOCKED | WOKEN, &starved) ==
	                (LOCKED | STARVING | WAITER),
	        "a starved thread that finds the mutex held makes it starving");
	CHECK(go_mutex_desired_state(WOKEN, &starved) == LOCKED,
	        "a starved thread that finds the mutex free does not make it "
	        "starving");
	CHECK((STARVING | 2 * WAITER) +
	                        go_mutex_take_over(
	                                STARVING | 2 * WAITER, &starved) ==
	                (LOCKED | STARVING | WAITER),
	        "a hand-over to a starved thread keeps the mode");
	CHECK((STARVING | 2 * WAITER) +
	                        go_mutex_take_over(
	                                STARVING | 2 * WAITER, &fresh) ==
	                (LOCKED | WAITER),
	        "a hand-over to another thread ends the mode");
	CHECK((STARVING | WAITER) + go_mutex_take_over(
	                                    STARVING | WAITER, &starved) ==
	                LOCKED,
	        "a hand-over to the last waiter ends the mode");
}

/* A thread of these tests, and its position in the order of locking: 1, 2,
   3. */
struct actor {
	struct go_mutex *mutex;
	_Atomic unsigned *order;
	_Atomic unsigned got_in;
	_Atomic bool may_leave;
	pthread_t thread;
};

static void *act(void *context)
{
	struct actor *actor = context;

	go_mutex_lock(actor->mutex);
	actor->got_in = ++*actor->order;
	while (!actor->may_leave)
		sched_yield();
	go_mutex_unlock(actor->mutex);
	return NULL;
}

static size_t in_line(struct go_mutex *mutex)
{
	size_t count = 0;

	go_w_lock(&mutex->line);
	for (struct go_waiter *at = mutex->first; at; at = at->next)
		count++;
	go_w_unlock(&mutex->line);
	return count;
}

static void await_line(struct go_mutex *mutex, size_t count)
{
	while (in_line(mutex) != count)
		sched_yield();
}

static void await_in(struct actor *actor)
{
	while (!actor->got_in)
		sched_yield();
}

static void start(struct actor *actor, struct go_mutex *mutex,
        _Atomic unsigned *order, size_t line)
{
	*actor = (struct actor){ .mutex = mutex, .order = order };
	pthread_create(&actor->thread, NULL, act, actor);
	await_line(mutex, line);
}

static void leave(struct actor *actor)
{
	actor->may_leave = true;
	pthread_join(actor->thread, NULL);
}

/* Simulates without a race that this thread unlocks, and that another thread
   locks again before the woken waiter does. */
static void unlock_and_barge(struct go_mutex *mutex)
{
	mutex->state = mutex->state - WAITER + WOKEN;
	go_mutex_grant(mutex);
}

static void starvation(void)
{
	struct go_mutex mutex;
	struct actor old, late;
	_Atomic unsigned order = 0;
	uint64_t start_ns;

	go_mutex_init(&mutex);
	go_mutex_lock(&mutex);
	start(&old, &mutex, &order, 1);
	CHECK(mutex.state == (LOCKED | WAITER), "one thread holds the mutex, "
	                                        "and one waits");
	for (start_ns = rm_now_ns(); rm_now_ns() - start_ns < STARVED_NS;)
		sched_yield();
	unlock_and_barge(&mutex);
	await_line(&mutex, 1);
	CHECK(mutex.state == (LOCKED | STARVING | WAITER),
	        "a thread that lost after 1 ms makes the mutex starving");
	start(&late, &mutex, &order, 2);
	CHECK(mutex.state == (LOCKED | STARVING | 2 * WAITER),
	        "a newcomer queues at the end");
	go_mutex_unlock(&mutex);
	/* a thread that has the lock has left the queue, so the state is
	   current */
	await_in(&old);
	CHECK(old.got_in == 1 && !late.got_in &&
	                mutex.state == (LOCKED | STARVING | WAITER),
	        "unlock hands the lock to the starved thread");
	leave(&old);
	await_in(&late);
	CHECK(mutex.state == LOCKED,
	        "the hand-over to the last waiter ends the mode");
	leave(&late);
	CHECK(mutex.state == 0 && mutex.grants == 0 && !mutex.first,
	        "the mutex is as at the start");
}

/* The simulated clock determines the waiting time. */
static void patience(uint64_t waited_ns, uint32_t mode, const char *fact)
{
	struct go_mutex mutex;
	struct actor actor;
	_Atomic unsigned order = 0;

	go_mutex_init(&mutex);
	go_mutex_lock(&mutex);
	start(&actor, &mutex, &order, 1);
	atomic_fetch_add(&played_ns, waited_ns);
	unlock_and_barge(&mutex);
	await_line(&mutex, 1);
	CHECK(mutex.state == (LOCKED | mode | WAITER), fact);
	go_mutex_unlock(&mutex);
	await_in(&actor);
	leave(&actor);
}

/* Waiters get the lock in order of arrival. A waiter that lost goes to the
   front. */
static void lines(bool barge)
{
	struct go_mutex mutex;
	struct actor actors[3];
	_Atomic unsigned order = 0;
	bool right = true;

	go_mutex_init(&mutex);
	go_mutex_lock(&mutex);
	for (unsigned i = 0; i < 3; i++)
		start(&actors[i], &mutex, &order, i + 1);
	if (barge) {
		unlock_and_barge(&mutex);
		await_line(&mutex, 3);
	}
	go_mutex_unlock(&mutex);
	for (unsigned i = 0; i < 3; i++) {
		await_in(&actors[i]);
		right &= actors[i].got_in == i + 1;
		leave(&actors[i]);
	}
	CHECK(right, barge ? "a waiter that was woken in vain is first again"
	                   : "waiters get the lock in order of arrival");
	CHECK(mutex.state == 0 && !mutex.first, "the mutex is free again");
}

static void grant_before_the_wait(void)
{
	struct go_mutex mutex;

	go_mutex_init(&mutex);
	go_mutex_grant(&mutex);
	go_mutex_queue(&mutex, false);
	CHECK(mutex.grants == 0 && !mutex.first,
	        "a grant before the wait is not lost");
}

/* The members are plain and protected by the lock, so that a sanitizer detects
   unlocked accesses. */
struct shared {
	struct go_mutex mutex;
	uint64_t first, second;
};

static void *take_turns(void *context)
{
	struct shared *shared = context;

	for (unsigned i = 0; i < TURNS; i++) {
		go_mutex_lock(&shared->mutex);
		shared->first++;
		if (shared->first % 16 == 0)
			sched_yield();
		shared->second++;
		go_mutex_unlock(&shared->mutex);
	}
	return NULL;
}

/* If a wake-up were lost, this would hang, and the alarm would end the test. */
static void one_at_a_time(uint32_t spins)
{
	struct shared shared = { .first = 0 };
	pthread_t threads[THREADS];
	char fact[80];

	go_mutex_init(&shared.mutex);
	shared.mutex.spins = spins;
	for (unsigned i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, take_turns, &shared);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	snprintf(fact, sizeof(fact), "%d threads exclude each other, %s",
	        THREADS, spins ? "spinning" : "not spinning");
	CHECK(shared.first == (uint64_t)THREADS * TURNS &&
	                shared.second == shared.first,
	        fact);
	CHECK(shared.mutex.state == 0 && !shared.mutex.first,
	        "the mutex is as at the start");
}

static void misuse_is_fatal(void)
{
	struct go_mutex mutex;
	int status;

	go_mutex_init(&mutex);
	fflush(stdout);
	if (fork() == 0) {
		close(STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		go_mutex_unlock(&mutex);
		_exit(0);
	}
	wait(&status);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT,
	        "unlocking an unlocked mutex is fatal");
}

int main(void)
{
	alarm(WITHIN_S); /* ends a test that hangs */
	desired_states_and_changes();
	starvation();
	patience(990000, 0,
	        "a thread that lost after less than 1 ms does not make the "
	        "mutex starving");
	patience(1000000, STARVING,
	        "a thread that lost after 1 ms and a clock reading makes the "
	        "mutex starving");
	lines(false);
	lines(true);
	grant_before_the_wait();
	one_at_a_time(GO_MUTEX_SPINS);
	one_at_a_time(0);
	misuse_is_fatal();
	return DONE();
}
