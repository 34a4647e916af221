/* SPDX-License-Identifier: Apache-2.0 */
/* import.c - `readmostly dev import`: converts public traces to the format of
   this project. */
#include "runner/cli/cli.h"
#include "runner/cli/command.h"
#include "runner/trace/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { OPTION_BINARY = 256 };

struct arguments {
	const char *format, *file, *output;
	bool binary;
};

static const struct argp_option options[] = {
	{ "output", 'o', "TRACE", 0, "write the trace to this file", 0 },
	{ "binary", OPTION_BINARY, NULL, 0, "write the binary form", 0 }, { 0 }
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
		if (a->format)
			rm_argument_set_once(state, &a->file, text, "FILE");
		else if (strcmp(text, "twitter"))
			argp_error(state,
			        "\"%s\": expected twitter FILE -o TRACE", text);
		else
			a->format = text;
		return 0;
	case ARGP_KEY_SUCCESS:
		if (!a->file || !a->output)
			argp_error(state,
			        "no %s: expected twitter FILE -o TRACE",
			        a->file ? "-o TRACE" : "FILE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = { options, parse, "twitter FILE",
	"Converts FILE from the format of Twitter's public cache traces "
	"(timestamp,key,key size,value size,client,operation,TTL) to a "
	"trace.\vKeys and values keep their lengths. Keys are deleted when "
	"their TTL ends (docs/reference/traces.md). `readmostly dev replay "
	"TRACE` reads the result. Status: 0 written; 2 FILE is damaged; 3 "
	"TRACE could not be written.",
	NULL, NULL, NULL };

static void print_summary(const struct arguments *a,
        const struct rm_trace *trace,
        const struct rm_trace_import_stats *imported)
{
	printf("%s: %" PRIu64 " lines: %" PRIu64 " get, %" PRIu64
	       " set, %" PRIu64 " del (%" PRIu64 " of them expired), %" PRIu64
	       " keys\n",
	        a->file, imported->lines, trace->gets, trace->sets, trace->dels,
	        imported->expired, trace->keys);
	if (imported->conditional)
		printf("%" PRIu64 " conditional writes had no effect and "
		       "became gets: add of a present key, replace "
		       "and the like of an absent key\n",
		        imported->conditional);
	if (imported->renamed)
		printf("%" PRIu64 " keys are longer than their stated size and "
		       "were replaced by names of that size\n",
		        imported->renamed);
}

/* True if both names lead to the same file. */
static bool is_same_file(const char *one, const char *other)
{
	struct stat a, b;

	return !stat(one, &a) && !stat(other, &b) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

int rm_cli_import(int argc, char **argv)
{
	struct arguments a = { .binary = false };
	struct rm_trace_import_stats imported;
	struct rm_error error = { "" };
	struct rm_trace trace;
	int status = RM_OK;

	rm_argument_parse(&argp, argc, argv, &a);
	if (is_same_file(a.file, a.output)) {
		rm_error_set(&error, -EEXIST,
		        "-o %s: the same file as the input, expected another "
		        "file",
		        a.output);
		return rm_print_error("dev import", &error, RM_USAGE);
	}
	if (rm_trace_import_twitter(a.file, &trace, &imported, &error))
		status = rm_print_error("dev import", &error, RM_USAGE);
	else if (rm_trace_save(a.output, &trace, a.binary, &error))
		status = rm_print_error("dev import", &error, RM_INCOMPLETE);
	else
		print_summary(&a, &trace, &imported);
	rm_trace_clear(&trace);
	return status;
}
