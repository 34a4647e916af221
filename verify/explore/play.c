/* SPDX-License-Identifier: Apache-2.0 */
/*
 * play.c - runs one schedule of one program: creates and fills the map, runs
 * the threads, reads the map at the end, destroys it, and judges the history.
 *
 * Everything except judging runs in simulated lanes. This file is not
 * instrumented, so its own work takes no steps.
 */
#include "verify/explore/play.h"
#include "verify/explore/call.h"
#include "verify/explore/clocks.h"
#include "verify/explore/heap.h"
#include "verify/explore/memory.h"
#include "verify/explore/progress.h"
#include "verify/explore/thread_local.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* Maximum number of entries from all scans of a lane, and from each
	   repeated scan. */
	PAIRS = 1024,
	PAIRS_A_SCAN = 2 * RM_EXPLORE_KEYS_MAX,
	/* A repeated operation ends if the heap has grown by this since the
	   threads began. Otherwise a map that copies itself at each write would
	   exhaust memory. */
	REPEATS_HEAP = 6 << 20,
	/* Extra steps for each repeat, since one operation may scan all memory
	   that others have retired. */
	A_WRITE = 12,
	EXPLAINED_MOST = 4096, /* operations in a history that is explained */
	/* The writes before the start of the threads end at this heap size, or
	   when the main thread has this many accesses left. */
	BEFORE_HEAP = 64 << 20,
	BEFORE_LEAVES = 1 << 20,
};

static struct {
	const struct rm_explore_program *program;
	void *map;
	uint64_t sequence; /* number of the last value that was written */
	uint32_t *begun;   /* for each value: the writer's clock */
	unsigned
	        extremes; /* bits of the extreme values written so far: call.h */
	uint32_t present; /* keys with an initial value, as bits */
	/* Initial value and rank of each key. The last one is a filler that
	   was lost. */
	uint64_t first[RM_EXPLORE_KEYS_MAX + 1];
	uint32_t rank[RM_EXPLORE_KEYS_MAX + 1];
	uint32_t fillers; /* those inserted, before other keys */
	/* At the start of the threads: number of blocks, and bytes of the
	   largest one that the writes before allocated. */
	size_t blocks_before;
	uint64_t largest_before;
	struct rm_history_event *event;
	/* the running operation of each lane */
	struct rm_history_event *running[RM_EXPLORE_LANES];
	/* number of events, and space in `event` and `begun` */
	size_t events, room;
	/* steps and bytes at the start of the threads */
	uint64_t limit, heap_before;
	struct rm_history_pair *pair;
	/* space for pairs: of all lanes, of each lane */
	size_t pair_room, lane_pairs;
	size_t pairs[RM_EXPLORE_LANES]; /* number of pairs used by each lane */
} play;

/* Stamps the beginning of an operation; repeated until the operation's first
   access. */
static void stamp_begin(struct rm_explore_lane *lane)
{
	play.running[lane->id]->invoked = ++rm_explore.stamp;
	if (!play.program->unstamped)
		rm_explore_boundary();
}

/* Returns the next value of the key, which no other operation writes. The first
   value of some keys is 0 or all ones. */
static struct rm_value next_value(unsigned lane, unsigned key)
{
	const uint32_t rank = play.rank[key];
	const unsigned extreme = !rank ? 1 : rank == UINT32_MAX ? 2 : 0;

	play.sequence++;
	if (play.program->keyset == RM_KEYS_RANKS || !extreme ||
	        play.extremes & extreme)
		return rm_value_of(rank, lane, play.sequence);
	play.extremes |= extreme;
	return rm_explore_expand_value(rank ? UINT64_MAX : 0);
}

static bool is_whole_map(const struct rm_explore_op *op)
{
	return op->kind < RM_HISTORY_KINDS && rm_history_is_whole_map(op->kind);
}

/* Performs one operation and records it. `known` has the value that the thread
   last saw for each key. While the operation runs, its event has no end, so a
   stopped schedule shows it as pending. */
