/* SPDX-License-Identifier: Apache-2.0 */
/* test_subjects.c - tests stock, pairs of words and the cleanup of a registry
   on one thread: the effect of each step, and that the checks detect faults. */
#include "tests/unit/support/counted_heap.h"
/* included after counted_heap.h, so that their allocations are counted */
#include "impls/support/guard_none.h"
enum { STOCK_CHECKS_UNLOCKED = 1, STOCK_CHECKS_LOCKED = 1 };
#include "impls/technique/stock.h"
enum { PAIR_PAD = 56 };
#include "impls/technique/pair.h"
enum { CLEANUP_CANCELS = 1 };
#include "impls/technique/cleanup.h"
#include "tests/unit/tap.h"
#include "tests/unit/technique/subject_reports.h"
#include "tests/unit/trial/played_clock.h"

static atomic_bool stop;

/* Returns the number of counted iterations. */
static uint64_t run(const struct rm_map_ops *ops,
        const struct rm_own_loop *loop, void *subject, unsigned slot,
        uint64_t iterations)
{
	struct rm_worker worker = { .thread = ops->join(subject, slot),
		.slot = slot,
		.threads = 2,
		.stop = &stop,
		.timed = true,
		.iterations_limit = iterations };

	loop->run(&worker);
	return worker.counts.iterations;
}

/* Creates a registry for one thread, which is timer and server. */
static struct cleanup *registry_of(uint64_t connections)
{
	const uint64_t args[] = { connections };
	const struct rm_sizing sizing = {
		.threads = 1, .seed = 5, .loop_args = args
	};

	return cleanup_ops.create(&sizing);
}

static struct rm_sizing sizing_of(const uint64_t *args)
{
	return (struct rm_sizing){ .threads = 2, .seed = 5, .loop_args = args };
}

/* Checks faults of a stock whose 15 units are all sold. */
static void stock_faults_are_detected(struct stock *stock)
{
	stock_put(stock, 1);
	CHECK(check_reports(&stock_ops, stock,
	              "a deduction was lost: sold 15, but 1 of 15 remain"),
	        "the check detects a lost deduction");
	stock_put(stock, 0);
	rm_stat_own(&stock->thread[0].sold, 1);
	CHECK(check_reports(&stock_ops, stock, "oversold: 16 of 15, 0 remain"),
	        "the check detects a unit that was sold twice");
	stock_put(stock, -1);
	CHECK(check_reports(&stock_ops, stock, "oversold: 16 of 15, -1 remain"),
	        "the check detects a negative stock");
}

static void stock_is_sold_once(void)
{
	const uint64_t args[] = { 15 };
	const struct rm_sizing sizing = sizing_of(args);
	struct stock *stock = stock_ops.create(&sizing);

	run(&stock_ops, stock_loops, stock, 0, 10);
	CHECK(stat_of(&stock_ops, stock, "sold") == 10 &&
	                stat_of(&stock_ops, stock, "remaining") == 5 &&
	                stat_of(&stock_ops, stock, "refused") == 0 &&
	                isnan(stat_of(&stock_ops, stock, "sold_out_after")),
	        "ten of fifteen units are sold, and five remain");
	run(&stock_ops, stock_loops, stock, 1, 10);
	CHECK(stat_of(&stock_ops, stock, "initial") == 15 &&
	                stat_of(&stock_ops, stock, "sold") == 15 &&
	                stat_of(&stock_ops, stock, "remaining") == 0 &&
	                stat_of(&stock_ops, stock, "refused") == 5,
	        "the sixteenth request and later ones are refused");
	CHECK(stat_of(&stock_ops, stock, "sold_out_after") > 0 &&
	                stat_of(&stock_ops, stock, "sold_out_after") <
	                        1000000 &&
	                stat_of(&stock_ops, stock, "sale_max") ==
	                        PLAYED_READING_NS &&
	                stat_of(&stock_ops, stock, "refusal_max") >=
	                        PLAYED_READING_NS,
	        "times of sales, refusals and the sell-out are reported");
	CHECK(check_reports(&stock_ops, stock, ""), "the check passes");
	stock_faults_are_detected(stock);
	/* these were allocated elsewhere */
	for (unsigned slot = 0; slot < 2; slot++) {
		(free)(stock->thread[slot].sales);
		(free)(stock->thread[slot].refusals);
		stock->thread[slot].sales = stock->thread[slot].refusals = NULL;
	}
	stock_ops.destroy(stock);
	/* merged histograms were allocated elsewhere and freed here */
	heap_held = 0;
}

