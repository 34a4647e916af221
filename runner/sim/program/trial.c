/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.c - rm_trial_run() on the simulated machine.
 *
 * The trial is that of the other flavours: its team, phases and judge
 * (runner/trial/), compiled with harness.h, which makes threads cores and time
 * virtual. This file makes the machine around it, and turns the ends that a
 * real process has no words for (deadlock, no more virtual time) into results.
 */
#include "runner/sim/program/internal.h"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>

/* rm_trial_run() of runner/trial/trial.c, renamed. */
json_t *rm_sim_trial(struct rm_request *request);
/* alarm(), as that file calls it: see deadline(). */
unsigned rm_sim_alarm(unsigned seconds);

/* Golden counts were taken when a request of this size lay on the main stack:
   the lines of what is above it still compete for the same sets. */
enum { MAIN_DEPTH = 1776 };

struct run {
	struct rm_request *request;
	json_t *result;
};

static void run_main(void *argument)
{
	struct run *run = argument;

	rm_sim_memory_name(run->request->cell.threads);
	run->result = rm_sim_trial(run->request);
}

static json_t *failure(
        const struct rm_request *request, const struct rm_error *error)
{
	return json_pack("{s:i, s:s, s:s, s:s}", "protocol", RM_PROTOCOL,
	        "cell", request->cell.id, "status", "failed", "reason",
	        error->text);
}

/* Host time ran out while simulated code ran: the last thing it does. */
static void deadline(int signal)
{
	struct rm_error error = { "" };

	(void)signal;
	if (!rm_sim_running)
		return; /* the runner's own deadline comes next */
	rm_error_set(&error, -ETIME,
	        "deadline: core %u was still running at %llu ns of virtual "
	        "time",
	        rm_sim_running->id, (unsigned long long)rm_sim_world_now_ns());
	rm_sim_world_stop(RM_SIM_LIMIT, &error);
}

/* The runner kills at the deadline; we tell why shortly before. */
static void set_deadline(uint64_t deadline_ns)
{
	uint64_t us = deadline_ns / 1000 * 9 / 10;
	struct itimerval when = { .it_value = {
		                          .tv_sec = (time_t)(us / 1000000),
		                          .tv_usec = (long)(us % 1000000) } };
	struct sigaction action = { .sa_handler = deadline };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &when, NULL);
}

unsigned rm_sim_alarm(unsigned seconds)
{
	/* Does nothing: alarm() and setitimer() share the process's one timer,
	   and set_deadline() has set that before the trial began. */
	return seconds;
}

static int check(const struct rm_request *request, struct rm_error *error)
{
	const struct rm_cell *cell = &request->cell;

	if (cell->threads > RM_SIM_CORES_MAX)
		return rm_error_set(error, -ERANGE,
		        "%u threads: the simulated machine has at most %d "
		        "cores",
		        cell->threads, RM_SIM_CORES_MAX);
	return 0;
}

json_t *rm_trial_run(struct rm_request *request)
{
	struct rm_error error = { "" };
	struct rm_sim_mach mach;
	struct rm_sim_world_options options = { .mach = &mach,
		.cores = request->cell.threads,
		.seed = request->seed,
		.main_depth = MAIN_DEPTH };
	struct run run = { request, NULL };

	if (check(request, &error) || rm_sim_counters_machine(request, &mach,
	                                      &options.limit_ns, &error))
		return failure(request, &error);
	set_deadline(request->cell.deadline_ns);
	if (rm_sim_world_run(&options, run_main, &run, &error))
		return failure(request, &error);
	return run.result;
}
