/* SPDX-License-Identifier: Apache-2.0 */
/* fields.c - checks a JSON value by a table of paths and types. */
#include "runner/protocol/protocol.h"

#include <stdio.h>
#include <string.h>

struct walk {
	const char *types;
	rm_field_fn *report;
	void *context;
	size_t wrong;
};

static int is_of_type(const json_t *json, char type)
{
	switch (type) {
	case 'o':
		return json_is_object(json);
	case 'a':
		return json_is_array(json);
	case 's':
		return json_is_string(json);
	case 'S':
		return json_is_string(json) && json_string_length(json);
	case 'i':
		return json_is_integer(json) && json_integer_value(json) >= 0;
	case 'I':
		return json_is_integer(json);
	case 'n':
		return json_is_number(json);
	case 'b':
		return json_is_boolean(json);
	case '0':
		return json_is_null(json);
	default:
		return 0;
	}
}

static const char *type_name(char type)
{
	switch (type) {
	case 'o':
		return "an object";
	case 'a':
		return "an array";
	case 's':
		return "a string";
	case 'S':
		return "a string that is not empty";
	case 'i':
		return "an integer >= 0";
	case 'I':
		return "an integer";
	case 'n':
		return "a number";
	case 'b':
		return "true or false";
	default:
		return "null";
	}
}

static void describe(
        const json_t *json, const char *types, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "%s, expected ",
	        json ? "is of the wrong type" : "is missing");

	types += types[0] == '-';
	for (const char *t = types; *t && used < size; t++)
		used += (size_t)snprintf(text + used, size - used, "%s%s",
		        t == types ? "" : " or ", type_name(*t));
}

static void check_value(
        struct walk *walk, const json_t *json, const char *where)
{
	char what[160];

	if (!json && walk->types[0] == '-')
		return;
	for (const char *t = walk->types; json && *t; t++)
		if (is_of_type(json, *t))
			return;
	walk->wrong++;
	describe(json, walk->types, what, sizeof(what));
	if (walk->report)
		walk->report(walk->context, where, what);
}

/* Splits "name[].rest" or "name.rest". Returns the rest of the path, or
   NULL. */
static const char *split_path(
        const char *path, char *name, size_t size, int *is_each)
{
	size_t length = strcspn(path, ".[");
	const char *rest = path + length;

	snprintf(name, size, "%.*s", (int)length, path);
	*is_each = rest[0] == '[';
	if (*is_each)
		rest += 2;
	if (rest[0] == '.')
		return rest + 1;
	return *is_each ? "" : NULL;
}

/* Checks the values below `json`. The recursion is as deep as the longest path
   of the table. */
static void descend(struct walk *walk, const json_t *json, const char *path,
        const char *where)
{
	char name[64], path_of_member[RM_FIELD_PATH_BYTES];
	int is_each;
	const char *rest = split_path(path, name, sizeof(name), &is_each);
	const json_t *member = json_object_get(json, name);

	if (snprintf(path_of_member, sizeof(path_of_member), "%s%s%s", where,
	            *where ? "." : "", name) >= (int)sizeof(path_of_member))
		return;
	if (!rest) {
		check_value(walk, member, path_of_member);
		return;
	}
	if (!is_each) {
		if (json_is_object(member))
			descend(walk, member, rest, path_of_member);
		return;
	}
	for (size_t i = 0; i < json_array_size(member); i++) {
		const json_t *element = json_array_get(member, i);
		char each[RM_FIELD_PATH_BYTES + 24];

		snprintf(each, sizeof(each), "%s[%zu]", path_of_member, i);
		if (*rest)
			descend(walk, element, rest, each);
		else
			check_value(walk, element, each);
	}
}

size_t rm_fields_check(const json_t *json, const struct rm_field *fields,
        size_t count, rm_field_fn *report, void *context)
{
	struct walk walk = { .report = report, .context = context };

	for (size_t i = 0; i < count; i++) {
		walk.types = fields[i].types;
		descend(&walk, json, fields[i].path, "");
	}
	return walk.wrong;
}
