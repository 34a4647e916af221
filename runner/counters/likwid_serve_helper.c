/* SPDX-License-Identifier: GPL-3.0-or-later */
/* likwid_serve_helper.c - connects the trials with the child process that calls
   liblikwid. Captures the output of the child, kills it if it does not answer,
   and reports failures. */
#include "runner/base/clock.h"
#include "runner/counters/likwid_helper.h"
#include "runner/counters/likwid_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	DEATHS = 3,
	REASON = 1024
}; /* DEATHS: the helper gives up after this number of workers has died */

struct helper {
	struct rm_likwid_options options;
	int listener, client;
	pid_t worker; /* 0: no worker is running */
	int wire;     /* socket to the worker */
	int chatter;  /* reads the worker's output */
	bool pending; /* true while the worker has not answered */
	uint64_t deadline_ns;
	unsigned deaths;
	char first[400]; /* first line of its output since the last command */
	size_t first_bytes;
	char last_end[REASON]; /* reason why the last worker died */
	char message[RM_WIRE_BYTES + 1];
};

static void send_to_client(struct helper *h, const char *text)
{
	/* poll() will detect a client that has disconnected */
	if (h->client >= 0)
		send(h->client, text, strlen(text), MSG_NOSIGNAL);
}

/* Reads the worker's output and keeps only the first line. */
static void read_output(struct helper *h)
{
	char text[4096];
	ssize_t n;

	while ((n = read(h->chatter, text, sizeof(text))) > 0) {
		size_t room = sizeof(h->first) - 1 - h->first_bytes;
		size_t take = (size_t)n < room ? (size_t)n : room;

		memcpy(h->first + h->first_bytes, text, take);
		h->first_bytes += take;
		h->first[h->first_bytes] = '\0';
	}
}

static void append_first_line(struct helper *h, char *reason, size_t size)
{
	size_t used = strlen(reason);

	read_output(h);
	h->first[strcspn(h->first, "\n")] = '\0';
	if (h->first[0])
		snprintf(reason + used, size - used, "; first message: %s",
		        h->first);
}

/* Ends the worker and its children (likwid-accessD), and reports how it
   ended. */
static void end_worker(struct helper *h, const char *why)
{
	char reason[REASON] = "ERR ";
	int status = 0;

	if (!h->worker)
		return;
	if (why)
		kill(-h->worker, SIGKILL);
	waitpid(h->worker, &status, 0);
	kill(-h->worker, SIGKILL);
	if (why)
		snprintf(reason, sizeof(reason), "ERR %s", why);
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE &&
	         h->options.mode == RM_LIKWID_DAEMON)
		snprintf(reason, sizeof(reason), "ERR likwid-accessD ended");
	else if (WIFSIGNALED(status))
		snprintf(reason, sizeof(reason),
		        "ERR liblikwid crashed with signal %d",
		        WTERMSIG(status));
	else
		snprintf(reason, sizeof(reason),
		        "ERR liblikwid called exit(%d)", WEXITSTATUS(status));
	append_first_line(h, reason, sizeof(reason));
	snprintf(h->last_end, sizeof(h->last_end), "%s", reason);
	close(h->wire);
	close(h->chatter);
	h->worker = 0;
	h->deaths++;
	if (h->pending)
		send_to_client(h, reason);
	h->pending = false;
}

static _Noreturn void run_worker(struct helper *h, int wire, int out)
{
	sigset_t none;
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* A write to a dead likwid-accessD must end this process, since
	   liblikwid would continue without counts. */
	signal(SIGPIPE, SIG_DFL);
	/* the dead worker left registers enabled; liblikwid would refuse
	   them */
	if (h->deaths)
		setenv("LIKWID_FORCE", "1", 1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	dup2(nothing, 0);
	dup2(out, 1);
	dup2(out, 2);
	close(h->listener);
	close(h->client);
	rm_likwid_run_worker(wire, h->options.library, h->options.mode);
}

static bool start_worker(struct helper *h)
{
	int wire[2], out[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, wire))
		return false;
	if (pipe2(out, O_CLOEXEC)) {
		close(wire[0]);
		close(wire[1]);
		return false;
	}
	fflush(NULL);
	pid_t child = fork();
	if (!child) {
		close(wire[0]);
		close(out[0]);
		run_worker(h, wire[1], out[1]);
	}
	close(wire[1]);
	close(out[1]);
	if (child < 0) {
		close(wire[0]);
		close(out[0]);
		return false;
	}
	setpgid(child, child); /* called in parent and child; the first call
			        * takes effect */
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	h->worker = child;
	h->wire = wire[0];
	h->chatter = out[0];
	return true;
}

static void forward_command(struct helper *h)
{
	h->first_bytes = 0;
	h->first[0] = '\0';
	h->pending = true;
	h->deadline_ns =
	        rm_now_ns() + (uint64_t)h->options.deadline_ms * 1000000U;
	if (send(h->wire, h->message, strlen(h->message), MSG_NOSIGNAL) < 0)
		end_worker(h, NULL);
}

