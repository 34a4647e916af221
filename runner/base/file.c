/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

FILE *rm_file_open(const char *file)
{
	/* O_NONBLOCK: opening a FIFO must not wait for its writer */
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	FILE *in = NULL;
	int failed;

	if (fd < 0)
		return NULL;
	failed = fstat(fd, &status)         ? errno
	         : S_ISDIR(status.st_mode)  ? EISDIR
	         : !S_ISREG(status.st_mode) ? ENODEV
	                                    : 0;
	if (!failed && !(in = fdopen(fd, "r")))
		failed = errno;
	if (!failed)
		return in;
	close(fd);
	errno = failed;
	return NULL;
}

const char *rm_file_reason(int failed)
{
	switch (failed) {
	case -EISDIR:
		return "a directory, expected a file";
	case -ENODEV:
		return "not a regular file, expected a file";
	default:
		return strerror(-failed);
	}
}

/* Does not rely on the file's size: pipes and files in /proc have none, and a
   journal may grow meanwhile. */
int rm_file_read(FILE *in, size_t most, char **text, size_t *length)
{
	char piece[16384];
	size_t read = 0;
	int failed = 0;
	FILE *all = open_memstream(text, length);

	if (!all) {
		*text = NULL;
		return -ENOMEM;
	}
	while (!failed) {
		errno = 0;
		size_t got = fread(piece, 1, sizeof(piece), in);

		read += got;
		if (read > most)
			failed = -EFBIG;
		else if (fwrite(piece, 1, got, all) < got)
			failed = -ENOMEM;
		else if (!ferror(in) && got < sizeof(piece))
			break;
		else if (ferror(in) && errno != EINTR)
			failed = errno ? -errno : -EIO;
		else
			clearerr(in); /* full buffer or interrupted by a signal:
				       * continue */
	}
	if (fclose(all) && !failed)
		failed = -ENOMEM;
	if (failed) {
		free(*text);
		*text = NULL;
	}
	return failed;
}

int rm_file_temporary_folder(
        size_t longest, char *path, size_t size, struct rm_error *error)
{
	const char *base = getenv("TMPDIR");

	if (!base || !base[0] || strlen(base) > longest)
		base = "/tmp";
	snprintf(path, size, "%s/readmostly-XXXXXX", base);
	if (mkdtemp(path))
		return 0;
	path[0] = '\0';
	return rm_error_set(error, -errno,
	        "%.300s: no temporary folder can be made here: %s: choose "
	        "another place: export TMPDIR=FOLDER",
	        base, strerror(errno));
}
