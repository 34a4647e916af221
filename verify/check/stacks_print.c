/* SPDX-License-Identifier: Apache-2.0 */
/* stacks_print.c - prints the stacks of stacks.c. addr2line reads all debug
 * data of a program before it answers, so it runs once per object, with all
 * addresses in it. */
#include "verify/check/witness.h"

#include "runner/base/capture.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SITES = RM_STACKS * RM_STACK_FRAMES, OFFSET_BYTES = 24 };

/* One frame of one stack. */
struct site {
	Dl_info info; /* all NULL if the object is unknown */
	uintptr_t at;
	const char *line; /* function, file and line; NULL: unknown */
	char offset[OFFSET_BYTES];
};

/* All frames of all stacks, one stack after the other. */
struct sites {
	unsigned count, output_count;
	struct site site[SITES];
	char *argv[SITES + 4];
	char *outputs[SITES]; /* output of addr2line per object, to be freed */
};

/* Adds a frame. A return address is one past the call. */
static void add_frame(struct sites *sites, void *frame, bool returned_to)
{
	struct site *site = sites->site + sites->count++;

	site->at = (uintptr_t)frame - returned_to;
	if (!dladdr((void *)site->at, &site->info) || !site->info.dli_fname)
		site->info = (Dl_info){ 0 };
	snprintf(site->offset, OFFSET_BYTES, "0x%" PRIxPTR,
	        site->at - (uintptr_t)site->info.dli_fbase);
}

/* Assigns the lines of `output` to the sites of that object, in order. */
static void assign_lines(struct sites *sites, const void *base, char *output)
{
	for (unsigned i = 0; i < sites->count && output; i++) {
		struct site *site = sites->site + i;

		if (site->info.dli_fbase != base)
			continue;
		site->line = output[0] && output[0] != '?' ? output : NULL;
		output = strchr(output, '\n');
		if (output)
			*output++ = 0;
	}
}

/* Resolves all sites in the object of `first`, the first site in it. */
static void resolve_object(struct sites *sites, const struct site *first)
{
	static char tool[] = "addr2line", flags[] = "-sfpe";
	char object[4096];
	char **next = sites->argv;
	char *output;

	snprintf(object, sizeof(object), "%s", first->info.dli_fname);
	/* argv[0] of a map's program is "readmostly check"; linux-vdso is not a
	 * file */
	if (!strchr(object, '/') && strncmp(object, "linux-", 6) != 0) {
		ssize_t length =
		        readlink("/proc/self/exe", object, sizeof(object) - 1);

		object[length > 0 ? length : 0] = '\0';
	}
	*next++ = tool;
	*next++ = flags;
	*next++ = object;
	for (unsigned i = 0; i < sites->count; i++)
		if (sites->site[i].info.dli_fbase == first->info.dli_fbase)
			*next++ = sites->site[i].offset;
	*next = NULL;
	if (rm_capture(sites->argv, &output))
		return;
	sites->outputs[sites->output_count++] = output;
	assign_lines(sites, first->info.dli_fbase, output);
}

static void resolve_all(struct sites *sites)
{
	for (unsigned i = 0; i < sites->count; i++) {
		const struct site *site = sites->site + i;
		unsigned first = 0;

		while (sites->site[first].info.dli_fbase !=
		        site->info.dli_fbase)
			first++;
		if (site->info.dli_fbase && first == i)
			resolve_object(sites, site);
	}
}

static void print_site(FILE *out, const struct site *site)
{
	if (site->line)
		fprintf(out, "    %s\n", site->line);
	else if (site->info.dli_fname)
		fprintf(out, "    %s +%s%s%s\n", site->info.dli_fname,
		        site->offset, site->info.dli_sname ? " " : "",
		        site->info.dli_sname ? site->info.dli_sname : "");
	else
		fprintf(out, "    %s\n", site->offset);
}

void rm_stacks_print(FILE *out, const struct rm_witness *witness)
{
	/* relaxed: the process has ended or hangs */
	unsigned count = atomic_load_explicit(
	        &witness->stack_count, memory_order_relaxed);
	struct sites *sites = calloc(1, sizeof(*sites));
	const struct site *site;

	if (!sites)
		return;
	if (count > RM_STACKS)
		count = RM_STACKS;
	for (unsigned i = 0; i < count; i++) {
		const struct rm_witness_stack *stack = witness->stacks + i;

		for (int k = stack->skip; k < stack->depth; k++)
			add_frame(sites, stack->frames[k], k > stack->skip);
	}
	resolve_all(sites);
	site = sites->site;
	for (unsigned i = 0; i < count; i++) {
		const struct rm_witness_stack *stack = witness->stacks + i;

		fprintf(out, "  thread %d was in\n", (int)stack->thread);
		for (int k = stack->skip; k < stack->depth; k++)
			print_site(out, site++);
	}
	fflush(out);
	while (sites->output_count)
		free(sites->outputs[--sites->output_count]);
	free(sites);
}
