/* SPDX-License-Identifier: Apache-2.0 */
/* builds.c - checks that an arm's programs are of one build, since make leaves
   those that it need not build, and that LD_PRELOAD has an effect. */
#include "runner/campaign/internal.h"

#include "runner/base/build_info.h"
#include "runner/base/file.h"
#include "runner/base/host.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PROGRAM_MOST = 1 << 28 };

/* Compiler and flags of a program; free() them. NULL: it does not record them,
   as programs in other languages and of older versions. */
static char *read_build(const char *path)
{
	static const char start[] = RM_BUILD_MARK;
	FILE *in = rm_file_open(path);
	char *bytes = NULL, *build = NULL;
	size_t length = 0;

	if (in && !rm_file_read(in, PROGRAM_MOST, &bytes, &length)) {
		char *mark = memmem(bytes, length, start, sizeof(start) - 1);

		/* the bytes end with a NUL */
		build = mark ? strdup(mark + sizeof(start) - 1) : NULL;
	}
	free(bytes);
	if (in)
		fclose(in);
	return build;
}

static int check_arm(const struct rm_arm *arm, struct rm_error *error)
{
	char path[RM_PROGRAM_BYTES];
	const char *name, *own = rm_build_mark + sizeof(RM_BUILD_MARK) - 1;
	char *first = arm->program ? NULL : strdup(own);
	json_t *hash;
	int result = 0;

	json_object_foreach (arm->programs, name, hash) {
		rm_arm_find_program_path(arm, name, path);
		char *build = read_build(path);

		if (build && first && strcmp(build, first))
			result = rm_error_set(error, -EINVAL,
			        "%s was built by %.120s, %s by %.120s: "
			        "expected one build: rm -r %s, then the same "
			        "make command for all programs",
			        name, build,
			        arm->program ? "others" : "readmostly", first,
			        arm->program ? arm->program
			                     : rm_host_sibling_path("maps",
			                               path, sizeof(path)));
		if (first)
			free(build);
		else
			first = build;
	}
	free(first);
	return result;
}

int rm_arms_check_builds(const struct rm_arms *arms, struct rm_error *error)
{
	int result = 0;

	for (size_t i = 0; i < arms->count && !result; i++)
		result = check_arm(&arms->list[i], error);
	return result;
}

int rm_preload_check(struct rm_error *error)
{
	const char *all = getenv("LD_PRELOAD");
	char *copy = all ? strdup(all) : NULL, *rest = copy, *name;
	int result = 0;

	while ((name = rest ? strsep(&rest, ": ") : NULL)) {
		void *library = dlopen(name, RTLD_LAZY | RTLD_NOLOAD);

		if (library)
			dlclose(library);
		else if (*name)
			result = rm_error_set(error, -EINVAL,
			        "LD_PRELOAD=%.200s: the loader ignores %.100s, "
			        "expected a library of this machine: correct "
			        "it, or unset LD_PRELOAD",
			        all, name);
	}
	free(copy);
	return result;
}
