/* SPDX-License-Identifier: Apache-2.0 */
/* folder.c - creates a campaign's folder, lock, links and drawing of the
   topology. */
#include "runner/campaign/internal.h"

#include "runner/base/file.h"
#include "runner/protocol/protocol.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <libgen.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAME_MINUTE = 1000, NAME_BYTES = 200 };

extern char **environ;

int rm_folder_new(const char *what, const char *machine_id, time_t now,
        char path[RM_PATH_BYTES], struct rm_error *error)
{
	char date[32];
	struct tm utc;
	int result = rm_folder_make("results", error);

	if (result)
		return result;
	gmtime_r(&now, &utc);
	strftime(date, sizeof(date), "%Y-%m-%dT%H%M", &utc);
	for (int i = 1; i < SAME_MINUTE; i++) {
		int used = snprintf(path, NAME_BYTES, "results/%s-%.60s-%.40s",
		        date, what, machine_id);

		if (i > 1)
			snprintf(path + used, 16, "-%d", i);
		result = mkdir(path, 0755) ? -errno
		                           : rm_folder_sync_parent(path);
		if (!result)
			return 0;
		if (result != -EEXIST)
			return rm_folder_make(path, error); /* reports this
			                                     * error */
	}
	return rm_error_set(error, result,
	        "%s: exists: choose another folder with -o DIR", path);
}

void rm_path_trim_slashes(char *path)
{
	for (size_t end = strlen(path); end > 1 && path[end - 1] == '/';)
		path[--end] = 0;
}

const char *rm_folder_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Splits a path into its parent folder and its name. Does not resolve links,
   because "results" may be a link to another disk. Returns NULL if the parent
   is not named "results". */
static char *split_results_path(char *path, char name[NAME_BYTES])
{
	rm_path_trim_slashes(path);
	snprintf(name, NAME_BYTES, "%.199s", rm_folder_name(path));
	char *parent = dirname(path);
	bool is_name = strcmp(name, ".") && strcmp(name, "..");

	return is_name && !strcmp(rm_folder_name(parent), "results") ? parent
	                                                             : NULL;
}

int rm_folder_link_latest(const char *dir, struct rm_error *error)
{
	char given[RM_PATH_BYTES], real[RM_PATH_BYTES];
	char temporary[RM_PATH_BYTES], link[RM_PATH_BYTES], name[NAME_BYTES];
	char name_new[32];

	if (!realpath(dir, real))
		return rm_error_set(
		        error, -errno, "%s: %s", dir, strerror(errno));
	snprintf(given, sizeof(given), "%s", dir);
	char *parent = split_results_path(given, name);

	/* "latest" must not become a link to itself */
	if (!parent || !strcmp(name, "latest"))
		parent = split_results_path(real, name);
	if (!parent || !strcmp(name, "latest"))
		return 0;
	/* The name has the process id, since two campaigns may end at the same
	   time. */
	snprintf(name_new, sizeof(name_new), ".latest.%d.new", (int)getpid());
	if (rm_path_join(temporary, parent, name_new, error) ||
	        rm_path_join(link, parent, "latest", error))
		return -ENAMETOOLONG;
	unlink(temporary); /* a crashed process may have left it */
	if (symlink(name, temporary) || rename(temporary, link))
		return rm_error_set(error, -errno, "%s: cannot link: %s", link,
		        strerror(errno));
	return 0;
}

/* Draws the topology's XML with one program, whose output is discarded. Returns
   0 on success. */
