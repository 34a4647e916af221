/* SPDX-License-Identifier: Apache-2.0 */
/* launch.c - sends a request to a trial, reads its answer, and classifies how
   it ended. The file is long because all of its functions use the state of one
   running trial. */
#include "runner/campaign/internal.h"

#include "runner/base/clock.h"
#include "runner/base/limits.h"
#include "runner/base/rng.h"
#include "runner/protocol/protocol.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Time to wait for a signal to the runner itself. */
enum { STOP_GRACE_MS = 5000 };

/* Reason why the runner stopped waiting for a trial. */
enum stop {
	RM_RUNNING,
	RM_ENDED,            /* the process ended */
	RM_LATE,             /* deadline passed */
	RM_INTERRUPTED_RUN,  /* a signal stops the runner */
	RM_TOO_LONG,         /* printed more than RM_LAUNCH_ANSWER_MAX */
	RM_ANSWER_NO_MEMORY, /* no memory to store its answer */
};

/* Everything known about the end of a trial process. */
struct ending {
	enum stop stop;
	int wait_status;  /* from waitpid() */
	bool oom_killed;  /* the kernel killed it because memory ran out */
	bool was_stopped; /* a signal stopped (paused) the trial or this
	                     process */
	const struct rm_cell *cell;
	const char *cell_id;
	uint64_t deadline_ns;
	uint64_t memory_limit_bytes; /* 0: none */
	const char *answer;          /* standard output, `answer_bytes` bytes */
	size_t answer_bytes;
	const char *errors; /* end of standard error, `errors_bytes` bytes */
	size_t errors_bytes;
};

enum { WHY_BYTES = 256 };

