/* SPDX-License-Identifier: Apache-2.0 */
/* test_reason.c - converts any output of a failed trial to one line of valid
   UTF-8, and statuses to constants. */
#include "runner/protocol/protocol.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

/* Checks the text that is made from `why` and the last `keep` bytes of
   `errors`. */
static bool check_last(const char *why, const char *errors, size_t size,
        size_t keep, const char *expected)
{
	char *text = rm_reason_text(why, errors, size, keep);
	bool same = text && !strcmp(text, expected);

	if (!same)
		printf("# text: %s\n", text ? text : "(no memory)");
	free(text);
	return same;
}

static bool check(const char *why, const char *errors, const char *expected)
{
	return check_last(why, errors, strlen(errors), 1000, expected);
}

static void make_one_line(void)
{
	CHECK(check("why", "words", "why: words") &&
	                check("", "words", "words"),
	        "the reason comes first, then the output");
	CHECK(check("why", "", "why") && check("", "", "") &&
	                check("why", "\n \n", "why"),
	        "no output adds nothing");
	CHECK(check("", "one\ntwo\n", "one; two") &&
	                check("", "one\n\n\ntwo", "one;   two"),
	        "line ends become semicolons, except the last");
	CHECK(check("",
	              "a\tb\x01"
	              "c\x7f"
	              "d\x1f"
	              "e",
	              "a b c d e"),
	        "control characters become blanks");
	CHECK(check("", "a ~\x80z", "a ~?z"), "adjacent characters are kept");
	CHECK(check("", " words ;; \n", " words"),
	        "semicolons and blanks at the end are removed");
	CHECK(check("why", "\nwords", "why:  words"),
	        "a text never starts with a semicolon");
}

static void make_valid_utf_8(void)
{
	CHECK(check("", "\xc3\xa4\xe2\x82\xac", "\xc3\xa4\xe2\x82\xac"),
	        "letters of any script are kept");
	CHECK(check("", "a\xc3", "a?") && check("", "\xff\xfe", "??") &&
	                check("", "\xc3\xa4\xff", "???"),
	        "an invalid byte replaces all but ASCII by ?");
	CHECK(check_last("", "a\0b", 3, 9, "a b"),
	        "a zero byte does not end the text");
}

static void keep_last_bytes(void)
{
	CHECK(check_last("w", "abcdef", 6, 3, "w: def") &&
	                check_last("w", "abcdef", 6, 6, "w: abcdef") &&
	                check_last("w", "abcdef", 6, 7, "w: abcdef") &&
	                check_last("w", "abcdef", 6, 0, "w"),
	        "the last bytes are used");
	CHECK(check_last("", "\xc3\xa4z", 3, 2, "?z"),
	        "a letter of several bytes may be cut");
}

static void find_status(void)
{
	CHECK(!strcmp(rm_status_constant("ok"), "ok") &&
	                !strcmp(rm_status_constant("void"), "void") &&
	                !strcmp(rm_status_constant("failed"), "failed"),
	        "a status is ok, void or failed");
}

int main(void)
{
	make_one_line();
	make_valid_utf_8();
	keep_last_bytes();
	find_status();
	return DONE();
}