/* Handles a client's command. The first command for a worker is INIT or MARKER.
   After a worker has died, all commands before the next INIT or MARKER get the
   reason. After DEATHS deaths, no worker is started, because each trial would
   wait for the start of a library that crashes. */
static void handle_command(struct helper *h)
{
	ssize_t n = recv(h->client, h->message, RM_WIRE_BYTES, 0);
	bool init;

	h->message[n > 0 ? n : 0] = '\0';
	if (n <= 0 || !strcmp(h->message, "QUIT")) {
		if (n > 0)
			send_to_client(h, "OK");
		close(h->client);
		h->client = -1;
		return;
	}
	init = !strncmp(h->message, "INIT ", 5) ||
	       !strncmp(h->message, "MARKER ", 7);
	if (!h->worker && !init)
		send_to_client(
		        h, h->deaths ? h->last_end : "ERR INIT comes first");
	else if (!h->worker && h->deaths >= DEATHS)
		send_to_client(h, h->last_end);
	else if (!h->worker && !start_worker(h))
		send_to_client(h, "ERR cannot start a process for liblikwid");
	else
		forward_command(h);
}

static void handle_answer(struct helper *h)
{
	char reason[REASON];
	ssize_t n = recv(h->wire, h->message, RM_WIRE_BYTES, 0);

	if (n <= 0) {
		end_worker(h, NULL);
		return;
	}
	h->message[n] = '\0';
	h->pending = false;
	if (strncmp(h->message, "ERR", 3)) {
		send_to_client(h, h->message);
		return;
	}
	snprintf(reason, sizeof(reason), "%.600s", h->message);
	append_first_line(h, reason, sizeof(reason));
	send_to_client(h, reason);
}

static void accept_client(struct helper *h)
{
	int client = accept4(h->listener, NULL, NULL, SOCK_CLOEXEC);

	if (client < 0)
		return;
	if (h->client >= 0) {
		send(client, "ERR busy: another trial counts", 30,
		        MSG_NOSIGNAL);
		close(client);
		return;
	}
	h->client = client;
}

static int time_left_ms(const struct helper *h)
{
	uint64_t now = rm_now_ns();

	if (!h->pending)
		return -1;
	return now >= h->deadline_ns
	               ? 0
	               : (int)((h->deadline_ns - now) / 1000000U) + 1;
}

static void check_deadline(struct helper *h)
{
	char why[80];

	if (!h->pending || time_left_ms(h))
		return;
	snprintf(why, sizeof(why), "liblikwid hung: no answer within %d ms",
	        h->options.deadline_ms);
	end_worker(h, why);
}

/* Serves clients until the campaign ends: standard input ends, or SIGTERM
   arrives. */
static void serve(struct helper *h)
{
	sigset_t end;

	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	int signal_fd = signalfd(-1, &end, SFD_CLOEXEC);

	for (;;) {
		/* accepts a new command only after the last one was answered */
		struct pollfd set[] = {
			{ 0, POLLIN, 0 },
			{ h->listener, POLLIN, 0 },
			{ h->pending ? -1 : h->client, POLLIN, 0 },
			{ h->worker ? h->wire : -1, POLLIN, 0 },
			{ h->worker ? h->chatter : -1, POLLIN, 0 },
			{ signal_fd, POLLIN, 0 },
		};

		if (poll(set, 6, time_left_ms(h)) < 0 && errno != EINTR)
			return;
		if (set[0].revents || set[5].revents)
			return;
		if (set[4].revents)
			read_output(h);
		if (set[3].revents)
			handle_answer(h);
		else
			check_deadline(h);
		if (set[2].revents)
			handle_command(h);
		if (set[1].revents)
			accept_client(h);
	}
}

/* Closes the worker's socket and waits up to a second, so that the worker can
   clear its registers. liblikwid refuses registers that a killed process left
   enabled. */
static void release_registers(struct helper *h)
{
	uint64_t until_ns = rm_now_ns() + 1000000000U;
	siginfo_t ended = { .si_pid = 0 };

	if (!h->worker || h->pending)
		return;
	shutdown(h->wire, SHUT_RDWR);
	while (!waitid(P_PID, (id_t)h->worker, &ended,
	               WEXITED | WNOHANG | WNOWAIT) &&
	        !ended.si_pid && rm_now_ns() < until_ns)
		rm_sleep_until(rm_now_ns() + 2000000U);
}

int rm_likwid_serve(const struct rm_likwid_options *options, int listener)
{
	struct helper *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	h->options = *options;
	h->listener = listener;
	h->client = -1;
	serve(h);
	release_registers(h);
	end_worker(h, "the campaign ended");
	free(h);
	return 0;
}
