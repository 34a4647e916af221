/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_sites.c - tests source lines of code addresses: which are looked
   up, how addr2line is called, and how its output, here that of a stub, is
   parsed. */
#include "tests/unit/support/counted_heap.h"
/* included after it, so that its allocations are counted */
#include "verify/explore/sites.c"

#include "tests/unit/tap.h"

#include <errno.h>

enum { MANY = SITES_MOST + 100, APART = 48 };

static const char code[(MANY + 1) * APART]; /* two addresses in a program */

static struct {
	unsigned runs, arguments;
	bool well;
	char offset[3][OFFSET_BYTES];
	const char *output; /* NULL: the tool does not exist */
} tool;

/* `code` begins at offset 0x1000 of the program. */
uint64_t rm_sim_space_image(const void *address)
{
	return 0x1000 + (uint64_t)((const char *)address - code);
}

const char *rm_sim_space_path(void)
{
	return "";
}

int rm_capture(char *const argv[], char **text)
{
	char path[PATH_BYTES] = "";

	tool.runs++;
	tool.well = !strcmp(argv[0], "addr2line") &&
	            !strcmp(argv[1], "-aCfie") &&
	            readlink("/proc/self/exe", path, sizeof(path) - 1) > 0 &&
	            !strcmp(argv[2], path);
	tool.arguments = 0;
	for (int i = 0; argv[3 + i]; i++, tool.arguments++)
		if (i < 3)
			snprintf(tool.offset[i], OFFSET_BYTES, "%s",
			        argv[3 + i]);
	*text = tool.output ? malloc(strlen(tool.output) + 1) : NULL;
	if (*text)
		strcpy(*text, tool.output);
	return tool.output ? 0 : -ENOENT;
}

static const struct rm_explore_site *named(
        const struct rm_explore_sites *sites, unsigned i)
{
	return rm_explore_sites_find(sites, &code[(size_t)i * APART]);
}

static void add(struct rm_explore_sites *sites, unsigned i)
{
	rm_explore_sites_add(sites, &code[(size_t)i * APART]);
}

static bool is(const struct rm_explore_site *site, unsigned i,
        const char *place, const char *chain)
{
	bool same = site->address == &code[(size_t)i * APART] &&
	            !strcmp(site->place, place) && !strcmp(site->chain, chain);

	if (!same)
		printf("# %s; %s\n", site->place, site->chain);
	return same;
}

static void adds(void)
{
	struct rm_explore_sites sites = { NULL, 0, 0 };
	bool sorted = true;

	CHECK(!named(&sites, 1)->address, "nothing is found in an empty table");
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 1; i <= 200; i++)
			add(&sites, i * 73 % 211);
	rm_explore_sites_add(&sites, NULL);
	for (size_t i = 1; i < sites.count; i++)
		sorted &= sites.site[i - 1].address < sites.site[i].address;
	CHECK(sites.count == 200 && sorted,
	        "each address is stored once, in order, and NULL is ignored");
	CHECK(named(&sites, 73)->address == &code[(size_t)73 * APART] &&
	                !named(&sites, 73)->place[0] &&
	                !rm_explore_sites_find(&sites, &code[1])->address,
	        "an address is found, an adjacent one is not");
	rm_explore_sites_clear(&sites);
	CHECK(!sites.site && !sites.count && !sites.room &&
	                !named(&sites, 73)->address,
	        "a cleared table is empty");
	for (unsigned i = 0; i < MANY; i++)
		add(&sites, i);
	CHECK(sites.count == SITES_MOST && named(&sites, 0)->address &&
	                !named(&sites, SITES_MOST)->address,
	        "the table has a maximum size");
	rm_explore_sites_clear(&sites);
}

/* The 65th address needs a larger table. */
static void no_memory(void)
{
	struct rm_explore_sites sites = { NULL, 0, 0 };

	heap_is_full = true;
	add(&sites, 1);
	CHECK(!sites.count && !named(&sites, 1)->address,
	        "without memory an address is not stored");
	heap_is_full = false;
	for (unsigned i = 1; i <= 64; i++)
		add(&sites, i);
	heap_is_full = true;
	add(&sites, 65);
	CHECK(sites.count == 64 && named(&sites, 64)->address,
	        "stored addresses are kept");
	heap_is_full = false;
	add(&sites, 65);
	CHECK(named(&sites, 65)->address,
	        "an address is stored when there is memory again");
	rm_explore_sites_clear(&sites);
}

