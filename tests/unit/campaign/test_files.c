/* SPDX-License-Identifier: Apache-2.0 */
/* test_files.c - replaces files atomically despite errors of the system. This
   file replaces write() and fsync(), which simulate the errors. */
#include "runner/campaign/internal.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <sys/syscall.h>

/* The number of interrupted calls, and the result of the calls after these. */
static struct played {
	int write_interrupts, sync_interrupts;
	int write_errno; /* 0 to write at most `most` bytes */
	size_t most;
	int file_errno, folder_errno; /* errno of fsync(); 0 for success */
	int file_syncs, folder_syncs; /* number of successful calls */
	size_t synced_bytes;          /* size of the file when it was synced */
	bool writes_nothing;
	ino_t last_synced; /* inode of the last synced folder */
} played;

static bool is_played;

ssize_t write(int fd, const void *bytes, size_t size)
{
	if (!is_played)
		return syscall(SYS_write, fd, bytes, size);
	if (played.write_interrupts-- > 0) {
		errno = EINTR;
		return -1;
	}
	if (played.writes_nothing) {
		errno = EINTR; /* as if left from an earlier call */
		return 0;
	}
	if (played.write_errno) {
		errno = played.write_errno;
		return -1;
	}
	return syscall(
	        SYS_write, fd, bytes, size < played.most ? size : played.most);
}

int fsync(int fd)
{
	struct stat found;
	bool is_folder = fstat(fd, &found) == 0 && S_ISDIR(found.st_mode);

	if (played.sync_interrupts-- > 0) {
		errno = EINTR;
		return -1;
	}
	errno = is_folder ? played.folder_errno : played.file_errno;
	if (errno)
		return -1;
	played.file_syncs += !is_folder;
	played.folder_syncs += is_folder;
	if (is_folder)
		played.last_synced = found.st_ino;
	if (!is_folder)
		played.synced_bytes = (size_t)found.st_size;
	return 0;
}

static struct rm_error error;

static ino_t inode_of(const char *path)
{
	struct stat found;

	return stat(path, &found) ? 0 : found.st_ino;
}

/* Replaces the file f while the system calls have these simulated results. */
static int replace_file(struct played answers, const char *text)
{
	int result;

	error.text[0] = '\0';
	played = answers;
	if (!played.most)
		played.most = 1000;
	is_played = true;
	result = rm_file_replace(".", "f", text, strlen(text), &error);
	is_played = false;
	return result;
}

/* True if f has this text and no temporary file is left. */
static bool file_has(const char *text)
{
	char read[64] = "";
	FILE *file = fopen("f", "r");

	if (!file)
		abort();
	read[fread(read, 1, sizeof(read) - 1, file)] = '\0';
	fclose(file);
	if (!strcmp(read, text) && access("f.new", F_OK))
		return true;
	printf("# holds: %s\n", read);
	return false;
}

static void replace_completely(void)
{
	CHECK(replace_file((struct played){ .most = 2 }, "abcde") == 0 &&
	                file_has("abcde"),
	        "a file written in parts is complete");
	CHECK(replace_file((struct played){ .write_interrupts = 3, .most = 4 },
	              "edcba") == 0 &&
	                file_has("edcba"),
	        "an interrupted write is repeated");
	CHECK(played.file_syncs == 1 && played.synced_bytes == 5 &&
	                played.folder_syncs == 1,
	        "the complete file is synced first, then its folder");
	CHECK(replace_file((struct played){ .sync_interrupts = 3 }, "two") ==
	                        0 &&
	                file_has("two") && played.file_syncs == 1 &&
	                played.folder_syncs == 1,
	        "an interrupted fsync is repeated");
	CHECK(replace_file((struct played){ .folder_errno = EINVAL },
	              "three") == 0 &&
	                file_has("three"),
	        "a folder may not support fsync");
}

static void keep_old_file(void)
{
	CHECK(replace_file((struct played){ .write_errno = ENOSPC }, "x") ==
	                        -ENOSPC &&
	                file_has("three") && strstr(error.text, "./f: "),
	        "on a full disk the old file is kept and named in the error");
	CHECK(strstr(error.text, strerror(ENOSPC)),
	        "the error has the system's reason");
	CHECK(replace_file((struct played){ .file_errno = EIO }, "x") == -EIO &&
	                file_has("three") && !played.folder_syncs,
	        "a file that was not synced does not replace the old one");
	CHECK(replace_file((struct played){ .folder_errno = EIO }, "four") ==
	                        -EIO &&
	                strstr(error.text, ".: cannot be synced"),
	        "a folder that was not synced is reported");
	mkdir("f.new", 0755);
	CHECK(replace_file((struct played){ .most = 9 }, "x") == -EISDIR &&
	                !played.file_syncs,
	        "nothing is written if the temporary file cannot be created");
}

static void reject_empty_write(void)
{
	CHECK(replace_file((struct played){ .writes_nothing = true }, "x") ==
	                        -EIO &&
	                strstr(error.text, strerror(EIO)),
	        "a write() of 0 bytes is an error and causes no endless loop");
}

/* A new folder is lost in a crash unless its parent was synced. */
static void sync_new_folders(void)
{
	played = (struct played){ .most = 1000 };
	CHECK(rm_folder_make("p/q/r", &error) == 0 && played.folder_syncs == 3,
	        "the parent of each new folder is synced");
	CHECK(played.last_synced == inode_of("p/q"),
	        "the last synced folder is the parent");
	CHECK(rm_folder_make("p/q/r", &error) == 0 && played.folder_syncs == 3,
	        "nothing is synced for existing folders");
	CHECK(rm_folder_make("p/q/s", &error) == 0 && played.folder_syncs == 4,
	        "one new folder syncs one parent");
	played = (struct played){ .folder_errno = EIO };
	error.text[0] = '\0';
	CHECK(rm_folder_make("p/t", &error) == -EIO &&
	                strstr(error.text, "p/t"),
	        "an error when the parent is synced is returned");
}

int main(void)
{
	char root[64];

	fake_root_enter(root, sizeof(root));
	replace_completely();
	reject_empty_write();
	keep_old_file();
	sync_new_folders();
	fake_root_remove(root);
	return DONE();
}
