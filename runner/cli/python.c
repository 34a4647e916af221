/* SPDX-License-Identifier: Apache-2.0 */
/* python.c - finds a Python for the report and asks it. */
#include "runner/cli/python.h"

#include "runner/base/capture.h"
#include "runner/cli/command.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char finder[] = "report/find_python.sh";

int rm_python_find(char path[RM_PYTHON_BYTES], struct rm_error *error)
{
	char program[] = "report/find_python.sh", *argv[] = { program, NULL };
	char *said = NULL;
	int result;

	if (access(finder, X_OK))
		return rm_error_set(error, -ENOENT,
		        "%s: %s: it decides with the report's Python, expected "
		        "to be started where report/ and workloads/ are",
		        finder, strerror(errno));
	result = rm_capture(argv, &said);
	if (!result && strcspn(said, "\n") < RM_PYTHON_BYTES)
		snprintf(path, RM_PYTHON_BYTES, "%.*s",
		        (int)strcspn(said, "\n"), said);
	else
		result = rm_error_set(error, -ENOENT,
		        "no Python here can make the report (%s says what to "
		        "install)",
		        finder);
	free(said);
	return result;
}

/* NULL-terminated, of texts that nobody writes to. */
static void list_words(const char *python, const struct rm_question *question,
        char *argv[RM_PYTHON_WORDS + 4])
{
	size_t n = 0;

	argv[n++] = (char *)(uintptr_t)python;
	argv[n++] = (char *)(uintptr_t) "-m";
	argv[n++] = (char *)(uintptr_t) "report";
	for (size_t i = 0; i < question->count; i++)
		argv[n++] = (char *)(uintptr_t)question->words[i];
	argv[n] = NULL;
}

/* "next DIR", for a message. */
static void name_question(
        const struct rm_question *question, char *name, size_t size)
{
	size_t used = 0;

	name[0] = '\0';
	for (size_t i = 0; i < question->count && used < size; i++)
		used += (size_t)snprintf(name + used, size - used, "%s%s",
		        i ? " " : "", question->words[i]);
}

int rm_python_ask(const char *python, const struct rm_question *question,
        char **text, struct rm_error *error)
{
	char *argv[RM_PYTHON_WORDS + 4], name[256];
	int input = question->input ? rm_capture_input(question->input) : -1;
	int result;

	list_words(python, question, argv);
	name_question(question, name, sizeof(name));
	if (question->input && input < 0)
		return rm_error_set(error, input, "no memory for a question");
	result = rm_capture_until(argv, input, question->interrupt_fd, text);
	if (input >= 0)
		close(input);
	if (result == -EINTR)
		return rm_error_set(error, result, "interrupted");
	return result ? rm_error_set(error, result,
	                        "%.150s -m report %.200s ended with an error "
	                        "(above)",
	                        python, name)
	              : 0;
}

int rm_python_ask_json(const char *python, const struct rm_question *question,
        json_t **json, struct rm_error *error)
{
	char *text = NULL, name[256];
	json_error_t where;
	int result = rm_python_ask(python, question, &text, error);

	if (result)
		return result;
	*json = json_loads(text, JSON_REJECT_DUPLICATES, &where);
	free(text);
	name_question(question, name, sizeof(name));
	if (json_is_object(*json))
		return 0;
	json_decref(*json);
	*json = NULL;
	return rm_error_set(error, -EIO,
	        "%.150s -m report %.200s: expected one JSON object: %s", python,
	        name, where.text);
}

int rm_python_become(const struct rm_question *question)
{
	char *argv[RM_PYTHON_WORDS + 4], python[RM_PYTHON_BYTES];
	struct rm_error error = { 0 };
	sigset_t none;

	if (rm_python_find(python, &error))
		return rm_complain(question->command, &error, RM_USAGE);
	list_words(python, question, argv);
	fflush(NULL);
	/* what a campaign held back (rm_watch_signals()) ends Python again */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(python, argv);
	rm_error_set(
	        &error, -errno, "cannot start %s: %s", python, strerror(errno));
	return rm_complain(question->command, &error, RM_USAGE);
}
