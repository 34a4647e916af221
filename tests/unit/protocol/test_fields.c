/* SPDX-License-Identifier: Apache-2.0 */
/* test_fields.c - what is said of members of the wrong type: where they are,
   what they may be, and that a member which may be missing says no more. */
#include "runner/protocol/protocol.h"
#include "tests/unit/tap.h"

#include <stdio.h>
#include <string.h>

struct heard {
	unsigned times;
	char text[512];
};

static void hear(void *context, const char *where, const char *what)
{
	struct heard *heard = context;

	heard->times++;
	snprintf(heard->text, sizeof(heard->text), "%s %s", where, what);
}

/* The JSON against one field: "", or what is said of its one wrong member. */
static bool says(const char *text, const char *path, const char *types,
        const char *expected)
{
	const struct rm_field field = { path, types };
	struct heard heard = { 0, "" };
	json_t *json = json_loads(text, 0, NULL);
	size_t wrong = rm_fields_check(json, &field, 1, hear, &heard);

	json_decref(json);
	if (wrong == heard.times && wrong == (expected[0] != '\0') &&
	        !strcmp(heard.text, expected))
		return true;
	printf("# %zu wrong, told %u times: \"%s\"\n", wrong, heard.times,
	        heard.text);
	return false;
}

static void members_that_must_be_there(void)
{
	CHECK(says("{\"a\": 1}", "a", "i", ""), "a right member is not told");
	CHECK(says("{}", "a", "i0",
	              "a is missing, expected an integer >= 0 or null"),
	        "a missing member is told with all that it may be");
	CHECK(says("{\"a\": -1}", "a", "i0",
	              "a is of the wrong type, expected an integer >= 0 or "
	              "null"),
	        "so is one of the wrong type");
	CHECK(says("{\"a\": \"\"}", "a", "S",
	              "a is of the wrong type, expected a string that is not "
	              "empty"),
	        "an empty string is none that is not empty");
}

static void members_that_may_be_missing(void)
{
	CHECK(says("{}", "a", "-S", ""), "one that may be missing is missing");
	CHECK(says("{\"a\": 1}", "a", "-S",
	              "a is of the wrong type, expected a string that is not "
	              "empty"),
	        "of the wrong type it is told with its types only");
	CHECK(says("{\"a\": null}", "a", "-i",
	              "a is of the wrong type, expected an integer >= 0"),
	        "it may be missing, which is not null");
	CHECK(says("{\"a\": 1}", "a", "-a0",
	              "a is of the wrong type, expected an array or null"),
	        "null is told where it may be null");
}

static void places(void)
{
	CHECK(says("{\"a\": [{\"b\": 1}, {\"b\": \"x\"}]}", "a[].b", "n",
	              "a[1].b is of the wrong type, expected a number"),
	        "a member of an element is told with its index");
	CHECK(says("{\"a\": [1, {}]}", "a[]", "o",
	              "a[0] is of the wrong type, expected an object"),
	        "an element, too");
	CHECK(says("{\"a\": 1}", "a.b", "n", ""),
	        "below what is no object nothing is asked");
}

int main(void)
{
	members_that_must_be_there();
	members_that_may_be_missing();
	places();
	return DONE();
}
