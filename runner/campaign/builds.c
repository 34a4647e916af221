/* SPDX-License-Identifier: Apache-2.0 */
/* builds.c - checks that all programs of an arm come from the same build, since
   make keeps old programs that were not requested again. Also checks that
   LD_PRELOAD has an effect. */
#include "runner/campaign/internal.h"

#include "runner/base/build_info.h"
#include "runner/base/file.h"
#include "runner/base/host.h"

#include <dlfcn.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROGRAM_MOST = 1 << 28 };

/* True if the program has symbols but not the symbol of its map. */
static bool is_of_other_map(const char *bytes, size_t length, const char *id)
{
	static const char linked[] = "rm_this_map";
	char symbol[RM_ARM_PROGRAM_BYTES + sizeof("rm_impl_")];
	int size = snprintf(symbol, sizeof(symbol), "rm_impl_%s", id) + 1;

	for (char *at = symbol; (at = strchr(at, '-'));)
		*at = '_'; /* the Makefile makes the same replacement */
	return memmem(bytes, length, linked, sizeof(linked)) &&
	       !memmem(bytes, length, symbol, (size_t)size);
}

/* Returns the compiler and flags of a program; free() the text. NULL if the
   program does not contain them, such as a program in Go or of an older
   version. */
static char *read_build(const char *path, bool *is_foreign)
{
	static const char start[] = RM_BUILD_MARK;
	FILE *in = rm_file_open(path);
	char *bytes = NULL, *build = NULL;
	size_t length = 0;

	if (in && !rm_file_read(in, PROGRAM_MOST, &bytes, &length)) {
		char *mark = memmem(bytes, length, start, sizeof(start) - 1);

		/* the file's bytes are followed by a NUL */
		build = mark ? strdup(mark + sizeof(start) - 1) : NULL;
		*is_foreign =
		        is_of_other_map(bytes, length, rm_folder_name(path));
	}
	free(bytes);
	if (in)
		fclose(in);
	return build;
}

/* Finds a source that is newer than a program. The compiler's dependency lists
   (*.o.d) name the sources of the map, with their headers, and each source of
   the trial. Only works for builds in this folder, since the source folder of
   other builds is unknown. */
static bool find_newer_source(const char *program, char source[256])
{
	char here[PATH_MAX], pattern[2 * PATH_MAX];
	const char *id = rm_folder_name(program);
	const char *maps = strstr(program, "/maps/");
	struct stat built, found;
	bool is_newer = false;
	glob_t lists;

	if (!maps || !getcwd(here, sizeof(here)) ||
	        strncmp(program, here, strlen(here)) || stat(program, &built))
		return false;
	snprintf(pattern, sizeof(pattern),
	        "%.*s/{impls/*/%s,runner/{base,protocol,machine,counters,trial,"
	        "trace,map_program}/*}.o.d",
	        (int)(maps - program), program, id);
	if (glob(pattern, GLOB_BRACE, NULL, &lists))
		return false;
	for (size_t i = 0; i < lists.gl_pathc && !is_newer; i++) {
		FILE *in = fopen(lists.gl_pathv[i], "re");
		const bool all = strstr(lists.gl_pathv[i], "/impls/");

		/* skip the first word, which is the object file */
		for (int n = 0; in && !is_newer && (all || n < 2) &&
		                fscanf(in, "%255s", source) == 1;
		        n++)
			is_newer = n && !stat(source, &found) &&
			           found.st_mtime > built.st_mtime;
		if (in)
			fclose(in);
	}
	globfree(&lists);
	return is_newer;
}

/* Warns about the first program of this build that is older than a source. */
static void warn_outdated(const struct rm_arm *arm, struct rm_error *outdated)
{
	char path[RM_PROGRAM_BYTES], source[256];
	const char *name;
	json_t *hash;

	json_object_foreach (arm->programs, name, hash)
		if (!outdated->text[0] &&
		        find_newer_source(
		                rm_arm_find_program_path(arm, name, path),
		                source))
			rm_error_set(outdated, 0,
			        "maps/%s is older than %s, and the old program "
			        "is measured: run `make programs NEEDED=%s`",
			        name, source, name);
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
		bool is_foreign = false;
		char *build = read_build(path, &is_foreign);

		if (is_foreign)
			result = rm_error_set(error, -EINVAL,
			        "%s: the program of another map: remove it, "
			        "then run `make programs NEEDED=%s`",
			        path, name);
		else if (build && first && strcmp(build, first))
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

int rm_arms_check_builds(const struct rm_arms *arms, struct rm_error *outdated,
        struct rm_error *error)
{
	int result = 0;

	for (size_t i = 0; i < arms->count && !result; i++) {
		result = check_arm(&arms->list[i], error);
		if (!arms->list[i].program)
			warn_outdated(&arms->list[i], outdated);
	}
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
