/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests how a trial measures the speed of its CPUs: the additions, and the
 * threads that measure.
 *
 * plain: sanitizers put other instructions between the additions.
 */
#include "tests/unit/trial/array_map.h"

#include <sched.h>

/* Golden Cove and later execute additions of a constant in 0 cycles. */
static void additions_have_two_registers(void)
{
	char line[256];
	int added = 0;
	FILE *code = popen("objdump -d --no-show-raw-insn --disassemble="
	                   "rm_usage_measure_adds_per_ns /proc/$PPID/exe",
	        "r");

	if (!code)
		abort();
	while (fgets(line, sizeof(line), code))
		added += strstr(line, "add ") && !strchr(line, '$') &&
		         !strchr(line, '(') && strstr(line, "%r");
#ifdef __x86_64__
	if (pclose(code))
		SKIP("additions have two registers", "no objdump");
	else
		CHECK(added >= 8, "the additions have two register operands");
#else
	(void)added, pclose(code);
	SKIP("additions have two registers", "written for x86-64");
#endif
}

static void one_thread_of_each_cpu_measures(void)
{
	unsigned cpus[] = { 3, 3, 1, 3, 1 };
	struct rm_cell cell = { .threads = 5, .cpus = cpus, .cpu_count = 5 };

	CHECK(rm_team_probes(&cell, 0) && !rm_team_probes(&cell, 1) &&
	                rm_team_probes(&cell, 2) && !rm_team_probes(&cell, 3) &&
	                !rm_team_probes(&cell, 4),
	        "the first thread of each CPU measures its speed");
}

static void all_cpus_are_measured_at_once(void)
{
	struct rm_request request = request_of(RM_UPDATE);
	struct rm_team team;
	cpu_set_t mask;

	sched_getaffinity(0, sizeof(mask), &mask);
	rm_team_run(&team, &request, &impl);
	if (CPU_COUNT(&mask) < 2)
		SKIP("two CPUs are measured simultaneously",
		        "there is one CPU");
	else
		CHECK(team.probes == 2 && team.probes_ready[0] == 2 &&
		                team.probes_ready[1] == 2,
		        "two CPUs are measured simultaneously");
	CHECK(team.adds_per_ns[0] > 0 && team.adds_per_ns[1] > 0,
	        "the speed is known before and after the window");
	rm_team_clear(&team);
	json_decref(request.counters);
}

static void the_slowest_is_kept(void)
{
	_Atomic double slowest = 0;

	rm_keep_slowest(&slowest, 3);
	rm_keep_slowest(&slowest, 2);
	rm_keep_slowest(&slowest, 4);
	CHECK(slowest == 2, "the speed of the slowest CPU is kept");
}

int main(void)
{
	additions_have_two_registers();
	one_thread_of_each_cpu_measures();
	all_cpus_are_measured_at_once();
	the_slowest_is_kept();
	return DONE();
}
