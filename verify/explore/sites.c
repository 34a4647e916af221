/* SPDX-License-Identifier: Apache-2.0 */
/* sites.c - finds the source lines of all code addresses on the page of a
 * finding. */
#include "verify/explore/view.h"

#include "runner/base/capture.h"
#include "runner/sim/guest/space.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SITES_MOST = 2000, OFFSET_BYTES = 20, PATH_BYTES = 4096 };

static int by_address(const void *left, const void *right)
{
	const struct rm_explore_site *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

const struct rm_explore_site *rm_explore_sites_find(
        const struct rm_explore_sites *sites, const void *address)
{
	static const struct rm_explore_site nowhere;
	const struct rm_explore_site key = { .address = address };
	const struct rm_explore_site *found =
	        sites->count ? bsearch(&key, sites->site, sites->count,
	                               sizeof(key), by_address)
	                     : NULL;

	return found ? found : &nowhere;
}

void rm_explore_sites_add(struct rm_explore_sites *sites, const void *address)
{
	const size_t room = sites->room ? 2 * sites->room : 64;
	struct rm_explore_site *more;

	if (!address || sites->count == SITES_MOST ||
	        rm_explore_sites_find(sites, address)->address)
		return;
	if (sites->count == sites->room) {
		more = realloc(sites->site, room * sizeof(*more));
		if (!more) /* a finding is shown even without source lines */
			return;
		sites->site = more;
		sites->room = room;
	}
	sites->site[sites->count++] =
	        (struct rm_explore_site){ .address = address };
	qsort(sites->site, sites->count, sizeof(*sites->site), by_address);
}

/* Copies a line of addr2line up to the arguments or the discriminator, which
   begin with a parenthesis. "(anonymous namespace)" at the start of the line is
   kept. */
static const char *next_line(const char *at, char *line, size_t size)
{
	const size_t length = strcspn(at, "\n");
	size_t used = length ? 1 + strcspn(at + 1, "\n(") : 0;

	while (used && at[used - 1] == ' ')
		used--;
	snprintf(line, size, "%.*s", (int)used, at);
	return at + length + (at[length] == '\n');
}

/* Reads the output for one address: pairs of lines, a function and its place,
   from the innermost outward, up to the next address. The names begin at the
   first function outside of installed headers, such as those of C++. */
static const char *read_site(const char *at, struct rm_explore_site *site)
{
	char function[128], path[PATH_BYTES];
	size_t used = 0;

	while (*at && strncmp(at, "0x", 2)) {
		const char *slash;

		at = next_line(at, function, sizeof(function));
		at = next_line(at, path, sizeof(path));
		if (function[0] == '?')
			continue;
		slash = strrchr(path, '/');
		if (!used)
			snprintf(site->place, sizeof(site->place), "%.63s",
			        slash ? slash + 1 : path);
		if (!used && !strncmp(path, "/usr/", strlen("/usr/")))
			continue;
		if (used + 1 < sizeof(site->chain))
			used += (size_t)snprintf(site->chain + used,
			        sizeof(site->chain) - used, "%s%s %s",
			        used ? ", in " : "", function,
			        slash ? slash + 1 : path);
	}
	return at;
}

static void read_all(struct rm_explore_sites *sites, const char *output)
{
	char address[32];

	for (size_t i = 0; i < sites->count && *output; i++) {
		output = next_line(output, address, sizeof(address));
		output = read_site(output, &sites->site[i]);
	}
}

/* Returns the offset of the byte before the return address, which still belongs
   to the source line of the call. */
static uint64_t offset_of(const struct rm_explore_site *site)
{
	return rm_sim_space_image(site->address) - 1;
}

void rm_explore_sites_name(struct rm_explore_sites *sites)
{
	char tool[] = "addr2line", flags[] = "-aCfie", path[PATH_BYTES];
	char **argv = calloc(sites->count + 4, sizeof(*argv));
	char *text = calloc(sites->count + 1, OFFSET_BYTES), *output = NULL;
	const char *image = rm_sim_space_path();
	const bool found =
	        realpath(*image ? image : "/proc/self/exe", path) != NULL;

	for (size_t i = 0; argv && text && i < sites->count; i++) {
		argv[3 + i] = text + i * OFFSET_BYTES;
		snprintf(argv[3 + i], OFFSET_BYTES, "0x%" PRIx64,
		        offset_of(&sites->site[i]));
		snprintf(sites->site[i].place, sizeof(sites->site[i].place),
		        "%s", argv[3 + i]);
	}
	if (argv && text && found && sites->count) {
		argv[0] = tool;
		argv[1] = flags;
		argv[2] = path;
		if (!rm_capture(argv, &output))
			read_all(sites, output);
	}
	free(output);
	free(text);
	free(argv);
}

void rm_explore_sites_clear(struct rm_explore_sites *sites)
{
	free(sites->site);
	*sites = (struct rm_explore_sites){ NULL, 0, 0 };
}
