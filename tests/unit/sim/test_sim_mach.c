/* SPDX-License-Identifier: Apache-2.0 */
/* test_sim_mach.c - valid and invalid descriptions of machines. */
#include "runner/base/lines.h"
#include "runner/sim/model/mach.h"
#include "tests/unit/sim/sim_fixture.h"
#include "tests/unit/tap.h"

#include <hwloc.h>

static const char *const head = "l1d = 32Ki 8-way lru\n"
                                "l2 = none\n"
                                "llc = 8Mi 16-way lru fill\n" SIM_TINY_COSTS;

/* Returns a complete description with one line replaced or added. */
static void compose(char *text, size_t size, const char *key, const char *line)
{
	const char *at = head;
	size_t length = strlen(key);

	text[0] = '\0';
	for (; *at; at += strcspn(at, "\n") + 1) {
		size_t whole = strcspn(at, "\n") + 1, used = strlen(text);

		if (length && !strncmp(at, key, length) && at[length] == ' ')
			snprintf(text + used, size - used, "%s\n", line);
		else
			snprintf(text + used, size - used, "%.*s", (int)whole,
			        at);
	}
	if (!length)
		snprintf(
		        text + strlen(text), size - strlen(text), "%s\n", line);
}

static int parse(
        const char *text, struct rm_sim_mach *mach, struct rm_error *error)
{
	error->text[0] = '\0';
	return rm_sim_mach_parse(
	        "dir/my.conf", text, strlen(text), mach, error);
}

struct mistake {
	const char *key, *line; /* replacement line */
	const char *where, *expected;
};

static const struct mistake mistakes[] = {
	{ "l1d", "l1d = 32Ki 8-way fifo", ":1: ", "lru|plru" },
	{ "l1d", "l1d = 32Ki 8-way", ":1: ", "expected SIZE" },
	{ "l1d", "l1d = 32Ki", ":1: ", "expected SIZE" },
	{ "l1d", "l1d =", ":1: ", "expected SIZE" },
	{ "l1d", "l1d = none", ":1: ", "expected SIZE" },
	{ "l1d", "l1d = big 8-way lru", ":1: ", "expected SIZE" },
	{ "l1d", "l1d = 32Ki 8way lru", ":1: ", "expected N-way" },
	{ "l1d", "l1d = 32Ki 0-way lru", ":1: ", "1-way to 32-way" },
	{ "l1d", "l1d = 32Ki 33-way lru", ":1: ", "1-way to 32-way" },
	{ "l1d", "l1d = 32Ki 99999999-way lru", ":1: ", "expected N-way" },
	{ "l1d", "l1d = 32Ki 7-way lru", ":1: ", "power of two" },
	{ "l1d", "l1d = 48Ki 8-way lru", ":1: ", "power of two" },
	{ "l1d", "l1d = 0 8-way lru", ":1: ", "64 bytes to 1 GiB" },
	{ "l1d", "l1d = 2Gi 8-way lru", ":1: ", "64 bytes to 1 GiB" },
	{ "l1d", "l1d = 100 1-way lru", ":1: ", "power of two" },
	{ "l1d", "l1d = 48Ki 12-way plru", ":1: ", "ways with plru" },
	{ "l1d", "l1d = 32Ki 8-way lru victim", ":1: ", "expected SIZE" },
	{ "l1d", "l1d = 32Ki 8-way lru guess guess", ":1: ", "expected SIZE" },
	{ "l2", "l2 = 256Ki 8-way lru", ":2: ", "inclusive|victim" },
	{ "l2", "l2 = 256Ki 8-way lru fill", ":2: ", "inclusive or victim" },
	{ "l2", "l2 = 256Ki 8-way plru victim",
	        ":2: ", "only l1d can use plru" },
	{ "l2", "l2 = none at all", ":2: ", "or none" },
	{ "llc", "llc = 8Mi 16-way lru inclusive", ":3: ", "victim or fill" },
	{ "memory", "memory = fast", ":8: ", "expected cycles" },
	{ "memory", "memory = -1", ":8: ", "expected cycles" },
	{ "memory", "memory = 1.5", ":8: ", "expected cycles" },
	{ "memory", "memory = 10000001", ":8: ", "expected cycles" },
	{ "memory", "memory = ", ":8: ", "expected cycles" },
	{ "memory", "memory = 9 guess", ":8: ", "guess LOW..HIGH" },
	{ "memory", "memory = 9 about 5..9", ":8: ", "guess LOW..HIGH" },
	{ "memory", "memory = 9 guess 5-9", ":8: ", "LOW..HIGH" },
	{ "memory", "memory = 9 guess 5..", ":8: ", "expected cycles" },
	{ "memory", "memory = 9 guess 10..20", ":8: ", "LOW <= CYCLES" },
	{ "memory", "memory = 9 guess 5..8", ":8: ", "LOW <= CYCLES" },
	{ "memory", "memory = 9 guess 5..9 yes", ":8: ", "guess LOW..HIGH" },
	{ "l1d-hit", "l1d-hit = 0", ":5: ", "at least 1" },
	{ "l1d-hit", "l1d-hit = 1 guess 0..5", ":5: ", "at least 1" },
	{ "mhz", "mhz = 0", ":19: ", "1 to 100000" },
	{ "mhz", "mhz = 3 guess 1..4", ":19: ", "1 to 100000" },
	{ "quantum", "quantum = x", ":18: ", "expected cycles" },
	{ "rmw-loads", "rmw-loads = maybe", ":20: ", "yes or no" },
	{ "", "speed = 9", ":21: ", "unknown key \"speed\"" },
	{ "", "memory = 9", ":21: ",
	        "second memory, expected one (the first is in line 8)" },
	{ "", "memory", ":21: ", "expected KEY = VALUE" },
	{ "", "  memory = 9", ":21: ", "indented" },
	{ "", "[caches]", ":21: ", "section" },
	{ "wake", "# no wake", ":20: ", "ends without wake" },
};