static int draw_topology(const char *program, const char *xml, const char *svg)
{
	char name[64], input[] = "--input", format[] = "--output-format",
	               type[] = "svg", force[] = "--force";
	char from[RM_PATH_BYTES], to[RM_PATH_BYTES];
	char *arguments[] = { name, input, from, format, type, force, to,
		NULL };
	posix_spawn_file_actions_t quiet;
	int status = -1;
	pid_t pid;

	snprintf(name, sizeof(name), "%s", program);
	snprintf(from, sizeof(from), "%s", xml);
	snprintf(to, sizeof(to), "%s", svg);
	posix_spawn_file_actions_init(&quiet);
	for (int fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_addopen(
		        &quiet, fd, "/dev/null", O_RDWR, 0);
	if (!posix_spawnp(&pid, program, &quiet, NULL, arguments, environ))
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	posix_spawn_file_actions_destroy(&quiet);
	return status;
}

int rm_folder_topology(const char *dir, const char *xml, struct rm_error *error)
{
	char from[RM_PATH_BYTES], to[RM_PATH_BYTES];
	int result =
	        rm_file_replace(dir, "topology.xml", xml, strlen(xml), error);

	if (result || (result = rm_path_join(from, dir, "topology.xml", error)))
		return result;
	if ((result = rm_path_join(to, dir, "topology.svg", error)))
		return result;
	/* The drawing is optional. An old file is removed first, since it may
	   be a link, and the drawing program would write through it. */
	unlink(to);
	if (draw_topology("lstopo", from, to) &&
	        draw_topology("lstopo-no-graphics", from, to))
		unlink(to);
	return 0;
}

int rm_folder_json(const char *dir, const char *name, json_t **json,
        struct rm_error *error)
{
	char path[RM_PATH_BYTES];
	json_error_t where;
	int result = rm_path_join(path, dir, name, error);

	if (result)
		return result;
	FILE *file = rm_file_open(path);

	if (!file && errno == ENOENT)
		return -ENOENT;
	if (!file)
		return rm_error_set(error, -errno, "%s: cannot be read: %s%s",
		        path, rm_file_reason(-errno),
		        errno == EISDIR ? ": restore it from a copy" : "");
	*json = json_loadf(file, JSON_REJECT_DUPLICATES, &where);
	fclose(file);
	return *json ? 0
	             : rm_error_set(error, -EINVAL,
	                       "%s:%d: %s, expected one JSON object: restore "
	                       "it from a copy, or start anew in another "
	                       "folder (-o DIR)",
	                       path, where.line, where.text);
}

int rm_folder_no_campaign(const char *dir, struct rm_error *error)
{
	struct stat found;
	const char *what = stat(dir, &found)        ? "no such folder"
	                   : S_ISDIR(found.st_mode) ? "no campaign.json"
	                                            : "not a folder";

	if (rm_path_check_links(dir, error))
		return -ENOENT;
	return rm_error_set(error, -ENOENT,
	        "%s: %s, expected the folder of a campaign "
	        "(`ls results`; `readmostly run --mode smoke` makes one)",
	        dir, what);
}

int rm_folder_check_campaign(const char *dir, struct rm_error *error)
{
	char path[RM_PATH_BYTES];
	int result = rm_path_join(path, dir, "campaign.json", error);

	return !result && access(path, F_OK) && errno == ENOENT
	               ? rm_folder_no_campaign(dir, error)
	               : result;
}

int rm_folder_campaign(
        const char *dir, json_t **campaign, struct rm_error *error)
{
	char path[RM_PATH_BYTES];
	int result = rm_path_join(path, dir, "campaign.json", error);

	if (!result)
		result = rm_folder_json(dir, "campaign.json", campaign, error);
	if (result == -ENOENT)
		return rm_folder_no_campaign(dir, error);
	if (result)
		return result;
	if (json_integer_value(json_object_get(*campaign, "format")) == 1)
		result = rm_protocol_check(*campaign, path, error);
	else
		result = rm_error_set(error, -EINVAL,
		        "%s: \"format\" is not 1, expected a campaign of this "
		        "version",
		        path);
	if (result) {
		json_decref(*campaign);
		*campaign = NULL; /* Callers free *campaign. */
	}
	return result;
}

static int report_owner(int fd, const char *path, struct rm_error *error)
{
	char owner[32] = "";
	ssize_t got = pread(fd, owner, sizeof(owner) - 1, 0);

	owner[got > 0 ? strspn(owner, "0123456789") : 0] = 0;
	return rm_error_set(error, -EBUSY,
	        "%s is locked, because process %s runs this campaign: wait "
	        "until it ends, or interrupt it (kill %s)",
	        path, owner[0] ? owner : "(unknown)", owner[0] ? owner : "PID");
}

int rm_folder_check_idle(const char *dir, struct rm_error *error)
{
	char path[RM_PATH_BYTES];
	int result = rm_path_join(path, dir, "lock", error);
	int fd = result ? -1
	                : open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	                                     O_CLOEXEC);

	if (fd < 0)
		return result;
	if (flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK)
		result = report_owner(fd, path, error);
	close(fd);
	return result;
}

int rm_folder_check_resume(const char *dir, struct rm_error *error)
{
	struct stat found;

	return !stat(dir, &found) && S_ISDIR(found.st_mode)
	               ? 0
	               : rm_folder_no_campaign(dir, error);
}

int rm_folder_check_new(const char *dir, struct rm_error *error)
{
	/* Files that an interrupted start, `reproduce` or a search may
	   leave. */
	static const char ours[] = "@(.*|*.new|cells.txt|histograms|lock|"
	                           "topology.*|report|trials.jsonl|"
	                           "unfinished.jsonl|workloads)";
	DIR *folder = opendir(dir);
	const struct dirent *entry;
	int result = 0;

	while (!result && folder && (entry = readdir(folder)))
		if (fnmatch(ours, entry->d_name, FNM_EXTMATCH))
			result = rm_error_set(error, -EEXIST,
			        "%s holds other files (%.80s), expected a new "
			        "or empty folder: choose another -o DIR",
			        dir, entry->d_name);
	if (folder)
		closedir(folder);
	return result;
}

/* Opens the file `lock` and stores its path. */
static int open_lock(
        char path[RM_PATH_BYTES], const char *dir, struct rm_error *error)
{
	int result = rm_path_join(path, dir, "lock", error);

	if (result)
		return result;
	int fd = rm_file_open_nofollow(path, O_RDWR);

	if (fd < 0)
		return rm_error_set(error, fd, "%s: cannot be opened: %s", path,
		        fd == -EACCES ? "Permission denied: run as its owner, "
		                        "or choose another folder (-o DIR)"
		                      : rm_write_reason(fd));
	return fd;
}

int rm_folder_lock(const char *dir, struct rm_error *error)
{
	char path[RM_PATH_BYTES], owner[32];
	int result, fd = open_lock(path, dir, error);

	if (fd < 0)
		return fd;
	while ((result = flock(fd, LOCK_EX | LOCK_NB)) && errno == EINTR)
		;
	if (result && errno == EWOULDBLOCK) {
		result = report_owner(fd, path, error);
		goto fail;
	}
	if (result) {
		const bool filtered = errno == EPERM || errno == ENOSYS;

		result = rm_error_set(error, -errno,
		        "%s: cannot be locked: %s: %s", path, strerror(errno),
		        filtered ? "a system call filter refuses flock(): "
		                   "allow this call"
		                 : "this file system has no locks: choose a "
		                   "local folder (-o DIR)");
		goto fail;
	}
	int size = snprintf(owner, sizeof(owner), "%d\n", (int)getpid());

	if (ftruncate(fd, 0) || pwrite(fd, owner, (size_t)size, 0) != size) {
		result = errno ? -errno : -EIO;
		rm_error_set(error, result, "%s: cannot be written: %s", path,
		        rm_write_reason(result));
		goto fail;
	}
	return fd;
fail:
	close(fd);
	return result;
}
