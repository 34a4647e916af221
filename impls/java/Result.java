// SPDX-License-Identifier: Apache-2.0
package readmostly;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The result of a trial (docs/reference/trial-protocol.md), each member. */
final class Result {
	private final Team team;
	private final Totals sum;
	private final Cell cell;
	private final boolean holds;
	private final Map<String, Object> result;

	private Result(Team team, Map<String, Object> result) {
		this.team = team;
		this.result = result;
		sum = new Totals(team);
		cell = team.request.cell;
		holds = team.table.holds();
	}

	static void report(Team team, Map<String, Object> result) {
		if (team.broken() != null) {
			result.put("status", "failed");
			result.put("reason", team.broken());
			return;
		}
		new Result(team, result).report();
	}

	static double ratio(long part, long whole) {
		return part / Math.max(1.0, whole);
	}

	/** The value, or null where it could not be had. */
	private static Object told(boolean known, Object value) {
		return known ? value : null;
	}

	private void report() {
		Judge judge = new Judge(team, sum);
		String mismatch = judge.mismatch(), reason = mismatch;
		if (mismatch == null && !cell.verifies()) {
			reason = judge.misplaced();
		}
		result.put("status", mismatch != null ? "failed"
				: reason != null ? "void" : "ok");
		result.put("reason", reason);
		result.put("verification", verification(mismatch));
		result.put("elapsed_ns", team.elapsedNs());
		counts();
		result.put("keys_before", told(!cell.settle.equals("no"),
				sum.keysBefore));
		result.put("keys_after", told(holds, sum.heldKeys));
		result.put("by_thread", threads());
		result.put("phases_ns", phases());
		result.put("latency", null);
		result.put("late_starts", null);
		result.put("collections", team.after.collections
				- team.before.collections);
		result.put("counters", null);
		result.put("counters_reason", "readmostly-java has no counters");
		result.put("footprint", footprint());
		result.put("stats", stats());
		result.put("warm_up", warmUp());
		result.put("environment", environment());
	}

	/** The positive control executes more than it says. */
	private void counts() {
		Counts c = sum.window;
		result.put("ops", (long) (c.operations()
				/ (1 + team.request.controlExtra)));
		result.put("lookups", c.lookups());
		result.put("writes", c.writes);
		result.put("hits", c.lookups() - c.misses());
		result.put("misses_absent", c.missesAbsent);
		result.put("misses_resident", c.missesResident);
		result.put("inserts", c.inserts);
		result.put("removes", c.removes);
		result.put("idle_removes", c.idleRemoves);
		result.put("achieved_write_share", ratio(c.writes, c.operations()));
		result.put("achieved_miss_share", ratio(c.misses(), c.lookups()));
		result.put("renewed", Renewal.result(team));
	}

	private Map<String, Object> verification(String mismatch) {
		Map<String, Object> told = new LinkedHashMap<>();
		boolean verifies = cell.verifies();
		told.put("status", mismatch == null ? "ok" : "failed");
		told.put("reason", mismatch == null && !holds
				? "the map holds nothing" : mismatch);
		told.put("keys_expected", told(holds, sum.expectedKeys));
		told.put("keys_held", told(holds, sum.heldKeys));
		told.put("sum_expected", told(holds, hex(sum.expectedSum)));
		told.put("sum_held", told(holds, hex(sum.heldSum)));
		told.put("wrong_values", sum.wrong);
		told.put("written", told(verifies, sum.puts));
		told.put("returned", told(verifies, sum.outs));
		told.put("accounting", told(verifies,
				team.table.tells() ? "values" : "key sums only"));
		told.put("stopped_early", told(verifies, false));
		return told;
	}

	private static String hex(long value) {
		return String.format("%016x", value);
	}

	private List<Object> threads() {
		List<Object> all = new ArrayList<>();
		for (int i = 0; i < team.members.length; i++) {
			all.add(thread(i, team.members[i]));
		}
		return all;
	}

