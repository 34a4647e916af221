/* SPDX-License-Identifier: Apache-2.0 */
/* test_mode.c - overrides of modes, and the selection of maps. */
#include "runner/impl.h"
#include "runner/plan/internal.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/made_catalog.h"
#include "tests/unit/tap.h"

#include <errno.h>

#define HEAD "budget = 3min\nworkloads = one two\n"

static char root[64];
static struct rm_error error;
static struct rm_inputs mode;

/* Reads a mode with this text. Clears the previous mode. */
static int load(const char *text, const struct rm_override *set, size_t count)
{
	rm_inputs_clear(&mode);
	memset(&mode, 0, sizeof(mode));
	error.text[0] = '\0';
	fake_root_write(root, "w/modes/m.conf", text);
	return rm_mode_load("w/modes/m.conf", set, count, &mode, &error);
}

static bool loads(const char *text)
{
	if (!load(text, NULL, 0))
		return true;
	printf("# %s\n", error.text);
	return false;
}

static bool refused(const char *text, const char *words)
{
	int result = load(text, NULL, 0);

	if (result == -EINVAL && strstr(error.text, words))
		return true;
	printf("# %d %s\n", result, error.text);
	return false;
}

/* True if the workloads have these blocks, which show whose line applied. */
static bool blocks_are(unsigned one, unsigned two)
{
	const struct rm_workload *w = mode.workloads;

	if (mode.workload_count == 2 && w[0].values[0].blocks == one &&
	        w[1].values[0].blocks == two)
		return true;
	if (mode.workload_count == 2)
		printf("# blocks: %u %u\n", w[0].values[0].blocks,
		        w[1].values[0].blocks);
	return false;
}

static void lines_win_in_their_order(void)
{
	static const struct rm_override set = { "blocks", "9", "--set", false };

	CHECK(loads(HEAD) && blocks_are(3, 4) &&
	                mode.budget_ns == 180000000000 &&
	                !strcmp(mode.name, "m") &&
	                !strcmp(mode.workloads[0].name, "one") &&
	                !strcmp(mode.workloads[1].name, "two"),
	        "a mode has a budget and workloads");
	CHECK(loads(HEAD "blocks = 5\n") && blocks_are(5, 5),
	        "a line before all sections applies to all workloads");
	CHECK(loads(HEAD "blocks = 5\n[two]\nblocks = 6\n") && blocks_are(5, 6),
	        "a line of a section applies to one workload");
	CHECK(load(HEAD "[two]\nblocks = 6\n", &set, 1) == 0 &&
	                blocks_are(9, 9),
	        "--set overrides both");
	fake_root_write(root, "w/modes/inner.conf",
	        "budget = 1min\nworkloads = one\nblocks = 7\n"
	        "[one]\nblocks = 8\n");
	CHECK(loads("include = inner.conf\nworkloads = two\n") &&
	                blocks_are(8, 7) && mode.budget_ns == 60000000000,
	        "lines and budget of an included mode apply");
	CHECK(loads("include = inner.conf\nworkloads = two\nblocks = 5\n"
	            "budget = 2min\n[two]\nblocks = 6\n") &&
	                blocks_are(5, 6) && mode.budget_ns == 120000000000,
	        "lines of the including mode override included ones");
	fake_root_write(root, "w/modes/outer.conf",
	        "include = inner.conf\nworkloads = two\n[two]\nblocks = 2\n");
	CHECK(loads("include = outer.conf\n") && blocks_are(8, 2),
	        "an included mode may include another one");
}

static void invalid_modes(void)
{
	CHECK(refused("workloads = one\n", "budget is missing") &&
	                refused("budget = 1s\n", "workloads is missing") &&
	                refused("budget = 1s\nworkloads =\n",
	                        "workloads is missing"),
	        "budget and workloads are required");
	CHECK(refused(HEAD "budget = 2min\n", "budget occurs twice") &&
	                refused(HEAD "blocks = 1\nblocks = 2\n",
	                        "m.conf:4: blocks occurs twice") &&
	                refused(HEAD "[one]\nblocks = 1\nblocks = 2\n",
	                        "m.conf:5: blocks occurs twice"),
	        "a key may occur once per section");
	CHECK(refused(HEAD "workloads = one\n", "\"one\" twice"),
	        "a workload may occur once");
	CHECK(refused(HEAD "[three]\nblocks = 1\n", "section [three]") &&
	                refused(HEAD "[one]\nbudget = 1s\n",
	                        "budget in a section") &&
	                refused(HEAD "[one]\nworkloads = two\n",
	                        "workloads in a section") &&
	                refused(HEAD "[one]\ninclude = inner.conf\n",
	                        "include in a section"),
	        "a section names a workload and has none of the mode's keys");
	CHECK(refused(HEAD "nonsense = 1\n", "unknown key \"nonsense\"") &&
	                refused("budget = soon\nworkloads = one\n",
	                        "budget = \"soon\", expected a time") &&
	                refused(HEAD "blocks\n", "m.conf:3: "),
	        "an invalid line is reported with its number");
	CHECK(load("budget = 1s\nworkloads = one gone\n", NULL, 0) == -ENOENT &&
	                strstr(error.text, "m.conf:2: workloads: "),
	        "a missing workload is an error in the line of workloads");
	CHECK(load(HEAD "[two]\nblocks = none\n", NULL, 0) == -EINVAL &&
	                strstr(error.text, "m.conf:4: blocks"),
	        "an invalid value is an error at its line");
}

