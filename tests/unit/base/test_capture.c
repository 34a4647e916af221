/* SPDX-License-Identifier: Apache-2.0 */
/* test_capture.c - captures the output of other programs, which must leave
   nothing behind. */
#include "runner/base/capture.h"
#include "tests/unit/tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The output is larger than a pipe (64 KiB) and not a multiple of a buffer
   size. */
enum { LINES = 40000, LINE_BYTES = 6 };

static char dir[] = "/tmp/test_capture.XXXXXX";

static int open_descriptors(void)
{
	DIR *all = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(all))
		count++;
	closedir(all);
	return count;
}

static bool nothing_waits(void)
{
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
}

/* Runs a shell with `input` and `stop`. Sets `*text`, which is invalid
   before. */
static int shell_until(const char *script, int input, int stop, char **text)
{
	char *argv[] = { "sh", "-c", (char *)script, NULL };

	*text = "not set";
	return rm_capture_until(argv, input, stop, text);
}

static int shell(const char *script, char **text)
{
	char *argv[] = { "sh", "-c", (char *)script, NULL };

	*text = "not set";
	return rm_capture(argv, text);
}

static bool prints(const char *script, const char *expected)
{
	char *text;
	bool same = !shell(script, &text) && text && !strcmp(text, expected);

	if (!same)
		printf("# %s: %s\n", script, text ? text : "(none)");
	free(text);
	return same;
}

/* True if running `program` fails with `code`. */
static bool fails(char *program, int code)
{
	char *argv[] = { program, NULL }, *text = "not set";
	int result = rm_capture(argv, &text);

	if (result != code)
		printf("# %s: %d\n", program, result);
	return result == code && !text;
}

static bool dies(const char *script, int code)
{
	char *text;

	return shell(script, &text) == code && !text;
}

static void prints_all(void)
{
	char *path[] = { "/bin/echo", "a b", "", "*", NULL }, *text = NULL;

	CHECK(prints("echo a; echo b", "a\nb\n"),
	        "the text is the complete output");
	CHECK(prints("printf x", "x"), "output without a newline is complete, "
	                               "too");
	CHECK(prints(":", ""), "a program that prints nothing has an empty "
	                       "text");
	CHECK(prints("printf a; exec printf b", "ab"), "exec keeps the output");
	CHECK(!rm_capture(path, &text) && !strcmp(text, "a b  *\n"),
	        "a path is run with unchanged arguments");
	free(text);
}

static bool counts_up(const char *text)
{
	char line[LINE_BYTES + 1];

	if (!text || strlen(text) != LINES * LINE_BYTES)
		return false;
	for (int i = 0; i < LINES; i++) {
		snprintf(line, sizeof(line), "%05d\n", i);
		if (memcmp(text + i * LINE_BYTES, line, LINE_BYTES) != 0)
			return false;
	}
	return true;
}

static void prints_much(void)
{
	char *argv[] = { "seq", "-f", "%05g", "0", "39999", NULL };
	char *text = NULL;

	CHECK(!rm_capture(argv, &text) && counts_up(text),
	        "output larger than a pipe is complete and in order");
	free(text);
	text = NULL;
	CHECK(!rm_capture_until(argv, -1, -1, &text) && counts_up(text),
	        "rm_capture_until() captures the same output");
	free(text);
}

/* Tests lengths around powers of two, which are the sizes of buffers. */
static void every_length(void)
{
	char script[64], *text;
	bool right = true;

	for (size_t power = 64; power <= 65536; power *= 2)
		for (size_t bytes = power - 1; bytes <= power + 1; bytes++) {
			snprintf(script, sizeof(script),
			        "head -c %zu /dev/zero | tr '\\0' x", bytes);
			right &= !shell(script, &text) && text &&
			         strlen(text) == bytes &&
			         strspn(text, "x") == bytes;
			free(text);
		}
	CHECK(right, "every length is captured exactly");
}

static void cannot_be_run(void)
{
	char file[64];
	FILE *plain;

	snprintf(file, sizeof(file), "%s/plain", dir);
	plain = fopen(file, "w");
	fputs("no program\n", plain);
	fclose(plain);
	CHECK(fails("/nowhere/program", -ENOENT),
	        "a missing path is -ENOENT without text");
	CHECK(fails("readmostly-no-such-program", -ENOENT),
	        "a name that is not in PATH is -ENOENT");
	CHECK(fails(file, -EACCES),
	        "a file without permission to execute is -EACCES");
	unlink(file);
}

