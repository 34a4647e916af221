/* SPDX-License-Identifier: Apache-2.0 */
/* workload_check.c - assigning keys, and what keys say of each other. */
#include "runner/plan/workload_keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { VALUE_BYTES = 4096 };

int rm_workload_name(const char *file, rm_name name, struct rm_error *error)
{
	const char *slash = strrchr(file, '/');
	const char *base = slash ? slash + 1 : file;
	size_t length = strlen(base);

	if (length > 5 && !strcmp(base + length - 5, ".conf"))
		length -= 5;
	if (length == 0 || length > 48 ||
	        strspn(base,
	                "abcdefghijklmnopqrstuvwxyz"
	                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") < length ||
	        base[0] == '.')
		return rm_error_set(error, -EINVAL,
		        "%s: the name of a workload, expected at most 48 "
		        "letters, digits, _ - .",
		        file);
	memcpy(name, base, length);
	name[length] = '\0';
	return 0;
}

enum rm_workload_key rm_workload_key_find(const char *name)
{
	int key = 0;

	while (key < RM_WORKLOAD_KEYS &&
	        strcmp(rm_workload_keys[key].name, name))
		key++;
	return (enum rm_workload_key)key;
}

/* Whether value i stands in the list already, however it is written. */
static bool twice(const struct rm_workload *workload, enum rm_workload_key key,
        unsigned i)
{
	char text[RM_VALUE_BYTES], other[RM_VALUE_BYTES];

	rm_workload_write(workload, key, i, text, sizeof(text));
	for (unsigned j = 0; j < i; j++) {
		rm_workload_write(workload, key, j, other, sizeof(other));
		if (!strcmp(text, other))
			return true;
	}
	return false;
}

static int assign_item(struct rm_workload *workload, enum rm_workload_key id,
        const char *item, struct rm_error *error)
{
	const struct rm_key_of_workload *key = &rm_workload_keys[id];
	const char *where = workload->where[id];
	unsigned i = workload->count[id];

	if (i == (key->list ? RM_LIST_MAX : 1))
		return rm_error_set(error, -EINVAL,
		        "%s: %s has too many values, expected at most %u",
		        where, key->name, i);
	if (key->read(workload, i, item))
		return rm_error_set(error, -EINVAL,
		        "%s: %s = \"%.60s\", expected %s", where, key->name,
		        item, key->expected);
	if (twice(workload, id, i))
		return rm_error_set(error, -EINVAL,
		        "%s: %s has \"%.60s\" twice, expected each value once",
		        where, key->name, item);
	workload->count[id]++;
	return 0;
}

int rm_workload_assign(struct rm_workload *workload, enum rm_workload_key id,
        const char *value, const char *where, struct rm_error *error)
{
	const struct rm_key_of_workload *key = &rm_workload_keys[id];
	char copy[VALUE_BYTES], *rest = copy;

	snprintf(workload->where[id], RM_WHERE_BYTES, "%s", where);
	workload->count[id] = 0;
	if (strlen(value) >= sizeof(copy))
		return rm_error_set(error, -EINVAL,
		        "%s: %s has a value of %zu characters, expected %s",
		        where, key->name, strlen(value), key->expected);
	memcpy(copy, value, strlen(value) + 1);
	for (char *item; (item = strsep(&rest, " \t"));)
		if (*item && assign_item(workload, id, item, error))
			return -EINVAL;
	if (workload->count[id] == 0)
		return rm_error_set(error, -EINVAL,
		        "%s: %s has no value, expected %s", where, key->name,
		        key->expected);
	return 0;
}

/* Techniques without keys: nothing to say of keys and writes. */
static bool keyless(const struct rm_workload *workload)
{
	for (unsigned i = 0; i < workload->count[RM_KEY_LOOP]; i++)
		if (!rm_loop_is_own(workload->loops[i].kind))
			return false;
	return true;
}

int rm_workload_fill_in(struct rm_workload *workload, struct rm_error *error)
{
	if (!keyless(workload))
		return 0;
	if (!workload->count[RM_KEY_WRITES] &&
	        rm_workload_assign(
	                workload, RM_KEY_WRITES, "0%", "default", error))
		return -EINVAL;
	if (!workload->count[RM_KEY_KEYS])
		return rm_workload_assign(
		        workload, RM_KEY_KEYS, "1", "default", error);
	return 0;
}

static int check_missing(
        const struct rm_workload *workload, struct rm_error *error)
{
	for (int key = 0; key < RM_WORKLOAD_KEYS; key++) {
		bool needed =
		        key == RM_KEY_KEYS || key == RM_KEY_THREADS ||
		        (key == RM_KEY_WRITES && !rm_workload_traced(workload));

		if (needed && workload->count[key] == 0)
			return rm_error_set(error, -EINVAL,
			        "%s: %s is missing, expected %s",
			        workload->file, rm_workload_keys[key].name,
			        rm_workload_keys[key].expected);
	}
	return 0;
}

/* A loop that is open, or one that is closed. */
static bool has_loop(const struct rm_workload *workload, bool open)
{
	for (unsigned i = 0; i < workload->count[RM_KEY_LOOP]; i++)
		if ((workload->loops[i].kind == RM_LOOP_PACED) == open)
			return true;
	return false;
}

static int check_loops(
        const struct rm_workload *workload, struct rm_error *error)
{
	bool paced = has_loop(workload, true);

	if (paced && workload->count[RM_KEY_RATE] == 0)
		return rm_error_set(error, -EINVAL,
		        "%s: loop = paced without a rate, expected %s",
		        workload->where[RM_KEY_LOOP],
		        rm_workload_keys[RM_KEY_RATE].expected);
	for (int key = RM_KEY_RATE; key <= RM_KEY_ARRIVALS; key++)
		if (!paced && workload->count[key])
			return rm_error_set(error, -EINVAL,
			        "%s: %s without loop = paced, expected it only "
			        "there",
			        workload->where[key],
			        rm_workload_keys[key].name);
	if (paced && workload->window_ops)
		return rm_error_set(error, -EINVAL,
		        "%s: a counted window with loop = paced, expected a "
		        "time",
		        workload->where[RM_KEY_WINDOW]);
	return 0;
}

static int check_measures(
        const struct rm_workload *workload, struct rm_error *error)
{
	for (unsigned i = 0; i < workload->count[RM_KEY_MEASURE]; i++) {
		enum rm_measure measure = workload->measures[i].measure;
		bool latency = measure == RM_MEASURE_LATENCY;

		if (measure == RM_MEASURE_SIMULATED && !workload->window_ops)
			return rm_error_set(error, -EINVAL,
			        "%s: measure = simulated with a window of "
			        "time, expected a count, e.g. 10000ops (a "
			        "simulated machine does not see our time)",
			        workload->where[RM_KEY_WINDOW]);
		if (has_loop(workload, latency))
			continue;
		return rm_error_set(error, -EINVAL, "%s: measure = %s%s",
		        workload->where[RM_KEY_MEASURE],
		        rm_measure_name(measure),
		        latency ? " without loop = paced, expected throughput, "
		                  "counters or causes (a closed loop has no "
		                  "latency)"
		                : " with loop = paced alone, expected latency "
		                  "(an "
		                  "open loop has the throughput it is given)");
	}
	return 0;
}

static int check_misses(
        const struct rm_workload *workload, struct rm_error *error)
{
	const char *where = workload->where[RM_KEY_MISSES];
	double misses = 0;
	uint64_t keys = 0;

	for (unsigned i = 0; i < workload->count[RM_KEY_MISSES]; i++)
		if (workload->misses[i] > misses)
			misses = workload->misses[i];
	for (unsigned i = 0; i < workload->count[RM_KEY_KEYS]; i++)
		if (workload->keys[i] > keys)
			keys = workload->keys[i];
	for (unsigned i = 0; i < workload->count[RM_KEY_WRITE_KIND]; i++)
		if (misses > 0 && workload->write_kinds[i] == RM_FRESH)
			return rm_error_set(error, -EINVAL,
			        "%s: misses with write-kind = fresh, expected "
			        "0%% (misses need update or churn)",
			        where);
	/* the values carry 32 bits of rank, the loop draws from 2^32 */
	if ((double)keys / (1 - misses) > 0x1p32)
		return rm_error_set(error, -EINVAL,
		        "%s: keys / (1 - misses) is above 2^32, expected fewer "
		        "keys or misses",
		        where);
	return 0;
}

static int check_deadline(
        const struct rm_workload *workload, struct rm_error *error)
{
	static const enum rm_workload_key keys[] = { RM_KEY_DEADLINE,
		RM_KEY_WINDOW, RM_KEY_WARM_UP };
	int said = 0;

	if (workload->deadline_ns > workload->warm_up_ns + workload->window_ns)
		return 0;
	/* the line to look at is one that somebody wrote */
	while (said < 2 && !strcmp(workload->where[keys[said]], "default"))
		said++;
	return rm_error_set(error, -EINVAL,
	        "%s: warm-up and window reach the deadline, expected a "
	        "deadline after both",
	        workload->where[keys[said]]);
}

int rm_workload_check(
        const struct rm_workload *workload, struct rm_error *error)
{
	int failed = check_missing(workload, error);

	if (!failed)
		failed = rm_workload_check_traces(workload, error);
	if (!failed)
		failed = check_loops(workload, error);
	if (!failed)
		failed = check_measures(workload, error);
	if (!failed)
		failed = check_misses(workload, error);
	if (!failed)
		failed = check_deadline(workload, error);
	return failed;
}
