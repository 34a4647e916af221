/* SPDX-License-Identifier: Apache-2.0 */
/* files.c - replaces files atomically, makes folders, and reads lines. */
#include "runner/campaign/internal.h"

#include "runner/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int rm_path_join(char path[RM_PATH_BYTES], const char *dir, const char *name,
        struct rm_error *error)
{
	if (snprintf(path, RM_PATH_BYTES, "%s/%s", dir, name) < RM_PATH_BYTES)
		return 0;
	return rm_error_set(error, -ENAMETOOLONG,
	        "%.200s...: the path is too long, expected under %d bytes", dir,
	        RM_PATH_BYTES);
}

int rm_file_open_nofollow(const char *path, int flags)
{
	/* O_NONBLOCK: open() of a FIFO must not wait for a reader */
	int fd = open(path,
	        flags | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0644);
	struct stat status;

	if (fd < 0)
		return errno == ENXIO ? -ENODEV : -errno;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode))
		return fd;
	close(fd);
	return -ENODEV;
}

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t put = write(fd, bytes, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put ? -errno : -EIO; /* write() returning 0 sets
						     * no errno */
		bytes += put;
		size -= (size_t)put;
	}
	return 0;
}

int rm_file_sync(int fd)
{
	while (fsync(fd))
		if (errno != EINTR)
			/* EPERM comes from a system call filter, not from file
			   systems */
			return errno == EPERM ? -ENOTRECOVERABLE : -errno;
	return 0;
}

static int sync_folder(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int result = rm_file_sync(fd);

	close(fd);
	/* Some file systems cannot sync a folder and need no sync. */
	return result == -EINVAL ? 0 : result;
}

/* Creates a file. First removes a file that a crash left, or a symbolic link.
   O_EXCL never follows an existing link. */
static int write_new(const char *path, const void *bytes, size_t size)
{
	if (unlink(path) && errno != ENOENT)
		return -errno;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	int result = write_all(fd, bytes, size);

	if (!result)
		result = rm_file_sync(fd);
	if (close(fd) && !result)
		result = -errno;
	return result;
}

int rm_file_replace(const char *dir, const char *name, const void *bytes,
        size_t size, struct rm_error *error)
{
	char path[RM_PATH_BYTES], temporary[RM_PATH_BYTES];
	char temporary_name[128];

	snprintf(temporary_name, sizeof(temporary_name), "%.100s.new", name);
	if (rm_path_join(path, dir, name, error) ||
	        rm_path_join(temporary, dir, temporary_name, error))
		return -ENAMETOOLONG;
	int result = write_new(temporary, bytes, size);

	if (!result && rename(temporary, path))
		result = -errno;
	if (result) {
		unlink(temporary);
		return rm_error_set(error, result, "%s: cannot be written: %s",
		        path, rm_write_reason(result));
	}
	result = sync_folder(dir);
	return result ? rm_error_set(error, result, "%s: cannot be synced: %s",
	                        dir, rm_write_reason(result))
	              : 0;
}

int rm_folder_sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char parent[RM_PATH_BYTES];

	snprintf(parent, sizeof(parent), "%.*s",
	        slash ? (int)(slash - path) + (slash == path) : 1,
	        slash ? path : ".");
	return sync_folder(parent);
}

/* Returns 0 or -errno; -EEXIST if the folder exists. */
static int make_folder(const char *path)
{
	return mkdir(path, 0755) ? -errno : rm_folder_sync_parent(path);
}

int rm_folder_make(const char *dir, struct rm_error *error)
{
	char path[RM_PATH_BYTES];
	struct stat found;

	if (snprintf(path, sizeof(path), "%s", dir) >= (int)sizeof(path))
		return rm_path_join(path, dir, "", error);
	for (char *slash = strchr(path + 1, '/'); slash;
	        slash = strchr(slash + 1, '/')) {
		*slash = 0;
		make_folder(path);
		*slash = '/';
	}
	int result = make_folder(path);

	if (!result)
		return 0;
	if (result == -EEXIST && !stat(path, &found) && S_ISDIR(found.st_mode))
		return 0;
	if (rm_path_check_links(dir, error))
		return result;
	if (result == -ENOTRECOVERABLE)
		return rm_error_set(error, result, "%s: cannot be synced: %s",
		        dir, rm_write_reason(result));
	return rm_error_set(error, result,
	        "%s: cannot make the folder: %s, expected a writable place: "
	        "choose one with -o DIR",
	        dir, strerror(-result));
}

int rm_folder_make_nofollow(char path[RM_PATH_BYTES], const char *dir,
        const char *name, struct rm_error *error)
{
	struct stat found;
	int result = rm_path_join(path, dir, name, error);

	if (!result)
		result = rm_folder_make(path, error);
	if (!result && (lstat(path, &found) || !S_ISDIR(found.st_mode)))
		result = rm_error_set(error, -ELOOP,
		        "%s: a symbolic link, expected a folder", path);
	return result;
}

int rm_lines_read(
        const char *path, rm_line_fn *fn, void *context, struct rm_error *error)
{
	FILE *file = rm_file_open(path);
	char *line = NULL;
	size_t capacity = 0, number = 0;
	int result = 0;

	if (!file)
		return rm_error_set(error, -errno, "%s: cannot be read: %s",
		        path, rm_file_reason(-errno));
	while (!result) {
		errno = 0;
		ssize_t length = getline(&line, &capacity, file);

		if (length < 0) {
			if (!feof(file))
				result = rm_error_set(error,
				        errno ? -errno : -EIO,
				        "%s: cannot be read: %s", path,
				        strerror(errno ? errno : EIO));
			break;
		}
		bool is_torn = line[length - 1] != '\n';

		result = fn(context, ++number, line,
		        (size_t)length - (is_torn ? 0 : 1), is_torn);
	}
	free(line);
	fclose(file);
	return result;
}
