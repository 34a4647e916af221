/* SPDX-License-Identifier: Apache-2.0 */
/* import.c - `readmostly dev import`: traces of others become ours. */
#include "runner/cli/cli.h"
#include "runner/cli/command.h"
#include "runner/trace/trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_BINARY = 256 };

struct arguments {
	const char *format, *file, *output;
	bool binary;
};

static const struct argp_option options[] = {
	{ "output", 'o', "TRACE", 0, "where the trace goes", 0 },
	{ "binary", OPTION_BINARY, NULL, 0, "in the binary form", 0 }, { 0 }
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'o':
		a->output = text;
		return 0;
	case OPTION_BINARY:
		a->binary = true;
		return 0;
	case ARGP_KEY_ARG:
		if (!a->format)
			a->format = text;
		else
			rm_argument_once(state, &a->file, text, "FILE");
		return 0;
	case ARGP_KEY_SUCCESS:
		if (!a->format || strcmp(a->format, "twitter") || !a->file ||
		        !a->output)
			argp_error(state, "expected twitter FILE -o TRACE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = { options, parse, "twitter FILE",
	"Makes a trace of FILE, which is in the format of Twitter's public "
	"cache traces: timestamp,key,key size,value size,client,operation,TTL."
	"\vKeys and values keep their lengths; what expires is removed at its "
	"time (docs/reference/traces.md). `readmostly dev replay TRACE` goes "
	"on. Status: "
	"0; "
	"2 where FILE is damaged; 3 where TRACE could not be written.",
	NULL, NULL, NULL };

static void say(const struct arguments *a, const struct rm_trace *trace,
        const struct rm_trace_imported *told)
{
	printf("%s: %" PRIu64 " lines: %" PRIu64 " get, %" PRIu64
	       " set, %" PRIu64 " del (%" PRIu64 " of them expired), %" PRIu64
	       " keys\n",
	        a->file, told->lines, trace->gets, trace->sets, trace->dels,
	        told->expired, trace->keys);
	if (told->conditional)
		printf("%" PRIu64 " writes had nothing to do and became gets: "
		       "add of a key that was there, replace and its like of "
		       "one that was not\n",
		        told->conditional);
	if (told->renamed)
		printf("%" PRIu64 " keys have a longer text than their size "
		       "and got a name of their size\n",
		        told->renamed);
}

int rm_cli_import(int argc, char **argv)
{
	struct arguments a = { .binary = false };
	struct rm_trace_imported told;
	struct rm_error error = { "" };
	struct rm_trace trace;
	int status = RM_OK;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (rm_trace_import_twitter(a.file, &trace, &told, &error))
		status = rm_complain("import", &error, RM_USAGE);
	else if (rm_trace_save(a.output, &trace, a.binary, &error))
		status = rm_complain("import", &error, RM_INCOMPLETE);
	else
		say(&a, &trace, &told);
	rm_trace_clear(&trace);
	return status;
}
