/* SPDX-License-Identifier: Apache-2.0 */
/*
 * python.h - `python3 -m report ...`, which decides and explains: asked for an
 * answer, or put in our place. It is found below the current folder, as
 * workloads are.
 */
#ifndef RM_PYTHON_H
#define RM_PYTHON_H

#include "runner/base/error.h"

#include <jansson.h>
#include <stddef.h>

enum { RM_PYTHON_BYTES = 4096, RM_PYTHON_WORDS = 1024 };

/* A question: `words` behind `-m report`. */
struct rm_question {
	const char *command; /* of readmostly, for messages */
	const char *words[RM_PYTHON_WORDS];
	size_t count;
	const char *input; /* standard input; NULL: ours */
	int interrupt_fd;  /* readable: stop; -1: none */
};

/*
 * Finds a Python that can make the report, by report/find_python.sh, into
 * `path`. -ENOENT with `error`: there is none, and what to do was said on
 * standard error.
 */
int rm_python_find(char path[RM_PYTHON_BYTES], struct rm_error *error);

/* Its answer in *text, to be freed. -EINTR: interrupted; other -errno with
   `error`; what Python itself says of that is on standard error. */
int rm_python_ask(const char *python, const struct rm_question *question,
        char **text, struct rm_error *error);

/* The same of an answer that is one JSON object: a new reference. */
int rm_python_ask_json(const char *python, const struct rm_question *question,
        json_t **json, struct rm_error *error);

/* Becomes Python. Returns only where that is impossible: an exit status, and
   the reason is said. */
int rm_python_become(const struct rm_question *question);

#endif /* RM_PYTHON_H */
