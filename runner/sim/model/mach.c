/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mach.c - reads and writes the description of a machine.
 *
 * Every key is required, so that every number of a simulated machine is in its
 * file. Writing and reading a description does not change it, because results
 * and golden files identify the machine by its text.
 */
#include "runner/sim/model/mach.h"

#include "runner/base/lines.h"
#include "runner/base/number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers of keys. The number of a cost is its enum value; these keys
   follow. */
enum {
	KEY_L1D = RM_SIM_COSTS,
	KEY_L2,
	KEY_LLC,
	KEY_QUANTUM,
	KEY_MHZ,
	KEY_RMW_LOADS,
	KEYS,
};

enum { VALUE_BYTES = 96 }; /* more than the longest value */

const char *const rm_sim_cost_name[RM_SIM_COSTS] = {
	[RM_SIM_COST_BASE] = "base",
	[RM_SIM_COST_L1D] = "l1d-hit",
	[RM_SIM_COST_L2] = "l2-hit",
	[RM_SIM_COST_LLC] = "llc-hit",
	[RM_SIM_COST_MEMORY] = "memory",
	[RM_SIM_COST_TRANSFER] = "transfer",
	[RM_SIM_COST_UPGRADE] = "upgrade",
	[RM_SIM_COST_HOLD] = "hold",
	[RM_SIM_COST_HOLD_READ] = "hold-read",
	[RM_SIM_COST_RMW] = "rmw",
	[RM_SIM_COST_FENCE] = "fence",
	[RM_SIM_COST_RELAX] = "relax",
	[RM_SIM_COST_FUTEX] = "futex",
	[RM_SIM_COST_WAKE] = "wake",
};

static const char *const other_keys[KEYS - RM_SIM_COSTS] = { "l1d", "l2", "llc",
	"quantum", "mhz", "rmw-loads" };

/* CYCLES_MAX exceeds any real cost, but cannot overflow a clock. */
enum { CYCLES_MAX = 10000000, LEVEL_BYTES_MAX = 1 << 30 };

static const char *key_name(int key)
{
	return key < RM_SIM_COSTS ? rm_sim_cost_name[key]
	                          : other_keys[key - RM_SIM_COSTS];
}

/* Returns the number of a key, or -EINVAL. */
static int key_of(const char *name)
{
	for (int key = 0; key < KEYS; key++)
		if (!strcmp(name, key_name(key)))
			return key;
	return -EINVAL;
}

enum { KEYS_BYTES = 512 };

static const char *list_keys(char text[KEYS_BYTES])
{
	size_t used = 0;

	for (int key = 0; key < KEYS && used < KEYS_BYTES; key++)
		used += (size_t)snprintf(text + used, KEYS_BYTES - used, "%s%s",
		        key ? ", " : "", key_name(key));
	return text;
}

static const char *read_cycles_of(const char *text, uint32_t *cycles)
{
	uint64_t number;

	if (rm_number_integer(text, &number) || number > CYCLES_MAX)
		return "expected cycles, 0 to 10000000";
	*cycles = (uint32_t)number;
	return NULL;
}

/* Parses N | N guess LOW..HIGH. Returns a description of the problem, or NULL.
   The range must contain N, because a sensitivity run reports a range around
   it. */
static const char *read_cost(char *text, struct rm_sim_cycles *cost)
{
	char *rest = NULL, *value = strtok_r(text, " \t", &rest);
	char *guess = strtok_r(NULL, " \t", &rest);
	char *range = strtok_r(NULL, " \t", &rest), *high;
	const char *fault = read_cycles_of(value ? value : "", &cost->value);

	if (fault)
		return fault;
	cost->guess = guess != NULL;
	cost->low = cost->high = cost->value;
	if (!guess)
		return NULL;
	if (strcmp(guess, "guess") || !range || strtok_r(NULL, " \t", &rest))
		return "expected CYCLES or CYCLES guess LOW..HIGH";
	high = strstr(range, "..");
	if (!high)
		return "expected a range LOW..HIGH after guess";
	*high = '\0';
	fault = read_cycles_of(range, &cost->low);
	if (!fault)
		fault = read_cycles_of(high + 2, &cost->high);
	if (!fault && (cost->low > cost->value || cost->high < cost->value))
		fault = "expected LOW <= CYCLES <= HIGH";
	return fault;
}

