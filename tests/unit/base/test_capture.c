/* SPDX-License-Identifier: Apache-2.0 */
/* test_capture.c - what another program printed, and what is left of it. */
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

/* More than a pipe holds (64 KiB), and no multiple of any buffer. */
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

/* The shell's, with input and stop. `text` is wrong until it is set. */
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

/* A file that cannot be run is left in the folder. */
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
	        "the text is all that was printed");
	CHECK(prints("printf x", "x"), "without a newline, too");
	CHECK(prints(":", ""), "a program that prints nothing has an empty "
	                       "text");
	CHECK(prints("printf a; exec printf b", "ab"),
	        "what it became is still the program");
	CHECK(!rm_capture(path, &text) && !strcmp(text, "a b  *\n"),
	        "a path is run, and arguments are not changed");
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
	        "a text larger than a pipe is whole and in order");
	free(text);
	text = NULL;
	CHECK(!rm_capture_until(argv, -1, -1, &text) && counts_up(text),
	        "and so where somebody might have stopped it");
	free(text);
}

/* Each length about the powers of two, where buffers end. */
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
	CHECK(right, "no length loses or adds a byte");
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
	        "a path that is not there is -ENOENT and no text");
	CHECK(fails("readmostly-no-such-program", -ENOENT),
	        "and so a name that PATH does not have");
	CHECK(fails(file, -EACCES), "a file that may not be run is -EACCES");
	unlink(file);
}

static void ends_badly(void)
{
	CHECK(dies("echo half; exit 1", -EIO),
	        "status 1 is -EIO, and what was printed is no text");
	CHECK(dies("exit 127", -EIO) && dies("exit 255", -EIO),
	        "so is every other status");
	CHECK(dies("echo half; kill -KILL $$", -EIO),
	        "and the end by a signal");
	CHECK(prints("exit 0", ""), "status 0 is not");
}

static void standard_error(void)
{
	char file[64], said[16] = "", *text = NULL;
	int before = dup(STDERR_FILENO), result, ours;

	snprintf(file, sizeof(file), "%s/said", dir);
	ours = open(file, O_RDWR | O_CREAT | O_TRUNC, 0600);
	dup2(ours, STDERR_FILENO);
	result = shell("echo loud >&2; echo quiet", &text);
	dup2(before, STDERR_FILENO);
	CHECK(!result && !strcmp(text, "quiet\n"),
	        "what goes to standard error is not in the text");
	CHECK(pread(ours, said, sizeof(said) - 1, 0) == 5 &&
	                !strcmp(said, "loud\n"),
	        "it goes where ours goes");
	free(text);
	close(before);
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
	int before = dup(STDIN_FILENO), input = file_of("given\n");
	int ours = file_of("ours\n");
	char *text;

	dup2(ours, STDIN_FILENO);
	CHECK(!shell_until("cat", input, -1, &text) && !strcmp(text, "given\n"),
	        "the input is what it reads");
	free(text);
	CHECK(fcntl(input, F_GETFD) == FD_CLOEXEC, "and stays ours, open");
	CHECK(!shell_until("cat", -1, -1, &text) && !strcmp(text, "ours\n"),
	        "without one it reads ours");
	free(text);
	lseek(ours, 0, SEEK_SET);
	CHECK(prints("cat", "ours\n"), "as it does where nothing is said");
	dup2(before, STDIN_FILENO);
	close(before);
	close(ours);
	close(input);
}

/* Runs on until it is ended, or until the test is: it reads a pipe whose other
   end is the test's, and which says nothing. */
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
	        "a stop that is readable is -EINTR and no text");
	CHECK(nothing_waits(), "and the program has ended");
	CHECK(read(stop[0], &byte, 1) == 1 && byte == 'x',
	        "the stop is not read, so that it stops what comes next");
	CHECK(!shell_until("echo whole", -1, stop[0], &text) &&
	                !strcmp(text, "whole\n"),
	        "a stop that is not readable stops nothing");
	free(text);
	CHECK(shell_until("exit 1", -1, stop[0], &text) == -EIO && !text,
	        "and hides no failure");
	close(stop[0]);
	close(stop[1]);
}

/* The program itself makes the stop readable, while it runs. */
static void is_stopped_later(void)
{
	char first[64], *text;
	int stop[2];

	if (pipe(stop))
		abort();
	snprintf(first, sizeof(first), "echo half; echo x >&%d", stop[1]);
	CHECK(run_on(first, stop[0], &text) == -EINTR && !text,
	        "a stop in the midst of it is one");
	CHECK(nothing_waits(), "and nothing of it is left");
	close(stop[0]);
	close(stop[1]);
}

