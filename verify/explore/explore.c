/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explore.c - runs many schedules of one map, in several processes.
 *
 * Schedule K does not depend on other schedules, so each of n processes takes
 * every n-th one. A process stops when its number exceeds the lowest number
 * that has failed. So the result does not depend on the number of processes.
 */
#include "verify/explore/crash.h"
#include "verify/explore/play.h"
#include "verify/explore/sample.h"
#include "verify/explore/world.h"

#include "runner/base/clock.h"
#include "runner/base/limits.h"
#include "runner/sim/sim.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

const char *const rm_explore_policy_name[RM_EXPLORE_POLICIES] = { "mix",
	"random", "pct", "stall", "fair", "exhaustive" };

const char *const rm_explore_fault_name[RM_EXPLORE_FAULTS] = { "none",
	"not linearizable", "torn value", "data race", "use after free",
	"access outside of a block", "uninitialised read", "bad free", "leak",
	"deadlock", "livelock", "starvation", "nothing reclaimed",
	"not lock-free", "broken invariant", "misuse", "crash" };

enum { CLOCK_NUMBERS = 16 };

/* Shared memory of the processes. */
struct share {
	_Atomic uint64_t lowest; /* number of a schedule that failed */
	struct worker {
		_Alignas(RM_CACHE_LINE) struct rm_explore_tally tally;
		uint64_t number;
		struct rm_error error;
		int status;
		int ended; /* status from waitpid() */
	} worker[RM_EXPLORE_CPUS_MAX];
};

const char *rm_explore_skip_reason(const struct rm_impl *impl, bool by_name)
{
	if (!impl->ops->create || !impl->ops->lookup)
		return "it is a technique, not a map";
	if (impl->caps & RM_CAP_NO_STATE)
		return "the map holds nothing";
	if (impl->caps & RM_CAP_STALE)
		return "its lookups may return old values, so they cannot be "
		       "judged";
	if (by_name)
		return NULL;
	if (impl->misuse)
		return "it has an injected misuse; explored only by name";
	if (impl->caps & (RM_CAP_UNSAFE | RM_CAP_UNSAFE_INSERT))
		return "it is declared unsafe with a concurrent writer";
	if (impl->volatile_order)
		return "it orders by volatile accesses, which C11 calls data "
		       "races";
	return NULL;
}

/* Lowers `lowest` to this number, unless another process has reported a lower
 * one. */
static void lower_found(struct share *share, uint64_t number)
{
	/* relaxed: only the number itself is communicated */
	uint64_t lowest =
	        atomic_load_explicit(&share->lowest, memory_order_relaxed);

	while (number < lowest &&
	        !atomic_compare_exchange_weak_explicit(&share->lowest, &lowest,
	                number, memory_order_relaxed, memory_order_relaxed))
		;
}

/* Reads the clock only at each CLOCK_NUMBERS-th number. */
static bool is_over(const struct rm_explore_options *options, uint64_t count)
{
	struct timespec used;

	if (!options->budget_ns || count % CLOCK_NUMBERS)
		return false;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * 1000000000U + (uint64_t)used.tv_nsec >
	       options->budget_ns;
}

static void play_numbers(const struct rm_explore_options *options, unsigned id,
        uint64_t horizon, struct share *share)
{
	struct worker *self = &share->worker[id];
	struct rm_explore_played played = { .fault = RM_EXPLORE_NOTHING };
	uint64_t count = 0, end = options->first +
	                          (options->policy == RM_EXPLORE_EXHAUSTIVE
	                                          ? options->programs
	                                          : options->schedules);

	for (self->number = options->first + id;
	        self->number < end && !self->tally.cut;
	        self->number += options->cpus) {
		self->tally.cut = is_over(options, ++count);
		/* relaxed: a late update only costs one extra schedule */
		if (self->number > atomic_load_explicit(&share->lowest,
		                           memory_order_relaxed))
			break;
		self->status = rm_explore_play_number(options, self->number,
		        horizon, &self->tally, NULL, &played, &self->error);
		if (self->status)
			break;
		if (played.note[0] && !self->tally.noted) {
			self->tally.noted = self->number + 1;
			memcpy(self->tally.note, played.note,
			        sizeof(played.note));
		}
		if (played.fault) {
			lower_found(share, self->number);
			break;
		}
	}
	rm_explore_played_clear(&played);
}

/* Starts the processes. The parent only waits, so that a map can harm only a
   child. If a process cannot be started, the others stop. */
static int start(const struct rm_explore_options *options, uint64_t horizon,
        struct share *share, pid_t *pids, struct rm_error *error)
{
	for (unsigned i = 0; i < options->cpus; i++) {
		pids[i] = fork();
		if (pids[i] < 0) {
			lower_found(share, 0);
			return rm_error_set(error, -errno,
			        "process %u of %u could not be started: %s "
			        "(--cpus)",
			        i + 1, options->cpus, strerror(errno));
		}
		if (!pids[i]) {
			play_numbers(options, i, horizon, share);
			_exit(0);
		}
	}
	return 0;
}

