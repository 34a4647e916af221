/* SPDX-License-Identifier: Apache-2.0 */
/* test_arms.c - which sets of arms there are, what is refused, what a campaign
   keeps of them and asks of a resume. */
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

/* Adds a set; whether it was taken. */
static bool taken(const char *text)
{
	error.text[0] = '\0';
	return rm_arms_parse(&arms, text, &error) == 0;
}

/* A set of its own is refused with these words. */
static bool refused(const char *text, const char *words)
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

static void what_is_read(void)
{
	CHECK(taken("base=old/rm,head-2=new/rm+2.5%") && arms.count == 2 &&
	                arm_is(0, "", "base", "old/rm", 0) &&
	                arm_is(1, "", "head-2", "new/rm", 0.025),
	        "a set has names, files and shares");
	CHECK(taken("reads:base=a:b,head=c=d+x,third=e+101%") &&
	                arms.count == 5 &&
	                arm_is(2, "reads", "base", "a:b", 0) &&
	                arm_is(3, "reads", "head", "c=d+x", 0) &&
	                arm_is(4, "reads", "third", "e+101%", 0),
	        "a workload's own set; what is no share is the file's name");
	CHECK(!taken("more=x") && strstr(error.text, "a second set for "
	                                             "workloads without"),
	        "a second set for all is refused");
	CHECK(!taken("reads:more=x") &&
	                strstr(error.text, "two sets for reads"),
	        "and a second one of a workload");
	CHECK(taken("writes:zero=f+0%,all=f+100%") &&
	                arm_is(5, "writes", "zero", "f", 0) &&
	                arm_is(6, "writes", "all", "f", 1),
	        "another workload's is not; a share is 0 to 100 %");
	rm_arms_clear(&arms);
	CHECK(arms.count == 0, "cleared there is none");
}

static void what_is_refused(void)
{
	char many[256] = "a=f";

	CHECK(refused("", "NAME=FILE") && refused("base", "--arms base") &&
	                refused("=f", "NAME=FILE") &&
	                refused("base=", "--arms base=") &&
	                refused("base=f,", "NAME=FILE"),
	        "an arm has a name and a file");
	CHECK(refused("Base=f", "a-z, 0-9 and -") &&
	                refused("a_b=f", "a-z, 0-9 and -"),
	        "a name is of a-z, 0-9 and -");
	CHECK(refused("abcdefghijklmnopq=f", "at most 16 characters") &&
	                taken("abcdefghijklmnop=f"),
	        "of 16 characters at most");
	rm_arms_clear(&arms);
	CHECK(refused("a=f,b=g,a=h", "two arms named a"),
	        "names of a set are different ones");
	CHECK(refused("a=+5%", "arm a has a share and no file"),
	        "a share without a file is refused");
	CHECK(refused(":a=f", "NAME=FILE"), "a workload has a name");
	for (int i = 1; i < RM_ARMS_MAX; i++)
		sprintf(many + strlen(many), ",b%d=f", i);
	CHECK(taken(many) && arms.count == RM_ARMS_MAX && !taken("x:a=f") &&
	                strstr(error.text, "at most 16 arms"),
	        "sixteen arms are taken, and no more");
	rm_arms_clear(&arms);
}

static bool set_is(const char *workload, size_t first, size_t count)
{
	struct rm_cell cell = { .has_control = false };

	snprintf(cell.workload, sizeof(cell.workload), "%s", workload);
	struct rm_arm_set set = rm_arms_of(&arms, &cell);

	return set.count == count && (!count || set.arms == &arms.list[first]);
}

