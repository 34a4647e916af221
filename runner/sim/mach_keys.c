/* SPDX-License-Identifier: Apache-2.0 */
/* mach_keys.c - the keys of a machine's description and their values. */
#include "runner/sim/mach_keys.h"

#include "runner/plan/number.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

static const char *const other_keys[RM_SIM_KEYS - RM_SIM_COSTS] = { "l1d", "l2",
	"llc", "quantum", "mhz", "rmw-loads" };

/* Far above any real figure, far below what could overflow a clock. */
enum { CYCLES_MAX = 10000000, LEVEL_BYTES_MAX = 1 << 30 };

const char *rm_sim_key_name(int key)
{
	return key < RM_SIM_COSTS ? rm_sim_cost_name[key]
	                          : other_keys[key - RM_SIM_COSTS];
}

int rm_sim_key_of(const char *name)
{
	for (int key = 0; key < RM_SIM_KEYS; key++)
		if (!strcmp(name, rm_sim_key_name(key)))
			return key;
	return -EINVAL;
}

static const char *read_cycles_of(const char *text, uint32_t *cycles)
{
	uint64_t number;

	if (rm_number_whole(text, &number) || number > CYCLES_MAX)
		return "expected cycles, 0 to 10000000";
	*cycles = (uint32_t)number;
	return NULL;
}

/* N | N guess LOW..HIGH: what is wrong with it, or NULL. */
static const char *read_cost(char *text, struct rm_sim_cycles *cost)
{
	char *rest = NULL, *value = strtok_r(text, " \t", &rest);
	char *guess = strtok_r(NULL, " \t", &rest);
	char *range = strtok_r(NULL, " \t", &rest), *high;
	const char *wrong = read_cycles_of(value ? value : "", &cost->value);

	if (wrong)
		return wrong;
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
	wrong = read_cycles_of(range, &cost->low);
	if (!wrong)
		wrong = read_cycles_of(high + 2, &cost->high);
	if (!wrong && (cost->low > cost->value || cost->high < cost->value))
		wrong = "expected LOW <= CYCLES <= HIGH";
	return wrong;
}

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
	if (rm_number_whole(number, &value) || value < 1 ||
	        value > RM_SIM_WAYS_MAX)
		return "expected 1-way to 32-way";
	*ways = (uint32_t)value;
	return NULL;
}

static bool is_policy(const char *word, struct rm_sim_level *level)
{
	if (!strcmp(word, "lru"))
		level->policy = RM_SIM_LRU;
	else if (!strcmp(word, "plru"))
		level->policy = RM_SIM_PLRU;
	else
		return false;
	return true;
}

static bool is_inclusion(const char *word, struct rm_sim_level *level)
{
	if (!strcmp(word, "inclusive"))
		level->inclusion = RM_SIM_INCLUSIVE;
	else if (!strcmp(word, "victim"))
		level->inclusion = RM_SIM_VICTIM;
	else if (!strcmp(word, "fill"))
		level->inclusion = RM_SIM_FILL;
	else
		return false;
	return true;
}

static const char *check_level(int key, const struct rm_sim_level *level)
{
	if (level->policy == RM_SIM_PLRU && key != RM_SIM_KEY_L1D)
		return "expected lru: plru is for l1d";
	if (level->policy == RM_SIM_PLRU && (level->ways & (level->ways - 1)))
		return "expected a power of two of ways with plru";
	if (key == RM_SIM_KEY_L2 && level->inclusion == RM_SIM_FILL)
		return "expected inclusive or victim for l2";
	if (key == RM_SIM_KEY_LLC && level->inclusion == RM_SIM_INCLUSIVE)
		return "expected victim or fill for llc";
	return NULL;
}

