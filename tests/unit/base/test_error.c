/* SPDX-License-Identifier: Apache-2.0 */
/* test_error.c - error messages are one line and keep the first cause. */
#include "runner/base/error.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <string.h>

static void formats_messages(void)
{
	struct rm_error error = { "" };

	CHECK(rm_error_set(&error, -EINVAL, "%s:%d: %c", "file", 12, 'x') ==
	                        -EINVAL &&
	                !strcmp(error.text, "file:12: x"),
	        "the message is formatted like printf");
	CHECK(rm_error_set(NULL, -ENOMEM, "%s", "unused") == -ENOMEM,
	        "`error` may be NULL");
	CHECK(rm_error_set(NULL, 0, "%d", 1) == 0 &&
	                rm_error_set(NULL, 7, "%d", 1) == 7,
	        "the code is returned");
}

static void keeps_the_first(void)
{
	struct rm_error error = { "" };

	CHECK(rm_error_set(&error, -EIO, "%s", "") == -EIO &&
	                rm_error_set(&error, -EIO, "first") == -EIO &&
	                !strcmp(error.text, "first"),
	        "an empty message can be replaced");
	CHECK(rm_error_set(&error, -ENOENT, "second") == -ENOENT,
	        "a second message returns its own code");
	CHECK(!strcmp(error.text, "first"), "the first message is kept");
	error.text[0] = '\0';
	rm_error_set(&error, -EIO, "third");
	CHECK(!strcmp(error.text, "third"),
	        "after clearing, another message can be set");
}

static void keeps_what_fits(void)
{
	struct {
		struct rm_error error;
		char behind[8];
	} held = { { "" }, "behind" };
	char much[2 * sizeof(held.error.text)];
	size_t most = sizeof(held.error.text) - 1;

	memset(much, 'x', sizeof(much) - 1);
	much[sizeof(much) - 1] = '\0';
	rm_error_set(&held.error, -EINVAL, "%s", much);
	CHECK(strlen(held.error.text) == most &&
	                strspn(held.error.text, "x") == most,
	        "a long message is truncated");
	CHECK(!strcmp(held.behind, "behind"),
	        "no byte after the buffer is written");
}

/* `text` contained each byte from 1 to 255 before it was cleaned. */
static bool cleaned(const char *text)
{
	for (int byte = 1; byte < 256; byte++) {
		bool control = byte < 32 || byte == 127;

		if ((unsigned char)text[byte - 1] != (control ? '?' : byte))
			return false;
	}
	return text[255] == '\0';
}

static void is_one_line(void)
{
	struct rm_error error = { "" };
	char text[258];

	for (int byte = 1; byte < 256; byte++)
		text[byte - 1] = (char)byte;
	text[255] = '\0';
	text[256] = '\n'; /* a byte after the end of the text */
	rm_error_set(&error, -EINVAL, "%s", text);
	CHECK(cleaned(error.text),
	        "control characters become ?, other bytes are unchanged");
	rm_text_sanitize(text);
	CHECK(cleaned(text) && text[256] == '\n',
	        "rm_text_sanitize() stops at the end of the text");
	error.text[0] = '\0';
	rm_error_set(&error, -EINVAL, "a\n%s\t", "b: \xc3\xa4\x1b[2J");
	CHECK(!strcmp(error.text, "a?b: \xc3\xa4?[2J?"),
	        "a message is one line, and its UTF-8 is unchanged");
	text[0] = '\0';
	rm_text_sanitize(text);
	CHECK(text[0] == '\0', "an empty line stays empty");
}

/* Users' scripts depend on these numbers (docs/adr/0012). */
static void statuses(void)
{
	CHECK(RM_OK == 0 && RM_FAILED == 1 && RM_USAGE == 2 &&
	                RM_INCOMPLETE == 3 && RM_INTERRUPTED == 75,
	        "exit statuses are as documented");
}

int main(void)
{
	formats_messages();
	keeps_the_first();
	keeps_what_fits();
	is_one_line();
	statuses();
	return DONE();
}
