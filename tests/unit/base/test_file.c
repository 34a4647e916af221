/* SPDX-License-Identifier: Apache-2.0 */
/* test_file.c - opening files named by a user, and reading whole streams. */
#include "runner/base/file.h"
#include "tests/unit/tap.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test_file.XXXXXX";
static char file[64];

static int open_descriptors(void)
{
	DIR *all = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(all))
		count++;
	closedir(all);
	return count;
}

static void put(const char *bytes, size_t size)
{
	FILE *out = fopen(file, "w");

	if (!out || fwrite(bytes, 1, size, out) < size || fclose(out))
		abort();
}

static void opens_files(void)
{
	char link[64], text[8] = "";
	FILE *in;

	put("first\n", 6);
	in = rm_file_open(file);
	CHECK(in && fgets(text, sizeof(text), in) && !strcmp(text, "first\n"),
	        "a regular file is opened for reading");
	CHECK(in && fcntl(fileno(in), F_GETFD) == FD_CLOEXEC,
	        "the descriptor is not inherited");
	CHECK(in && (fcntl(fileno(in), F_GETFL) & O_ACCMODE) == O_RDONLY,
	        "the descriptor is read-only");
	fclose(in);
	snprintf(link, sizeof(link), "%s/link", dir);
	if (symlink(file, link))
		abort();
	in = rm_file_open(link);
	CHECK(in != NULL, "a link to a file is followed");
	fclose(in);
	unlink(link);
}

/* Opening must not block; an alarm ends the test if it does. */
static bool refused(const char *name, int expected)
{
	FILE *in;

	errno = 0;
	in = rm_file_open(name);
	if (in || errno != expected)
		printf("# %s: %s\n", name, in ? "opened" : strerror(errno));
	return !in && errno == expected;
}

static void refuses_others(void)
{
	char fifo[64], circle[64], missing[64];
	int before = open_descriptors();

	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	snprintf(circle, sizeof(circle), "%s/circle", dir);
	snprintf(missing, sizeof(missing), "%s/missing", dir);
	if (mkfifo(fifo, 0600) || symlink(circle, circle))
		abort();
	CHECK(refused(missing, ENOENT), "a missing file is ENOENT");
	CHECK(access(missing, F_OK) != 0, "a missing file is not created");
	CHECK(refused(circle, ELOOP), "a link to itself is ELOOP");
	CHECK(refused(dir, EISDIR), "a directory is EISDIR");
	CHECK(refused(fifo, ENODEV), "a FIFO without a writer is ENODEV "
	                             "without waiting");
	CHECK(refused("/dev/zero", ENODEV), "an endless device is ENODEV");
	CHECK(open_descriptors() == before,
	        "a rejected file leaves no descriptor open");
	unlink(fifo);
	unlink(circle);
}

static void reports_reasons(void)
{
	CHECK(!strcmp(rm_file_reason(-EISDIR), "a directory, expected a file"),
	        "the reason names a directory");
	CHECK(!strcmp(rm_file_reason(-ENODEV),
	              "not a regular file, expected a file"),
	        "the reason distinguishes a device from a missing file");
	CHECK(!strcmp(rm_file_reason(-ENOENT), strerror(ENOENT)) &&
	                !strcmp(rm_file_reason(-EFBIG), strerror(EFBIG)),
	        "for other errors the reason is the system's");
}

/* A simulated stream of `size` bytes, with at most `most_at_once` per read. A
   signal interrupts every `interval`th read (0: none). After the data, reads
   return the end of the file, or fail with this errno (0: they fail without
   setting errno). `ends` counts reads at the end. */
struct played {
	size_t size, given, most_at_once;
	unsigned reads, interval, ends;
	bool fails;
	int failed;
};

static char byte_at(size_t i)
{
	return (char)(i % 251); /* 251 is a prime, so buffers start with
	                           different bytes */
}

static ssize_t play(void *cookie, char *bytes, size_t size)
{
	struct played *played = cookie;
	size_t left = played->size - played->given;

	if (played->interval && ++played->reads % played->interval == 0) {
		errno = EINTR;
		return -1;
	}
	if (!left && played->fails) {
		errno = played->failed ? played->failed : errno;
		return -1;
	}
	played->ends += !left;
	size = size < left ? size : left;
	if (size > played->most_at_once)
		size = played->most_at_once;
	for (size_t i = 0; i < size; i++)
		bytes[i] = byte_at(played->given++);
	return (ssize_t)size;
}

static FILE *stream_of(struct played *played)
{
	return fopencookie(
	        played, "r", (cookie_io_functions_t){ .read = play });
}

/* True if the text is complete and NUL-terminated. */
static bool is_whole(struct played played, size_t most)
{
	FILE *in = stream_of(&played);
	char *text = NULL;
	size_t length = 0;
	bool whole = !rm_file_read(in, most, &text, &length) && text &&
	             length == played.size && text[length] == '\0' &&
	             played.ends == 1; /* a terminal would need the end of input
	                                  twice */

	for (size_t i = 0; whole && i < length; i++)
		whole = text[i] == byte_at(i);
	free(text);
	fclose(in);
	return whole;
}

static bool fails(struct played played, size_t most, int code)
{
	FILE *in = stream_of(&played);
	char unset[] = "not set", *text = unset;
	size_t length;
	int result;

	errno = ENOSPC; /* left by an earlier call */
	result = rm_file_read(in, most, &text, &length);
	fclose(in);
	if (result != code)
		printf("# %d, expected %d\n", result, code);
	return result == code && !text;
}