static void names(void)
{
	struct rm_explore_sites sites = { NULL, 0, 0 };

	tool.runs = 0;
	rm_explore_sites_name(&sites);
	CHECK(!tool.runs, "the tool is not called for an empty table");
	add(&sites, 3);
	add(&sites, 1);
	add(&sites, 2);
	tool.output = "0x000000000000102f\n"
	              "std::atomic<int>::load(std::memory_order)\n"
	              "/usr/include/c++/12/atomic:250\n"
	              "(anonymous namespace)::lookup(int)\n"
	              "/a b/gomap_ops.h:35 (discriminator 3)\n"
	              "find (inlined by)\n"
	              "gomap.c:7\n"
	              "0x000000000000105f\n"
	              "??\n"
	              "??:0\n"
	              "0x000000000000108f\n"
	              "main\n"
	              "main.c:1\n";
	rm_explore_sites_name(&sites);
	CHECK(tool.runs == 1 && tool.arguments == 3 && tool.well,
	        "all addresses are looked up by one call, in this program");
	CHECK(!strcmp(tool.offset[0], "0x102f") &&
	                !strcmp(tool.offset[1], "0x105f") &&
	                !strcmp(tool.offset[2], "0x108f"),
	        "each address is passed as the offset of the byte before it");
	CHECK(is(named(&sites, 1), 1, "gomap_ops.h:35",
	              "(anonymous namespace)::lookup gomap_ops.h:35, "
	              "in find gomap.c:7"),
	        "the place is the map's innermost function's; the chain has "
	        "all");
	CHECK(is(named(&sites, 2), 2, "0x105f", ""),
	        "an unknown address is printed as its offset");
	CHECK(is(named(&sites, 3), 3, "main.c:1", "main main.c:1"),
	        "an unknown address does not affect the next one");
	rm_explore_sites_clear(&sites);
}

static void no_names(void)
{
	struct rm_explore_sites sites = { NULL, 0, 0 };

	add(&sites, 1);
	add(&sites, 2);
	tool.output = NULL;
	rm_explore_sites_name(&sites);
	CHECK(is(named(&sites, 1), 1, "0x102f", "") &&
	                is(named(&sites, 2), 2, "0x105f", ""),
	        "without the tool all places are offsets");
	tool.output = "0x102f\nlookup\nmap.c:3";
	rm_explore_sites_name(&sites);
	CHECK(is(named(&sites, 1), 1, "map.c:3", "lookup map.c:3") &&
	                is(named(&sites, 2), 2, "0x105f", ""),
	        "addresses after truncated output are offsets");
	tool.output = "";
	rm_explore_sites_name(&sites);
	CHECK(is(named(&sites, 2), 2, "0x105f", ""),
	        "empty output leaves offsets");
	rm_explore_sites_clear(&sites);
}

/* 100 functions with their places, much longer than the stored chain. */
static void long_chains(void)
{
	struct rm_explore_sites sites = { NULL, 0, 0 };
	char answer[4096] = "0x102f\n", whole[4096] = "";
	const struct rm_explore_site *site;

	for (int i = 0; i < 100; i++) {
		sprintf(answer + strlen(answer), "function%02d\nfile%02d.c:1\n",
		        i, i);
		sprintf(whole + strlen(whole), "%sfunction%02d file%02d.c:1",
		        i ? ", in " : "", i, i);
	}
	strcat(answer, "0x105f\nmain\nmain.c:1\n");
	add(&sites, 1);
	add(&sites, 2);
	tool.output = answer;
	rm_explore_sites_name(&sites);
	site = named(&sites, 1);
	CHECK(strlen(site->chain) == RM_EXPLORE_CHAIN_BYTES - 1 &&
	                !strncmp(site->chain, whole, strlen(site->chain)) &&
	                !strcmp(site->place, "file00.c:1"),
	        "a chain that is too long is truncated after its innermost "
	        "part");
	CHECK(is(named(&sites, 2), 2, "main.c:1", "main main.c:1"),
	        "an unknown address does not affect the next one");
	rm_explore_sites_clear(&sites);
}

int main(void)
{
	adds();
	no_memory();
	names();
	no_names();
	long_chains();
	CHECK(!heap_held, "all memory is freed");
	return DONE();
}
