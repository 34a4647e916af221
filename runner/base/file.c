/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/base/file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

FILE *rm_file_open(const char *file)
{
	/* O_NONBLOCK: open() of a FIFO must not wait for a writer */
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

/* Kinds of compressed files, recognised by their first bytes. For kind i,
   rm_file_read() returns -(PACKED_ERRNO + i). PACKED_ERRNO is greater than any
   errno. */
enum { PACKED_ERRNO = 5000 };

#define PACKED(by, command) \
	"compressed by " by ": unpack it (" command ") and use the new file"

static const struct {
	const char *magic, *reason;
} packed[] = {
	{ "\x1f\x8b", PACKED("gzip", "gunzip -k") },
	{ "\x28\xb5\x2f\xfd", PACKED("zstd", "zstd -d") },
	{ "\xfd\x37zXZ", PACKED("xz", "unxz -k") },
	{ "BZh", PACKED("bzip2", "bunzip2 -k") },
};

enum { KINDS = sizeof(packed) / sizeof(*packed) };

/* Returns 0, or the error of a compressed file. */
static int check_packed(const char *text, size_t length)
{
	for (int i = 0; i < KINDS; i++) {
		const size_t size = strlen(packed[i].magic);

		if (length >= size && !memcmp(text, packed[i].magic, size))
			return -(PACKED_ERRNO + i);
	}
	return 0;
}

const char *rm_file_reason(int failed)
{
	const int index = -failed - PACKED_ERRNO;

	if (index >= 0 && index < KINDS)
		return packed[index].reason;
	switch (failed) {
	case -EISDIR:
		return "a directory, expected a file";
	case -ENODEV:
		return "not a regular file, expected a file";
	case -ELOOP:
		return "a loop of symbolic links, expected a file";
	case -ENAMETOOLONG:
		return "File name too long: choose a shorter name";
	case -EACCES:
	case -EPERM:
		return "Permission denied: run as the owner of the file, or "
		       "chmod a+rX the file and its folders";
	case -EOPNOTSUPP: /* from rm_program_check() */
		return "its file system is mounted noexec: build elsewhere "
		       "(make BUILD=FOLDER)";
	case -ENOEXEC:
		return "damaged: empty, truncated or not a program: run `make` "
		       "again";
	default:
		return strerror(-failed);
	}
}

const char *rm_write_reason(int failed)
{
	switch (failed) {
	case -EFBIG:
		return "File too large: " RM_FILE_SIZE_ADVICE;
	case -ENOSPC:
		return "No space left on device: free space (df)";
	case -EDQUOT:
		return "Disk quota exceeded: free space (quota)";
	case -EACCES:
		return "Permission denied: choose another folder";
	case -EPERM:
		return "Operation not permitted: choose another folder";
	case -EROFS:
		return "Read-only file system: choose another folder";
	case -ENOENT:
		return "No such file or directory: make the folder (mkdir -p) "
		       "or choose another";
	case -EISDIR:
		return "a directory, expected a file in it";
	case -ENODEV:
		return "not a regular file: remove it, or choose another "
		       "folder";
	case -ENOTRECOVERABLE: /* from rm_file_sync() */
		return "a system call filter refuses fsync(): allow this "
		       "call";
	default:
		return strerror(-failed);
	}
}

int rm_path_check_links(const char *path, struct rm_error *error)
{
	char part[PATH_MAX], target[PATH_MAX];
	char *slash = part;

	snprintf(part, sizeof(part), "%s", path);
	while (slash) {
		slash = slash[0] ? strchr(slash + 1, '/') : NULL;
		if (slash)
			*slash = '\0';
		ssize_t length = readlink(part, target, sizeof(target));

		if (length > 0 && access(part, F_OK))
			return rm_error_set(error, -errno,
			        "%.150s is a symbolic link to %.*s: %s: make "
			        "the target, or remove the link (rm %.150s)",
			        part, length < 150 ? (int)length : 150, target,
			        strerror(errno), part);
		if (slash)
			*slash = '/';
	}
	return 0;
}

/* Ignores the size that fstat() reports: it is 0 for pipes and files in /proc,
   and a journal may grow while it is read. */
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

		failed = read ? 0 : check_packed(piece, got);
		read += got;
		if (failed)
			break;
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

static bool read_at(int fd, void *bytes, size_t size, uint64_t at)
{
	return pread(fd, bytes, size, (off_t)at) == (ssize_t)size;
}

/* True if the file is a script, or an ELF file with all its sections. */
static bool is_whole(int fd, uint64_t size)
{
	Elf64_Ehdr head = { 0 };
	Elf64_Shdr section;
	bool is_read = read_at(fd, &head, sizeof(head), 0);

	if (!memcmp(&head, "#!", 2))
		return true;
	if (!is_read || memcmp(head.e_ident, ELFMAG, SELFMAG))
		return false;
	for (unsigned i = 0;
	        head.e_ident[EI_CLASS] == ELFCLASS64 && i < head.e_shnum; i++)
		if (!read_at(fd, &section, sizeof(section),
		            head.e_shoff + i * sizeof(section)) ||
		        (section.sh_type != SHT_NOBITS &&
		                section.sh_offset + section.sh_size > size))
			return false;
	return true;
}

static int check_elf(const char *path, int mode)
{
	struct stat status;
	struct statvfs mounted;

	if (access(path, mode) || stat(path, &status)) {
		int failed = errno;

		return failed == EACCES && !statvfs(path, &mounted) &&
		                       mounted.f_flag & ST_NOEXEC
		               ? -EOPNOTSUPP
		               : -failed;
	}
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return errno == EACCES ? 0 : -errno;
	bool whole = is_whole(fd, (uint64_t)status.st_size);

	close(fd);
	return whole ? 0 : -ENOEXEC;
}

int rm_program_check(const char *path)
{
	return check_elf(path, X_OK);
}

int rm_library_check(const char *path)
{
	return check_elf(path, R_OK);
}

int rm_file_flush(FILE *out)
{
	/* A failed write before this call has set errno. */
	return fflush(out) || ferror(out) ? -(errno ? errno : EIO) : 0;
}