static void stock_has_a_preset(void)
{
	const struct rm_sizing sizing = sizing_of(NULL);
	struct stock *stock = stock_ops.create(&sizing);

	CHECK(stock_left(stock) == 10000 && heap_held >= 3,
	        "the default stock is 10,000");
	stock_ops.destroy(stock);
	CHECK(heap_held == 0, "all memory is freed after the default stock");
}

static struct pair *pair_in(uint64_t mode)
{
	const uint64_t args[] = { mode };
	const struct rm_sizing sizing = sizing_of(args);
	struct pair *pair = pair_ops.create(&sizing);

	run(&pair_ops, pair_loops, pair, 0, 128);
	if (run(&pair_ops, pair_loops, pair, 1, 64) != 64)
		pair->mode = UINT64_MAX;
	return pair;
}

static void pairs_add_up(void)
{
	static const uint64_t wanted[3][2] = { { 0, 0 }, { 0, 64 },
		{ 128, 64 } };
	bool right = true;

	for (unsigned mode = 0; mode < 3; mode++) {
		struct pair *pair = pair_in(mode);

		right &= pair->mode == mode &&
		         *pair_word(pair, 0) == wanted[mode][0] &&
		         *pair_word(pair, 1) == wanted[mode][1] &&
		         check_reports(&pair_ops, pair, "");
		pair_ops.destroy(pair);
	}
	CHECK(right, "rr adds nothing, rw adds in odd threads, ww in all");
	struct pair *pair = pair_in(PAIR_WW);

	CHECK(stat_of(&pair_ops, pair, "distance") == 64 &&
	                stat_of(&pair_ops, pair, "lines") == 2,
	        "words 56 bytes apart are on two lines");
	--*pair_word(pair, 1);
	CHECK(check_reports(&pair_ops, pair, "word 1 holds 63, expected 64"),
	        "the check detects a lost addition");
	++*pair_word(pair, 1);
	++*pair_word(pair, 0);
	CHECK(check_reports(&pair_ops, pair, "word 0 holds 129, expected 128"),
	        "the check detects an extra addition");
	*pair_word(pair, 1) = 5;
	run(&pair_ops, pair_loops, pair, 1, 0);
	CHECK(pair->thread[1].read == 0, "without iterations nothing is read");
	pair->mode = PAIR_RR;
	CHECK(run(&pair_ops, pair_loops, pair, 1, 128) == 128 &&
	                pair->thread[1].read == 128 * 5,
	        "values read are added up");
	pair_ops.destroy(pair);
}

/* Opens a connection in slot 0 whose client sends up to second 10. */
static struct cleanup *open_connection(bool hangs_up)
{
	struct cleanup *cleanup = registry_of(4);
	struct cleanup_thread *self = cleanup_ops.join(cleanup, 0);

	self->now_s = 5;
	cleanup_open(self);
	cleanup->slot[0].hangs_up = hangs_up;
	cleanup->slot[0].ends_s = 11;
	return cleanup;
}

static void run_second(struct cleanup_thread *self, uint64_t second)
{
	self->now_s = second;
	if (self->cleanup->slot[0].handled)
		cleanup_handle(self, 0);
	cleanup_sweep(self);
}

static uint64_t count_entries(const struct cleanup *cleanup)
{
	return syncmap_length(cleanup->thread->handle);
}

static void end(struct cleanup *cleanup)
{
	cleanup_ops.leave(cleanup->thread);
	CHECK(check_reports(&cleanup_ops, cleanup, ""), "the check passes");
	rm_stat_own(&cleanup->thread->opened, 1);
	CHECK(!check_reports(&cleanup_ops, cleanup, ""),
	        "the check detects a lost connection");
	cleanup_ops.destroy(cleanup);
}

