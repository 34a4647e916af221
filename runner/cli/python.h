/* SPDX-License-Identifier: Apache-2.0 */
/* python.h - runs `python3 -m report ...`, either as a child process whose
   output is read, or in place of this process. rm_host_shared_path() finds the
   report. */
#ifndef RM_PYTHON_H
#define RM_PYTHON_H

#include "runner/base/error.h"

#include <jansson.h>
#include <stddef.h>

enum { RM_PYTHON_BYTES = 4096, RM_PYTHON_ARGS = 1024 };

struct rm_report_call {
	const char *command; /* name of the readmostly command, for messages */
	const char *args[RM_PYTHON_ARGS];
	size_t count;
	const char *input; /* text for standard input; NULL: inherit */
	int interrupt_fd;  /* if readable, stops the child; -1: never */
};

/* Finds a Python that can run the report, with report/find_python.sh, and
   stores it in `path`. Sets PYTHONPATH if the report is installed. Returns 0,
   or -ENOENT with `error`; a message on standard error then names what to
   install. */
int rm_python_find(char path[RM_PYTHON_BYTES], struct rm_error *error);

/* Runs the report and stores its output in *text; free it. Returns 0; -EINTR if
   it was interrupted; other -errno with `error`. Python prints its own errors
   to standard error. */
int rm_python_read(const char *python, const struct rm_report_call *call,
        char **text, struct rm_error *error);

/* Like rm_python_read(), for output that is one JSON object. Stores a new
   reference. */
int rm_python_read_json(const char *python, const struct rm_report_call *call,
        json_t **json, struct rm_error *error);

/* Replaces this process by Python. If that fails, prints the reason and returns
   an exit status. */
int rm_python_exec(const struct rm_report_call *call);
/* Like rm_python_exec(), for `-m report FIRST` and the arguments from argv[1].
   If FIRST is NULL, it is omitted. */
int rm_python_exec_command(
        const char *command, const char *first, int argc, char **argv);

#endif /* RM_PYTHON_H */