static void record(struct rm_explore_call *call, const struct rm_explore_op *op,
        uint64_t *known)
{
	struct rm_history_event *event = &play.event[play.events++];
	size_t *pairs = &play.pairs[call->lane->id];
	unsigned kind =
	        op->kind == RM_EXPLORE_UPDATE ? RM_HISTORY_EXCHANGE : op->kind;

	/* this is a step, because the judged history depends on the order of
	 * beginnings and ends */
	rm_explore_mark_opaque();
	rm_explore_set_key(call, op->key);
	call->value = next_value(call->lane->id, op->key);
	play.begun[play.sequence] = rm_explore_now();
	call->expected = rm_explore_expand_value(
	        known[op->key] ? known[op->key] : play.rank[op->key]);
	*event = (struct rm_history_event){ .kind = (uint8_t)kind,
		.thread = call->lane->id,
		.key = is_whole_map(op) ? 0 : op->key,
		.value = call->value.word[0],
		.expected = call->expected.word[0],
		.first_pair = call->lane->id * play.lane_pairs + *pairs,
		.returned = RM_HISTORY_NEVER };
	play.running[call->lane->id] = event;
	stamp_begin(call->lane);
	rm_explore_begin_operation(stamp_begin);
	event->there = rm_explore_perform(call, op->kind);
	call->lane->restamp = NULL;
	call->lane->inside = false;
	rm_explore_mark_opaque();
	if (!play.program->unstamped)
		rm_explore_boundary();
	if (kind == RM_HISTORY_LENGTH)
		event->result = call->result.word[0];
	event->returned = ++rm_explore.stamp;
	event->pairs =
	        call->lane->id * play.lane_pairs + *pairs - event->first_pair;
	if (event->there && rm_explore_returns_value(op->kind)) {
		rm_explore_verify_value(call, &call->result, op->key,
		        rm_history_kind_name(kind));
		known[op->key] = event->result = call->result.word[0];
	}
}

static void join(struct rm_explore_call *call, size_t slot)
{
	call->thread = call->ops->join(play.map, slot);
	if (!call->thread)
		rm_explore_stop(RM_EXPLORE_MISUSE, NULL, NULL,
		        "%s: join() returned NULL: out of memory",
		        rm_explore_lane_name(call->lane->id));
}

/* Joins the map and returns the state of the lane's calls. */
static struct rm_explore_call begin_call(
        struct rm_explore_lane *lane, size_t slot)
{
	struct rm_explore_call call = { .lane = lane,
		.ops = play.program->impl->ops,
		.shape = play.program->shape,
		.pair = play.pair + lane->id * play.lane_pairs,
		.pairs = &play.pairs[lane->id],
		.pairs_most = play.lane_pairs,
		.rank = play.rank,
		.keys = play.program->keys,
		.fillers = play.fillers,
		.keyset = play.program->keyset,
		.map_seed = play.program->map_seed,
		.extremes = &play.extremes,
		.begun = play.begun,
		.sequence = &play.sequence };

	join(&call, slot);
	return call;
}

/* Executes an operation as often as it requests. The trace contains the first
   and the last execution. */
static void repeat(struct rm_explore_call *call, const struct rm_explore_op *op,
        uint64_t *known)
{
	const unsigned times = rm_explore_times(op);
	const bool asks = play.program->question;
	struct rm_explore_op one;

	for (unsigned i = 0; i < times; i++) {
		if (i &&
		        rm_explore_heap_top() - play.heap_before > REPEATS_HEAP)
			break;
		call->lane->untraced =
		        i && i + 1 < times && !rm_explore.trace_from;
		if (asks)
			rm_explore_operation_begins(call->lane->id, op);
		one = rm_explore_execution(play.program, op, i);
		record(call, &one, known);
		call->ops->quiesce(call->thread);
		rm_explore_note_progress(times > 1 ? play.limit : 0);
		if (asks && rm_explore_operation_ends(call->lane->id))
			break;
	}
	call->lane->untraced = false;
}

static void thread_main(struct rm_explore_lane *lane)
{
	const struct rm_explore_program *program = play.program;
	unsigned number = lane->id - 1;
	uint64_t known[RM_EXPLORE_KEYS_MAX];
	struct rm_explore_call call = begin_call(lane, number);

	memcpy(known, play.first, sizeof(known));
	for (unsigned i = 0; i < program->ops[number]; i++) {
		if (i && program->rejoins) {
			call.ops->leave(call.thread);
			join(&call, number);
		}
		lane->operation = (int)i;
		repeat(&call, &program->op[number][i], known);
	}
	lane->operation = -1;
	rm_explore_operations_end(lane->id);
	call.ops->leave(call.thread);
	rm_explore_locals_end();
}

/* Performs the writes before the start of the threads, as often as memory
 * permits. */