/* Computes the number of sets. It must be a power of two, because a mask
   selects the set. Sizes with an odd number of ways are therefore valid (48
   KiB, 12 ways). */
static const char *set_sets(struct rm_sim_level *level, uint64_t bytes)
{
	uint64_t sets = bytes / RM_SIM_LINE_BYTES / level->ways;

	if (bytes == 0 || bytes > LEVEL_BYTES_MAX)
		return "expected a size of 64 bytes to 1 GiB";
	if (sets * RM_SIM_LINE_BYTES * level->ways != bytes || sets == 0 ||
	        (sets & (sets - 1)))
		return "expected size / ways / 64 bytes to be a power of two";
	level->sets = (uint32_t)sets;
	return NULL;
}

static const char *read_ways(const char *text, uint32_t *ways)
{
	char number[8];
	uint64_t value;
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits >= sizeof(number) ||
	        strcmp(text + digits, "-way") != 0)
		return "expected N-way after the size";
	memcpy(number, text, digits);
	number[digits] = '\0';
	if (rm_number_integer(number, &value) || value < 1 ||
	        value > RM_SIM_WAYS_MAX)
		return "expected 1-way to 32-way";
	*ways = (uint32_t)value;
	return NULL;
}

/* Words for enum rm_sim_policy and enum rm_sim_inclusion, used as indexes. */
static const char *const policies[] = { "lru", "plru", NULL };
static const char *const inclusions[] = { "inclusive", "victim", "fill", NULL };

/* Returns the number of a word; -1 for an unknown word, and for NULL (end of
   line). */
static int number_of(const char *word, const char *const *names)
{
	for (int i = 0; word && names[i]; i++)
		if (!strcmp(word, names[i]))
			return i;
	return -1;
}

/* Checks limits of the model: tree-PLRU requires 2^n ways, and exists only for
   L1d. The LLC does not record which lines the cores hold. */
static const char *check_level(int key, const struct rm_sim_level *level)
{
	if (level->policy == RM_SIM_PLRU && key != KEY_L1D)
		return "expected lru: only l1d can use plru";
	if (level->policy == RM_SIM_PLRU && (level->ways & (level->ways - 1)))
		return "expected 1, 2, 4, 8, 16 or 32 ways with plru";
	if (key == KEY_L2 && level->inclusion == RM_SIM_FILL)
		return "expected inclusive or victim for l2";
	if (key == KEY_LLC && level->inclusion == RM_SIM_INCLUSIVE)
		return "expected victim or fill for llc";
	return NULL;
}

/* Parses SIZE N-way POLICY [INCLUSION] [guess] | none. */
static const char *read_level(char *text, int key, struct rm_sim_level *level)
{
	static const char *const form[] = {
		"expected SIZE N-way lru|plru [guess]",
		"expected SIZE N-way lru inclusive|victim [guess], or none",
		"expected SIZE N-way lru victim|fill [guess], or none"
	};
	const char *expected = form[key - KEY_L1D], *fault;
	char *rest = NULL, *size = strtok_r(text, " \t", &rest), *word;
	uint64_t bytes;
	int policy, inclusion = RM_SIM_FILL;

	/* A missing level has RM_SIM_FILL. coherence.c compares with the two
	   other values, and need not check whether the level exists. */
	*level = (struct rm_sim_level){ .inclusion = RM_SIM_FILL };
	if (!size)
		return expected;
	if (!strcmp(size, "none") && key != KEY_L1D)
		return strtok_r(NULL, " \t", &rest) ? expected : NULL;
	if (rm_number_count(size, &bytes))
		return expected;
	word = strtok_r(NULL, " \t", &rest);
	fault = word ? read_ways(word, &level->ways) : expected;
	if (fault)
		return fault;
	policy = number_of(strtok_r(NULL, " \t", &rest), policies);
	if (key != KEY_L1D)
		inclusion = number_of(strtok_r(NULL, " \t", &rest), inclusions);
	if (policy < 0 || inclusion < 0)
		return expected;
	level->policy = (enum rm_sim_policy)policy;
	level->inclusion = (enum rm_sim_inclusion)inclusion;
	word = strtok_r(NULL, " \t", &rest);
	level->guess = word && !strcmp(word, "guess");
	if ((word && !level->guess) || strtok_r(NULL, " \t", &rest))
		return expected;
	fault = check_level(key, level);
	return fault ? fault : set_sets(level, bytes);
}