static void names_stay_in_their_folder(void)
{
	static const char *const bad[] = { "../one", "/one", ".one", "a/../one",
		"a/b/one", "a/", "a/.b",
		"a-name-that-is-longer-than-any-name-of-a-file-may-be-in-here-"
		"or-elsewhere" };
	bool none = true;
	char text[256];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text), "budget = 1s\nworkloads = %s\n",
		        bad[i]);
		none = refused(text, "names of files in workloads/") && none;
	}
	CHECK(none, "a workload is in the folder or in a subfolder");
	CHECK(loads("budget = 1s\nworkloads = a/three\n") &&
	                mode.workload_count == 1 &&
	                mode.workloads[0].values[0].blocks == 2,
	        "a workload in a subfolder is found");
	CHECK(refused("include = ../x.conf\n", "a file in the mode's folder") &&
	                refused("budget = 1s\ninclude = inner.conf\n",
	                        "expected it as the first line") &&
	                load("include = gone.conf\n", NULL, 0) < 0 &&
	                strstr(error.text, "m.conf:1: include: "),
	        "an include is the first line and in the mode's folder");
	fake_root_write(root, "w/modes/third.conf", "include = outer.conf\n");
	CHECK(refused("include = third.conf\n", "at most 2 levels"),
	        "at most two includes are nested");
}

/* True if the mode can be read by this path from this folder. */
static bool found_from(const char *folder, const char *path)
{
	char back[128];
	int result;

	rm_inputs_clear(&mode);
	memset(&mode, 0, sizeof(mode));
	error.text[0] = '\0';
	snprintf(back, sizeof(back), "%s/%s", root, folder);
	if (chdir(back))
		abort();
	result = rm_mode_load(path, NULL, 0, &mode, &error);
	if (chdir(root))
		abort();
	if (result)
		printf("# %s: %s\n", path, error.text);
	return !result && mode.workload_count == 2;
}

static void a_mode_is_found_from_anywhere(void)
{
	char whole[128];

	snprintf(whole, sizeof(whole), "%s/w/modes/m.conf", root);
	fake_root_write(root, "w/modes/m.conf", HEAD);
	CHECK(found_from("w/modes", "m.conf") &&
	                found_from("w/modes", "./m.conf") &&
	                found_from("w/a", "../modes/m.conf") &&
	                found_from("w", "modes/m.conf") &&
	                found_from("w", whole),
	        "workloads are found in the parent folder by any path");
}

static bool maps_are(const struct rm_workload *w, const char *expected)
{
	char text[512] = "";

	for (unsigned i = 0; i < w->count[RM_KEY_MAPS]; i++)
		sprintf(text + strlen(text), "%s ", w->values[i].map);
	if (!strcmp(text, expected))
		return true;
	printf("# maps: %s\n", text);
	return false;
}

/* Applies --touched to a mode with the workloads one, touched and two. */
static int fit(const char *touched)
{
	load("budget = 1s\nworkloads = one touched two\n", NULL, 0);
	return rm_mode_set_touched(&mode, touched, &error);
}