static void write_before(struct rm_explore_call *call)
{
	const struct rm_explore_before *before = &play.program->before;

	for (uint32_t i = 0; i < before->times * before->ops &&
	                     rm_explore_heap_top() < BEFORE_HEAP &&
	                     rm_explore.alone_left > BEFORE_LEAVES;
	        i++) {
		const struct rm_explore_op *op = &before->op[i % before->ops];

		rm_explore_set_key(call, op->key);
		call->value = next_value(0, op->key);
		play.begun[play.sequence] = 0;
		rm_explore_perform(call, op->kind);
		call->ops->quiesce(call->thread);
		play.present &= ~(1U << op->key);
		if (op->kind == RM_HISTORY_UPSERT)
			play.present |= 1U << op->key;
		play.first[op->key] = call->value.word[0];
	}
}

static void note_growth(struct rm_explore_growth *growth, uint32_t keys)
{
	if (growth && keys > 1 && growth->count < RM_EXPLORE_GROWTHS_MAX)
		growth->keys[growth->count++] = keys;
}

/* Inserts fillers, as many as memory permits. */
static void insert_fillers(struct rm_explore_call *call)
{
	const struct rm_explore_program *program = play.program;
	uint64_t largest = 0;

	while (play.fillers < program->fillers &&
	        rm_explore_heap_top() < BEFORE_HEAP &&
	        rm_explore.alone_left > BEFORE_LEAVES) {
		const size_t made = rm_explore_heap_made();
		const uint32_t rank = rm_explore_set_filler(call, play.fillers);

		call->value = rm_value_of(rank, 0, ++play.sequence);
		play.begun[play.sequence] = 0;
		rm_explore_perform(call, RM_HISTORY_UPSERT);
		call->ops->quiesce(call->thread);
		play.fillers++;
		if (rm_explore_heap_largest(made) <= largest)
			continue;
		largest = rm_explore_heap_largest(made);
		note_growth(program->growth, play.fillers);
	}
}

/* If a filler was lost, adds it and its look-up to the history. Its value has
   the sequence of insert_fillers(). */
static void read_fillers(struct rm_explore_call *call)
{
	const unsigned lost = RM_EXPLORE_KEYS_MAX;
	uint64_t known[RM_EXPLORE_KEYS_MAX + 1] = { 0 };

	for (uint32_t i = 0; i < play.fillers; i++) {
		const uint32_t rank = rm_explore_set_filler(call, i);
		const uint64_t value = rm_value_of(rank, 0, i + 1).word[0];

		if (rm_explore_perform(call, RM_HISTORY_LOOKUP) &&
		        call->result.word[0] == value)
			continue;
		play.rank[lost] = rank;
		play.first[lost] = value;
		play.present |= 1U << lost;
		record(call,
		        &(struct rm_explore_op){ .kind = RM_HISTORY_LOOKUP,
		                .key = (uint8_t)lost },
		        known);
		return;
	}
}

/* The main thread uses the slot after the threads' slots. It leaves before
   they begin, since an idle joined thread would delay reclamation. */
static void prefill(struct rm_explore_lane *lane)
{
	const struct rm_explore_program *program = play.program;
	struct rm_explore_call call = begin_call(lane, program->threads);

	if (program->collide && program->keyset == RM_KEYS_RANKS)
		rm_explore_find_colliding(&call, program->keys, play.rank);
	insert_fillers(&call);
	for (unsigned key = 0; key < program->keys; key++) {
		play.first[key] = 0;
		if (!(program->resident & 1U << key))
			continue;
		call.value = next_value(0, key);
		/* each thread may expect this value */
		play.begun[play.sequence] = 0;
		play.first[key] = call.value.word[0];
		rm_explore_set_key(&call, key);
		rm_explore_perform(&call, RM_HISTORY_UPSERT);
	}
	play.present = program->resident;
	write_before(&call);
	for (unsigned key = 0; key < program->keys; key++)
		if (!(play.present & 1U << key))
			play.first[key] = 0;
	call.ops->quiesce(call.thread);
	call.ops->leave(call.thread);
}

/* Adds reads of the whole map, after all threads have ended, to the history. */
static void read_map(struct rm_explore_lane *lane)
{
	const struct rm_explore_program *program = play.program;
	struct rm_explore_call call = begin_call(lane, program->threads);
	uint64_t known[RM_EXPLORE_KEYS_MAX] = { 0 };

	for (unsigned key = 0; key < program->keys; key++)
		record(&call,
		        &(struct rm_explore_op){ .kind = RM_HISTORY_LOOKUP,
		                .key = (uint8_t)key },
		        known);
	if (program->looks && call.ops->length)
		record(&call,
		        &(struct rm_explore_op){ .kind = RM_HISTORY_LENGTH },
		        known);
	if (program->looks && call.ops->scan)
		record(&call,
		        &(struct rm_explore_op){ .kind = RM_HISTORY_SCAN },
		        known);
	read_fillers(&call);
	call.ops->quiesce(call.thread);
	call.ops->leave(call.thread);
}

