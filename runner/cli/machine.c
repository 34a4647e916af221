/* SPDX-License-Identifier: Apache-2.0 */
/* machine.c - `readmostly env machine`: prints the properties of this
   machine. */
#include "runner/cli/cli.h"
#include "runner/cli/command.h"

#include <stdio.h>

static void print_value(const char *name, const json_t *value)
{
	const json_t *status = json_object_get(value, "status");
	const json_t *text = json_object_get(value, "text");

	printf("%-28s ", name);
	if (json_is_object(value))
		printf("%s\n", json_is_string(text)
		                       ? json_string_value(text)
		                       : json_string_value(status));
	else if (json_is_string(value))
		printf("%s\n", json_string_value(value));
	else if (json_is_integer(value))
		printf("%lld\n", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		printf("%s\n", json_is_true(value) ? "yes" : "no");
	else
		printf("none\n");
}

/* Prints all facts as one list. campaign.json stores facts that may be missing
   in a separate member. */
static void print_list(json_t *machine)
{
	json_t *facts = json_object_get(machine, "facts"), *value;
	const char *name;

	json_object_foreach (machine, name, value)
		if (value != facts)
			print_value(name, value);
	json_object_foreach (facts, name, value)
		print_value(name, value);
}

int rm_cli_machine(int argc, char **argv)
{
	struct rm_topology topology = { 0 };
	struct rm_error error = { "" };
	json_t *machine = NULL;
	bool json = rm_command_switch(argc, argv, "json", 'j',
	        "print JSON, as in campaign.json",
	        "Prints the properties of this machine that affect results. A "
	        "fact that cannot be read is \"absent\" or \"denied\", never "
	        "empty.");
	int status = RM_OK;

	if (rm_topology_load(NULL, &topology, &error) == 0)
		machine = rm_machine_facts(&topology);
	if (!machine) {
		fprintf(stderr, "readmostly env machine: %s\n",
		        error.text[0] ? error.text : "out of memory");
		status = RM_FAILED;
	} else if (!json) {
		print_list(machine);
	} else {
		status = rm_print_json(machine, JSON_INDENT(1));
	}
	json_decref(machine);
	rm_topology_free(&topology);
	return status;
}
