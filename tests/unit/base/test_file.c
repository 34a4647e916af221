/* SPDX-License-Identifier: Apache-2.0 */
/* test_file.c - files that a person names, and streams that end early. */
#include "runner/base/file.h"
#include "tests/unit/tap.h"

#include <dirent.h>
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
	        "what we start does not have it");
	CHECK(in && (fcntl(fileno(in), F_GETFL) & O_ACCMODE) == O_RDONLY,
	        "and nobody writes by it");
	fclose(in);
	snprintf(link, sizeof(link), "%s/link", dir);
	if (symlink(file, link))
		abort();
	in = rm_file_open(link);
	CHECK(in != NULL, "a link to a file is that file");
	fclose(in);
	unlink(link);
}

/* A name that opens must not: an alarm ends the test where it waits. */
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
	CHECK(refused(missing, ENOENT), "a file that is not there is ENOENT");
	CHECK(access(missing, F_OK) != 0, "and is not made");
	CHECK(refused(circle, ELOOP), "a link to itself is ELOOP");
	CHECK(refused(dir, EISDIR), "a directory is EISDIR");
	CHECK(refused(fifo, ENODEV), "a FIFO without a writer is ENODEV, and "
	                             "nobody waits for one");
	CHECK(refused("/dev/zero", ENODEV), "so is a device without an end");
	CHECK(open_descriptors() == before,
	        "what is refused leaves no descriptor");
	unlink(fifo);
	unlink(circle);
}

static void says_why(void)
{
	CHECK(!strcmp(rm_file_reason(-EISDIR), "a directory, expected a file"),
	        "a directory is called one");
	CHECK(!strcmp(rm_file_reason(-ENODEV),
	              "not a regular file, expected a file"),
	        "a device is not called a missing one");
	CHECK(!strcmp(rm_file_reason(-ENOENT), strerror(ENOENT)) &&
	                !strcmp(rm_file_reason(-EFBIG), strerror(EFBIG)),
	        "all else has the system's words");
}

/* A stream that is played: `size` bytes, `most_at_once`; every `interval`th
   read is a signal's (0: none); then the end, or this errno at every read (0:
   a failure that does not set it). `ends` says how often the end was met. */
struct played {
	size_t size, given, most_at_once;
	unsigned reads, interval, ends;
	bool fails;
	int failed;
};

static char byte_at(size_t i)
{
	return (char)(i % 251); /* a prime: no buffer begins like another */
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

/* Its text is all of it, and ended by NUL. */
static bool is_whole(struct played played, size_t most)
{
	FILE *in = stream_of(&played);
	char *text = NULL;
	size_t length = 0;
	bool whole = !rm_file_read(in, most, &text, &length) && text &&
	             length == played.size && text[length] == '\0' &&
	             played.ends == 1; /* a terminal's would be typed twice */

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

	errno = ENOSPC; /* of another call, before */
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
	CHECK(whole, "a text of any length is whole and ended by NUL");
	CHECK(through, "a signal in the midst of it loses and adds nothing");
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
	CHECK(exact, "as many bytes as are accepted are accepted");
	CHECK(less, "one more is -EFBIG and no text");
	CHECK(fails((struct played){ .size = SIZE_MAX,
	                    .most_at_once = SIZE_MAX },
	              100000, -EFBIG),
	        "a stream without an end is given up");
}

static void says_what_failed(void)
{
	struct played played = { .size = 20000,
		.most_at_once = SIZE_MAX,
		.fails = true,
		.failed = EIO };
	char unset[] = "not set", *text = unset;
	size_t length;
	FILE *folder = fopen(dir, "r");

	CHECK(fails(played, SIZE_MAX, -EIO),
	        "a read that fails after some bytes is its errno and no text");
	played.size = 0;
	played.failed = ENXIO;
	CHECK(fails(played, SIZE_MAX, -ENXIO), "and so the first one");
	played.failed = 0;
	CHECK(fails(played, SIZE_MAX, -EIO),
	        "one that does not say why is -EIO, and no success");
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
	        "what is left is read, bytes of 0 as all others");
	free(text);
	CHECK(!rm_file_read(in, SIZE_MAX, &text, &length) && length == 0 &&
	                text && !*text,
	        "then nothing is left, which is an empty text");
	free(text);
	rewind(in);
	CHECK(!rm_file_read(in, sizeof(bytes) - 1, &text, &length) &&
	                length == sizeof(bytes) - 1 &&
	                !memcmp(text, bytes, sizeof(bytes)),
	        "the stream is open still and can be read again");
	free(text);
	fclose(in);
}

int main(void)
{
	if (!mkdtemp(dir))
		abort();
	snprintf(file, sizeof(file), "%s/file", dir);
	alarm(120); /* a name that waits, a stream that is never given up */
	opens_files();
	refuses_others();
	says_why();
	reads_all();
	accepts_so_many();
	says_what_failed();
	stays_open();
	unlink(file);
	rmdir(dir);
	return DONE();
}