/* Sets `key`, and modifies `value`. Returns NULL, or the expected form. */
static const char *set_key(struct rm_sim_mach *mach, int key, char *value)
{
	struct rm_sim_level *const levels[] = { &mach->l1d, &mach->l2,
		&mach->llc };
	uint64_t number;

	if (key < RM_SIM_COSTS) {
		const char *fault = read_cost(value, &mach->cost[key]);

		if (!fault && key == RM_SIM_COST_L1D && !mach->cost[key].low)
			fault = "expected at least 1, since the time of a "
			        "spinning core must pass";
		return fault;
	}
	switch (key) {
	case KEY_L1D:
	case KEY_L2:
	case KEY_LLC:
		return read_level(value, key, levels[key - KEY_L1D]);
	case KEY_QUANTUM:
		return read_cycles_of(value, &mach->quantum);
	case KEY_MHZ:
		if (rm_number_integer(value, &number) || number < 1 ||
		        number > 100000)
			return "expected virtual cycles per microsecond, 1 to "
			       "100000";
		mach->mhz = (uint32_t)number;
		return NULL;
	default:
		mach->rmw_loads = !strcmp(value, "yes");
		return mach->rmw_loads || !strcmp(value, "no")
		               ? NULL
		               : "expected yes or no";
	}
}

static void level_text(
        const struct rm_sim_mach *mach, int key, char *text, size_t size)
{
	const struct rm_sim_level *const levels[] = { &mach->l1d, &mach->l2,
		&mach->llc };
	const struct rm_sim_level *level = levels[key - KEY_L1D];
	bool below = key != KEY_L1D;

	if (!level->sets)
		snprintf(text, size, "none");
	else
		snprintf(text, size, "%u %u-way %s%s%s%s",
		        level->sets * level->ways * RM_SIM_LINE_BYTES,
		        level->ways, policies[level->policy], below ? " " : "",
		        below ? inclusions[level->inclusion] : "",
		        level->guess ? " guess" : "");
}

/* Writes a value in the form that set_key() reads. */
static void key_text(
        const struct rm_sim_mach *mach, int key, char *text, size_t size)
{
	const struct rm_sim_cycles *cost = &mach->cost[key % RM_SIM_COSTS];

	if (key >= KEY_L1D && key <= KEY_LLC)
		level_text(mach, key, text, size);
	else if (key == KEY_QUANTUM)
		snprintf(text, size, "%u", mach->quantum);
	else if (key == KEY_MHZ)
		snprintf(text, size, "%u", mach->mhz);
	else if (key == KEY_RMW_LOADS)
		snprintf(text, size, "%s", mach->rmw_loads ? "yes" : "no");
	else if (cost->guess)
		snprintf(text, size, "%u guess %u..%u", cost->value, cost->low,
		        cost->high);
	else
		snprintf(text, size, "%u", cost->value);
}

/* Stores the machine's name: the file name without ".conf". The name of
   zen3.slow.conf is zen3.slow, since zen3 is a different machine. */
static void name_of(const char *file, char *name)
{
	static const char suffix[] = ".conf";
	const char *slash = strrchr(file, '/');
	const char *base = slash ? slash + 1 : file;
	size_t length = strlen(base), end = sizeof(suffix) - 1;

	if (length > end && !strcmp(base + length - end, suffix))
		length -= end;
	snprintf(name, RM_SIM_NAME_BYTES, "%.*s", (int)length, base);
}

