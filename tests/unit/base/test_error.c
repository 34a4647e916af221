/* SPDX-License-Identifier: Apache-2.0 */
/* test_error.c - one message, on one line, of the first cause. */
#include "runner/base/error.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <string.h>

static void says_what_is_wrong(void)
{
	struct rm_error error = { "" };

	CHECK(rm_error_set(&error, -EINVAL, "%s:%d: %c", "file", 12, 'x') ==
	                        -EINVAL &&
	                !strcmp(error.text, "file:12: x"),
	        "the message is what printf makes of it");
	CHECK(rm_error_set(NULL, -ENOMEM, "%s", "nobody reads it") == -ENOMEM,
	        "nobody need want the message");
	CHECK(rm_error_set(NULL, 0, "%d", 1) == 0 &&
	                rm_error_set(NULL, 7, "%d", 1) == 7,
	        "the code comes back as it was given");
}

static void keeps_the_first(void)
{
	struct rm_error error = { "" };

	CHECK(rm_error_set(&error, -EIO, "%s", "") == -EIO &&
	                rm_error_set(&error, -EIO, "first") == -EIO &&
	                !strcmp(error.text, "first"),
	        "an empty message is none yet");
	CHECK(rm_error_set(&error, -ENOENT, "second") == -ENOENT,
	        "a second message has its own code");
	CHECK(!strcmp(error.text, "first"), "but the first cause is kept");
	error.text[0] = '\0';
	rm_error_set(&error, -EIO, "third");
	CHECK(!strcmp(error.text, "third"),
	        "a message that was taken makes room for another");
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
	        "of a long message is kept what fits");
	CHECK(!strcmp(held.behind, "behind"), "and no byte more");
}

/* The text was each byte from 1 to 255. */
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
	text[256] = '\n'; /* behind the end: nobody's */
	rm_error_set(&error, -EINVAL, "%s", text);
	CHECK(cleaned(error.text),
	        "a quoted byte that moves a cursor is a ?, all others stay");
	rm_line_clean(text);
	CHECK(cleaned(text) && text[256] == '\n',
	        "a line alone is cleaned alike, up to its end");
	error.text[0] = '\0';
	rm_error_set(&error, -EINVAL, "a\n%s\t", "b: \xc3\xa4\x1b[2J");
	CHECK(!strcmp(error.text, "a?b: \xc3\xa4?[2J?"),
	        "no message looks like two, and words of all languages stay");
	text[0] = '\0';
	rm_line_clean(text);
	CHECK(text[0] == '\0', "an empty line stays one");
}

/* Scripts of others decide by these numbers (docs/adr/0012). */
static void statuses(void)
{
	CHECK(RM_OK == 0 && RM_FAILED == 1 && RM_USAGE == 2 &&
	                RM_INCOMPLETE == 3 && RM_INTERRUPTED == 75,
	        "exit statuses are those that are written down");
}

int main(void)
{
	says_what_is_wrong();
	keeps_the_first();
	keeps_what_fits();
	is_one_line();
	statuses();
	return DONE();
}
