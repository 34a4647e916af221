/* SPDX-License-Identifier: Apache-2.0 */
/* python.h - runs `python3 -m report ...`, either as a child whose output is
   read, or in place of this process. The report is found as workloads are, by
   rm_host_shared_path(). */
#ifndef RM_PYTHON_H
#define RM_PYTHON_H

#include "runner/base/error.h"

#include <jansson.h>
#include <stddef.h>

enum { RM_PYTHON_BYTES = 4096, RM_PYTHON_ARGS = 1024 };

/* Arguments of a call of the report, after `-m report`. */
struct rm_report_call {
	const char *command; /* name of our command, for messages */
	const char *args[RM_PYTHON_ARGS];
	size_t count;
	const char *input; /* text for standard input; NULL: inherit */
	int interrupt_fd;  /* once readable, stops the child; -1: none */
};

/* Finds a Python that can run the report, by report/find_python.sh, and stores
   it in `path`. Sets PYTHONPATH if the report is installed. Returns -ENOENT
   with `error` if there is none; a message on standard error names what to
   install. */
int rm_python_find(char path[RM_PYTHON_BYTES], struct rm_error *error);

/* Stores the output in *text; free it. -EINTR: interrupted; other -errno
   with `error`. Python prints its own errors to standard error. */
int rm_python_read(const char *python, const struct rm_report_call *call,
        char **text, struct rm_error *error);

/* The same for output that is one JSON object; returns a new reference. */
int rm_python_read_json(const char *python, const struct rm_report_call *call,
        json_t **json, struct rm_error *error);

/* Replaces this process by Python. Returns an exit status only if that fails,
   after printing the reason. */
int rm_python_exec(const struct rm_report_call *call);
/* The same for `-m report FIRST`, or no FIRST if NULL, and argv[1] on. */
int rm_python_exec_command(
        const char *command, const char *first, int argc, char **argv);

#endif /* RM_PYTHON_H */
