/* SPDX-License-Identifier: Apache-2.0 */
/* test_arms.c - tests sets of arms: options, programs, campaign.json,
   resuming. */
#include "runner/campaign/internal.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/tap.h"

#include <errno.h>

/* SHA-256 of "abc", as FIPS 180-2 gives it. */
#define SHA_ABC \
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static struct rm_arms arms;
static struct rm_error error;
static char root[64];

/* Adds a set. Returns true if it is valid. */
static bool parses(const char *text)
{
	error.text[0] = '\0';
	return rm_arms_parse(&arms, text, &error) == 0;
}

/* True if a set alone is rejected with this text in the error. */
static bool rejects(const char *text, const char *words)
{
	struct rm_arms none = { .count = 0 };
	int result;

	error.text[0] = '\0';
	result = rm_arms_parse(&none, text, &error);
	rm_arms_clear(&none);
	if (result == -EINVAL && strstr(error.text, words))
		return true;
	printf("# %s: %d %s\n", text, result, error.text);
	return false;
}

static bool arm_is(size_t at, const char *workload, const char *name,
        const char *program, double extra)
{
	const struct rm_arm *arm = &arms.list[at];

	return !strcmp(arm->workload, workload) && !strcmp(arm->name, name) &&
	       !strcmp(arm->program, program) && arm->control_extra == extra;
}

static void parse_valid_sets(void)
{
	CHECK(parses("base=old/rm,head-2=new/rm+2.5%") && arms.count == 2 &&
	                arm_is(0, "", "base", "old/rm", 0) &&
	                arm_is(1, "", "head-2", "new/rm", 0.025),
	        "a set has names, files and shares");
	CHECK(parses("reads:base=a:b,head=c=d+x,third=e+101%") &&
	                arms.count == 5 &&
	                arm_is(2, "reads", "base", "a:b", 0) &&
	                arm_is(3, "reads", "head", "c=d+x", 0) &&
	                arm_is(4, "reads", "third", "e+101%", 0),
	        "a workload has its own set; \"+101%\" is part of the file "
	        "name");
	CHECK(!parses("more=x") &&
	                strstr(error.text, "two sets for workloads without"),
	        "a second set for all workloads is rejected");
	CHECK(!parses("reads:more=x") &&
	                strstr(error.text, "two sets for reads"),
	        "a second set for one workload is rejected");
	CHECK(parses("writes:zero=f+0%,all=f+100%") &&
	                arm_is(5, "writes", "zero", "f", 0) &&
	                arm_is(6, "writes", "all", "f", 1),
	        "a set for another workload is valid; a share is 0 to 100 %");
	rm_arms_clear(&arms);
	CHECK(arms.count == 0, "rm_arms_clear() leaves no arms");
}

static void parse_invalid_sets(void)
{
	char many[256] = "a=f";

	CHECK(rejects("", "NAME=FILE") && rejects("base", "--arms base") &&
	                rejects("=f", "NAME=FILE") &&
	                rejects("base=", "--arms base=") &&
	                rejects("base=f,", "NAME=FILE"),
	        "an arm has a name and a file");
	CHECK(rejects("Base=f", "no capital letters") &&
	                rejects("a_b=f", "the name \"a_b\""),
	        "a name consists of a-z, 0-9 and -");
	CHECK(rejects("abcdefghijklmnopq=f", "at most 16 characters") &&
	                parses("abcdefghijklmnop=f"),
	        "a name has at most 16 characters");
	rm_arms_clear(&arms);
	CHECK(rejects("a=f,b=g,a=h", "two arms are called a"),
	        "names of a set are unique");
	CHECK(rejects("a=+5%", "arm a has a share and no file"),
	        "a share without a file is rejected");
	CHECK(rejects(":a=f", "NAME=FILE"), "a workload has a name");
	for (int i = 1; i < RM_ARMS_MAX; i++)
		sprintf(many + strlen(many), ",b%d=f", i);
	CHECK(parses(many) && arms.count == RM_ARMS_MAX && !parses("x:a=f") &&
	                strstr(error.text, "at most 16 arms"),
	        "sixteen arms are valid, seventeen are not");
	rm_arms_clear(&arms);
}