static void check_invariants(void)
{
	char why[256] = "";

	if (!play.program->impl->ops->check ||
	        play.program->impl->ops->check(play.map, why, sizeof(why)))
		return;
	rm_explore_stop(RM_EXPLORE_INVARIANT, NULL, NULL,
	        "the map's own check failed: %s", why);
}

static void main_thread(struct rm_explore_lane *lane)
{
	const struct rm_explore_program *program = play.program;
	const struct rm_sizing sizing = { .keys = program->keys,
		.threads = program->threads + 1,
		.presize = program->presize,
		.shape = program->shape,
		.seed = program->map_seed,
		/* so that a map that collects this much retired memory soon
		 * frees it */
		.retired_limit_bytes = program->question == RM_EXPLORE_RECLAIMS
		                               ? RM_EXPLORE_RETIRED_BYTES
		                               : 0 };
	size_t created;

	play.map = program->impl->ops->create(&sizing);
	if (!play.map)
		rm_explore_stop(RM_EXPLORE_MISUSE, NULL, NULL,
		        "create() returned NULL: out of memory");
	created = rm_explore_heap_made();
	prefill(lane);
	play.blocks_before = rm_explore_heap_made();
	play.largest_before = rm_explore_heap_largest(created);
	play.heap_before = rm_explore_heap_top();
	for (unsigned i = 1; i <= program->threads; i++)
		rm_explore_clocks_fork(i);
	rm_explore_progress_begin(program);
	rm_explore_run_threads(program->threads, thread_main);
	rm_explore_progress_end();
	read_map(lane);
	check_invariants();
	program->impl->ops->destroy(play.map);
	rm_explore_locals_end();
	rm_explore_heap_leaks();
}

/* Limits; a short history that exceeds them is undecided. */
static const struct rm_history_limits limits = { .states = 200000,
	.memory_bytes = (size_t)64 << 20,
	.skip_explanation = true };

static int take_history(struct rm_history *history)
{
	int status = 0;

	rm_history_reset(history);
	snprintf(history->map, sizeof(history->map), "%s",
	        play.program->impl->id);
	snprintf(history->stamps, sizeof(history->stamps), "sequence");
	rm_history_guarantee_parse(
	        play.program->impl->guarantees, &history->guarantee);
	for (unsigned key = 0; key <= RM_EXPLORE_KEYS_MAX && !status; key++)
		if (play.present & 1U << key)
			status = rm_history_add_initial(
			        history, key, play.first[key]);
	for (size_t i = 0; i < play.events && !status; i++) {
		struct rm_history_event event = play.event[i];

		if (play.program->impl->caps & RM_CAP_INEXACT_RETURNS &&
		        event.kind != RM_HISTORY_LOOKUP)
			event.unknown = RM_HISTORY_UNKNOWN_THERE;
		status = rm_history_add(
		        history, &event, play.pair + event.first_pair);
	}
	return status;
}

/* Judges without an explanation first, and explains only a history that failed.
   Long histories are not explained: with 65,536 operations this takes
   minutes. */
static int judge(struct rm_explore_played *played, struct rm_error *error)
{
	struct rm_history_judgement quick = { 0 };
	struct rm_history_limits full = limits;
	int status = rm_history_judge(&played->history, &limits, &quick, error);

	played->undecided = quick.verdict == RM_HISTORY_UNDECIDED;
	if (!status && quick.verdict == RM_HISTORY_BROKEN) {
		played->fault = RM_EXPLORE_HISTORY;
		snprintf(played->what, sizeof(played->what),
		        "no order of these %zu operations explains their "
		        "results",
		        play.events);
	}
	if (played->fault && play.events <= EXPLAINED_MOST) {
		full.skip_explanation = false;
		status = rm_history_judge(
		        &played->history, &full, &played->judgement, error);
		snprintf(played->what, sizeof(played->what), "%s",
		        played->judgement.why);
	}
	rm_history_judgement_clear(&quick);
	return status;
}

static bool make_room_of_pairs(const struct rm_explore_program *program)
{
	struct rm_history_pair *pair;
	size_t room;

	play.lane_pairs = PAIRS + PAIRS_A_SCAN * rm_explore_more_scans(program);
	room = RM_EXPLORE_LANES * play.lane_pairs;
	if (room <= play.pair_room)
		return true;
	pair = realloc(play.pair, room * sizeof(*pair));
	if (!pair)
		return false;
	play.pair = pair;
	play.pair_room = room;
	return true;
}