static void who_runs_a_workload(void)
{
	rm_arms_default(&arms, NULL);
	CHECK(arms.count == 1 && !strcmp(arms.list[0].name, "head") &&
	                !arms.list[0].sha256[0] && !arms.list[0].program &&
	                !rm_arms_asked(&arms) && set_is("any", 0, 1),
	        "without --arms there is head, this program, for all");
	rm_arms_default(&arms, SHA_ABC);
	CHECK(!strcmp(arms.list[0].sha256, SHA_ABC), "with its hash");
	rm_arms_clear(&arms);
	CHECK(!rm_arms_asked(&arms), "none are not asked for");
	taken("w:a=f");
	CHECK(rm_arms_asked(&arms) && set_is("w", 0, 1) && set_is("v", 0, 0),
	        "one of an option is, whatever its workload");
	CHECK(!taken("w:b=g") && strstr(error.text, "two sets for w,"),
	        "a name of one letter is told, too");
	rm_arms_clear(&arms);
	taken("reads:a=f,b=g");
	CHECK(set_is("reads", 0, 2) && set_is("writes", 0, 0),
	        "a workload without a set has no arms");
	taken("c=h,d=i,e=j");
	CHECK(set_is("reads", 0, 2) && set_is("writes", 2, 3),
	        "but for those of workloads without their own");
	rm_arms_clear(&arms);
}