static bool set_is(const char *workload, size_t first, size_t count)
{
	struct rm_cell cell = { .has_control = false };

	snprintf(cell.workload, sizeof(cell.workload), "%s", workload);
	struct rm_arm_set set = rm_arms_find_set(&arms, &cell);

	return set.count == count && (!count || set.arms == &arms.list[first]);
}

static void select_sets(void)
{
	rm_arms_default(&arms, NULL);
	CHECK(arms.count == 1 && !strcmp(arms.list[0].name, "head") &&
	                !arms.list[0].sha256[0] && !arms.list[0].program &&
	                !rm_arms_are_given(&arms) && set_is("any", 0, 1),
	        "without --arms, head (this program) runs all workloads");
	rm_arms_default(&arms, SHA_ABC);
	CHECK(!strcmp(arms.list[0].sha256, SHA_ABC),
	        "the default arm has the program's hash");
	rm_arms_clear(&arms);
	CHECK(!rm_arms_are_given(&arms),
	        "an empty set does not count as given by --arms");
	parses("w:a=f");
	CHECK(rm_arms_are_given(&arms) && set_is("w", 0, 1) &&
	                set_is("v", 0, 0),
	        "a set for one workload counts as given by --arms");
	CHECK(!parses("w:b=g") && strstr(error.text, "two sets for w,"),
	        "an error names a workload of one letter");
	rm_arms_clear(&arms);
	parses("reads:a=f,b=g");
	CHECK(set_is("reads", 0, 2) && set_is("writes", 0, 0),
	        "a workload without a set has no arms");
	parses("c=h,d=i,e=j");
	CHECK(set_is("reads", 0, 2) && set_is("writes", 2, 3),
	        "the general set runs workloads without a set");
	rm_arms_clear(&arms);
}