static void mistakes_are_refused(void)
{
	size_t count = sizeof(mistakes) / sizeof(*mistakes), refused = 0;

	for (size_t i = 0; i < count; i++) {
		struct rm_error error = { "" };
		struct rm_sim_mach mach = { .mhz = 12345 };
		char text[2048];
		bool right;

		compose(text, sizeof(text), mistakes[i].key, mistakes[i].line);
		right = parse(text, &mach, &error) < 0 && mach.mhz == 12345 &&
		        !strncmp(error.text, "dir/my.conf:", 12) &&
		        !strncmp(error.text + 11, mistakes[i].where,
		                strlen(mistakes[i].where)) &&
		        strstr(error.text, mistakes[i].expected);
		refused += right;
		if (!right)
			printf("# %s: \"%s\"\n", mistakes[i].line, error.text);
	}
	CHECK(refused == count,
	        "every mistake is rejected at file:line with the expected "
	        "form; the machine stays unchanged");
}

static void a_description_is_read(void)
{
	struct rm_error error = { "" };
	struct rm_sim_mach mach;
	char text[2048];

	compose(text, sizeof(text), "memory", "memory\t=  220  guess 180..350");
	CHECK(!parse(text, &mach, &error) && !strcmp(mach.name, "my") &&
	                mach.l1d.sets == 64 && mach.l1d.ways == 8 &&
	                mach.l2.sets == 0 && mach.llc.sets == 8192 &&
	                mach.llc.inclusion == RM_SIM_FILL && mach.mhz == 1000 &&
	                mach.quantum == 20 && !mach.rmw_loads,
	        "name, levels and options are read");
	CHECK(!rm_sim_mach_parse(
	              "dir/my.slow.conf", text, strlen(text), &mach, &error) &&
	                !strcmp(mach.name, "my.slow"),
	        "a name keeps all but its suffix .conf");
	CHECK(mach.cost[RM_SIM_COST_MEMORY].value == 220 &&
	                mach.cost[RM_SIM_COST_MEMORY].guess &&
	                mach.cost[RM_SIM_COST_MEMORY].low == 180 &&
	                mach.cost[RM_SIM_COST_MEMORY].high == 350 &&
	                !mach.cost[RM_SIM_COST_WAKE].guess &&
	                mach.cost[RM_SIM_COST_WAKE].low == 3000,
	        "a guess keeps its range; other costs have none");
	CHECK(!rm_sim_mach_set(&mach, "wake", "1500", &error) &&
	                mach.cost[RM_SIM_COST_WAKE].value == 1500,
	        "one key may be set");
	CHECK(rm_sim_mach_set(&mach, "wake", "soon", &error) < 0 &&
	                mach.cost[RM_SIM_COST_WAKE].value == 1500 &&
	                strstr(error.text, "wake = soon, expected"),
	        "an invalid value is rejected");
	error.text[0] = '\0';
	CHECK(rm_sim_mach_set(&mach, "wakes", "1", &error) < 0 &&
	                strstr(error.text, "unknown key \"wakes\""),
	        "an unknown key is rejected");
}

static bool reads_back(const struct rm_sim_mach *mach)
{
	struct rm_error error = { "" };
	struct rm_sim_mach back;
	char *text = rm_sim_mach_text(mach), *again = NULL;
	bool same = text && !rm_sim_mach_parse("x.conf", text, strlen(text),
	                            &back, &error);

	again = same ? rm_sim_mach_text(&back) : NULL;
	same = same && again && !strcmp(text, again);
	if (!same)
		printf("# %s\n%s", error.text, text);
	free(text);
	free(again);
	return same;
}

