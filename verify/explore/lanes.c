/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lanes.c - runs lanes: their turns and waits, and the beginning and end of a
 * schedule.
 */
#include "verify/explore/crash.h"
#include "verify/explore/locks.h"
#include "verify/explore/memory.h"
#include "verify/explore/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Global, since calls from simulated code pass no handle. */
struct rm_explore_world rm_explore;

enum {
	/* If a lane runs this long without ending an operation, it may be
	   spinning on other lanes without a pause in its loop. It is then
	   treated as if it yielded. */
	FAIR_STEPS = 20000,
	/* Under a fair schedule, this many steps without the end of an
	   operation are a livelock. */
	STUCK_STEPS = 100000,
	ALONE_MOST = 1 << 24,   /* limit of accesses and calls of the main
                                   thread */
	ALONE_YIELDS = 1000000, /* limit of pauses of the main thread while it
                                   is alone */
	/* addresses below this are members of a NULL struct */
	NEAR_NULL = 65536,
	STACK_USED = RM_SIM_STACK_BYTES / 2, /* see rm_sim_space_stack() */
	SIGNAL_STACK_BYTES = 64 << 10,
};

/* Handles a map's crash: leaves the lane and continues on the host's stack. */
static void crashed(int signal, siginfo_t *info, void *context)
{
	(void)context;
	if (!rm_explore.running)
		_Exit(128 + signal);
	if (signal == SIGABRT)
		rm_explore_stop(
		        RM_EXPLORE_CRASH, NULL, NULL, "the map called abort()");
	/* other addresses belong to the host and vary between runs */
	rm_explore_stop(RM_EXPLORE_CRASH, NULL, NULL, "%s%s", strsignal(signal),
	        (uintptr_t)info->si_addr < NEAR_NULL ? " near NULL" : "");
}

