/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.c - rm_trial_run() on the simulated machine.
 *
 * Team, phases and judge are those of the other flavours (runner/trial/). They
 * are compiled with harness.h, so threads become cores and time is virtual.
 * This file creates the machine, and converts deadlocks and timeouts of the
 * simulation to results.
 */
#include "runner/sim/program/internal.h"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>

/* rm_trial_run() of runner/trial/trial.c; the build renames it. */
json_t *rm_sim_trial(struct rm_request *request);
/* Replaces alarm() in runner/trial/trial.c; see set_deadline(). */
unsigned rm_sim_alarm(unsigned seconds);

/* Distance of the request from the top of the main stack. Golden counts depend
   on it, because the frames above it use the same cache sets. */
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

static double deadline_s; /* time limit of the request */

/* Signal handler: 90 % of the trial's real time has passed. */
static void deadline(int signal)
{
	struct rm_error error = { "" };

	(void)signal;
	if (!rm_sim_running)
		return; /* the runner enforces its deadline */
	rm_error_set(&error, -ETIME,
	        "deadline: core %u was still running at %llu ns of virtual "
	        "time when the trial had used 90 %% of its %.3g s of real "
	        "time: raise deadline in the workload file, or lower "
	        "warm-up (virtual time), window or keys",
	        rm_sim_running->id, (unsigned long long)rm_sim_world_now_ns(),
	        deadline_s);
	rm_sim_world_stop(RM_SIM_LIMIT, &error);
}

/* Sets a timer that expires shortly before the deadline, so that the handler
   reports the reason. At the deadline, the runner kills this process. */
static void set_deadline(uint64_t deadline_ns)
{
	uint64_t us = deadline_ns / 1000 * 9 / 10;
	struct itimerval when = { .it_value = {
		                          .tv_sec = (time_t)(us / 1000000),
		                          .tv_usec = (long)(us % 1000000) } };
	struct sigaction action = { .sa_handler = deadline };

	deadline_s = (double)deadline_ns / 1e9;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &when, NULL);
}

unsigned rm_sim_alarm(unsigned seconds)
{
	/* Does nothing, since alarm() and setitimer() share one timer, which
	   set_deadline() has set. */
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