/* Reserves an event and a value for each operation, for the reads at the end
   and for initial values. Returns false if memory is exhausted; old contents
   are then kept. */
static bool make_room(const struct rm_explore_program *program)
{
	const size_t room =
	        rm_explore_total_times(program) +
	        (size_t)program->before.times * program->before.ops +
	        program->fillers + 2 * (size_t)RM_EXPLORE_KEYS_MAX + 4;
	struct rm_history_event *event;
	uint32_t *begun;

	if (!make_room_of_pairs(program))
		return false;
	if (room <= play.room)
		return true;
	event = realloc(play.event, room * sizeof(*event));
	if (event)
		play.event = event;
	begun = realloc(play.begun, room * sizeof(*begun));
	if (begun)
		play.begun = begun;
	if (!event || !begun)
		return false;
	play.room = room;
	return true;
}

static const char *lock_free_promise(const struct rm_impl *impl)
{
	const char *progress = impl->progress ? impl->progress : "";

	return !strcmp(progress, "lock-free") || !strcmp(progress, "wait-free")
	               ? progress
	               : NULL;
}

/* Resets the state of the last schedule; false: out of memory. */
static bool begin(const struct rm_explore_program *program)
{
	play.program = program;
	play.events = 0;
	for (unsigned key = 0; key < program->keys; key++)
		play.rank[key] = program->keyset != RM_KEYS_RANKS && key == 1
		                         ? UINT32_MAX
		                         : key;
	memset(play.pairs, 0, sizeof(play.pairs));
	play.sequence = play.fillers = play.present = play.extremes = 0;
	play.largest_before = 0;
	rm_explore_heap_reset();
	rm_explore_heap_reuse(program->reuses && !program->memory);
	rm_explore_clocks_reset();
	rm_explore.model = rm_explore_model_of(program->memory);
	rm_explore.lock_free = lock_free_promise(program->impl);
	rm_explore.collides = program->keyset != RM_KEYS_RANKS;
	rm_explore.patience = A_WRITE * rm_explore_longest(program);
	return make_room(program) && rm_explore_places_reset();
}

/* Correct maps may reach a limit below the default, so it is no failure. */
static void mark_limit(struct rm_explore_played *played, uint64_t limit)
{
	const bool stopped = played->fault == RM_EXPLORE_LIVELOCK &&
	                     !strncmp(played->what, "not done", 8);

	if (limit >= RM_EXPLORE_STEPS || played->steps <= limit ||
	        (played->fault && !stopped))
		return;
	played->fault = RM_EXPLORE_NOTHING;
	played->undecided = true;
	snprintf(played->note, sizeof(played->note),
	        "the limit of --steps was reached");
}

int rm_explore_play(const struct rm_explore_program *program,
        struct rm_explore_schedule *schedule, uint64_t limit,
        struct rm_explore_played *played, struct rm_error *error)
{
	const struct rm_explore_finding *finding = &rm_explore.finding;
	int status = 0;

	rm_history_judgement_clear(&played->judgement);
	play.limit = limit;
	if (!begin(program))
		return rm_error_set(error, -ENOMEM, "out of memory");
	rm_explore_begin(schedule, limit, main_thread);
	rm_explore_clocks_undo();
	played->fault = finding->fault;
	played->lane = finding->lane;
	played->site[0] = finding->site[0];
	played->site[1] = finding->site[1];
	memcpy(played->what, finding->what, sizeof(played->what));
	played->steps = rm_explore.steps;
	played->switches = rm_explore.switches;
	played->undecided = false;
	played->abandoned = rm_explore.abandoned;
	/* without an allocation before, any is the largest */
	played->grew = play.largest_before &&
	               rm_explore_heap_largest(play.blocks_before) >
	                       play.largest_before;
	memcpy(played->note, rm_explore_progress_note(), sizeof(played->note));
	if (rm_explore.starved || take_history(&played->history))
		return rm_error_set(error, -ENOMEM, "out of memory");
	/* if a fault ended the schedule early, only the fault is reported */
	if (!played->fault && !played->abandoned && !program->unjudged)
		status = judge(played, error);
	mark_limit(played, limit);
	return status;
}

void rm_explore_played_clear(struct rm_explore_played *played)
{
	rm_history_clear(&played->history);
	rm_history_judgement_clear(&played->judgement);
	*played = (struct rm_explore_played){ .fault = RM_EXPLORE_NOTHING };
}