static void touched_maps(void)
{
	char many[1024] = "a";

	CHECK(fit(NULL) == 0 && mode.workload_count == 2 &&
	                !strcmp(mode.workloads[0].name, "one") &&
	                !strcmp(mode.workloads[1].name, "two"),
	        "without --touched the workload is removed");
	CHECK(fit("x, y,z x gomap") == 0 && mode.workload_count == 3 &&
	                maps_are(&mode.workloads[1], "gomap x y z ") &&
	                !strcmp(mode.workloads[1].where[RM_KEY_MAPS],
	                        "--touched"),
	        "touched has the base and the touched maps, each once");
	CHECK(fit(" ,x,") == 0 && maps_are(&mode.workloads[1], "gomap x "),
	        "separators may repeat");
	CHECK(maps_are(&mode.workloads[0], "m1 ") &&
	                maps_are(&mode.workloads[2], "m2 "),
	        "other workloads keep their maps");
	/* the base is one of RM_LIST_MAX */
	for (int i = 2; i < RM_LIST_MAX; i++)
		sprintf(many + strlen(many), " n%d", i);
	CHECK(fit(many) == 0 &&
	                mode.workloads[1].count[RM_KEY_MAPS] == RM_LIST_MAX,
	        "a list may be full");
	strcat(many, " b");
	error.text[0] = '\0';
	CHECK(fit(many) == -EINVAL && strstr(error.text, "--touched \"a n2"),
	        "one more is rejected");
	memset(many, 'x', RM_NAME_BYTES);
	many[RM_NAME_BYTES] = '\0';
	CHECK(fit(many) == -EINVAL, "a name that is too long is rejected");
	many[RM_NAME_BYTES - 1] = '\0';
	CHECK(fit(many) == 0, "a name with one letter less is accepted");
	load(HEAD, NULL, 0);
	CHECK(rm_mode_set_touched(&mode, NULL, &error) == 0 &&
	                mode.workload_count == 2 && !error.text[0],
	        "without --touched, a mode without the workload is unchanged");
	CHECK(rm_mode_set_touched(&mode, "x", &error) == -ENOENT &&
	                strstr(error.text, "mode m has no workload named"),
	        "with --touched, such a mode is an error");
}

static const struct rm_impl plain = { .id = "plain" },
                            other = { .id = "other" };
static const struct rm_impl planted = { .id = "planted", .misuse = "so" };
static const struct rm_impl *const impls[] = { &other, &plain, &planted };
static struct rm_map_name names[] = { { .id = "left_go",
	                                      .other_language = true },
	{ .id = "left_misuse", .misuse = true }, { .id = "left_out" },
	{ .id = "missing", .missing = true }, { .id = "other" },
	{ .id = "plain" }, { .id = "planted", .misuse = true } };
static struct rm_catalog catalog;
static struct rm_map_name tree_names[] = { { .id = "gomap" },
	{ .id = "gomap_rw" } };
static const struct rm_catalog tree = { .names = tree_names, .name_count = 2 };

/* Returns the maps on which a workload runs, such as "other plain ", or the
   error. */
static const char *chosen(const char *maps, const char *option)
{
	static char text[sizeof(error.text)];
	const struct rm_plan_options options = { .maps = option };
	const struct rm_planning planning = {
		.options = &options, .catalog = &catalog, .error = &error
	};
	struct rm_workload workload = { .file = NULL };
	bool chosen[3] = { false };
	char file[256];

	error.text[0] = text[0] = '\0';
	snprintf(file, sizeof(file),
	        "writes = 3%%\nkeys = 1\nthreads = 1\nbase = plain\n"
	        "maps = %s\n",
	        maps);
	if (rm_workload_parse(
	            "w.conf", file, strlen(file), NULL, 0, &workload, &error) ||
	        rm_plan_choose_maps(&planning, &workload, chosen))
		strcpy(text, error.text);
	else
		for (size_t i = 0; i < 3; i++)
			if (chosen[i])
				sprintf(text + strlen(text), "%s ",
				        impls[i]->id);
	rm_workload_clear(&workload);
	return text;
}

static bool chooses(const char *maps, const char *option, const char *expected)
{
	const char *got = chosen(maps, option);

	if (strstr(expected, ":") ? strstr(got, expected) != NULL
	                          : !strcmp(got, expected))
		return true;
	printf("# %s, --maps %s: %s\n", maps, option ? option : "none", got);
	return false;
}

