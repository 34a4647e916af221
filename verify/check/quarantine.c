/* SPDX-License-Identifier: Apache-2.0 */
/* quarantine.c - restarts the program with the library of quarantine.h, and
 * switches it on and off. */
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
	/* POSIX allows this conversion */
	return (switch_fn *)(uintptr_t)dlsym(
	        RTLD_DEFAULT, "rm_quarantine_switch");
}

bool rm_quarantine_is_loaded(void)
{
	return find_switch() != NULL;
}

void rm_quarantine_set(bool on, void (*damaged)(const char *what))
{
	switch_fn *switch_quarantine = find_switch();

	if (switch_quarantine)
		switch_quarantine(on, damaged);
}

bool rm_value_is_poison(struct rm_shape shape, const struct rm_value *value)
{
	const unsigned words = shape.value_bytes / 8;

	for (unsigned i = 0; i < words; i++)
		if (value->word[i] == RM_POISON_WORD)
			return true;
	return false;
}

/* Finds the library next to this program, if it exists. */
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

/* These characters separate names in LD_PRELOAD and cannot be escaped. */
static bool may_be_preloaded(const char *path)
{
	return !strpbrk(path, " :");
}

/* Does nothing if the library is missing, a sanitizer replaces the allocator,
 * or LD_PRELOAD is already set. */
void rm_check_restart_with_quarantine(int argc, char **argv)
{
	char path[4096], program[4096] = "", **new_argv;

	if (rm_quarantine_is_loaded()) {
		/* programs that a map starts must not load it */
		unsetenv("LD_PRELOAD");
		return;
	}
	if (rm_sanitized() || getenv("LD_PRELOAD") ||
	        !find_library(path, sizeof(path)) || !may_be_preloaded(path))
		return;
	new_argv = calloc((size_t)argc + 1, sizeof(*new_argv));
	if (!new_argv || setenv("LD_PRELOAD", path, 1)) {
		free(new_argv);
		return;
	}
	/* argv[0] becomes the path, because stacks are resolved in the file
	 * with this name */
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0)
		strcpy(program, "readmostly");
	new_argv[0] = program;
	memcpy(new_argv + 1, argv + 1, (size_t)(argc - 1) * sizeof(*new_argv));
	fflush(NULL);
	execv("/proc/self/exe", new_argv);
	free(new_argv);
	unsetenv("LD_PRELOAD");
}

const char *rm_check_quarantine_obstacle(void)
{
	char path[4096];

	if (rm_quarantine_is_loaded() || rm_sanitized())
		return NULL;
	if (getenv("LD_PRELOAD"))
		return "LD_PRELOAD is set: unset it";
	if (find_library(path, sizeof(path)) && !may_be_preloaded(path))
		return "the path of the program contains a blank or a colon, "
		       "which LD_PRELOAD cannot contain: move the program";
	return "libreadmostly_quarantine.so is missing next to the program: "
	       "`make all` builds it";
}