/* Nothing comes any more, but its end does not come either. */
static void is_stopped_when_it_has_closed_its_output(void)
{
	char first[64], *text;
	int stop[2];

	if (pipe(stop))
		abort();
	snprintf(first, sizeof(first), "exec >&-; echo x >&%d", stop[1]);
	CHECK(run_on(first, stop[0], &text) == -EINTR && !text,
	        "a stop is one when the output has ended, too");
	CHECK(nothing_waits(), "and the program has ended by then");
	close(stop[0]);
	close(stop[1]);
}

/* Two seconds of each run of this test. */
static void is_killed_where_it_ignores_the_stop(void)
{
	int stop[2];
	char *text;

	if (pipe2(stop, O_CLOEXEC) || write(stop[1], "x", 1) != 1)
		abort();
	signal(SIGTERM, SIG_IGN); /* which a program inherits */
	CHECK(run_on(":", stop[0], &text) == -EINTR && !text,
	        "one that ignores SIGTERM is ended, too");
	signal(SIGTERM, SIG_DFL);
	CHECK(nothing_waits(), "and nothing of it is left");
	close(stop[0]);
	close(stop[1]);
}

static void is_told(int number)
{
	(void)number;
}

/* Without SA_RESTART each system call of ours ends at a signal: while it
   prints, and once it has closed what it printed to. */
static void goes_on_after_signals(void)
{
	struct sigaction tell = { .sa_handler = is_told }, before;

	sigaction(SIGUSR1, &tell, &before);
	CHECK(prints("for i in 1 2 3 4 5 6 7 8 9; do kill -USR1 $PPID; done; "
	             "echo a; exec >&-; "
	             "for i in 1 2 3 4 5 6 7 8 9; do kill -USR1 $PPID; done",
	              "a\n"),
	        "a signal to us ends nothing");
	sigaction(SIGUSR1, &before, NULL);
}

static void has_no_blocked_signals(void)
{
	sigset_t some, before, after;

	sigemptyset(&some);
	sigaddset(&some, SIGINT);
	sigaddset(&some, SIGTERM);
	sigprocmask(SIG_BLOCK, &some, &before);
	CHECK(prints("sed -n '/^SigBlk/s/.*\t0*//p' /proc/self/status", "\n"),
	        "a program has no blocked signals");
	CHECK(dies("kill -TERM $$", -EIO), "so that it can be ended");
	sigprocmask(SIG_SETMASK, NULL, &after);
	CHECK(sigismember(&after, SIGINT) && sigismember(&after, SIGTERM),
	        "those of ours stay blocked");
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* What is open in a program: 0, 1, 2, and the folder that ls reads. */
static void inherits_nothing(void)
{
	int input = file_of("");
	char *argv[] = { "ls", "/proc/self/fd", NULL }, *text = NULL;

	for (int fd = 3; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			fcntl(fd, F_SETFD, FD_CLOEXEC);
	CHECK(!rm_capture_until(argv, input, -1, &text) &&
	                !strcmp(text, "0\n1\n2\n3\n"),
	        "a program has its three descriptors and none of ours");
	free(text);
	close(input);
}

static void leaves_nothing(void)
{
	static const char *const scripts[] = { "echo a", "exit 1",
		"kill -KILL $$", "seq 20000" };
	int before = open_descriptors(), stop[2];
	char *text, *none[] = { "/nowhere/program", NULL };

	for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++) {
		shell(scripts[i], &text);
		free(text);
		CHECK(open_descriptors() == before && nothing_waits(),
		        scripts[i]);
	}
	rm_capture(none, &text);
	CHECK(open_descriptors() == before && nothing_waits(),
	        "no descriptor and no process is left of these, nor of a "
	        "program that is not there");
	if (pipe2(stop, O_CLOEXEC) || write(stop[1], "x", 1) != 1)
		abort();
	run_on("echo half", stop[0], &text);
	CHECK(open_descriptors() == before + 2 && nothing_waits(),
	        "nor of one that was stopped, whose stop stays open");
	close(stop[0]);
	close(stop[1]);
}

int main(void)
{
	if (!mkdtemp(dir))
		abort();
	/* a folder of PATH that is closed to us would be -EACCES */
	setenv("PATH", "/usr/bin:/bin", 1);
	alarm(120);               /* a program that nobody ends */
	signal(SIGTERM, SIG_DFL); /* what is ignored is so in programs, too */
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