/* Parses one line, split at '='. Returns 0 or -EINVAL. */
static int read_line(char *line, const char *where, unsigned *seen,
        struct rm_sim_mach *mach, struct rm_error *error)
{
	unsigned number = (unsigned)strtoul(strrchr(where, ':') + 1, NULL, 10);
	char *value = strchr(line, '=');
	char *end = value;
	const char *fault;
	char keys[KEYS_BYTES];
	int key;

	*value++ = '\0';
	while (end > line && strchr(" \t", end[-1]))
		*--end = '\0';
	value += strspn(value, " \t");
	value[strcspn(value, "\n")] = '\0';
	key = key_of(line);
	if (key < 0)
		return rm_error_set(error, -EINVAL,
		        "%s: unknown key \"%s\", expected one of %s", where,
		        line, list_keys(keys));
	if (seen[key])
		return rm_error_set(error, -EINVAL,
		        "%s: second %s, expected one (the first is in line %u)",
		        where, line, seen[key]);
	seen[key] = number;
	char copy[256]; /* set_key() modifies the copy, and the message needs
	                   the whole text */

	snprintf(copy, sizeof(copy), "%s", value);
	fault = set_key(mach, key, copy);
	if (fault)
		return rm_error_set(error, -EINVAL, "%s: %s = %s, %s", where,
		        line, value, fault);
	return 0;
}

int rm_sim_mach_parse(const char *file, const char *text, size_t length,
        struct rm_sim_mach *mach, struct rm_error *error)
{
	struct rm_error local_error = { "" };
	struct rm_lines lines = {
		.file = file,
		.text = text,
		.length = length,
		.error = error ? error : &local_error,
	};
	struct rm_sim_mach parsed = { .name = "" };
	unsigned seen[KEYS] = { 0 };
	char line[RM_LINE_MAX + 2], where[RM_WHERE_BYTES];

	name_of(file, parsed.name);
	while (rm_lines_next(line, sizeof(line), &lines)) {
		rm_lines_location(&lines, where);
		if (line[0] == '\n')
			continue;
		if (read_line(line, where, seen, &parsed, lines.error))
			return -EINVAL;
	}
	if (lines.error->text[0])
		return -EINVAL;
	rm_lines_location(&lines, where);
	/* no defaults, since they would be undocumented guesses */
	for (int key = 0; key < KEYS; key++)
		if (!seen[key])
			return rm_error_set(error, -EINVAL,
			        "%s: the file ends without %s, which is "
			        "required",
			        where, key_name(key));
	*mach = parsed;
	return 0;
}

int rm_sim_mach_set(struct rm_sim_mach *mach, const char *key,
        const char *value, struct rm_error *error)
{
	/* *mach must not change if there is an error */
	struct rm_sim_mach changed = *mach;
	char copy[VALUE_BYTES];
	int number = key_of(key);
	char keys[KEYS_BYTES];
	const char *fault;

	if (number < 0)
		return rm_error_set(error, -EINVAL,
		        "unknown key \"%s\" of a machine, expected one of %s",
		        key, list_keys(keys));
	snprintf(copy, sizeof(copy), "%s", value);
	fault = strlen(value) >= sizeof(copy) ? "expected a shorter value"
	                                      : set_key(&changed, number, copy);
	if (fault)
		return rm_error_set(
		        error, -EINVAL, "%s = %s, %s", key, value, fault);
	*mach = changed;
	return 0;
}

char *rm_sim_mach_text(const struct rm_sim_mach *mach)
{
	char value[VALUE_BYTES], *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return NULL;
	for (int key = 0; key < KEYS; key++) {
		key_text(mach, key, value, sizeof(value));
		fprintf(file, "%s = %s\n", key_name(key), value);
	}
	if (fclose(file)) {
		free(text);
		return NULL;
	}
	return text;
}
