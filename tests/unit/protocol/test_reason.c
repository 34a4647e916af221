/* SPDX-License-Identifier: Apache-2.0 */
/* test_reason.c - a trial's last words as one line of valid UTF-8, whatever it
   wrote; and what a recorded status is. */
#include "runner/protocol/protocol.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

/* The whole of `errors` may be kept, but for `keep` bytes where it is more. */
static bool says_last(const char *why, const char *errors, size_t size,
        size_t keep, const char *expected)
{
	char *text = rm_reason_text(why, errors, size, keep);
	bool same = text && !strcmp(text, expected);

	if (!same)
		printf("# said: %s\n", text ? text : "(no memory)");
	free(text);
	return same;
}

static bool says(const char *why, const char *errors, const char *expected)
{
	return says_last(why, errors, strlen(errors), 1000, expected);
}

static void one_line(void)
{
	CHECK(says("why", "words", "why: words") && says("", "words", "words"),
	        "why, and the last words");
	CHECK(says("why", "", "why") && says("", "", "") &&
	                says("why", "\n \n", "why"),
	        "who said nothing has no words");
	CHECK(says("", "one\ntwo\n", "one; two") &&
	                says("", "one\n\n\ntwo", "one;   two"),
	        "line ends become semicolons, and the last is none");
	CHECK(says("",
	              "a\tb\x01"
	              "c\x7f"
	              "d\x1f"
	              "e",
	              "a b c d e"),
	        "control characters become blanks");
	CHECK(says("", "a ~\x80z", "a ~?z"), "the characters beside them stay");
	CHECK(says("", " words ;; \n", " words"),
	        "what ends a text and says nothing goes");
	CHECK(says("why", "\nwords", "why:  words"),
	        "and no text begins with a semicolon");
}

static void valid_utf_8(void)
{
	CHECK(says("", "\xc3\xa4\xe2\x82\xac", "\xc3\xa4\xe2\x82\xac"),
	        "letters of any script stay");
	CHECK(says("", "a\xc3", "a?") && says("", "\xff\xfe", "??") &&
	                says("", "\xc3\xa4\xff", "???"),
	        "where a byte is none, all but ASCII is asked for");
	CHECK(says_last("", "a\0b", 3, 9, "a b"), "a zero byte ends nothing");
}

static void the_last_words(void)
{
	CHECK(says_last("w", "abcdef", 6, 3, "w: def") &&
	                says_last("w", "abcdef", 6, 6, "w: abcdef") &&
	                says_last("w", "abcdef", 6, 7, "w: abcdef") &&
	                says_last("w", "abcdef", 6, 0, "w"),
	        "the last bytes are kept");
	CHECK(says_last("", "\xc3\xa4z", 3, 2, "?z"),
	        "also where that cuts a letter");
}

static void statuses(void)
{
	CHECK(!strcmp(rm_status_constant("ok"), "ok") &&
	                !strcmp(rm_status_constant("void"), "void") &&
	                !strcmp(rm_status_constant("failed"), "failed"),
	        "a status is ok, void or failed");
}

int main(void)
{
	one_line();
	valid_utf_8();
	the_last_words();
	statuses();
	return DONE();
}