	private Map<String, Object> thread(int slot, Member member) {
		ThreadUsage a = member.before, b = member.after;
		Map<String, Object> told = new LinkedHashMap<>();
		told.put("slot", slot);
		told.put("cpu", cell.cpus.length > 0 ? cell.cpus[slot] : null);
		told.put("cpu_start", told(a.cpu >= 0, a.cpu));
		told.put("cpu_end", told(b.cpu >= 0, b.cpu));
		told.put("ops", member.worker.counts.operations());
		told.put("writes", member.worker.counts.writes);
		told.put("elapsed_ns", member.end - member.start);
		told.put("cpu_ns", since(a.cpuNs, b.cpuNs));
		told.put("voluntary_switches", since(a.voluntary, b.voluntary));
		told.put("involuntary_switches",
				since(a.involuntary, b.involuntary));
		told.put("minor_faults", since(a.minorFaults, b.minorFaults));
		told.put("major_faults", since(a.majorFaults, b.majorFaults));
		told.put("migrations", null);
		told.put("runqueue_wait_ns", since(a.waitedNs, b.waitedNs));
		return told;
	}

	private static Object since(long before, long after) {
		return told(before >= 0 && after >= 0, after - before);
	}

	private Map<String, Object> phases() {
		Map<String, Object> told = new LinkedHashMap<>();
		team.phases.forEach((phase, ns) -> told
				.put(phase.name().toLowerCase(), ns));
		told.put("leave", 0);
		told.put("destroy", null);
		return told;
	}

	private Map<String, Object> footprint() {
		Map<String, Object> told = new LinkedHashMap<>();
		long peak = Usage.status("VmHWM");
		told.put("prefill_threads", Math.min(team.request.cell.threads,
				team.load.resident));
		told.put("rss_empty_bytes", told(team.rssEmpty >= 0,
				team.rssEmpty));
		told.put("rss_filled_bytes", told(team.rssFilled >= 0,
				team.rssFilled));
		told.put("rss_peak_bytes", told(peak >= 0, peak));
		told.put("page_nodes", null);
		told.put("page_nodes_reason", "readmostly-java does not look");
		told.put("huge_bytes", null);
		return told;
	}

	/**
	 * What the virtual machine did in the window beside the loops. Background
	 * is what other threads than the loops' used: collector, compiler, others.
	 */
	private List<Object> stats() {
		Usage a = team.before, b = team.after;
		long allocated = 0;
		for (Member member : team.members) {
			allocated += member.after.allocated - member.before.allocated;
		}
		return List.of(
				stat("collections", "1", b.collections - a.collections),
				stat("collection_pause", "ns",
						(b.collectionMs - a.collectionMs) * 1e6),
				stat("collector_cpu", "ns", b.collector - a.collector),
				stat("compiler_cpu", "ns", b.compiler - a.compiler),
				stat("background_cpu", "ns", background()),
				stat("cores_used", "1",
						(b.all() - a.all()) / team.elapsedNs()),
				stat("allocated", "bytes", allocated));
	}

	private static Map<String, Object> stat(String name, String unit,
			double value) {
		Map<String, Object> told = new LinkedHashMap<>();
		told.put("name", name);
		told.put("unit", unit);
		told.put("value", Double.isNaN(value) ? null : value);
		return told;
	}

	/** CPU time in the window of other threads than the loops', in ns. */
	private double background() {
		return team.after.background() - team.before.background();
	}

	private Map<String, Object> warmUp() {
		Map<String, Object> told = new LinkedHashMap<>();
		told.put("slice_ns", WarmUp.SLICE_NS);
		told.put("ns_per_op", team.warmUp.slices);
		told.put("steady", team.warmUp.steady);
		return told;
	}

	private Map<String, Object> environment() {
		Map<String, Object> told = new LinkedHashMap<>();
		told.put("aslr", null);
		told.put("clock_cost_ns", team.clockCostNs);
		told.put("clock_step_ns", team.clockStepNs);
		told.put("java", System.getProperty("java.version"));
		told.put("vm", System.getProperty("java.vm.name"));
		told.put("heap_bytes", Runtime.getRuntime().maxMemory());
		told.put("processors",
				Runtime.getRuntime().availableProcessors());
		told.put("own_threads", true); // they collect and compile
		told.put("own_threads_cpu_ns",
				Double.isNaN(background()) ? null : background());
		return told;
	}
}
