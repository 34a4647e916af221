/* SPDX-License-Identifier: Apache-2.0 */
/* inputs.c - loads the workloads that a command line selects. */
#include "runner/base/file.h"
#include "runner/base/host.h"
#include "runner/base/nearest.h"
#include "runner/plan/internal.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MODES "workloads/modes/"

/* Stores the path of a mode, in the folder of an installation or in the current
   folder. Returns `path`. */
static const char *mode_path(const char *name, char path[PATH_MAX])
{
	rm_host_shared_path(MODES, path, PATH_MAX);
	snprintf(path + strlen(path), PATH_MAX - strlen(path), "%s", name);
	return path;
}

/* The --set options, split at "=". overrides[].where points into `wheres`. */
struct sets {
	struct rm_override *overrides;
	char (*wheres)[RM_WHERE_BYTES];
	size_t count;
};

static int split_sets(
        char **texts, size_t count, struct sets *sets, struct rm_error *error)
{
	sets->overrides = calloc(count + 1, sizeof(*sets->overrides));
	sets->wheres = calloc(count + 1, sizeof(*sets->wheres));
	if (!sets->overrides || !sets->wheres)
		return rm_error_set(error, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++) {
		int failed = rm_override_split(
		        texts[i], sets->wheres[i], &sets->overrides[i], error);

		if (failed)
			return failed;
	}
	sets->count = count;
	return 0;
}

/* Lists the names of modes or sets. With a `set`, lists its modes; with "", the
   modes without a set; with NULL, all sets. File names are [SET-]MODE.conf.
   Returns the length of the list. */
static size_t list_names(const char *set, char *names, size_t size)
{
	const char *listed = "";
	size_t listed_length = 0, used = 0;
	char pattern[PATH_MAX];
	glob_t found;

	names[0] = '\0';
	if (glob(mode_path("*.conf", pattern), 0, NULL, &found))
		return 0;
	for (size_t i = 0; i < found.gl_pathc && used < size; i++) {
		const char *name = strrchr(found.gl_pathv[i], '/') + 1;
		const char *dash = strchr(name, '-');
		size_t length = dash ? (size_t)(dash - name) : 0;
		const char *mode = dash ? dash + 1 : name;
		bool wanted = set ? strlen(set) == length &&
		                              !strncmp(set, name, length)
		                  : length && (length != listed_length ||
		                                      strncmp(listed, name,
		                                              length) != 0);

		if (!wanted)
			continue;
		listed = name;
		listed_length = length;
		used += (size_t)snprintf(names + used, size - used, "%s%.*s",
		        used ? ", " : "",
		        set ? (int)(strlen(mode) - strlen(".conf"))
		            : (int)length,
		        set ? mode : name);
	}
	globfree(&found);
	return used;
}

/* Reports a missing file of a mode: its name is misspelled or no longer
   used. */
static int report_missing_mode(const struct rm_sources *sources,
        const char *file, struct rm_error *error)
{
	const char *set = sources->set;
	char names[320];

	if (set && !list_names(set, names, sizeof(names)) &&
	        list_names(NULL, names, sizeof(names)))
		return rm_error_set(error, -ENOENT,
		        "--set %.40s: no such set, expected KEY=VALUE or one "
		        "of %s",
		        set, names);
	if (!set && sources->mode[0] &&
	        list_names(sources->mode, names, sizeof(names)))
		return rm_error_set(error, -ENOENT,
		        "--mode %.40s is now --set %.40s, with --mode %s",
		        sources->mode, sources->mode, names);
	if (!list_names(set ? set : "", names, sizeof(names)))
		return rm_error_set(error, -ENOENT,
		        "%.120s: %s: expected a folder " MODES
		        " here; run this command in the source tree",
		        file, strerror(ENOENT));
	return rm_error_set(error, -ENOENT, "%.120s: %s, expected one of %s",
	        file, strerror(ENOENT), names);
}

static int read_mode(const struct rm_sources *sources, struct rm_inputs *inputs,
        struct rm_error *error)
{
	const char *set = sources->set, *mode = sources->mode;
	const char *dash = strchr(mode, '-');
	const bool is_path = !set && strchr(mode, '/');
	char name[NAME_MAX], file[PATH_MAX];
	int failed;

	snprintf(name, sizeof(name), "%s%s%s.conf", set ? set : "",
	        set ? "-" : "", mode);
	if (is_path)
		snprintf(file, sizeof(file), "%s", mode);
	else
		mode_path(name, file);
	if (access(file, F_OK) && errno == ENOENT)
		return report_missing_mode(sources, file, error);
	if (!is_path && !set && dash)
		return rm_error_set(error, -EINVAL,
		        "--mode %.60s is now --set %.*s --mode %.60s", mode,
		        (int)(dash - mode), mode, dash + 1);
	failed = rm_mode_load(file, sources->overrides, sources->override_count,
	        inputs, error);
	return failed ? failed
	              : rm_mode_set_touched(inputs, sources->touched, error);
}