static void cells_are_chosen(void)
{
	CHECK(chooses("plain", NULL, "plain ") &&
	                chooses("p*", NULL, "plain ") &&
	                chooses("o* planted", NULL, "other planted "),
	        "an injected bug is selected by its full id only");
	CHECK(chooses("plain other ~plain", NULL, "other ") &&
	                chooses("~plain ~left_out", NULL, "other "),
	        "the last pattern decides, and an exclusion starts from all");
	CHECK(chooses("plain other", "other planted", "other ") &&
	                chooses("plain", "other", "") &&
	                chooses("plain other", "~other", "plain ") &&
	                chooses("plain other", " other,,plain", "other plain "),
	        "--maps only narrows");
	CHECK(chooses("all", NULL, "w.conf:5: left_out is not built") &&
	                chooses("all ~left_out", NULL, "other plain "),
	        "a map that is not built cannot be selected");
	CHECK(chooses("left_misuse", NULL, ": left_misuse is not built") &&
	                chooses("left_go", NULL, ": left_go is not built"),
	        "a map that is not built cannot be selected by its full id");
	CHECK(chooses("all", "left_go", ": left_go is not built") &&
	                chooses("all left_go", "left_go",
	                        ": left_go is not built") &&
	                chooses("all", "plain", "plain "),
	        "a map that --maps excludes need not be built");
	CHECK(chooses("missing", NULL, "") &&
	                chooses("plain missing", NULL, "plain "),
	        "a map whose library is missing is skipped");
	CHECK(chooses("nobody", NULL,
	              "w.conf:5: no map is called \"nobody\"") &&
	                strstr(chosen("plain ~nobody", NULL),
	                        "\"nobody\"; `readmostly dev list` prints "),
	        "an unknown name is rejected with the command that lists maps");
	CHECK(chooses("plain", "nobody", "--maps: no map is called") &&
	                chooses("plain", " ,", "--maps: empty"),
	        "an unknown name in --maps is rejected, and --maps must not be "
	        "empty");
}

static struct {
	unsigned throughput, counters, sized, placed, others;
} needs;

static void add_cell(void *context, const char *map, enum rm_measure measure,
        const char *flavour)
{
	(void)context;
	needs.throughput += measure == RM_MEASURE_THROUGHPUT;
	needs.counters += measure == RM_MEASURE_COUNTERS;
	needs.sized += strstr(flavour, "x") != NULL;
	needs.placed += !strncmp(flavour, "placed", 6);
	needs.others += strcmp(map, "gomap_rw") != 0;
}

static void maps_are_needed(void)
{
	static const char text[] = "writes = 3%\nkeys = 1\nthreads = 1\n"
	                           "base = gomap_rw\nmaps = gomap_rw\n"
	                           "measure = throughput counters\n"
	                           "shape = u64x8 str16x8\n"
	                           "key-differs = first last\n"
	                           "value-bytes = 8 64 256\n";
	struct rm_workload workloads[2] = { { .file = NULL } };

	error.text[0] = '\0';
	for (int i = 0; i < 2; i++)
		if (rm_workload_parse("w.conf", text, strlen(text), NULL, 0,
		            &workloads[i], &error))
			printf("# %s\n", error.text);
	CHECK(rm_plan_needs(
	              workloads, 1, &tree, NULL, add_cell, NULL, &error) == 0 &&
	                needs.throughput == 12 && needs.counters == 12 &&
	                needs.others == 0,
	        "each measure, shape and size is listed");
	/* 8 bytes are part of the shapes; 64 and 256 are sizes */
	CHECK(needs.sized == 16 && needs.placed == 12,
	        "sizes and key-differs determine the flavour");
	CHECK(rm_plan_needs(
	              workloads, 2, &tree, NULL, add_cell, NULL, &error) == 0 &&
	                needs.throughput == 36,
	        "other workloads are included");
	CHECK(rm_plan_needs(workloads, 1, &tree, "gomap", add_cell, NULL,
	              &error) == 0 &&
	                needs.throughput == 36,
	        "a map that --maps excludes is not needed");
	CHECK(rm_plan_needs(workloads, 2, &tree, "nobody", add_cell, NULL,
	              &error) == -EINVAL &&
	                strstr(error.text, "--maps: no map is called"),
	        "an unknown name in --maps is rejected");
	rm_workload_clear(&workloads[0]);
	rm_workload_clear(&workloads[1]);
}

int main(void)
{
	made_of(&catalog, impls, 3);
	catalog.names = names;
	catalog.name_count = sizeof(names) / sizeof(*names);
	fake_root_enter(root, sizeof(root));
	fake_root_write(root, "w/one.conf",
	        "writes = 3%\nkeys = 1\nthreads = 1\nblocks = 3\nmaps = m1\n");
	fake_root_write(root, "w/two.conf",
	        "writes = 3%\nkeys = 1\nthreads = 1\nblocks = 4\nmaps = m2\n");
	fake_root_write(root, "w/touched.conf",
	        "writes = 3%\nkeys = 1\nthreads = 1\nbase = gomap\n");
	fake_root_write(root, "w/a/three.conf",
	        "writes = 3%\nkeys = 1\nthreads = 1\nblocks = 2\n");
	lines_win_in_their_order();
	invalid_modes();
	names_stay_in_their_folder();
	a_mode_is_found_from_anywhere();
	touched_maps();
	cells_are_chosen();
	maps_are_needed();
	rm_inputs_clear(&mode);
	fake_root_remove(root);
	return DONE();
}
