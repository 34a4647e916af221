/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explore.c - many schedules of one map, in several processes.
 *
 * Schedule number K depends on nothing that another schedule left behind, so
 * processes take every n-th of them; each stops where it is past the lowest
 * number that has failed. So that number is the same however many there are.
 */
#include "verify/explore/crash.h"
#include "verify/explore/play.h"
#include "verify/explore/world.h"

#include "runner/base/clock.h"
#include "runner/sim/sim.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

const char *const rm_explore_policy_name[RM_EXPLORE_POLICIES] = { "mix",
	"random", "pct", "stall", "exhaustive" };

const char *const rm_explore_fault_name[RM_EXPLORE_FAULTS] = { "none",
	"not linearizable", "torn value", "data race", "use after free",
	"access outside of a block", "uninitialised read", "bad free", "leak",
	"deadlock", "livelock", "broken invariant", "misuse", "crash" };

/* What the processes share. */
struct share {
	_Atomic uint64_t lowest; /* number of a schedule that failed */
	struct worker {
		_Alignas(RM_CACHE_LINE) struct rm_explore_tally tally;
		uint64_t number;
		struct rm_error error;
		int status;
		int ended; /* as waitpid() says it */
	} worker[RM_EXPLORE_CPUS_MAX];
};

const char *rm_explore_unfit(const struct rm_impl *impl, bool by_name)
{
	if (!impl->ops->create || !impl->ops->lookup)
		return "a technique, which is no map";
	if (impl->caps & RM_CAP_NO_STATE)
		return "the map holds nothing";
	if (impl->caps & RM_CAP_STALE)
		return "its lookups may be late: nothing to hold them to";
	if (by_name)
		return NULL;
	if (impl->misuse)
		return "a planted misuse, explored by its name only";
	if (impl->caps & (RM_CAP_UNSAFE | RM_CAP_UNSAFE_INSERT))
		return "it says that it is not safe beside a writer";
	if (impl->volatile_order)
		return "it orders by volatile accesses, which are data races "
		       "to C11";
	return NULL;
}

/* A lower number may still come from another process. */
static void found(struct share *share, uint64_t number)
{
	/* relaxed: the number is all that is told */
	uint64_t lowest =
	        atomic_load_explicit(&share->lowest, memory_order_relaxed);

	while (number < lowest &&
	        !atomic_compare_exchange_weak_explicit(&share->lowest, &lowest,
	                number, memory_order_relaxed, memory_order_relaxed))
		;
}

static void work(const struct rm_explore_options *options, unsigned id,
        uint64_t horizon, struct share *share)
{
	struct worker *self = &share->worker[id];
	struct rm_explore_played played = { .fault = RM_EXPLORE_NOTHING };
	uint64_t end =
	        options->first + (options->policy == RM_EXPLORE_EXHAUSTIVE
	                                         ? options->programs
	                                         : options->schedules);

	for (self->number = options->first + id; self->number < end;
	        self->number += options->cpus) {
		/* relaxed: late news costs a schedule */
		if (self->number > atomic_load_explicit(&share->lowest,
		                           memory_order_relaxed))
			break;
		self->status = rm_explore_number(options, self->number, horizon,
		        &self->tally, NULL, &played, &self->error);
		if (self->status)
			break;
		if (played.fault) {
			found(share, self->number);
			break;
		}
	}
	rm_explore_played_clear(&played);
}

/* Starts the processes; the parent waits, and is none of them: what a map
   breaks is broken in a child. Where one cannot be started the others stop. */
static int start(const struct rm_explore_options *options, uint64_t horizon,
        struct share *share, pid_t *pids, struct rm_error *error)
{
	for (unsigned i = 0; i < options->cpus; i++) {
		pids[i] = fork();
		if (pids[i] < 0) {
			found(share, 0);
			return rm_error_set(error, -errno,
			        "process %u of %u could not be started: %s "
			        "(--cpus)",
			        i + 1, options->cpus, strerror(errno));
		}
		if (!pids[i]) {
			work(options, i, horizon, share);
			_exit(0);
		}
	}
	return 0;
}

/* A process that did not come to its end has failed at the schedule that it was
   in, unless somebody else ended it (name_fault()). */
static void finish(struct share *share, unsigned id, pid_t pid)
{
	struct worker *worker = &share->worker[id];

	if (pid > 0 && waitpid(pid, &worker->ended, 0) == pid && worker->ended)
		found(share, worker->number);
}

static void join(
        struct rm_explore_tally *sum, const struct rm_explore_tally *part)
{
	sum->programs += part->programs;
	sum->stopped += part->stopped;
	sum->schedules += part->schedules;
	sum->plays += part->plays;
	sum->steps += part->steps;
	sum->switches += part->switches;
	sum->undecided += part->undecided;
}

static int sum_up(const struct rm_explore_options *options,
        const struct share *share, struct rm_explore_summary *summary,
        struct rm_error *error)
{
	for (unsigned i = 0; i < options->cpus; i++) {
		const struct worker *worker = &share->worker[i];

		join(&summary->tally, &worker->tally);
		if (worker->status)
			return rm_error_set(error, worker->status, "%s",
			        worker->error.text);
	}
	/* relaxed: the processes have ended */
	summary->found =
	        atomic_load_explicit(&share->lowest, memory_order_relaxed);
	return 0;
}

/* The signal by which a process was ended that played this number, and that no
   crash of a map is; 0: none was. */
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

/* What is wrong with the schedule that was found. Where it is nothing, a
   process that ended itself has crashed; one that was killed, which the kernel
   does where memory is short, accuses no map. */
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
	status = rm_explore_number(
	        options, summary->found, horizon, &tally, NULL, &played, error);
	summary->fault = played.fault ? played.fault : RM_EXPLORE_CRASH;
	if (!status && !played.fault && signal)
		status = rm_error_set(error, -EINTR,
		        "a process was ended by signal %d (%s) at number "
		        "%llu, where nothing is wrong: the kernel ends some "
		        "where memory is short (--cpus)",
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
	if (!status)
		status = start(options, horizon, share, pids, error);
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