static void format_exit(const struct ending *ending, char *text, size_t size)
{
	int status = ending->wait_status;

	if (ending->stop == RM_LATE)
		snprintf(text, size, "deadline");
	else if (WIFSIGNALED(status))
		snprintf(text, size, "signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status))
		snprintf(text, size, "status %d", WEXITSTATUS(status));
	else
		snprintf(text, size, "0");
}

static const char stopped_text[] = "a signal (SIGSTOP, SIGTSTP) stopped it or "
                                   "its runner while it ran";

/* True if a trial may have missed its deadline because it was stopped. */
static bool is_late_by_stop(const struct ending *ending)
{
	return ending->was_stopped &&
	       (ending->stop == RM_LATE ||
	               (WIFSIGNALED(ending->wait_status) &&
	                       WTERMSIG(ending->wait_status) == SIGALRM));
}

/* Describes why there is no answer. Returns the length of the text; 0: the
   process ended normally. */
static int describe_failure(const struct ending *ending, char *why, size_t size)
{
	int status = ending->wait_status;

	why[0] = 0;
	if (ending->stop == RM_TOO_LONG)
		return snprintf(why, size, "printed more than %d bytes",
		        RM_LAUNCH_ANSWER_MAX);
	if (ending->stop == RM_ANSWER_NO_MEMORY)
		return snprintf(why, size, "no memory for its answer");
	if (is_late_by_stop(ending))
		return snprintf(why, size, "%s", stopped_text);
	if (ending->stop == RM_LATE)
		return snprintf(why, size,
		        "did not end within %.3g s (deadline)",
		        (double)ending->deadline_ns / 1e9);
	if (WIFSIGNALED(status))
		return snprintf(why, size, "ended by signal %d (%s)",
		        WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		return snprintf(
		        why, size, "ended with status %d", WEXITSTATUS(status));
	return 0;
}

/* Adds the memory use to the failure reason of a trial that probably reached
   its memory limit. */
static void append_memory_use(const struct ending *ending, uint64_t peak_bytes,
        char *why, size_t used)
{
	uint64_t limit_bytes = ending->memory_limit_bytes;

	if (!limit_bytes || peak_bytes < limit_bytes / 4 * 3)
		return;
	snprintf(why + used, WHY_BYTES - used,
	        " when it held %llu MiB of the %llu MiB that it may use",
	        (unsigned long long)(peak_bytes >> 20),
	        (unsigned long long)(limit_bytes >> 20));
}

/* Stores status, reason and peak memory of a valid result. The result's peak
   memory is more exact than the kernel's value, which may include this process
   (spawn.c). */
static int take_result(struct rm_outcome *outcome)
{
	json_int_t peak_bytes = json_integer_value(
	        json_object_get(json_object_get(outcome->result, "footprint"),
	                "rss_peak_bytes"));
	const json_t *reason = json_object_get(outcome->result, "reason");

	if (peak_bytes > 0)
		outcome->peak_bytes = (uint64_t)peak_bytes;
	outcome->status = rm_status_constant(
	        json_string_value(json_object_get(outcome->result, "status")));
	if (json_is_null(reason))
		return 0;
	const char *text = json_string_value(reason);

	outcome->reason = rm_reason_text("", text, strlen(text), strlen(text));
	return outcome->reason ? 0 : -ENOMEM;
}

/* Makes the trial void if it was stopped, since its times include the pause. */
static int void_if_stopped(const struct ending *ending, json_t *result)
{
	const enum rm_measure measure = ending->cell->measure;
	const char *status =
	        json_string_value(json_object_get(result, "status"));

	if (!ending->was_stopped || strcmp(status, "ok") ||
	        measure == RM_MEASURE_VERIFY || measure == RM_MEASURE_SIMULATED)
		return 0;
	return json_object_set_new(result, "status", json_string("void")) ||
	       json_object_set_new(result, "reason", json_string(stopped_text));
}

/* Sets exit, status, reason and result of `outcome`. On entry peak_bytes is the
   kernel's value. Returns 0 or -ENOMEM. */
static int judge_ending(const struct ending *ending, struct rm_outcome *outcome)
{
	struct rm_error error = { 0 };
	char why[WHY_BYTES];

	format_exit(ending, outcome->exit, sizeof(outcome->exit));
	int used = describe_failure(ending, why, sizeof(why));

	if (!used && !rm_answer_read(ending->answer, ending->answer_bytes,
	                     ending->cell_id, &outcome->result, &error)) {
		if (rm_result_judge(ending->cell, outcome->result) ||
		        void_if_stopped(ending, outcome->result) ||
		        take_result(outcome))
			return -ENOMEM;
		return outcome->reason ? rm_reason_add_limit(ending->oom_killed,
		                                 &outcome->reason)
		                       : 0;
	}
	if (used)
		append_memory_use(
		        ending, outcome->peak_bytes, why, (size_t)used);
	outcome->status = is_late_by_stop(ending) ? "void" : "failed";
	outcome->reason = rm_reason_text(used ? why : error.text,
	        ending->errors, ending->errors_bytes, RM_LAUNCH_ERRORS_KEPT);
	return outcome->reason ? rm_reason_add_limit(
	                                 ending->oom_killed, &outcome->reason)
	                       : -ENOMEM;
}

void rm_outcome_clear(struct rm_outcome *outcome)
{
	free(outcome->reason);
	json_decref(outcome->result);
	memset(outcome, 0, sizeof(*outcome));
}

enum { CHUNK = 65536, LONGEST_POLL_MS = 60000 };

struct run {
	const struct rm_launch *launch;
	struct rm_child child;
	uint64_t deadline_at_ns;
	const char *request;
	size_t request_left;
	char *answer; /* owned */
	size_t answer_bytes, answer_capacity;
	char errors[2 * RM_LAUNCH_ERRORS_KEPT];
	size_t errors_bytes;
	uint64_t oom_kills; /* processes killed before the trial began */
	enum stop stop;
};

/* True if the kernel killed the trial, and not this process or the user. */
static bool was_oom_killed(const struct run *run, int wait_status)
{
	uint64_t kills = 0;

	return run->stop == RM_ENDED && WIFSIGNALED(wait_status) &&
	       WTERMSIG(wait_status) == SIGKILL &&
	       rm_limits_oom_kills(&kills) && kills > run->oom_kills;
}

static void close_end(int *fd)
{
	close(*fd);
	*fd = -1;
}

/* Sends a part of the request. A trial may end before it has read the whole
   request. That is not a failure, since its answer decides. */
static void write_request(struct run *run)
{
	ssize_t put = write(run->child.input, run->request, run->request_left);

	if (put < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (put > 0) {
		run->request += put;
		run->request_left -= (size_t)put;
	}
	if (put <= 0 || !run->request_left)
		close_end(&run->child.input);
}

/* Reads once into `to`. Returns the number of bytes; 0 if no data is available.
   Closes the descriptor at the end of the file. */
static size_t read_some(int *fd, char *to, size_t capacity)
{
	ssize_t got = read(*fd, to, capacity);

	if (got > 0)
		return (size_t)got;
	if (got == 0 || (errno != EINTR && errno != EAGAIN))
		close_end(fd);
	return 0;
}

/* Reads a part of the answer. The buffer doubles when it is full, because an
   answer with histograms takes megabytes and its length is not known in
   advance. A program that prints more than the limit is killed. */
static size_t read_answer(struct run *run)
{
	if (run->answer_capacity - run->answer_bytes < CHUNK) {
		size_t capacity = run->answer_capacity * 2 + CHUNK;
		char *more = realloc(run->answer, capacity);

		if (!more) {
			run->stop = RM_ANSWER_NO_MEMORY;
			return 0;
		}
		run->answer = more;
		run->answer_capacity = capacity;
	}
	size_t got = read_some(
	        &run->child.output, run->answer + run->answer_bytes, CHUNK);

	run->answer_bytes += got;
	if (run->answer_bytes > RM_LAUNCH_ANSWER_MAX)
		run->stop = RM_TOO_LONG;
	return got;
}

static size_t read_errors(struct run *run)
{
	size_t capacity = sizeof(run->errors) - run->errors_bytes;

	if (capacity < RM_LAUNCH_ERRORS_KEPT) {
		size_t drop = run->errors_bytes - RM_LAUNCH_ERRORS_KEPT;

		memmove(run->errors, run->errors + drop, RM_LAUNCH_ERRORS_KEPT);
		run->errors_bytes = RM_LAUNCH_ERRORS_KEPT;
		capacity = sizeof(run->errors) - run->errors_bytes;
	}
	size_t got = read_some(
	        &run->child.errors, run->errors + run->errors_bytes, capacity);

	run->errors_bytes += got;
	return got;
}

/* Reads the rest of the pipes after the trial's end. A grandchild may keep a
   pipe open, so reading stops when no data is available. The grandchild is
   killed before the trial is reaped. */
static void drain_pipes(struct run *run)
{
	while (run->child.output >= 0 && run->stop == RM_ENDED)
		if (!read_answer(run))
			break;
	for (size_t total = 0; run->child.errors >= 0 && total < (1 << 20);) {
		size_t got = read_errors(run);

		if (!got)
			break;
		total += got;
	}
}

static int time_left_ms(const struct run *run)
{
	uint64_t now_ns = rm_now_ns();

	if (now_ns >= run->deadline_at_ns)
		return 0;
	uint64_t left_ms = (run->deadline_at_ns - now_ns) / 1000000 + 1;

	return left_ms > LONGEST_POLL_MS ? LONGEST_POLL_MS : (int)left_ms;
}

/* Waits for one event and handles all events that are ready. */
static void handle_events(struct run *run)
{
	struct pollfd fds[] = {
		{ .fd = run->child.input, .events = POLLOUT },
		{ .fd = run->child.output, .events = POLLIN },
		{ .fd = run->child.errors, .events = POLLIN },
		{ .fd = run->child.changes, .events = POLLIN },
		{ .fd = run->launch->interrupt_fd, .events = POLLIN },
	};

	if (poll(fds, sizeof(fds) / sizeof(*fds), time_left_ms(run)) < 0)
		return; /* EINTR: retry */
	if (fds[0].revents)
		write_request(run);
	if (fds[1].revents)
		read_answer(run);
	if (fds[2].revents)
		read_errors(run);
	if (fds[3].revents)
		rm_child_note_stop(&run->child);
	if (run->stop != RM_RUNNING)
		return;
	if (fds[4].revents)
		run->stop = RM_INTERRUPTED_RUN;
	else if (rm_child_has_ended(&run->child))
		run->stop = RM_ENDED;
	else if (rm_now_ns() >= run->deadline_at_ns)
		run->stop = RM_LATE;
}

/* True if a signal to the whole process group, for example from Slurm or a
   terminal, ended the trial and stops the runner. The trial may receive it
   first, so this function waits for the runner's signal. Such a trial is not a
   failure of the map. */
static bool stopped_with_runner(const struct run *run, int wait_status)
{
	struct pollfd fd = { .fd = run->launch->interrupt_fd,
		.events = POLLIN };
	const int by = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;

	if (by != SIGTERM && by != SIGINT && by != SIGHUP)
		return false;
	return fd.fd >= 0 && poll(&fd, 1, STOP_GRACE_MS) > 0;
}

static int wait_for_trial(
        struct run *run, const char *cell_id, struct rm_outcome *outcome)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;

	/* If the trial ends before it reads its request, write() must not end
	   the runner. */
	sigaction(SIGPIPE, &ignore, &before);
	while (run->stop == RM_RUNNING)
		handle_events(run);
	if (run->stop != RM_ENDED)
		rm_child_kill(&run->child);
	drain_pipes(run);
	if (run->stop != RM_ENDED)
		rm_child_kill(&run->child);
	rm_child_note_stop(&run->child);
	int wait_status = rm_child_reap(&run->child, &outcome->peak_bytes);

	sigaction(SIGPIPE, &before, NULL);
	if (run->stop == RM_INTERRUPTED_RUN ||
	        (run->stop == RM_ENDED &&
	                stopped_with_runner(run, wait_status))) {
		outcome->interrupted = true;
		return 0;
	}
	struct ending ending = {
		.stop = run->stop,
		.wait_status = wait_status,
		.oom_killed = was_oom_killed(run, wait_status),
		.was_stopped = run->child.was_stopped,
		.cell = run->launch->cell,
		.cell_id = cell_id,
		.deadline_ns = run->launch->deadline_ns,
		.memory_limit_bytes = run->launch->memory_limit_bytes,
		.answer = run->answer ? run->answer : "",
		.answer_bytes = run->answer_bytes,
		.errors = run->errors,
		.errors_bytes = run->errors_bytes,
	};
	return judge_ending(&ending, outcome);
}

/* Records a program that cannot be run as an outcome of the trial, not as an
   error of this machine. */
static int record_not_started(int code, struct rm_outcome *outcome,
        const struct rm_error *why, struct rm_error *error)
{
	char advice[RM_LIMIT_ADVICE_BYTES];
	struct rm_limits limits;

	rm_limits_read(&limits);
	if (code == -EMFILE || code == -ENFILE)
		return rm_error_set(error, code,
		        "%s: raise ulimit -n (open files)", why->text);
	if (code == -ENOMEM || code == -EAGAIN)
		return rm_error_set(error, code, "%s: %s", why->text,
		        rm_limit_advice(code == -EAGAIN ? &limits.tasks
		                                        : &limits.memory,
		                advice));
	snprintf(outcome->exit, sizeof(outcome->exit), "not started");
	outcome->status = "failed";
	outcome->reason = strdup(why->text);
	return outcome->reason ? 0 : rm_error_set(error, -ENOMEM, "no memory");
}

/* Sets the variables for the cell's allocator. If this machine lacks the
   allocator, sets nothing, and the trial reports the missing allocator. */
static void set_allocator_variables(const json_t *request,
        char variables[RM_ALLOCATOR_VARIABLES][RM_ALLOCATOR_VARIABLE_BYTES],
        const char **environment)
{
	const json_t *cell = json_object_get(request, "cell");
	const char *name =
	        json_string_value(json_object_get(cell, "allocator"));
	const char *huge =
	        json_string_value(json_object_get(cell, "huge_pages"));
	enum rm_allocator allocator = RM_ALLOCATOR_GLIBC;
	enum rm_huge_pages pages = RM_HUGE_PAGES_SYSTEM;
	size_t n = 0;

	if ((name && rm_allocator_parse(name, &allocator)) ||
	        (huge && rm_huge_pages_parse(huge, &pages)) ||
	        rm_allocator_environment(allocator, pages, variables))
		variables[0][0] = variables[1][0] = '\0';
	for (size_t i = 0; i < RM_ALLOCATOR_VARIABLES; i++)
		if (variables[i][0])
			environment[n++] = variables[i];
	environment[n] = NULL;
}

static void begin_run(struct run *run, const struct rm_launch *launch,
        const char *request, uint64_t start_ns)
{
	*run = (struct run){ .launch = launch,
		.request = request,
		.request_left = strlen(request),
		.deadline_at_ns = start_ns + launch->deadline_ns };
	rm_limits_oom_kills(&run->oom_kills);
}

int rm_launch(const struct rm_launch *launch, const json_t *request,
        struct rm_outcome *outcome, struct rm_error *error)
{
	char trial[] = "trial", name[] = "readmostly";
	char *const self[] = { name, trial, NULL };
	uint64_t start_ns = rm_now_ns();
	const char *cell_id = json_string_value(
	        json_object_get(json_object_get(request, "cell"), "id"));
	struct rm_error why = { 0 };
	char *text = json_dumps(request, JSON_COMPACT);
	struct run *run = calloc(1, sizeof(*run));
	int result = -ENOMEM;
	char variables[RM_ALLOCATOR_VARIABLES][RM_ALLOCATOR_VARIABLE_BYTES];
	const char *environment[RM_ALLOCATOR_VARIABLES + 1];

	set_allocator_variables(request, variables, environment);
	outcome->environment_bytes =
	        (unsigned)(rm_seed(launch->padding_seed, 0) %
	                   RM_SPAWN_PADDING_MAX);
	struct rm_spawn spawn = {
		.program = launch->program ? launch->program : "/proc/self/exe",
		.arguments = launch->arguments ? launch->arguments : self,
		.memory_limit_bytes = launch->memory_limit_bytes,
		.padding_bytes = outcome->environment_bytes,
		.variables = environment,
	};
	if (text && run && cell_id) {
		begin_run(run, launch, text, start_ns);
		result = rm_spawn(&spawn, &run->child, &why);
		result = result ? record_not_started(
		                          result, outcome, &why, error)
		                : wait_for_trial(run, cell_id, outcome);
		outcome->wall_ns = rm_now_ns() - start_ns;
	}
	if (result)
		rm_error_set(error, result, "no memory to start a trial");
	free(run ? run->answer : NULL);
	free(run);
	free(text);
	return result;
}
