/* SPDX-License-Identifier: Apache-2.0 */
/* python.c - finds a Python for the report and runs it. */
#include "runner/cli/python.h"

#include "runner/base/capture.h"
#include "runner/base/host.h"
#include "runner/cli/command.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Sets PYTHONPATH so that Python finds an installed package `report`, from any
   current folder. */
static void extend_python_path(const char *finder)
{
	const char *end = strstr(finder, "/report/find_python.sh");
	const char *old = getenv("PYTHONPATH");
	char list[2 * PATH_MAX];

	if (!end)
		return;
	snprintf(list, sizeof(list), "%.*s%s%s", (int)(end - finder), finder,
	        old && *old ? ":" : "", old ? old : "");
	setenv("PYTHONPATH", list, 1);
	/* ignore the current folder, which may have another package `report` */
	setenv("PYTHONSAFEPATH", "1", 1);
}

/* Runs report/find_python.sh with its interpreter, since an archive may have
   lost the file's mode. First searches without PYTHONPATH and the user's
   packages. If no Python has all packages then, searches with them and prints
   errors. */
static int run_finder(char *finder, char **output)
{
	static char bash[] = "/bin/bash", p[] = "-p", c[] = "-c",
	            alone[] = "unset PYTHONPATH; PYTHONNOUSERSITE=1 "
	                      "exec /bin/bash -p \"$0\" 2>/dev/null";
	char *const first[] = { bash, p, c, alone, finder, NULL };
	char *const second[] = { bash, p, finder, NULL };

	if (rm_capture(first, output))
		return rm_capture(second, output);
	unsetenv("PYTHONPATH");
	return setenv("PYTHONNOUSERSITE", "1", 1);
}

int rm_python_find(char path[RM_PYTHON_BYTES], struct rm_error *error)
{
	char finder[PATH_MAX];
	char *output = NULL;
	int result;

	rm_host_shared_path("report/find_python.sh", finder, sizeof(finder));
	if (access(finder, R_OK))
		return rm_error_set(error, -ENOENT,
		        "%s: %s: this command needs the report's Python; start "
		        "it in the source tree, next to report/ and workloads/",
		        finder, strerror(errno));
	result = run_finder(finder, &output);
	extend_python_path(finder);
	if (!result && strcspn(output, "\n") < RM_PYTHON_BYTES)
		snprintf(path, RM_PYTHON_BYTES, "%.*s",
		        (int)strcspn(output, "\n"), output);
	else
		result = rm_error_set(error, -ENOENT,
		        "no Python with the packages of the report works; %s "
		        "prints why, and what to install",
		        finder);
	free(output);
	return result;
}

/* Builds a NULL-terminated argv; execv() does not write to the strings. */
static void build_argv(const char *python, const struct rm_report_call *call,
        char *argv[RM_PYTHON_ARGS + 4])
{
	size_t n = 0;

	argv[n++] = (char *)(uintptr_t)python;
	argv[n++] = (char *)(uintptr_t) "-m";
	argv[n++] = (char *)(uintptr_t) "report";
	for (size_t i = 0; i < call->count; i++)
		argv[n++] = (char *)(uintptr_t)call->args[i];
	argv[n] = NULL;
}

/* Joins the arguments to one string for messages, for example "next DIR". */
static void describe_call(
        const struct rm_report_call *call, char *name, size_t size)
{
	size_t used = 0;

	name[0] = '\0';
	for (size_t i = 0; i < call->count && used < size; i++)
		used += (size_t)snprintf(name + used, size - used, "%s%s",
		        i ? " " : "", call->args[i]);
}

int rm_python_read(const char *python, const struct rm_report_call *call,
        char **text, struct rm_error *error)
{
	char *argv[RM_PYTHON_ARGS + 4];
	int input = call->input ? rm_capture_input(call->input) : -1;
	int result;

	build_argv(python, call, argv);
	if (call->input && input < 0)
		return rm_error_set(error, input, "out of memory");
	result = rm_capture_until(argv, input, call->interrupt_fd, text);
	if (input >= 0)
		close(input);
	if (result == -EINTR)
		return rm_error_set(error, result, "interrupted");
	return result ? rm_error_set(error, result,
	                        "the report failed; its error is printed above")
	              : 0;
}

int rm_python_read_json(const char *python, const struct rm_report_call *call,
        json_t **json, struct rm_error *error)
{
	char *text = NULL, name[256];
	json_error_t where;
	int result = rm_python_read(python, call, &text, error);

	if (result)
		return result;
	*json = json_loads(text, JSON_REJECT_DUPLICATES, &where);
	free(text);
	describe_call(call, name, sizeof(name));
	if (json_is_object(*json))
		return 0;
	json_decref(*json);
	*json = NULL;
	return rm_error_set(error, -EIO,
	        "%.150s -m report %.200s: expected one JSON object as output: "
	        "%s",
	        python, name, where.text);
}

int rm_python_exec(const struct rm_report_call *call)
{
	char *argv[RM_PYTHON_ARGS + 4], python[RM_PYTHON_BYTES];
	struct rm_error error = { 0 };
	sigset_t no_signals;

	if (rm_python_find(python, &error))
		return rm_print_error(call->command, &error, RM_USAGE);
	build_argv(python, call, argv);
	fflush(NULL);
	/* rm_watch_signals() has blocked signals */
	sigemptyset(&no_signals);
	sigprocmask(SIG_SETMASK, &no_signals, NULL);
	execv(python, argv);
	rm_error_set(
	        &error, -errno, "cannot start %s: %s", python, strerror(errno));
	return rm_print_error(call->command, &error, RM_USAGE);
}

int rm_python_exec_command(
        const char *command, const char *first, int argc, char **argv)
{
	struct rm_report_call call = { .command = command, .interrupt_fd = -1 };
	struct rm_error error = { "" };

	if (first)
		call.args[call.count++] = first;
	if ((size_t)argc + call.count > RM_PYTHON_ARGS) {
		rm_error_set(&error, 0, "expected at most %d arguments",
		        RM_PYTHON_ARGS);
		return rm_print_error(command, &error, RM_USAGE);
	}
	for (int i = 1; i < argc; i++)
		call.args[call.count++] = argv[i];
	return rm_python_exec(&call);
}