static void ends_badly(void)
{
	CHECK(dies("echo half; exit 1", -EIO), "status 1 is -EIO without text");
	CHECK(dies("exit 127", -EIO) && dies("exit 255", -EIO),
	        "any other status is -EIO, too");
	CHECK(dies("echo half; kill -KILL $$", -EIO), "a signal is -EIO, too");
	CHECK(prints("exit 0", ""), "status 0 is no error");
}

static void standard_error(void)
{
	char file[64], printed[16] = "", *text = NULL;
	int saved = dup(STDERR_FILENO), result, ours;

	snprintf(file, sizeof(file), "%s/said", dir);
	ours = open(file, O_RDWR | O_CREAT | O_TRUNC, 0600);
	dup2(ours, STDERR_FILENO);
	result = shell("echo loud >&2; echo quiet", &text);
	dup2(saved, STDERR_FILENO);
	CHECK(!result && !strcmp(text, "quiet\n"),
	        "standard error is not captured");
	CHECK(pread(ours, printed, sizeof(printed) - 1, 0) == 5 &&
	                !strcmp(printed, "loud\n"),
	        "standard error is inherited");
	free(text);
	close(saved);
	close(ours);
	unlink(file);
}

static int file_of(const char *text)
{
	char file[64];
	int fd;

	snprintf(file, sizeof(file), "%s/input", dir);
	fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	unlink(file);
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void standard_input(void)
{
	int saved = dup(STDIN_FILENO), input = file_of("given\n");
	int ours = file_of("ours\n");
	char *text;

	dup2(ours, STDIN_FILENO);
	CHECK(!shell_until("cat", input, -1, &text) && !strcmp(text, "given\n"),
	        "the program reads the input");
	free(text);
	CHECK(fcntl(input, F_GETFD) == FD_CLOEXEC,
	        "our descriptor of the input stays open");
	CHECK(!shell_until("cat", -1, -1, &text) && !strcmp(text, "ours\n"),
	        "without input, the program inherits ours");
	free(text);
	lseek(ours, 0, SEEK_SET);
	CHECK(prints("cat", "ours\n"), "rm_capture() inherits standard input");
	dup2(saved, STDIN_FILENO);
	close(saved);
	close(ours);
	close(input);
}

/* Runs until stopped: the program reads from a pipe to which the test never
   writes. */
static int run_on(const char *first, int stop, char **text)
{
	char script[96];
	int silent[2], result;

	if (pipe2(silent, O_CLOEXEC))
		abort();
	snprintf(script, sizeof(script), "%s; exec cat", first);
	result = shell_until(script, silent[0], stop, text);
	close(silent[0]);
	close(silent[1]);
	return result;
}

static void is_stopped(void)
{
	int stop[2];
	char *text, byte;

	if (pipe2(stop, O_CLOEXEC) || write(stop[1], "x", 1) != 1)
		abort();
	CHECK(run_on("echo half", stop[0], &text) == -EINTR && !text,
	        "a readable stop is -EINTR without text");
	CHECK(nothing_waits(), "the stopped program has ended");
	CHECK(read(stop[0], &byte, 1) == 1 && byte == 'x',
	        "the stop is not read, so it also stops the next program");
	CHECK(!shell_until("echo whole", -1, stop[0], &text) &&
	                !strcmp(text, "whole\n"),
	        "without a stop the program runs to its end");
	free(text);
	CHECK(shell_until("exit 1", -1, stop[0], &text) == -EIO && !text,
	        "without a stop the failure of a program is reported");
	close(stop[0]);
	close(stop[1]);
}

/* The program itself makes the stop readable while it runs. */
static void is_stopped_later(void)
{
	char first[64], *text;
	int stop[2];

	if (pipe(stop))
		abort();
	snprintf(first, sizeof(first), "echo half; echo x >&%d", stop[1]);
	CHECK(run_on(first, stop[0], &text) == -EINTR && !text,
	        "a stop while the program runs is -EINTR");
	CHECK(nothing_waits(), "no process remains");
	close(stop[0]);
	close(stop[1]);
}

/* The program closes its output, but does not end. */
static void is_stopped_when_it_has_closed_its_output(void)
{
	char first[64], *text;
	int stop[2];

	if (pipe(stop))
		abort();
	snprintf(first, sizeof(first), "exec >&-; echo x >&%d", stop[1]);
	CHECK(run_on(first, stop[0], &text) == -EINTR && !text,
	        "a stop after the end of the output is -EINTR");
	CHECK(nothing_waits(), "the stopped program has ended");
	close(stop[0]);
	close(stop[1]);
}

/* Takes two seconds. */
static void is_killed_where_it_ignores_the_stop(void)
{
	int stop[2];
	char *text;

	if (pipe2(stop, O_CLOEXEC) || write(stop[1], "x", 1) != 1)
		abort();
	signal(SIGTERM, SIG_IGN); /* inherited by programs */
	CHECK(run_on(":", stop[0], &text) == -EINTR && !text,
	        "a program that ignores SIGTERM is killed");
	signal(SIGTERM, SIG_DFL);
	CHECK(nothing_waits(), "no process remains");
	close(stop[0]);
	close(stop[1]);
}

static void handle_signal(int number)
{
	(void)number;
}

/* Without SA_RESTART signals interrupt our system calls, both while the program
   prints and after it has closed its output. */
static void goes_on_after_signals(void)
{
	struct sigaction action = { .sa_handler = handle_signal }, old_action;

	sigaction(SIGUSR1, &action, &old_action);
	CHECK(prints("for i in 1 2 3 4 5 6 7 8 9; do kill -USR1 $PPID; done; "
	             "echo a; exec >&-; "
	             "for i in 1 2 3 4 5 6 7 8 9; do kill -USR1 $PPID; done",
	              "a\n"),
	        "our signals do not end the capture");
	sigaction(SIGUSR1, &old_action, NULL);
}

static void has_no_blocked_signals(void)
{
	sigset_t some, old_mask, after;

	sigemptyset(&some);
	sigaddset(&some, SIGINT);
	sigaddset(&some, SIGTERM);
	sigprocmask(SIG_BLOCK, &some, &old_mask);
	CHECK(prints("sed -n '/^SigBlk/s/.*\t0*//p' /proc/self/status", "\n"),
	        "a program has no blocked signals");
	CHECK(dies("kill -TERM $$", -EIO), "a program can be terminated by "
	                                   "SIGTERM");
	sigprocmask(SIG_SETMASK, NULL, &after);
	CHECK(sigismember(&after, SIGINT) && sigismember(&after, SIGTERM),
	        "our blocked signals stay blocked");
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
}

/* A program may have the descriptors 0, 1, 2, and that of the folder that ls
   reads. */
static void inherits_nothing(void)
{
	int input = file_of("");
	char *argv[] = { "ls", "/proc/self/fd", NULL }, *text = NULL;

	for (int fd = 3; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			fcntl(fd, F_SETFD, FD_CLOEXEC);
	CHECK(!rm_capture_until(argv, input, -1, &text) &&
	                !strcmp(text, "0\n1\n2\n3\n"),
	        "a program inherits only its three standard descriptors");
	free(text);
	close(input);
}

static void leaves_nothing(void)
{
	static const char *const scripts[] = { "echo a", "exit 1",
		"kill -KILL $$", "seq 20000" };
	int initial = open_descriptors(), stop[2];
	char *text, *none[] = { "/nowhere/program", NULL };

	for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++) {
		shell(scripts[i], &text);
		free(text);
		CHECK(open_descriptors() == initial && nothing_waits(),
		        scripts[i]);
	}
	rm_capture(none, &text);
	CHECK(open_descriptors() == initial && nothing_waits(),
	        "no descriptor and no process remains after these scripts, or "
	        "a missing program");
	if (pipe2(stop, O_CLOEXEC) || write(stop[1], "x", 1) != 1)
		abort();
	run_on("echo half", stop[0], &text);
	CHECK(open_descriptors() == initial + 2 && nothing_waits(),
	        "no descriptor and no process remains after a stopped program; "
	        "the stop descriptor stays open");
	close(stop[0]);
	close(stop[1]);
}

int main(void)
{
	if (!mkdtemp(dir))
		abort();
	/* an unreadable folder in PATH would give -EACCES */
	setenv("PATH", "/usr/bin:/bin", 1);
	alarm(120);               /* limit for a program that does not end */
	signal(SIGTERM, SIG_DFL); /* ignored signals would be inherited */
	prints_all();
	prints_much();
	every_length();
	cannot_be_run();
	ends_badly();
	standard_error();
	standard_input();
	is_stopped();
	is_stopped_later();
	is_stopped_when_it_has_closed_its_output();
	is_killed_where_it_ignores_the_stop();
	goes_on_after_signals();
	has_no_blocked_signals();
	inherits_nothing();
	leaves_nothing();
	rmdir(dir);
	return DONE();
}