static void idle_connections_are_closed(void)
{
	struct cleanup *cleanup = open_connection(false);
	struct cleanup_thread *self = cleanup->thread;
	struct cleanup_slot *slot = cleanup->slot;

	CHECK(self->free_slots == 3 && count_entries(cleanup) == 1 &&
	                slot->handled && !cleanup_closed_s(slot->mark),
	        "a connection has a slot, a handler and an entry");
	run_second(self, 10);
	run_second(self, 11);
	CHECK(slot->last_heard_s == 10 && self->free_slots == 3,
	        "a client sends until its last second, then it is silent");
	run_second(self, 40);
	CHECK(count_entries(cleanup) == 1,
	        "the connection stays open for 30 s");
	run_second(self, 41);
	CHECK(count_entries(cleanup) == 0 &&
	                cleanup_closed_s(slot->mark) == 41 && slot->handled &&
	                stat_of(&cleanup_ops, cleanup, "closed_by_timer") == 1,
	        "after 30 s the timer closes the connection and signals its "
	        "handler");
	self->now_s = 71;
	CHECK(cleanup_survivors(self) == 0, "the handler has 30 s to end");
	self->now_s = 72;
	CHECK(cleanup_survivors(self) == 1,
	        "a handler that still runs after 30 s is counted");
	self->survivors = 3;
	cleanup_ops.leave(self);
	CHECK(check_reports(&cleanup_ops, cleanup,
	              "3 handlers outlived their connection by more than 30 s; "
	              "0 connections were refused because no slot was free"),
	        "the check detects handlers that did not end");
	self->survivors = 0;
	cleanup_ops.join(cleanup, 0);
	run_second(self, 72);
	CHECK(!slot->handled && self->free_slots == 4 &&
	                cleanup_survivors(self) == 0,
	        "an ended handler frees its slot");
	end(cleanup);
}

static void hang_up_closes_connection(void)
{
	struct cleanup *cleanup = open_connection(true);
	struct cleanup_thread *self = cleanup->thread;
	uint64_t mark;

	run_second(self, 10);
	CHECK(self->free_slots == 3, "a client that sends stays connected");
	run_second(self, 11);
	CHECK(self->free_slots == 4 && count_entries(cleanup) == 0 &&
	                stat_of(&cleanup_ops, cleanup, "hung_up") == 1 &&
	                stat_of(&cleanup_ops, cleanup, "closed_by_timer") == 0,
	        "a client that hangs up is removed at once, without the timer");
	for (unsigned i = 0; i < 6; i++)
		cleanup_open(self);
	CHECK(stat_of(&cleanup_ops, cleanup, "opened") == 5 &&
	                stat_of(&cleanup_ops, cleanup, "refused") == 2 &&
	                count_entries(cleanup) == 4,
	        "four connections get slots, others are refused");
	/* the number is stale: it belongs to the previous connection of slot
	   0 */
	mark = cleanup->slot[0].mark;
	CHECK(!cleanup_close(self, cleanup->slot,
	              mark - (1U << CLEANUP_SECOND_BITS), 99) &&
	                cleanup->slot[0].mark == mark &&
	                count_entries(cleanup) == 4,
	        "a stale mark does not close a slot's next connection");
	end(cleanup);
}

static void registry_stays_clean(void)
{
	struct cleanup *cleanup = registry_of(256);

	run(&cleanup_ops, cleanup_loops, cleanup, 0, 1000);
	CHECK(stat_of(&cleanup_ops, cleanup, "opened") == 4000 &&
	                stat_of(&cleanup_ops, cleanup, "refused") == 0,
	        "a 64th of the slots opens each second, and none is refused");
	CHECK(stat_of(&cleanup_ops, cleanup, "open_max") > 80 &&
	                stat_of(&cleanup_ops, cleanup, "open_max") < 176,
	        "less than half of the slots are in use");
	CHECK(stat_of(&cleanup_ops, cleanup, "closed_by_timer") > 1600 &&
	                stat_of(&cleanup_ops, cleanup, "closed_by_timer") <
	                        2400 &&
	                stat_of(&cleanup_ops, cleanup, "sweep_count") == 100,
	        "the timer closes about half of the connections, each tenth "
	        "second");
	end(cleanup);
}

int main(void)
{
	stock_is_sold_once();
	stock_has_a_preset();
	pairs_add_up();
	idle_connections_are_closed();
	hang_up_closes_connection();
	registry_stays_clean();
	CHECK(heap_held == 0, "all memory is freed");
	return DONE();
}
