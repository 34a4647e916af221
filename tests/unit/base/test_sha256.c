/* SPDX-License-Identifier: Apache-2.0 */
/* test_sha256.c - the examples of FIPS 180-4, and comparison with sha256sum. */
#include "runner/base/sha256.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool hashes_to(const char *bytes, size_t size, const char *expected)
{
	char text[RM_SHA256_TEXT];

	rm_sha256(bytes, size, text);
	return !strcmp(text, expected);
}

/* Computes the hash of a file by `sha256sum`. */
static void other_opinion(const char *path, char text[RM_SHA256_TEXT])
{
	char command[128];

	snprintf(command, sizeof(command), "sha256sum %s", path);
	FILE *tool = popen(command, "r");

	if (!tool || !fgets(text, RM_SHA256_TEXT, tool))
		text[0] = 0;
	if (tool)
		pclose(tool);
}

static void every_padding(void)
{
	char path[] = "/tmp/test_sha256.XXXXXX";
	unsigned equal = 0;

	close(mkstemp(path));
	for (unsigned size = 0; size < 130; size++) {
		char mine[RM_SHA256_TEXT], theirs[RM_SHA256_TEXT];
		struct rm_error error = { 0 };
		FILE *file = fopen(path, "w");

		for (unsigned i = 0; i < size; i++)
			fputc((int)(i * 37), file);
		fclose(file);
		other_opinion(path, theirs);
		equal += !rm_sha256_file(path, mine, &error) &&
		         !strcmp(mine, theirs);
	}
	unlink(path);
	CHECK(equal == 130,
	        "files of 0 to 129 bytes have the hash of sha256sum");
}

int main(void)
{
	struct rm_error error = { 0 };
	char text[RM_SHA256_TEXT];

	CHECK(hashes_to("", 0,
	              "e3b0c44298fc1c149afbf4c8996fb924"
	              "27ae41e4649b934ca495991b7852b855"),
	        "the hash of no bytes is as published");
	CHECK(hashes_to("abc", 3,
	              "ba7816bf8f01cfea414140de5dae2223"
	              "b00361a396177a9cb410ff61f20015ad"),
	        "the hash of \"abc\" is as published");
	every_padding();
	CHECK(rm_sha256_file("/nonexistent", text, &error) &&
	                strstr(error.text, "/nonexistent: cannot be read: No"),
	        "the error for a missing file has its name");
	return DONE();
}
