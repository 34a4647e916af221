/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fuzz_sim_machine.c - mutated descriptions of simulated machines.
 * slow: seconds of CPU time; not part of `make check`.
 * fuzzes: runner/sim/model/mach.c
 *
 * A result is sound if a rejection is one line with the number of the wrong
 * line. An accepted text is written, read again and written as the same text,
 * also key by key.
 */
#include "runner/sim/model/mach.h"
#include "tests/unit/fuzz.h"

#include <stdlib.h>
#include <string.h>

static const char *const words[] = { "base", "l1d", "l2", "llc", "quantum",
	"mhz", "rmw-loads", "memory", "transfer", "hold-read", "l1d-hit",
	"fence", "futex", "guess", "none", "lru", "plru", "victim", "fill",
	"inclusive", "8-way", "0-way", "1234567-way", "12345678-way", "33-way",
	"1-way", "32Ki", "48Ki", "1Gi", "1Gi 32-way lru", "64", "63", "..",
	"1..2", "4 guess 1..9", "4 guess 9..1", "yes", "no", " = ", "=", "\n",
	"#", ";", "[x]", "0", "10000000", "10000001", "100001", "-1",
	"base = 1\n", "l2 = none\n", "l1d = 32Ki 8-way plru\n",
	"llc = 1Mi 16-way lru fill guess\n", NULL };

static const char *const files[] = { "runner/sim/machines/zen3.conf",
	"runner/sim/machines/icelake-sp.conf",
	"runner/sim/machines/cachegrind.conf", NULL };

static const char *const texts[] = {
	"base = 1\nl1d-hit = 4\nl2-hit = 12 guess 10..14\nllc-hit = 40\n"
	"memory = 200\ntransfer = 80\nupgrade = 60\nhold = 20\n"
	"hold-read = 10\nrmw = 18\nfence = 30\nrelax = 40\nfutex = 1000\n"
	"wake = 2000\nl1d = 32Ki 8-way plru\nl2 = none\nllc = none\n"
	"quantum = 1000\nmhz = 2600\nrmw-loads = yes\n",
	NULL
};

/* Sets each line of a text as if by a command-line option. */
static bool sets_the_same(char *text, const struct rm_sim_mach *mach)
{
	struct rm_sim_mach set = { .name = "" };
	bool same = true;
	char *rest = text;

	strcpy(set.name, mach->name);
	for (char *line; same && (line = strsep(&rest, "\n")) && *line;) {
		char *value = strstr(line, " = ");

		*value = '\0';
		same = !rm_sim_mach_set(&set, line, value + 3, NULL);
	}
	char *x = rm_sim_mach_text(mach), *y = rm_sim_mach_text(&set);

	same = same && !strcmp(x, y);
	free(x);
	free(y);
	return same;
}

static bool reads_back(const struct rm_sim_mach *mach, char *why)
{
	struct rm_sim_mach again;
	struct rm_error error = { "" };
	char *text = rm_sim_mach_text(mach), *second = NULL;
	bool same = !rm_sim_mach_parse(
	        "fuzz.conf", text, strlen(text), &again, &error);

	if (same)
		second = rm_sim_mach_text(&again);
	same = same && !strcmp(text, second) && sets_the_same(text, mach);
	if (!same)
		snprintf(why, FUZZ_WHY, "not the same after writing: %s",
		        error.text);
	free(text);
	free(second);
	return same;
}

/* Tests the second entry point, an option KEY=VALUE, which may be any text. If
   it is rejected, the machine must not change. */
static bool sets_or_keeps(struct fuzz_input *input,
        const struct rm_sim_mach *mach, const char *text, size_t length)
{
	struct rm_sim_mach set = *mach;
	struct rm_error error = { "" };
	char *copy = strndup(text, length), *key = copy;

	for (uint64_t skip = fuzz_below(input, 20); skip && key; skip--)
		key = strchr(key, '\n') ? strchr(key, '\n') + 1 : NULL;
	key = key ? key : copy;
	key[strcspn(key, "\n")] = '\0';

	char *value = strchr(key, '=');
	bool sound = true;

	if (value) {
		value[0] = '\0';
		if (value > key && value[-1] == ' ')
			value[-1] = '\0';
		value += 1 + strspn(value + 1, " ");
		sound = !rm_sim_mach_set(&set, key, value, &error) ||
		        (fuzz_is_line(error.text) &&
		                !memcmp(&set, mach, sizeof(set)));
	}
	free(copy);
	return sound;
}

static enum fuzz_verdict judge(
        struct fuzz_input *input, const char *text, size_t length, char *why)
{
	static struct rm_sim_mach known;
	struct rm_sim_mach mach = { .name = "" };
	struct rm_error error = { "" };

	if (!known.name[0] && rm_sim_mach_find("zen3", &known, &error))
		return FUZZ_UNSOUND;
	if (!sets_or_keeps(input, &known, text, length))
		return FUZZ_UNSOUND;
	if (rm_sim_mach_parse("a/fuzz.conf", text, length, &mach, &error)) {
		snprintf(why, FUZZ_WHY, "%s", error.text);
		return strncmp(why, "a/fuzz.conf:", 12) ? FUZZ_UNSOUND
		                                        : FUZZ_REFUSED;
	}
	return !fuzz_key_twice(text, length) && reads_back(&mach, why)
	               ? FUZZ_TAKEN
	               : FUZZ_UNSOUND;
}

int main(void)
{
	static const struct fuzz_parser parser = { .name = "sim machine",
		.words = words,
		.files = files,
		.texts = texts,
		.judge = judge };

	fuzz_check(&parser, 60000);
	return DONE();
}