/* SIZE N-way POLICY [INCLUSION] [guess] | none. */
static const char *read_level(char *text, int key, struct rm_sim_level *level)
{
	static const char *const form[] = {
		"expected SIZE N-way lru|plru [guess]",
		"expected SIZE N-way lru inclusive|victim [guess], or none",
		"expected SIZE N-way lru victim|fill [guess], or none"
	};
	const char *expected = form[key - RM_SIM_KEY_L1D], *wrong;
	char *rest = NULL, *size = strtok_r(text, " \t", &rest), *word;
	uint64_t bytes;

	*level = (struct rm_sim_level){ .inclusion = RM_SIM_FILL };
	if (!size)
		return expected;
	if (!strcmp(size, "none") && key != RM_SIM_KEY_L1D)
		return strtok_r(NULL, " \t", &rest) ? expected : NULL;
	if (rm_number_count(size, &bytes))
		return expected;
	word = strtok_r(NULL, " \t", &rest);
	wrong = word ? read_ways(word, &level->ways) : expected;
	if (wrong)
		return wrong;
	word = strtok_r(NULL, " \t", &rest);
	if (!word || !is_policy(word, level))
		return expected;
	word = strtok_r(NULL, " \t", &rest);
	if (key != RM_SIM_KEY_L1D) {
		if (!word || !is_inclusion(word, level))
			return expected;
		word = strtok_r(NULL, " \t", &rest);
	}
	level->guess = word && !strcmp(word, "guess");
	if ((word && !level->guess) || strtok_r(NULL, " \t", &rest))
		return expected;
	wrong = check_level(key, level);
	return wrong ? wrong : set_sets(level, bytes);
}

const char *rm_sim_key_set(struct rm_sim_mach *mach, int key, char *value)
{
	uint64_t number;

	if (key < RM_SIM_COSTS) {
		const char *wrong = read_cost(value, &mach->cost[key]);

		if (!wrong && key == RM_SIM_COST_L1D && !mach->cost[key].low)
			wrong = "expected at least 1: a spinning core's time "
			        "must pass";
		return wrong;
	}
	switch (key) {
	case RM_SIM_KEY_L1D:
		return read_level(value, key, &mach->l1d);
	case RM_SIM_KEY_L2:
		return read_level(value, key, &mach->l2);
	case RM_SIM_KEY_LLC:
		return read_level(value, key, &mach->llc);
	case RM_SIM_KEY_QUANTUM:
		return read_cycles_of(value, &mach->quantum);
	case RM_SIM_KEY_MHZ:
		if (rm_number_whole(value, &number) || number < 1 ||
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
        const struct rm_sim_level *level, bool below, char *text, size_t size)
{
	static const char *const inclusions[] = { " inclusive", " victim",
		" fill" };

	if (!level->sets)
		snprintf(text, size, "none");
	else
		snprintf(text, size, "%u %u-way %s%s%s",
		        level->sets * level->ways * RM_SIM_LINE_BYTES,
		        level->ways,
		        level->policy == RM_SIM_PLRU ? "plru" : "lru",
		        below ? inclusions[level->inclusion] : "",
		        level->guess ? " guess" : "");
}

void rm_sim_key_text(
        const struct rm_sim_mach *mach, int key, char *text, size_t size)
{
	const struct rm_sim_cycles *cost = &mach->cost[key % RM_SIM_COSTS];

	if (key == RM_SIM_KEY_L1D)
		level_text(&mach->l1d, false, text, size);
	else if (key == RM_SIM_KEY_L2)
		level_text(&mach->l2, true, text, size);
	else if (key == RM_SIM_KEY_LLC)
		level_text(&mach->llc, true, text, size);
	else if (key == RM_SIM_KEY_QUANTUM)
		snprintf(text, size, "%u", mach->quantum);
	else if (key == RM_SIM_KEY_MHZ)
		snprintf(text, size, "%u", mach->mhz);
	else if (key == RM_SIM_KEY_RMW_LOADS)
		snprintf(text, size, "%s", mach->rmw_loads ? "yes" : "no");
	else if (cost->guess)
		snprintf(text, size, "%u guess %u..%u", cost->value, cost->low,
		        cost->high);
	else
		snprintf(text, size, "%u", cost->value);
}
