/* SPDX-License-Identifier: Apache-2.0 */
/* quarantine.c - starts the program again with the library of quarantine.h, and
   turns it on and off. */
#include "verify/check/quarantine.h"

#include "runner/base/sanitized.h"
#include "verify/check/check.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef void switch_fn(bool on, void (*damaged)(const char *what));

static switch_fn *find_switch(void)
{
	/* POSIX: an object's address may be a function's */
	return (switch_fn *)(uintptr_t)dlsym(
	        RTLD_DEFAULT, "rm_quarantine_switch");
}

bool rm_quarantine_offered(void)
{
	return find_switch() != NULL;
}

void rm_quarantine(bool on, void (*damaged)(const char *what))
{
	switch_fn *turn = find_switch();

	if (turn)
		turn(on, damaged);
}

bool rm_quarantine_freed(struct rm_shape shape, const struct rm_value *value)
{
	const unsigned words = shape.value_bytes / 8;

	for (unsigned i = 0; i < words; i++)
		if (value->word[i] == RM_POISON_WORD)
			return true;
	return false;
}

/* The library beside this program, if there is one. */
static bool find_library(char *path, size_t size)
{
	static const char name[] = "libreadmostly_quarantine.so";
	const ssize_t length =
	        readlink("/proc/self/exe", path, size - sizeof(name));
	char *slash;

	if (length <= 0)
		return false;
	path[length] = 0;
	slash = strrchr(path, '/');
	if (!slash)
		return false;
	memcpy(slash + 1, name, sizeof(name));
	return !access(path, R_OK);
}

/* LD_PRELOAD has no way to write these within a name. */
static bool may_be_preloaded(const char *path)
{
	return !strpbrk(path, " :");
}

/* Where it is not there, or a sanitizer has the allocator, or somebody has
   loaded another one, nothing changes. */
void rm_check_with_quarantine(int argc, char **argv)
{
	char path[4096], program[4096] = "", **again;

	if (rm_quarantine_offered()) {
		unsetenv("LD_PRELOAD"); /* not for programs that a map starts */
		return;
	}
	if (rm_sanitized() || getenv("LD_PRELOAD") ||
	        !find_library(path, sizeof(path)) || !may_be_preloaded(path))
		return;
	again = calloc((size_t)argc + 1, sizeof(*again));
	if (!again || setenv("LD_PRELOAD", path, 1)) {
		free(again);
		return;
	}
	/* its path: stacks are looked up in the file of this name */
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0)
		strcpy(program, "readmostly");
	again[0] = program;
	memcpy(again + 1, argv + 1, (size_t)(argc - 1) * sizeof(*again));
	fflush(NULL);
	execv("/proc/self/exe", again);
	free(again);
	unsetenv("LD_PRELOAD");
}

const char *rm_check_no_quarantine(void)
{
	char path[4096];

	if (rm_quarantine_offered() || rm_sanitized())
		return NULL;
	if (getenv("LD_PRELOAD"))
		return "LD_PRELOAD is set: start without it";
	if (find_library(path, sizeof(path)) && !may_be_preloaded(path))
		return "the program's folder has a blank or a colon in its "
		       "name, at which LD_PRELOAD ends one";
	return "no libreadmostly_quarantine.so beside the program: make all "
	       "builds it";
}
