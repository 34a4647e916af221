/* SPDX-License-Identifier: Apache-2.0 */
/* totals.c - computes sums and properties of a whole team. Calls no other
   file. */
#include "runner/trial/internal.h"

bool rm_team_has_keys(const struct rm_team *team)
{
	return !team->own_loop && !(team->impl->caps & RM_CAP_NO_STATE);
}

bool rm_team_opens_resources(const struct rm_team *team)
{
	return team->own_loop && team->impl->open;
}

uint64_t rm_team_start_ns(const struct rm_team *team)
{
	uint64_t first = UINT64_MAX;

	for (unsigned i = 0; i < team->request->cell.threads; i++)
		/* a member that failed before has no start time */
		if (team->members[i].start_ns &&
		        team->members[i].start_ns < first)
			first = team->members[i].start_ns;
	return first;
}

/* The first start and the last end count, not the mean over members, since a
   late thread reduces the rate of all threads. */
uint64_t rm_team_elapsed_ns(const struct rm_team *team)
{
	uint64_t first = rm_team_start_ns(team), last = 0;

	for (unsigned i = 0; i < team->request->cell.threads; i++)
		if (team->members[i].end_ns > last)
			last = team->members[i].end_ns;
	return last > first ? last - first : 0;
}

void rm_counts_add(struct rm_counts *into, const struct rm_counts *from)
{
	into->iterations += from->iterations;
	into->writes += from->writes;
	into->pairs += from->pairs;
	into->inserts += from->inserts;
	into->removes += from->removes;
	into->idle_removes += from->idle_removes;
	into->misses_absent += from->misses_absent;
	into->misses_resident += from->misses_resident;
	/* `wrong` contains the bits in which a value differed
	   (rm_value_errors()), not a count. The bits of all threads are
	   combined by OR, so that errors cannot cancel. */
	into->wrong |= from->wrong;
}

const char *rm_operation_name(enum rm_operation operation)
{
	static const char *const names[RM_OPERATIONS] = { "lookup", "upsert",
		"remove" };

	return names[operation];
}