static void catch_crashes(void)
{
	static char stack[SIGNAL_STACK_BYTES];
	const stack_t other = { .ss_sp = stack, .ss_size = sizeof(stack) };
	/* SA_NODEFER, since the handler does not return */
	struct sigaction action = { .sa_sigaction = crashed,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

	sigaltstack(&other, NULL);
	for (int signal = 1; signal < NSIG; signal++)
		if (rm_explore_is_crash(signal))
			sigaction(signal, &action, NULL);
}

int rm_explore_lanes_open(struct rm_error *error)
{
	int status = rm_sim_space_open(error);

	if (!status)
		catch_crashes();
	return status;
}

static void lane_entry(void)
{
	struct rm_explore_lane *self = rm_explore.running;

	self->entry(self);
	self->operation = -1;
	if (rm_explore.buffers && !--rm_explore.left)
		/* the lane's stores may stay in its buffer after its last
		 * step */
		rm_explore_decide();
	rm_explore.ended |= 1U << self->id;
	rm_explore_block(RM_EXPLORE_ENDED, NULL, NULL);
	__builtin_unreachable();
}

static void make_lane(unsigned id, void (*entry)(struct rm_explore_lane *lane))
{
	struct rm_explore_lane *lane = &rm_explore.lane[id];
	char *top = lane->stack ? (char *)lane->stack + STACK_USED
	                        : rm_sim_space_stack(id);

	*lane = (struct rm_explore_lane){ .stack = (uintptr_t)top - STACK_USED,
		.id = id,
		.operation = -1,
		.entry = entry };
	rm_sim_ctx_make(&lane->ctx, top, STACK_USED, lane_entry);
}

static void main_entry(struct rm_explore_lane *lane)
{
	rm_explore.main(lane);
	rm_explore.running = NULL;
	rm_sim_ctx_switch(&lane->ctx, &rm_explore.host);
}

/* While it is alone, the main thread takes no steps, since no other lane can
   observe it. The limit is far above the needs of a correct map. It ends loops
   over a broken structure, such as a cyclic chain. */
static void begin_alone(void)
{
	rm_explore.alone = true;
	rm_explore.hashes = false;
	rm_explore.alone_left = ALONE_MOST;
	rm_explore.left = rm_explore.granted = UINT32_MAX;
}

void rm_explore_begin(struct rm_explore_schedule *schedule, uint64_t limit,
        void (*main)(struct rm_explore_lane *lane))
{
	rm_explore.number++;
	rm_explore.schedule = schedule;
	rm_explore.limit = limit;
	rm_explore.steps = rm_explore.switches = rm_explore.stamp = 0;
	rm_explore.alone_passed = 0;
	rm_explore.turn_began = rm_explore.last_progress = 0;
	rm_explore.trace_count = rm_explore.trace_lost = 0;
	rm_explore.finding = (struct rm_explore_finding){ .what = "" };
	rm_explore.starved = rm_explore.abandoned = false;
	rm_explore_walk_reset();
	rm_explore.lanes = 1;
	rm_explore.ready = 1;
	rm_explore.ended = 0;
	rm_explore.main = main;
	make_lane(0, main_entry);
	begin_alone();
	rm_explore.running = &rm_explore.lane[0];
	rm_sim_ctx_switch(&rm_explore.host, &rm_explore.lane[0].ctx);
	rm_explore.running = NULL;
}

void rm_explore_run_threads(
        unsigned threads, void (*entry)(struct rm_explore_lane *lane))
{
	struct rm_explore_schedule *schedule = rm_explore.schedule;

	rm_explore.lanes = threads + 1;
	for (unsigned i = 1; i <= threads; i++) {
		make_lane(i, entry);
		rm_explore.ready |= 1U << i;
	}
	schedule->scheduler->begin(schedule, rm_explore.lanes);
	rm_explore.alone = false;
	rm_explore.left = rm_explore.granted = 1;
	rm_explore_block(RM_EXPLORE_FOR_LANES, NULL, NULL);
	begin_alone();
}

/* Leaves the lane forever and continues on the host's stack. */
static _Noreturn void leave(void)
{
	struct rm_sim_ctx lost = { NULL };

	if (!rm_explore.host.stack_pointer) {
		fprintf(stderr,
		        "readmostly explore: the library's constructors: %s\n",
		        rm_explore.finding.what);
		_Exit(RM_FAILED);
	}
	rm_explore.running = NULL;
	rm_sim_ctx_switch(&lost, &rm_explore.host);
	__builtin_unreachable();
}

/* The host is out of memory, which is no failure of the map. */
static _Noreturn void starve(void)
{
	rm_explore.starved = true;
	leave();
}

void rm_explore_abandon(void)
{
	if (!rm_explore.collides)
		return;
	rm_explore.abandoned = true;
	leave();
}

/* Lists which lanes wait, and for which holders of locks, if known. */
static void print_waits(char *text, size_t size)
{
	static const char *const words[] = { "nothing", "a mutex",
		"a lock to read", "a lock to write", "a signal", "a futex",
		"a barrier", "the others", "nothing" };
	size_t used = 0;

	for (unsigned i = 1; i < rm_explore.lanes; i++) {
		const struct rm_explore_lane *lane = &rm_explore.lane[i];
		uint32_t holders = rm_explore_holders(lane);

		if (lane->wait == RM_EXPLORE_ENDED || used + 96 > size)
			continue;
		used += (size_t)snprintf(text + used, size - used,
		        "%sthread %u waits for %s", used ? ", " : "", i,
		        words[lane->wait]);
		for (; holders; holders &= holders - 1)
			used += (size_t)snprintf(text + used, size - used,
			        " that thread %d holds",
			        __builtin_ctz(holders));
	}
}

static _Noreturn void deadlock(void)
{
	const struct rm_explore_lane *first = &rm_explore.lane[0];
	char who[400] = "";

	for (unsigned i = rm_explore.lanes; i-- > 1;)
		if (rm_explore.lane[i].wait != RM_EXPLORE_ENDED)
			first = &rm_explore.lane[i];
	/* only the main thread runs, so the lock is never released */
	if (!first->id)
		rm_explore_stop(RM_EXPLORE_DEADLOCK, first->waits_site, NULL,
		        "the main thread, alone, waits for a lock that was "
		        "not released");
	print_waits(who, sizeof(who));
	rm_explore_stop(RM_EXPLORE_DEADLOCK, first->waits_site, NULL,
	        "all threads wait: %s", who);
}

static uint64_t patience(void)
{
	return FAIR_STEPS + rm_explore.patience;
}

/* In an operation of a lock-free map a thread never depends on another one. So
   it may keep the turn, even if it yields. */
static bool must_proceed(void)
{
	return rm_explore.lock_free && !rm_explore.alone &&
	       rm_explore.running->inside;
}

/* Lanes that the scheduler may choose; lane 0 only when all others ended. */
static uint32_t choices_of(bool *yields)
{
	const struct rm_explore_lane *self = rm_explore.running;
	uint32_t others =
	        (rm_explore.ready & ~(1U << self->id)) | rm_explore.buffers;

	if (!must_proceed() &&
	        rm_explore.steps - rm_explore.turn_began > patience())
		*yields = true;
	if (*yields && others)
		return others;
	if (!rm_explore.ready &&
	        rm_explore.lane[0].wait == RM_EXPLORE_FOR_LANES &&
	        rm_explore.ended == (1U << rm_explore.lanes) - 2)
		return rm_explore.ready = 1; /* lane 0 waits for this */
	return rm_explore.ready | rm_explore.buffers;
}

static void switch_to(uint32_t lane)
{
	struct rm_explore_lane *self = rm_explore.running;

	if (lane == self->id)
		return;
	rm_explore.switches++;
	rm_explore.turn_began = rm_explore.steps;
	rm_explore.running = &rm_explore.lane[lane];
	rm_sim_ctx_switch(&self->ctx, &rm_explore.running->ctx);
}

static struct rm_explore_turn next_turn(bool yields)
{
	struct rm_explore_situation situation = { .yields = yields &&
		                                            !must_proceed(),
		.running = rm_explore.running->id,
		.stuck = !must_proceed() &&
		         rm_explore.steps - rm_explore.last_progress >
		                 patience(),
		.steps = rm_explore.steps };
	struct rm_explore_turn turn;

	situation.choices = choices_of(&situation.yields);
	if (!situation.choices)
		deadlock();
	if (situation.choices == 1)
		return (struct rm_explore_turn){ .steps = UINT32_MAX };
	turn = rm_explore_next_turn(rm_explore.schedule, &situation);
	if (!turn.steps)
		starve();
	return turn;
}

/* A buffer's turn takes no steps, so the same decision follows again. */
static bool leaves_buffer(const struct rm_explore_turn *turn)
{
	if (turn->lane < RM_EXPLORE_LANES)
		return false;
	rm_explore_record_steps(rm_explore.schedule,
	        rm_explore.model->drain(
	                turn->lane - RM_EXPLORE_LANES, turn->steps));
	return true;
}

/* Returns true if the lane's operation has made no access yet, so that its
   first step is next. */
static bool is_fresh(const struct rm_explore_lane *lane)
{
	return lane->restamp && rm_explore.steps <= lane->began + 1;
}

void rm_explore_begin_operation(void (*restamp)(struct rm_explore_lane *lane))
{
	struct rm_explore_lane *self = rm_explore.running;

	self->restamp = restamp;
	self->inside = true;
	self->had_taken = self->steps;
	self->began = rm_explore.steps + rm_explore.granted - rm_explore.left;
}

static bool ends_nothing(void)
{
	const struct rm_explore_lane *self = rm_explore.running;
	const bool tries =
	        must_proceed() && self->steps - self->had_taken > FAIR_STEPS;

	return (rm_explore.schedule->fair || tries) &&
	       rm_explore.steps - rm_explore.last_progress >
	               STUCK_STEPS + rm_explore.patience;
}

/* Returns true after more steps than operations of a correct map usually
 * need. */
static bool is_late(void)
{
	return rm_explore.steps > rm_explore.limit || ends_nothing();
}

static _Noreturn void stuck(void)
{
	if (ends_nothing() && !rm_explore.schedule->fair)
		rm_explore_stop(RM_EXPLORE_NOT_LOCK_FREE, NULL, NULL,
		        "no operation ended in %llu steps, but the map "
		        "promises to be %s",
		        (unsigned long long)(rm_explore.steps -
		                             rm_explore.last_progress),
		        rm_explore.lock_free);
	if (ends_nothing())
		rm_explore_stop(RM_EXPLORE_LIVELOCK, NULL, NULL,
		        "no operation ended in %llu steps, although every "
		        "thread that can run moved",
		        (unsigned long long)(rm_explore.steps -
		                             rm_explore.last_progress));
	rm_explore_stop(RM_EXPLORE_LIVELOCK, NULL, NULL,
	        "not done after %llu steps",
	        (unsigned long long)rm_explore.limit);
}

static void decide(bool yields)
{
	struct rm_explore_lane *self = rm_explore.running;
	struct rm_explore_turn turn;
	bool fresh;
	uint32_t took = rm_explore.granted - rm_explore.left;

	/* If granted steps are left, the lane stopped before its next step. One
	   more step is granted, so that it stops there again. */
	if (!rm_explore.alone)
		rm_explore_record_steps(
		        rm_explore.schedule, took + (rm_explore.left != 0));
	rm_explore.steps += took;
	self->steps += took;
	if (is_late() && !rm_explore_walks(rm_explore.steps, rm_explore.at))
		stuck();
	do
		turn = next_turn(yields);
	while (leaves_buffer(&turn));
	rm_explore.left = rm_explore.granted = turn.steps;
	fresh = is_fresh(self);
	switch_to(turn.lane);
	if (fresh) {
		rm_explore.stretch.opaque = true;
		self->restamp(self);
	}
}

void rm_explore_decide(void)
{
	decide(false);
}

void rm_explore_yield(void)
{
	if (rm_explore.alone) {
		rm_explore.alone_passed++;
		if (--rm_explore.left < UINT32_MAX - ALONE_YIELDS)
			rm_explore_stop(RM_EXPLORE_LIVELOCK, NULL, NULL,
			        "the main thread, alone, waits for other "
			        "threads");
		return;
	}
	/* ensures that a loop that only yields reaches the limit */
	rm_explore.steps++;
	rm_explore.running->steps++;
	rm_explore.stretch.opaque = true;
	decide(true);
}

void rm_explore_block(
        enum rm_explore_wait wait, const void *address, const void *site)
{
	struct rm_explore_lane *self = rm_explore.running;

	rm_explore.stretch.opaque = true;
	if (rm_explore.buffers)
		rm_explore.model->drain(self->id, UINT32_MAX);
	self->restamp = NULL; /* other lanes can see that it waits */
	if (must_proceed())
		rm_explore_stop(RM_EXPLORE_NOT_LOCK_FREE, site, NULL,
		        "an operation of %s waits for another thread, but the "
		        "map promises to be %s",
		        rm_explore_lane_name(self->id), rm_explore.lock_free);
	self->wait = wait;
	self->waits_for = address;
	self->waits_site = site;
	rm_explore.ready &= ~(1U << self->id);
	decide(false);
	self->wait = RM_EXPLORE_READY;
}

void rm_explore_note_progress(uint64_t more)
{
	const uint64_t now =
	        rm_explore.steps + rm_explore.granted - rm_explore.left;

	rm_explore.turn_began = rm_explore.last_progress = now;
	if (now + more > rm_explore.limit)
		rm_explore.limit = now + more;
}

static void end_turn(void)
{
	rm_explore.granted -= rm_explore.left - 1;
	rm_explore.left = 1;
}

unsigned rm_explore_wake(
        enum rm_explore_wait wait, const void *address, unsigned count)
{
	unsigned woken = 0;

	rm_explore.stretch.opaque = true;
	for (unsigned i = 1; i < rm_explore.lanes && woken < count; i++) {
		struct rm_explore_lane *lane = &rm_explore.lane[i];

		if (lane->wait != wait || lane->waits_for != address ||
		        rm_explore.ready & 1U << i)
			continue;
		rm_explore.ready |= 1U << i;
		woken++;
	}
	if (woken && !rm_explore.alone)
		end_turn();
	return woken;
}

void rm_explore_count_compare(void)
{
	struct rm_explore_pace *pace =
	        &rm_explore.schedule->pace[rm_explore.running->id];

	if (--pace->compares)
		return;
	pace->stop = 0;
	end_turn();
}

uint32_t rm_explore_choose_store(uint32_t most)
{
	uint32_t back = rm_explore_choose_back(
	        rm_explore.schedule, most, rm_explore.left == 1);

	if (back)
		end_turn();
	return back;
}

void rm_explore_store_buffered(void)
{
	if (rm_explore.schedule->scheduler->at_once)
		end_turn();
}

void rm_explore_stop(enum rm_explore_fault fault, const void *site,
        const void *other, const char *format, ...)
{
	struct rm_explore_finding *finding = &rm_explore.finding;
	va_list list;

	finding->fault = fault;
	finding->site[0] = site;
	finding->site[1] = other;
	va_start(list, format);
	vsnprintf(finding->what, sizeof(finding->what), format, list);
	va_end(list);
	finding->lane = rm_explore.running->id;
	if (!rm_explore.alone)
		rm_explore_record_steps(rm_explore.schedule,
		        rm_explore.granted - rm_explore.left +
		                (rm_explore.left != 0));
	leave();
}

void *rm_explore_realloc(void *old, size_t bytes)
{
	void *larger = realloc(old, bytes);

	if (!larger)
		starve();
	return larger;
}

const char *rm_explore_lane_name(unsigned lane)
{
	static const char *const names[RM_EXPLORE_LANES] = { "the main thread",
		"thread 1", "thread 2", "thread 3", "thread 4", "thread 5",
		"thread 6", "thread 7" };

	return names[lane];
}
