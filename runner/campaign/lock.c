/* SPDX-License-Identifier: Apache-2.0 */
/* lock.c - flock, which the kernel drops with the process. */
#include "runner/campaign/lock.h"

#include "runner/campaign/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int refuse(int fd, const char *path, struct rm_error *error)
{
	char owner[32] = "";
	ssize_t got = pread(fd, owner, sizeof(owner) - 1, 0);

	owner[got > 0 ? strspn(owner, "0123456789") : 0] = 0;
	return rm_error_set(error, -EBUSY,
	        "%s: process %s runs this campaign, expected no other", path,
	        owner[0] ? owner : "(unknown)");
}

int rm_lock_take(const char *dir, struct rm_error *error)
{
	char path[RM_PATH_BYTES], owner[32];
	int result = rm_path_join(path, dir, "lock", error);

	if (result)
		return result;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		return rm_error_set(error, -errno, "%s: cannot be opened: %s",
		        path, strerror(errno));
	while ((result = flock(fd, LOCK_EX | LOCK_NB)) && errno == EINTR)
		;
	if (result && errno == EWOULDBLOCK) {
		result = refuse(fd, path, error);
		goto fail;
	}
	int size = snprintf(owner, sizeof(owner), "%d\n", (int)getpid());

	if (result || ftruncate(fd, 0) ||
	        pwrite(fd, owner, (size_t)size, 0) != size) {
		result = rm_error_set(error, errno ? -errno : -EIO,
		        "%s: cannot be locked: %s", path, strerror(errno));
		goto fail;
	}
	return fd;
fail:
	close(fd);
	return result;
}