/* Returns the path of a file in the root; valid until the next call. */
static const char *in_root(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

/* Parses and settles sets whose FILEs are in the root. */
static int settle(
        const char *text, const struct rm_workload *workloads, size_t count)
{
	rm_arms_clear(&arms);
	return parses(text) ? rm_arms_resolve(&arms, workloads, count, &error)
	                    : 1;
}

static void check_programs(void)
{
	CHECK(settle("a=abc,b=copy", NULL, 0) == 0 &&
	                !strcmp(arms.list[0].sha256, SHA_ABC) &&
	                !strcmp(arms.list[1].sha256, SHA_ABC),
	        "programs get their hashes; a copy counts as another file");
	CHECK(!strcmp(arms.list[0].program, in_root("abc")),
	        "programs get absolute paths");
	CHECK(settle("a=abc,b=gone", NULL, 0) == -ENOENT &&
	                strstr(error.text, "arm b: "),
	        "a missing file is reported with its arm");
	CHECK(settle("a=other,b=abc,c=./link", NULL, 0) == -EINVAL &&
	                strstr(error.text, "arms b and c are one file"),
	        "two arms of a set may not be one file or a link to it");
	CHECK(settle("a=abc,b=link+5%", NULL, 0) == 0,
	        "one file is valid twice if one arm does more operations");
	CHECK(parses("reads:a=abc") &&
	                rm_arms_resolve(&arms, NULL, 0, &error) == 0,
	        "one file is valid in two sets");
}

static void check_workloads(void)
{
	static struct rm_workload workloads[2];

	strcpy(workloads[0].name, "reads");
	strcpy(workloads[1].name, "writes");
	CHECK(settle("a=abc", workloads, 2) == 0,
	        "a set for all workloads is enough");
	CHECK(settle("writes:a=abc", workloads, 2) == -EINVAL &&
	                strstr(error.text, "the workload reads has no arms"),
	        "a workload without arms is reported");
	CHECK(settle("reads:a=abc", workloads, 1) == 0 &&
	                settle("reads:a=abc", NULL, 0) == 0,
	        "workloads with arms, or unknown ones, are not reported");
	CHECK(settle("write:a=abc", workloads, 2) == -EINVAL &&
	                strstr(error.text, "--arms write: no such workload"),
	        "arms of a missing workload are rejected");
}

static bool equal_arms(const struct rm_arms *a, const struct rm_arms *b)
{
	bool equal = a->count == b->count;

	for (size_t i = 0; equal && i < a->count; i++) {
		const struct rm_arm *x = &a->list[i], *y = &b->list[i];

		equal = !strcmp(x->name, y->name) &&
		        !strcmp(x->workload, y->workload) &&
		        !strcmp(x->sha256, y->sha256) &&
		        !strcmp(x->flavour, y->flavour) &&
		        !x->program == !y->program &&
		        (!x->program || !strcmp(x->program, y->program)) &&
		        x->control_extra == y->control_extra;
	}
	return equal;
}

static json_t *campaign_of(const struct rm_arms *written)
{
	return json_pack("{s:o}", "arms", rm_arms_to_json(written));
}

static void round_trip_json(void)
{
	struct rm_arms back = { .count = 0 };
	json_t *campaign;

	settle("a=abc,b=other+5%", NULL, 0);
	parses("reads:c=copy");
	campaign = campaign_of(&arms);
	CHECK(rm_arms_from_json(campaign, &back, &error) == 0 &&
	                equal_arms(&arms, &back),
	        "arms read back equal");
	rm_arms_clear(&back);
	json_decref(campaign);
	rm_arms_clear(&arms);
	rm_arms_default(&arms, NULL);
	campaign = campaign_of(&arms);
	CHECK(json_is_null(json_object_get(
	              json_array_get(json_object_get(campaign, "arms"), 0),
	              "sha256")) &&
	                rm_arms_from_json(campaign, &back, &error) == 0 &&
	                equal_arms(&arms, &back),
	        "an arm without path and hash has null and reads back equal");
	rm_arms_clear(&back);
	json_decref(campaign);
}

/* True if a campaign.json with these arms is rejected with this text in the
   error. If the text is NULL, true if it is valid. */
static bool fails(const char *list, const char *words)
{
	struct rm_arms back = { .count = 0 };
	char text[1024];
	json_t *campaign;
	int result;

	snprintf(text, sizeof(text), "{\"arms\": %s}", list);
	campaign = json_loads(text, 0, NULL);
	error.text[0] = '\0';
	result = rm_arms_from_json(campaign, &back, &error);
	rm_arms_clear(&back);
	json_decref(campaign);
	if (words ? result == -EINVAL && strstr(error.text, words) : !result)
		return true;
	printf("# %s: %d %s\n", list, result, error.text);
	return false;
}

#define ARM(name, rest) "{\"name\": \"" name "\", \"control_extra\": 0" rest "}"

static void read_invalid_sets(void)
{
	CHECK(fails("[]", "1 to 16") && fails("{}", "1 to 16"),
	        "the list has at least one arm");
	CHECK(fails("[{\"control_extra\": 0}]", "arms[0].name") &&
	                fails("[" ARM("", "") "]", "arms[0].name") &&
	                fails("[" ARM("A", "") "]", "arms[0].name") &&
	                fails("[" ARM("abcdefghijklmnopq", "") "]", "[0].name"),
	        "a name has 1 to 16 characters of a-z, 0-9 and -");
	CHECK(fails("[" ARM("a", ", \"program\": 3") "]", "[0].program") &&
	                fails("[" ARM("a", ", \"program\": \"\"") "]",
	                        "[0].program") &&
	                fails("[" ARM("a", ", \"program\": null") "]", NULL),
	        "a program is a path or null");
	CHECK(fails("[" ARM("a", ", \"workload\": 3") "]", "[0].workload") &&
	                fails("[" ARM("a", ", \"sha256\": []") "]",
	                        "[0].sha256"),
	        "workload and hash are texts or null");
	CHECK(fails("[{\"name\": \"a\", \"control_extra\": 1}]", NULL) &&
	                fails("[{\"name\": \"a\", \"control_extra\": 1.1}]",
	                        "control_extra") &&
	                fails("[{\"name\": \"a\", \"control_extra\": -0.1}]",
	                        "control_extra") &&
	                fails("[{\"name\": \"a\"}]", "control_extra"),
	        "a share is 0 to 1");
	CHECK(fails("[" ARM("a", "") "," ARM("a", "") "]", "arms[1].name"),
	        "a name is unique in a set");
	CHECK(fails("[" ARM("a", "") "," ARM("a", ", \"workload\": \"w\"") "]",
	              NULL) &&
	                fails("[" ARM("a", "") "," ARM("a",
	                              ", \"workload\": "
	                              "\"w\"") "," ARM("b", "") "]",
	                        "arms[2].workload"),
	        "two sets may share a name, but arms of a set are adjacent");
}

/* Returns the error of a resume with these --arms, or "" if it continues. */
static const char *recall(const json_t *campaign, const struct rm_arms *asked)
{
	struct rm_arms then = { .count = 0 };

	error.text[0] = '\0';
	rm_arms_restore(campaign, asked, &then, &error);
	rm_arms_clear(&then);
	return error.text;
}

static void compare_arms_of_resume(void)
{
	static const struct rm_arms none;
	json_t *campaign;

	settle("a=abc,b=other", NULL, 0);
	campaign = campaign_of(&arms);
	CHECK(!*recall(campaign, &none) && !*recall(campaign, &arms),
	        "a resume may repeat --arms or omit it");
	arms.list[1].control_extra = 0.05;
	CHECK(strstr(recall(campaign, &arms), "started with other --arms"),
	        "a resume with other --arms is rejected");
	fake_root_write(root, "other", "changed");
	CHECK(strstr(recall(campaign, &none), "arm b: ") &&
	                strstr(error.text, "was changed since"),
	        "a changed program is reported");
	remove(in_root("abc"));
	CHECK(strstr(recall(campaign, &none), "arm a: ") &&
	                strstr(error.text, SHA_ABC),
	        "a missing program is reported with its recorded hash");
	json_decref(campaign);
	campaign = json_pack("{}");
	CHECK(strstr(recall(campaign, &none), "campaign.json: arms: "),
	        "a campaign without arms is rejected");
	json_decref(campaign);
	rm_arms_clear(&arms);
}

/* Cells 0 and 2 run plain/a, cell 1 runs stats/a, and cell 3 is skipped. */
static void hash_folders(void)
{
	static struct rm_plan_cell cells[4];
	static const struct rm_plan plan = { .cells = cells, .cell_count = 4 };
	static const char programs[] =
	        "{\"plain/a\":\"" SHA_ABC "\",\"stats/a\":null}";
	struct rm_arms back = { .count = 0 };
	static const struct rm_arms none;
	char hash[RM_SHA256_TEXT];
	json_t *campaign;
	char *text;

	for (size_t i = 0; i < 4; i++) {
		strcpy(cells[i].cell.workload, "w");
		strcpy(cells[i].cell.map, i == 3 ? "b" : "a");
		cells[i].cell.shape = (struct rm_shape){ false, 8 };
	}
	/* there is no such program */
	cells[1].cell.measure = RM_MEASURE_CAUSES;
	strcpy(cells[3].cell.skip, "skipped");
	fake_root_write(root, "maps/plain/a", "abc");
	fake_root_write(root, "maps/plain/b", "not run");
	CHECK(settle("head=maps", NULL, 0) == 0 && arms.list[0].is_folder &&
	                !arms.list[0].sha256[0] &&
	                rm_arms_hash(&arms, &plan) == 0,
	        "an arm may be a folder of map programs");
	text = json_dumps(arms.list[0].programs, JSON_COMPACT | JSON_SORT_KEYS);
	CHECK(text && !strcmp(text, programs),
	        "programs of cells that run are hashed once");
	free(text);
	rm_sha256(programs, strlen(programs), hash);
	CHECK(!strcmp(arms.list[0].sha256, hash),
	        "a folder's hash is the hash of its programs");
	campaign = campaign_of(&arms);
	CHECK(rm_arms_from_json(campaign, &back, &error) == 0 &&
	                equal_arms(&arms, &back) && back.list[0].is_folder,
	        "a folder reads back as a folder");
	rm_arms_clear(&back);
	settle("head=maps", NULL, 0);
	CHECK(!*recall(campaign, &none) && !*recall(campaign, &arms),
	        "a resume continues with the same folder");
	fake_root_write(root, "maps/plain/b", "new");
	CHECK(!*recall(campaign, &none),
	        "a change of an unused program is allowed");
	fake_root_write(root, "maps/plain/a", "new");
	CHECK(strstr(recall(campaign, &none), "arm head: ") &&
	                strstr(error.text, "/maps/plain/a was changed since"),
	        "a change of a used program is rejected");
	remove(in_root("maps/plain/a"));
	CHECK(strstr(recall(campaign, &none),
	              "/maps/plain/a: cannot be read: No such"),
	        "a missing program is rejected");
	json_decref(campaign);
	rm_arms_clear(&arms);
}

/* Two cells of a map; the second one has a control. */
static void add_control(void)
{
	static struct rm_plan_cell cells[2];
	static const struct rm_plan plan = { .cells = cells, .cell_count = 2 };
	struct rm_arms back = { .count = 0 };
	json_t *campaign;

	for (size_t i = 0; i < 2; i++) {
		strcpy(cells[i].cell.workload, "w");
		strcpy(cells[i].cell.map, "a");
		cells[i].cell.shape = (struct rm_shape){ false, 8 };
	}
	cells[1].cell.has_control = true;
	rm_arms_default(&arms, NULL);
	rm_arms_add_control(&arms);
	CHECK(rm_arms_find_set(&arms, &cells[0].cell).count == 1 &&
	                rm_arms_find_set(&arms, &cells[1].cell).count == 2 &&
	                !rm_arms_are_given(&arms),
	        "a control runs only cells with a control, after head");
	CHECK(!rm_arms_hash(&arms, &plan) &&
	                json_object_size(arms.list[0].programs) == 1 &&
	                json_object_get(arms.list[0].programs, "plain/a") &&
	                json_object_size(arms.list[1].programs) == 1 &&
	                json_object_get(arms.list[1].programs, "aa/a"),
	        "a control runs the program of its own flavour");
	campaign = campaign_of(&arms);
	CHECK(rm_arms_from_json(campaign, &back, &error) == 0 &&
	                equal_arms(&arms, &back),
	        "a control reads back equal");
	rm_arms_clear(&back);
	json_array_append_new(json_object_get(campaign, "arms"),
	        json_pack("{s:s, s:f}", "name", "last", "control_extra", 0.));
	error.text[0] = '\0';
	CHECK(rm_arms_from_json(campaign, &back, &error) == -EINVAL &&
	                strstr(error.text, "arms[2].name"),
	        "no arm may follow a control");
	rm_arms_clear(&back);
	json_decref(campaign);
	rm_arms_clear(&arms);
}

/* Tests that the six orders of three arms are about equally frequent. */
static void draw_orders(void)
{
	unsigned seen[3][3][3] = { { { 0 } } }, least = 6000;
	size_t order[RM_ARMS_MAX], repeated[RM_ARMS_MAX];
	bool is_same = true;

	for (uint64_t seed = 0; seed < 6000; seed++) {
		rm_arms_order(seed, 3, order);
		rm_arms_order(seed, 3, repeated);
		is_same =
		        is_same && !memcmp(order, repeated, 3 * sizeof(*order));
		seen[order[0]][order[1]][order[2]]++;
	}
	for (unsigned i = 0; i < 3; i++)
		for (unsigned j = 0; j < 3; j++)
			if (i != j && seen[i][j][3 - i - j] < least)
				least = seen[i][j][3 - i - j];
	CHECK(is_same, "a seed determines the order");
	/* The expected number is 1000 for each order; 800 is 6.9 standard
	   deviations below that. */
	CHECK(least > 800, "all six orders of three arms are equally likely");
}

int main(void)
{
	parse_valid_sets();
	parse_invalid_sets();
	select_sets();
	fake_root_enter(root, sizeof(root));
	fake_root_write(root, "abc", "abc");
	fake_root_write(root, "copy", "abc");
	fake_root_write(root, "other", "other");
	if (symlink("abc", "link"))
		abort();
	check_programs();
	check_workloads();
	round_trip_json();
	read_invalid_sets();
	compare_arms_of_resume();
	hash_folders();
	add_control();
	draw_orders();
	fake_root_remove(root);
	return DONE();
}