/* A file of the root; its path, until the next one. */
static const char *in_root(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

/* Reads and settles sets whose FILEs are in the root's folder. */
static int settled(
        const char *text, const struct rm_workload *workloads, size_t count)
{
	rm_arms_clear(&arms);
	return taken(text) ? rm_arms_settle(&arms, workloads, count, &error)
	                   : 1;
}

static void programs_are_looked_at(void)
{
	CHECK(settled("a=abc,b=copy", NULL, 0) == 0 &&
	                !strcmp(arms.list[0].sha256, SHA_ABC) &&
	                !strcmp(arms.list[1].sha256, SHA_ABC),
	        "programs get their hashes; copies are two files");
	CHECK(!strcmp(arms.list[0].program, in_root("abc")),
	        "and their whole paths");
	CHECK(settled("a=abc,b=gone", NULL, 0) == -ENOENT &&
	                strstr(error.text, "arm b: "),
	        "a file that is not there is named with its arm");
	CHECK(settled("a=other,b=abc,c=./link", NULL, 0) == -EINVAL &&
	                strstr(error.text, "arms b and c are one file"),
	        "two arms of a set are no one file, by whatever name");
	CHECK(settled("a=abc,b=link+5%", NULL, 0) == 0,
	        "unless one of them does more operations");
	CHECK(taken("reads:a=abc") &&
	                rm_arms_settle(&arms, NULL, 0, &error) == 0,
	        "or they are of two sets");
}

static void workloads_are_looked_at(void)
{
	static struct rm_workload workloads[2];

	strcpy(workloads[0].name, "reads");
	strcpy(workloads[1].name, "writes");
	CHECK(settled("a=abc", workloads, 2) == 0, "a set for all is enough");
	CHECK(settled("writes:a=abc", workloads, 2) == -EINVAL &&
	                strstr(error.text, "the workload reads has no arms"),
	        "a workload without arms is named");
	CHECK(settled("reads:a=abc", workloads, 1) == 0 &&
	                settled("reads:a=abc", NULL, 0) == 0,
	        "one that has arms is not, nor where none are known");
	CHECK(settled("write:a=abc", workloads, 2) == -EINVAL &&
	                strstr(error.text, "--arms write: no such workload"),
	        "arms of a workload that is not there are refused");
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

static void written_and_read_back(void)
{
	struct rm_arms back = { .count = 0 };
	json_t *campaign;

	settled("a=abc,b=other+5%", NULL, 0);
	taken("reads:c=copy");
	campaign = campaign_of(&arms);
	CHECK(rm_arms_from_json(campaign, &back, &error) == 0 &&
	                equal_arms(&arms, &back),
	        "what is written reads back equal");
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
	        "so does the one without path and hash, which are null");
	rm_arms_clear(&back);
	json_decref(campaign);
}

/* A campaign.json with this text as its arms is refused with these words. */
static bool misread(const char *list, const char *words)
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

static void what_is_no_set(void)
{
	CHECK(misread("[]", "1 to 16") && misread("{}", "1 to 16"),
	        "there is one arm at least");
	CHECK(misread("[{\"control_extra\": 0}]", "arms[0].name") &&
	                misread("[" ARM("", "") "]", "arms[0].name") &&
	                misread("[" ARM("A", "") "]", "arms[0].name") &&
	                misread("[" ARM("abcdefghijklmnopq", "") "]",
	                        "[0].name"),
	        "a name is a name");
	CHECK(misread("[" ARM("a", ", \"program\": 3") "]", "[0].program") &&
	                misread("[" ARM("a", ", \"program\": \"\"") "]",
	                        "[0].program") &&
	                misread("[" ARM("a", ", \"program\": null") "]", NULL),
	        "a program is a path or null");
	CHECK(misread("[" ARM("a", ", \"workload\": 3") "]", "[0].workload") &&
	                misread("[" ARM("a", ", \"sha256\": []") "]",
	                        "[0].sha256"),
	        "workload and hash are texts or null");
	CHECK(misread("[{\"name\": \"a\", \"control_extra\": 1}]", NULL) &&
	                misread("[{\"name\": \"a\", \"control_extra\": 1.1}]",
	                        "control_extra") &&
	                misread("[{\"name\": \"a\", \"control_extra\": -0.1}]",
	                        "control_extra") &&
	                misread("[{\"name\": \"a\"}]", "control_extra"),
	        "a share goes from 0 to 1");
	CHECK(misread("[" ARM("a", "") "," ARM("a", "") "]", "arms[1].name"),
	        "a name stands once in a set");
	CHECK(misread("[" ARM("a", "") "," ARM(
	                      "a", ", \"workload\": \"w\"") "]",
	              NULL) &&
	                misread("[" ARM("a", "") "," ARM("a",
	                                ", \"workload\": "
	                                "\"w\"") "," ARM("b", "") "]",
	                        "arms[2].workload"),
	        "two sets may share one, but stand apart");
}

/* What a resume with these arms says of the campaign's; "": it goes on. */
static const char *recalled(const json_t *campaign, const struct rm_arms *asked)
{
	struct rm_arms then = { .count = 0 };

	error.text[0] = '\0';
	rm_arms_recall(campaign, asked, &then, &error);
	rm_arms_clear(&then);
	return error.text;
}

static void a_resume_has_the_same_arms(void)
{
	static const struct rm_arms none;
	json_t *campaign;

	settled("a=abc,b=other", NULL, 0);
	campaign = campaign_of(&arms);
	CHECK(!*recalled(campaign, &none) && !*recalled(campaign, &arms),
	        "a resume asks for the same arms, or for none");
	arms.list[1].control_extra = 0.05;
	CHECK(strstr(recalled(campaign, &arms), "begun with other --arms"),
	        "and not for others");
	fake_root_write(root, "other", "changed");
	CHECK(strstr(recalled(campaign, &none), "arm b: ") &&
	                strstr(error.text, "was changed since"),
	        "a program that was changed is named");
	remove(in_root("abc"));
	CHECK(strstr(recalled(campaign, &none), "arm a: ") &&
	                strstr(error.text, SHA_ABC),
	        "and one that is gone, with its hash");
	json_decref(campaign);
	campaign = json_pack("{}");
	CHECK(strstr(recalled(campaign, &none), "campaign.json: arms: "),
	        "a campaign without arms is none");
	json_decref(campaign);
	rm_arms_clear(&arms);
}

/* A plan of these cells: map, measure and whether it is skipped. */
static void folders_have_programs(void)
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
	cells[1].cell.measure = RM_MEASURE_CAUSES; /* has no program */
	strcpy(cells[3].cell.skip, "skipped");
	fake_root_write(root, "maps/plain/a", "abc");
	fake_root_write(root, "maps/plain/b", "not run");
	CHECK(settled("head=maps", NULL, 0) == 0 && arms.list[0].is_folder &&
	                !arms.list[0].sha256[0] &&
	                rm_arms_hash(&arms, &plan) == 0,
	        "an arm may be a folder of map programs");
	text = json_dumps(arms.list[0].programs, JSON_COMPACT | JSON_SORT_KEYS);
	CHECK(text && !strcmp(text, programs),
	        "programs of cells that run are hashed, once each");
	free(text);
	rm_sha256(programs, strlen(programs), hash);
	CHECK(!strcmp(arms.list[0].sha256, hash),
	        "the hash of the folder is that of its programs");
	campaign = campaign_of(&arms);
	CHECK(rm_arms_from_json(campaign, &back, &error) == 0 &&
	                equal_arms(&arms, &back) && back.list[0].is_folder,
	        "a folder reads back as one");
	rm_arms_clear(&back);
	settled("head=maps", NULL, 0);
	CHECK(!*recalled(campaign, &none) && !*recalled(campaign, &arms),
	        "a resume goes on with the same folder");
	fake_root_write(root, "maps/plain/b", "new");
	CHECK(!*recalled(campaign, &none),
	        "also where a program that it does not use was changed");
	fake_root_write(root, "maps/plain/a", "new");
	CHECK(strstr(recalled(campaign, &none), "arm head: ") &&
	                strstr(error.text, "/maps/plain/a was changed since"),
	        "and not with a program that was changed");
	remove(in_root("maps/plain/a"));
	CHECK(strstr(recalled(campaign, &none), "/maps/plain/a was changed"),
	        "or that is gone");
	json_decref(campaign);
	rm_arms_clear(&arms);
}

