/* SPDX-License-Identifier: Apache-2.0 */
/* environment.c - removes inherited variables that change results or output. */
#include "runner/base/environment.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

extern char **environ;

struct row {
	const char *name; /* a final `*` matches any rest */
	bool kept;
};

static const struct row rows[] = {
#define UNWANTED(name) { name, false },
#define KEPT(name)     { name, true },
#include "runner/base/environment.def"
};

/* True if `name` matches `variable`, which is NAME or NAME=VALUE. */
static bool matches(const char *name, const char *variable)
{
	size_t length = strcspn(name, "*"), end = strcspn(variable, "=");

	return end >= length && (name[length] == '*' || end == length) &&
	       !strncmp(name, variable, length);
}

static bool is_unwanted(const char *variable)
{
	bool found = false;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (matches(rows[i].name, variable)) {
			if (rows[i].kept)
				return false;
			found = true;
		}
	return found;
}

/* Makes TMPDIR absolute, since some child processes run in other folders. */
static void make_tmpdir_absolute(void)
{
	const char *folder = getenv("TMPDIR");
	char *path = folder && folder[0] != '/' ? realpath(folder, NULL) : NULL;

	if (path)
		setenv("TMPDIR", path, 1);
	free(path);
}

void rm_environment_clean(void)
{
	size_t kept = 0;

	/* Does not use unsetenv(), since a name such as BASH_FUNC_f%% may occur
	   twice. */
	for (size_t i = 0; environ && environ[i]; i++)
		if (!is_unwanted(environ[i]))
			environ[kept++] = environ[i];
	if (environ)
		environ[kept] = NULL;
	setenv("LC_ALL", "C.UTF-8", 1);
	/* The owner always gets access to new files. */
	umask(umask(0) & ~(mode_t)S_IRWXU);
	make_tmpdir_absolute();
}