static void reads_all(void)
{
	static const size_t at_once[] = { 1, 7, 4096, SIZE_MAX };
	bool whole = true, through = true;

	for (size_t size = 1; size <= 65536; size *= 2)
		for (size_t i = 0; i < 4; i++)
			for (size_t bytes = size - 1; bytes <= size + 1;
			        bytes++) {
				struct played played = { .size = bytes,
					.most_at_once = at_once[i] };

				whole &= is_whole(played, SIZE_MAX);
				played.interval = 3;
				through &= is_whole(played, SIZE_MAX);
			}
	CHECK(whole, "a text of any length is complete and NUL-terminated");
	CHECK(through, "signals during the read lose and add nothing");
}

static void accepts_so_many(void)
{
	static const size_t sizes[] = { 0, 1, 100, 16384, 16385, 40000 };
	bool exact = true, less = true;

	for (size_t i = 0; i < 6; i++) {
		struct played played = { .size = sizes[i],
			.most_at_once = SIZE_MAX };

		exact &= is_whole(played, sizes[i]);
		less &= !sizes[i] || fails(played, sizes[i] - 1, -EFBIG);
	}
	CHECK(exact, "exactly the maximum of bytes is accepted");
	CHECK(less, "one byte more is -EFBIG without text");
	CHECK(fails((struct played){ .size = SIZE_MAX,
	                    .most_at_once = SIZE_MAX },
	              100000, -EFBIG),
	        "an endless stream is -EFBIG");
}

static void names_the_failure(void)
{
	struct played played = { .size = 20000,
		.most_at_once = SIZE_MAX,
		.fails = true,
		.failed = EIO };
	char unset[] = "not set", *text = unset;
	size_t length;
	FILE *folder = fopen(dir, "r");

	CHECK(fails(played, SIZE_MAX, -EIO),
	        "a read that fails later returns its errno without text");
	played.size = 0;
	played.failed = ENXIO;
	CHECK(fails(played, SIZE_MAX, -ENXIO),
	        "a first read that fails returns its errno without text");
	played.failed = 0;
	CHECK(fails(played, SIZE_MAX, -EIO), "a failure without errno is -EIO");
	CHECK(rm_file_read(folder, SIZE_MAX, &text, &length) == -EISDIR &&
	                !text,
	        "a folder is -EISDIR");
	fclose(folder);
}

static void stays_open(void)
{
	static const char bytes[] = "head\nbody\0tail";
	char line[8], *text = NULL;
	size_t length = 0;
	FILE *in;

	put(bytes, sizeof(bytes) - 1);
	in = rm_file_open(file);
	CHECK(fgets(line, sizeof(line), in) &&
	                !rm_file_read(in, SIZE_MAX, &text, &length) &&
	                length == 9 && !memcmp(text, "body\0tail", 10),
	        "the rest of a stream is read, including NUL bytes");
	free(text);
	CHECK(!rm_file_read(in, SIZE_MAX, &text, &length) && length == 0 &&
	                text && !*text,
	        "at the end of the stream the text is empty");
	free(text);
	rewind(in);
	CHECK(!rm_file_read(in, sizeof(bytes) - 1, &text, &length) &&
	                length == sizeof(bytes) - 1 &&
	                !memcmp(text, bytes, sizeof(bytes)),
	        "the stream stays open and can be read again");
	free(text);
	fclose(in);
}

static void checks_programs(void)
{
	struct {
		Elf64_Ehdr head;
		Elf64_Shdr section;
		char rest[8];
	} first = { { .e_ident = "\177ELF\2",
		            .e_shoff = sizeof(Elf64_Ehdr),
		            .e_shnum = 1 },
		{ .sh_type = SHT_PROGBITS,
		        .sh_offset = sizeof(Elf64_Ehdr) + sizeof(Elf64_Shdr),
		        .sh_size = 8 },
		"" };
	FILE *self = fopen("/proc/self/exe", "r");
	char *bytes;
	size_t size, damaged = 0;

	if (!self || rm_file_read(self, SIZE_MAX, &bytes, &size))
		abort();
	fclose(self);
	put(bytes, size);
	CHECK(rm_program_check(file) == -EACCES && !chmod(file, 0700) &&
	                !rm_program_check(file),
	        "a program must be executable");
	for (size_t percent = 0; percent < 100; percent += 9) {
		put(bytes, size * percent / 100);
		damaged += rm_program_check(file) == -ENOEXEC;
	}
	CHECK(damaged == 12, "an empty or cut program is damaged");
	free(bytes);
	put((char *)&first, sizeof(first));
	CHECK(!rm_program_check(file) && !truncate(file, sizeof(first) - 1) &&
	                rm_program_check(file) == -ENOEXEC,
	        "a cut program is damaged even if its table of sections comes "
	        "first, as in Go");
	put("#!/bin/sh\n", 10);
	CHECK(!rm_program_check(file), "a script is not checked");
	put("exit 0\n", 7);
	CHECK(rm_program_check(file) == -ENOEXEC && !unlink(file) &&
	                rm_program_check(file) == -ENOENT,
	        "a text without #! is no program, nor is a missing file");
}

int main(void)
{
	if (!mkdtemp(dir))
		abort();
	snprintf(file, sizeof(file), "%s/file", dir);
	alarm(120); /* ends a test whose open() blocks or whose stream is
	               endless */
	opens_files();
	refuses_others();
	reports_reasons();
	reads_all();
	accepts_so_many();
	names_the_failure();
	stays_open();
	checks_programs();
	rmdir(dir);
	return DONE();
}