/* If a process did not exit normally, its current schedule failed, unless
   another process killed it (name_fault()). */
static void finish(struct share *share, unsigned id, pid_t pid)
{
	struct worker *worker = &share->worker[id];

	if (pid > 0 && waitpid(pid, &worker->ended, 0) == pid && worker->ended)
		lower_found(share, worker->number);
}

static void add_tally(
        struct rm_explore_tally *sum, const struct rm_explore_tally *part)
{
	sum->programs += part->programs;
	sum->stopped += part->stopped;
	sum->schedules += part->schedules;
	sum->plays += part->plays;
	sum->steps += part->steps;
	sum->switches += part->switches;
	sum->undecided += part->undecided;
	sum->abandoned += part->abandoned;
	sum->grown += part->grown;
	sum->cut |= part->cut;
	sum->measured += part->measured;
	sum->points += part->points;
	sum->log_all += part->log_all;
	sum->log_few += part->log_few;
	if (part->noted && (!sum->noted || part->noted < sum->noted)) {
		sum->noted = part->noted;
		memcpy(sum->note, part->note, sizeof(sum->note));
	}
}

static int sum_up(const struct rm_explore_options *options,
        const struct share *share, struct rm_explore_summary *summary,
        struct rm_error *error)
{
	for (unsigned i = 0; i < options->cpus; i++) {
		const struct worker *worker = &share->worker[i];

		add_tally(&summary->tally, &worker->tally);
		if (worker->status)
			return rm_error_set(error, worker->status, "%s",
			        worker->error.text);
	}
	/* relaxed: the processes have ended */
	summary->found =
	        atomic_load_explicit(&share->lowest, memory_order_relaxed);
	return 0;
}

/* Returns the signal that killed the process at this number, if it is not a
   crash of the map; 0 if there was none. */
static int killed_at(const struct rm_explore_options *options,
        const struct share *share, uint64_t number)
{
	for (unsigned i = 0; i < options->cpus; i++) {
		const int ended = share->worker[i].ended;

		if (share->worker[i].number == number && WIFSIGNALED(ended) &&
		        !rm_explore_is_crash(WTERMSIG(ended)))
			return WTERMSIG(ended);
	}
	return 0;
}

/* Finds the fault of the schedule that failed. If it does not fail again and
   its process crashed, the fault is a crash. If its process was killed, for
   example by the kernel because memory was short, no fault of the map is
   reported. */
static int name_fault(const struct rm_explore_options *options,
        const struct share *share, uint64_t horizon,
        struct rm_explore_summary *summary, struct rm_error *error)
{
	struct rm_explore_played played = { .fault = RM_EXPLORE_NOTHING };
	struct rm_explore_tally tally = { 0 };
	int status, signal;

	if (summary->found == UINT64_MAX)
		return 0;
	signal = killed_at(options, share, summary->found);
	status = rm_explore_play_number(
	        options, summary->found, horizon, &tally, NULL, &played, error);
	summary->fault = played.fault ? played.fault : RM_EXPLORE_CRASH;
	if (!status && !played.fault && rm_limits_cpu_time_ended(signal))
		status = rm_error_set(error, -ETIME,
		        "not explored: signal %d (%s) ended a "
		        "process: " RM_CPU_TIME_ADVICE,
		        signal, strsignal(signal));
	else if (!status && !played.fault && signal)
		status = rm_error_set(error, -EINTR,
		        "signal %d (%s) ended a process at number %llu, which "
		        "does not fail by itself; if memory is short, use "
		        "fewer "
		        "processes (--cpus)",
		        signal, strsignal(signal),
		        (unsigned long long)summary->found);
	rm_explore_played_clear(&played);
	return status;
}

int rm_explore_run(const struct rm_explore_options *options,
        struct rm_explore_summary *summary, struct rm_error *error)
{
	struct share *share = mmap(NULL, sizeof(*share), PROT_READ | PROT_WRITE,
	        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pids[RM_EXPLORE_CPUS_MAX] = { 0 };
	uint64_t began = rm_now_ns(), horizon;
	int status;

	*summary = (struct rm_explore_summary){ .found = UINT64_MAX };
	if (share == MAP_FAILED)
		return rm_error_set(error, -errno, "out of memory");
	/* relaxed: no process runs yet */
	atomic_store_explicit(&share->lowest, UINT64_MAX, memory_order_relaxed);
	status = rm_explore_open(error);
	if (!status)
		status = rm_explore_calibrate(options, &horizon, error);
	if (!status) {
		summary->control = rm_explore_control(options, horizon);
		status = start(options, horizon, share, pids, error);
	}
	for (unsigned i = 0; i < options->cpus; i++)
		finish(share, i, pids[i]);
	if (!status)
		status = sum_up(options, share, summary, error);
	if (!status)
		status = name_fault(options, share, horizon, summary, error);
	summary->seconds = (double)(rm_now_ns() - began) / 1e9;
	munmap(share, sizeof(*share));
	return status;
}