static void built_in_machines_are_sound(void)
{
	static const char *const known[] = { "icelake-sp", "zen3",
		"cachegrind" };
	struct rm_error error = { "" };
	struct rm_sim_mach mach;
	bool found = true, same = true;

	for (size_t i = 0; i < 3; i++) {
		found &= !rm_sim_mach_find(known[i], &mach, &error) &&
		         !strcmp(mach.name, known[i]);
		same &= reads_back(&mach);
	}
	CHECK(found, "icelake-sp, zen3 and cachegrind are built in");
	CHECK(same, "a description reads back from its own text");
	CHECK(!rm_sim_mach_find("zen3", &mach, &error) &&
	                mach.l1d.policy == RM_SIM_PLRU &&
	                mach.l2.inclusion == RM_SIM_INCLUSIVE &&
	                mach.l1d.sets * mach.l1d.ways * 64 == 32 << 10,
	        "Zen 3 has 32 KiB of L1d, in an inclusive L2");
	CHECK(!rm_sim_mach_find("icelake-sp", &mach, &error) &&
	                mach.l1d.sets * mach.l1d.ways * 64 == 48 << 10 &&
	                mach.l2.inclusion == RM_SIM_VICTIM,
	        "Ice Lake-SP has 48 KiB of L1d, with a victim L2");
	CHECK(rm_sim_mach_find("zen9", &mach, &error) < 0 &&
	                strstr(error.text, "expected cachegrind, icelake-sp, "
	                                   "zen3, host, or, for sim-"),
	        "an unknown name is rejected with a list of the known ones");
	error.text[0] = '\0';
	CHECK(rm_sim_mach_find("./no/such.conf", &mach, &error) < 0 &&
	                strstr(error.text, "./no/such.conf: "),
	        "a path names a file");
}

static void host_is_what_hwloc_sees(void)
{
	struct rm_error error = { "" };
	struct rm_sim_mach mach;
	bool guessed = true;

	setenv("HWLOC_SYNTHETIC",
	        "l3:1(size=25165824) l2:2(size=1048576) l1d:1(size=32768) "
	        "core:1 pu:1",
	        1);
	CHECK(!rm_sim_mach_find("host", &mach, &error) &&
	                !strcmp(mach.name, "host") &&
	                mach.l1d.sets * mach.l1d.ways <= 512 &&
	                mach.l1d.sets * mach.l1d.ways > 256 &&
	                mach.llc.sets * mach.llc.ways <= 24 << 14,
	        "host has at most the sizes that hwloc reports");
	for (int i = 0; i < RM_SIM_COSTS; i++)
		guessed &= mach.cost[i].guess;
	CHECK(guessed && mach.l1d.guess, "all other numbers of host are "
	                                 "guesses");
	CHECK(reads_back(&mach), "host reads back from its own text");
	setenv("HWLOC_SYNTHETIC", "core:2 pu:1", 1);
	CHECK(rm_sim_mach_find("host", &mach, &error) < 0 &&
	                strstr(error.text, "expected one"),
	        "a machine without caches in hwloc is rejected");
	unsetenv("HWLOC_SYNTHETIC");
}

/* Mutated descriptions are rejected in one line, or read back. */
static void fuzz(uint64_t inputs)
{
	static const char *const words[] = { "guess", "..", "8-way", "lru",
		"plru", "victim", "none", "=", " = ", "\n", "#", "l2", "memory",
		"99999999999999999999", "1Gi", "0", "-", "[", ";", "\t", "fill",
		"64", "32-way" };
	uint64_t rng = rm_seed(9, 9), accepted = 0;
	bool sound = true;

	for (uint64_t i = 0; i < inputs && sound; i++) {
		struct rm_error error = { "" };
		struct rm_sim_mach mach;
		size_t length = strlen(head), room = length + 256;
		char *text = malloc(room), *exact;

		memcpy(text, head, length);
		for (uint64_t n = rm_below(rm_next(&rng), 3) + 1; n; n--) {
			size_t at = rm_below(rm_next(&rng), length);
			const char *word = words[rm_below(
			        rm_next(&rng), sizeof(words) / sizeof(*words))];
			size_t bytes = strlen(word);

			switch (rm_below(rm_next(&rng), 3)) {
			case 0:
				text[at] = (char)rm_next(&rng);
				break;
			case 1:
				memmove(text + at + bytes, text + at,
				        length - at);
				memcpy(text + at, word, bytes);
				length += bytes;
				break;
			default:
				length -= 1;
				memmove(text + at, text + at + 1, length - at);
			}
		}
		exact = malloc(length); /* has exactly the length, to detect an
		                           overrun */
		memcpy(exact, text, length);
		if (rm_sim_mach_parse("f.conf", exact, length, &mach, &error))
			sound = !strncmp(error.text, "f.conf:", 7) &&
			        !strchr(error.text, '\n');
		else
			sound = !error.text[0] && reads_back(&mach) &&
			        ++accepted;
		if (!sound)
			printf("# \"%s\" for:\n%.*s\n", error.text, (int)length,
			        exact);
		free(exact);
		free(text);
	}
	printf("# %llu of %llu accepted\n", (unsigned long long)accepted,
	        (unsigned long long)inputs);
	CHECK(sound, "an input is rejected in one line or reads back");
	CHECK(accepted * 50 > inputs && accepted < inputs,
	        "inputs are both accepted and rejected");
}

int main(void)
{
	const char *inputs = getenv("FUZZ_INPUTS");

	a_description_is_read();
	mistakes_are_refused();
	built_in_machines_are_sound();
	host_is_what_hwloc_sees();
	fuzz(inputs ? strtoull(inputs, NULL, 10) : 100000);
	return DONE();
}
