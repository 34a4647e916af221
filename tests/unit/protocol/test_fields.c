/* SPDX-License-Identifier: Apache-2.0 */
/* test_fields.c - reports of missing members and of members of a wrong type:
   path, problem, valid types. */
#include "runner/protocol/protocol.h"
#include "tests/unit/tap.h"

#include <stdio.h>
#include <string.h>

struct report {
	unsigned count;
	char text[512];
};

static void record_report(void *context, const char *where, const char *what)
{
	struct report *report = context;

	report->count++;
	snprintf(report->text, sizeof(report->text), "%s %s", where, what);
}

/* Checks the JSON against one field. `expected` is the report, or "". */
static bool check(const char *text, const char *path, const char *types,
        const char *expected)
{
	const struct rm_field field = { path, types };
	struct report report = { 0, "" };
	json_t *json = json_loads(text, 0, NULL);
	size_t wrong = rm_fields_check(json, &field, 1, record_report, &report);

	json_decref(json);
	if (wrong == report.count && wrong == (expected[0] != '\0') &&
	        !strcmp(report.text, expected))
		return true;
	printf("# %zu wrong, %u reports: \"%s\"\n", wrong, report.count,
	        report.text);
	return false;
}

static void check_required(void)
{
	CHECK(check("{\"a\": 1}", "a", "i", ""),
	        "a valid member is not reported");
	CHECK(check("{}", "a", "i0",
	              "a is missing, expected an integer >= 0 or null"),
	        "a missing member is reported with its types");
	CHECK(check("{\"a\": -1}", "a", "i0",
	              "a is of the wrong type, expected an integer >= 0 or "
	              "null"),
	        "a wrong type is reported with its types");
	CHECK(check("{\"a\": \"\"}", "a", "S",
	              "a is of the wrong type, expected a string that is not "
	              "empty"),
	        "an empty string is reported");
}

static void check_optional(void)
{
	CHECK(check("{}", "a", "-S", ""), "an optional member may be missing");
	CHECK(check("{\"a\": 1}", "a", "-S",
	              "a is of the wrong type, expected a string that is not "
	              "empty"),
	        "an optional member of a wrong type is reported");
	CHECK(check("{\"a\": null}", "a", "-i",
	              "a is of the wrong type, expected an integer >= 0"),
	        "a missing member differs from null");
	CHECK(check("{\"a\": 1}", "a", "-a0",
	              "a is of the wrong type, expected an array or null"),
	        "null is named as a valid type");
}

static void check_paths(void)
{
	CHECK(check("{\"a\": [{\"b\": 1}, {\"b\": \"x\"}]}", "a[].b", "n",
	              "a[1].b is of the wrong type, expected a number"),
	        "a member of an element is reported with its index");
	CHECK(check("{\"a\": [1, {}]}", "a[]", "o",
	              "a[0] is of the wrong type, expected an object"),
	        "an element is reported with its index");
	CHECK(check("{\"a\": 1}", "a.b", "n", ""),
	        "nothing is checked within a value that is not an object");
}

int main(void)
{
	check_required();
	check_optional();
	check_paths();
	return DONE();
}