const char *rm_workload_hint(
        const char *file, const char *folder, char hint[RM_HINT_BYTES])
{
	const char *slash = strrchr(file, '/'),
	           *base = slash ? slash + 1 : file;
	size_t length = folder ? strlen(folder) : (size_t)(base - file);
	char word[NAME_MAX], pattern[PATH_MAX];
	struct rm_nearest nearest = { .word = word };
	glob_t found = { 0 };

	snprintf(word, sizeof(word), "%s%s", base,
	        strstr(base, ".conf") ? "" : ".conf");
	snprintf(pattern, sizeof(pattern), "%.*s*.conf", (int)length,
	        folder ? folder : file);
	glob(pattern, 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++)
		rm_nearest_offer(&nearest, found.gl_pathv[i] + length);
	globfree(&found);
	hint[0] = '\0';
	if (rm_nearest_hint(&nearest)[0])
		snprintf(hint, RM_HINT_BYTES, " (did you mean %.160s%s?)",
		        folder ? folder : "", nearest.name);
	return hint;
}

/* Rejects a missing file. Suggests a set or mode with this name, or a file with
   a similar name in the same folder or in workloads/. */
static int check_file(const char *name, struct rm_error *error)
{
	char names[320], mode[NAME_MAX], path[PATH_MAX], hint[RM_HINT_BYTES];

	if (!access(name, F_OK) || errno != ENOENT)
		return 0; /* fopen() reports other errors */
	if (rm_path_check_links(name, error))
		return -ENOENT;
	snprintf(mode, sizeof(mode), "%s.conf", name);
	bool is_set = name[0] && list_names(name, names, sizeof(names));
	bool is_mode =
	        !strchr(name, '/') && !access(mode_path(mode, path), F_OK);

	rm_host_shared_path("workloads/", path, sizeof(path));
	if (is_set || is_mode)
		snprintf(hint, sizeof(hint), " (did you mean --%s %.40s?)",
		        is_set ? "set" : "mode", name);
	else if (!rm_workload_hint(name, NULL, hint)[0])
		rm_workload_hint(name, path, hint);
	return rm_error_set(error, -ENOENT,
	        "%.80s: %s, expected a workload file%s: `ls %.80s` lists ready "
	        "ones, `readmostly dev describe` the keys of a new one",
	        name, strerror(ENOENT), hint, path);
}

int rm_inputs_read(const struct rm_sources *sources, struct rm_inputs *inputs,
        struct rm_error *error)
{
	int failed = 0;

	*inputs = (struct rm_inputs){ 0 };
	if (sources->mode)
		return read_mode(sources, inputs, error);
	inputs->workloads =
	        calloc(sources->file_count + 1, sizeof(*inputs->workloads));
	if (!inputs->workloads)
		return rm_error_set(error, -ENOMEM, "out of memory");
	for (size_t i = 0; i < sources->file_count && !failed; i++) {
		failed = check_file(sources->files[i], error);
		if (failed)
			break;
		inputs->workload_count++; /* counted first, so that a partly
		                             read workload is freed */
		failed = rm_workload_load(sources->files[i], sources->overrides,
		        sources->override_count, &inputs->workloads[i], error);
	}
	return failed;
}

int rm_sources_complete(struct rm_sources *sources, struct rm_error *error)
{
	if (sources->file_count && sources->set)
		return rm_error_set(error, -EINVAL,
		        "--set \"%s\": expected KEY=VALUE with FILE, or the "
		        "name of a set without FILE",
		        sources->set);
	if (sources->set && !sources->mode)
		sources->mode = RM_SET_MODE;
	if (sources->file_count && sources->mode)
		return rm_error_set(error, -EINVAL,
		        "--mode and FILE: expected only one of them");
	return 0;
}

int rm_inputs_load(struct rm_sources sources, char **texts, size_t set_count,
        struct rm_inputs *inputs, struct rm_error *error)
{
	struct sets sets = { 0 };
	int failed = 0;

	*inputs = (struct rm_inputs){ 0 };
	failed = rm_sources_complete(&sources, error);
	if (failed)
		return failed;
	if (!sources.file_count && !sources.mode)
		return rm_error_set(error, -EINVAL,
		        "nothing to do: expected workload files, --mode NAME "
		        "or --set NAME");
	failed = split_sets(texts, set_count, &sets, error);
	sources.overrides = sets.overrides;
	sources.override_count = sets.count;
	if (!failed)
		failed = rm_inputs_read(&sources, inputs, error);
	free(sets.overrides);
	free(sets.wheres);
	return failed;
}

void rm_inputs_clear(struct rm_inputs *inputs)
{
	for (size_t i = 0; i < inputs->workload_count; i++)
		rm_workload_clear(&inputs->workloads[i]);
	free(inputs->workloads);
	*inputs = (struct rm_inputs){ 0 };
}
