/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_files.c - a file is whole or not there, whatever the system answers.
 * What it answers is played: write() and fsync() are this file's.
 */
#include "runner/campaign/internal.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <sys/syscall.h>

/* How many calls are interrupted first, and then what each answers. */
static struct played {
	int write_interrupts, sync_interrupts;
	int write_errno; /* 0: it writes `most` bytes, at most */
	size_t most;
	int file_errno, folder_errno; /* of fsync(); 0: done */
	int file_syncs, folder_syncs; /* done */
	size_t synced_bytes;          /* in the file by then */
	bool writes_nothing;
	ino_t last_synced; /* folder */
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
		errno = EINTR; /* of an earlier call */
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

/* Writes f anew with these answers. */
static int replaced(struct played answers, const char *text)
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

/* f holds this text, and nothing is left beside it. */
static bool holds(const char *text)
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

static void whole(void)
{
	CHECK(replaced((struct played){ .most = 2 }, "abcde") == 0 &&
	                holds("abcde"),
	        "what is written in parts is whole");
	CHECK(replaced((struct played){ .write_interrupts = 3, .most = 4 },
	              "edcba") == 0 &&
	                holds("edcba"),
	        "interrupted it is written again");
	CHECK(played.file_syncs == 1 && played.synced_bytes == 5 &&
	                played.folder_syncs == 1,
	        "the file is synced when it is whole, and then its folder");
	CHECK(replaced((struct played){ .sync_interrupts = 3 }, "two") == 0 &&
	                holds("two") && played.file_syncs == 1 &&
	                played.folder_syncs == 1,
	        "interrupted it is synced again");
	CHECK(replaced((struct played){ .folder_errno = EINVAL }, "three") ==
	                        0 &&
	                holds("three"),
	        "a folder that cannot be synced at all need not");
}

static void not_there(void)
{
	CHECK(replaced((struct played){ .write_errno = ENOSPC }, "x") ==
	                        -ENOSPC &&
	                holds("three") && strstr(error.text, "./f: "),
	        "on a full disk the old file stays and is named");
	CHECK(strstr(error.text, strerror(ENOSPC)), "with the system's reason");
	CHECK(replaced((struct played){ .file_errno = EIO }, "x") == -EIO &&
	                holds("three") && !played.folder_syncs,
	        "nor is it replaced by one that was not synced");
	CHECK(replaced((struct played){ .folder_errno = EIO }, "four") ==
	                        -EIO &&
	                strstr(error.text, ".: cannot be synced"),
	        "a folder that was not synced is told");
	mkdir("f.new", 0755);
	CHECK(replaced((struct played){ .most = 9 }, "x") == -EISDIR &&
	                !played.file_syncs,
	        "nor is anything written where the new file cannot be made");
}

static void a_write_of_nothing_fails(void)
{
	CHECK(replaced((struct played){ .writes_nothing = true }, "x") ==
	                        -EIO &&
	                strstr(error.text, strerror(EIO)),
	        "a write() of 0 bytes is an error and does not loop");
}

/* A new folder is lost in a crash unless the one that it is in was synced. */
static void new_folders_are_synced(void)
{
	played = (struct played){ .most = 1000 };
	CHECK(rm_folder_make("p/q/r", &error) == 0 && played.folder_syncs == 3,
	        "the folder above each new one is synced");
	CHECK(played.last_synced == inode_of("p/q"), "the last is its parent");
	CHECK(rm_folder_make("p/q/r", &error) == 0 && played.folder_syncs == 3,
	        "nothing is synced for folders that are there");
	CHECK(rm_folder_make("p/q/s", &error) == 0 && played.folder_syncs == 4,
	        "one new folder syncs one parent");
	played = (struct played){ .folder_errno = EIO };
	error.text[0] = '\0';
	CHECK(rm_folder_make("p/t", &error) == -EIO &&
	                strstr(error.text, "p/t"),
	        "an error of the parent's sync is returned");
}

int main(void)
{
	char root[64];

	fake_root_enter(root, sizeof(root));
	whole();
	a_write_of_nothing_fails();
	not_there();
	new_folders_are_synced();
	fake_root_remove(root);
	return DONE();
}