/* Two cells of a map, of which one has a control. */
static void a_control_is_an_arm(void)
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
	CHECK(rm_arms_of(&arms, &cells[0].cell).count == 1 &&
	                rm_arms_of(&arms, &cells[1].cell).count == 2 &&
	                !rm_arms_asked(&arms),
	        "a control runs the cells that have one, beside head");
	CHECK(!rm_arms_hash(&arms, &plan) &&
	                json_object_size(arms.list[0].programs) == 1 &&
	                json_object_get(arms.list[0].programs, "plain/a") &&
	                json_object_size(arms.list[1].programs) == 1 &&
	                json_object_get(arms.list[1].programs, "aa/a"),
	        "by a program of its own flavour");
	campaign = campaign_of(&arms);
	CHECK(rm_arms_from_json(campaign, &back, &error) == 0 &&
	                equal_arms(&arms, &back),
	        "and reads back equal");
	rm_arms_clear(&back);
	json_array_append_new(json_object_get(campaign, "arms"),
	        json_pack("{s:s, s:f}", "name", "last", "control_extra", 0.));
	error.text[0] = '\0';
	CHECK(rm_arms_from_json(campaign, &back, &error) == -EINVAL &&
	                strstr(error.text, "arms[2].name"),
	        "it is the last one");
	rm_arms_clear(&back);
	json_decref(campaign);
	rm_arms_clear(&arms);
}

/* Each of the n! orders of some seeds comes about as often. */
static void orders_are_fair(void)
{
	unsigned seen[3][3][3] = { { { 0 } } }, least = 6000;
	size_t order[RM_ARMS_MAX], again[RM_ARMS_MAX];
	bool is_same = true;

	for (uint64_t seed = 0; seed < 6000; seed++) {
		rm_arms_order(seed, 3, order);
		rm_arms_order(seed, 3, again);
		is_same = is_same && !memcmp(order, again, 3 * sizeof(*order));
		seen[order[0]][order[1]][order[2]]++;
	}
	for (unsigned i = 0; i < 3; i++)
		for (unsigned j = 0; j < 3; j++)
			if (i != j && seen[i][j][3 - i - j] < least)
				least = seen[i][j][3 - i - j];
	CHECK(is_same, "a seed has one order");
	/* 1000 each are expected; 800 are 6.9 deviations below. */
	CHECK(least > 800, "all six orders of three arms are as likely");
}

int main(void)
{
	what_is_read();
	what_is_refused();
	who_runs_a_workload();
	fake_root_enter(root, sizeof(root));
	fake_root_write(root, "abc", "abc");
	fake_root_write(root, "copy", "abc");
	fake_root_write(root, "other", "other");
	if (symlink("abc", "link"))
		abort();
	programs_are_looked_at();
	workloads_are_looked_at();
	written_and_read_back();
	what_is_no_set();
	a_resume_has_the_same_arms();
	folders_have_programs();
	a_control_is_an_arm();
	orders_are_fair();
	fake_root_remove(root);
	return DONE();
}
