// SPDX-License-Identifier: Apache-2.0
package readmostly;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** All members of the result of a trial (docs/reference/trial-protocol.md). */
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

	/** Returns the value, or null if it is unknown. */
	private static Object valueOrNull(boolean known, Object value) {
		return known ? value : null;
	}

	private void report() {
		Judge judge = new Judge(team, sum);
		String mismatch = judge.mismatch(), reason = mismatch;
		if (mismatch == null && !cell.verifies()) {
			reason = judge.placementError();
		}
		result.put("status", mismatch != null ? "failed"
				: reason != null ? "void" : "ok");
		result.put("reason", reason);
		result.put("verification", verification(mismatch));
		result.put("elapsed_ns", team.elapsedNs());
		counts();
		result.put("keys_before", valueOrNull(!cell.settle.equals("no"),
				sum.keysBefore));
		result.put("keys_after", valueOrNull(holds, sum.heldKeys));
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

	/** The positive control executes more operations than it reports. */
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
		Map<String, Object> entry = new LinkedHashMap<>();
		boolean verifies = cell.verifies();
		entry.put("status", mismatch == null ? "ok" : "failed");
		entry.put("reason", mismatch == null && !holds
				? "the map holds nothing" : mismatch);
		entry.put("keys_expected", valueOrNull(holds, sum.expectedKeys));
		entry.put("keys_held", valueOrNull(holds, sum.heldKeys));
		entry.put("sum_expected", valueOrNull(holds, hex(sum.expectedSum)));
		entry.put("sum_held", valueOrNull(holds, hex(sum.heldSum)));
		entry.put("wrong_values", sum.wrong);
		entry.put("written", valueOrNull(verifies, sum.puts));
		entry.put("returned", valueOrNull(verifies, sum.outs));
		entry.put("accounting", valueOrNull(verifies,
				team.table.returnsOld() ? "values" : "key sums only"));
		entry.put("stopped_early", valueOrNull(verifies, false));
		return entry;
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
		Map<String, Object> entry = new LinkedHashMap<>();
		entry.put("slot", slot);
		entry.put("cpu", cell.cpus.length > 0 ? cell.cpus[slot] : null);
		entry.put("cpu_start", valueOrNull(a.cpu >= 0, a.cpu));
		entry.put("cpu_end", valueOrNull(b.cpu >= 0, b.cpu));
		entry.put("ops", member.worker.counts.operations());
		entry.put("writes", member.worker.counts.writes);
		entry.put("elapsed_ns", member.end - member.start);
		entry.put("cpu_ns", difference(a.cpuNs, b.cpuNs));
		entry.put("voluntary_switches", difference(a.voluntary, b.voluntary));
		entry.put("involuntary_switches",
				difference(a.involuntary, b.involuntary));
		entry.put("minor_faults", difference(a.minorFaults, b.minorFaults));
		entry.put("major_faults", difference(a.majorFaults, b.majorFaults));
		entry.put("migrations", null);
		entry.put("runqueue_wait_ns", difference(a.waitedNs, b.waitedNs));
		return entry;
	}

	private static Object difference(long before, long after) {
		return valueOrNull(before >= 0 && after >= 0, after - before);
	}

	private Map<String, Object> phases() {
		Map<String, Object> entry = new LinkedHashMap<>();
		team.phases.forEach((phase, ns) -> entry
				.put(phase.name().toLowerCase(), ns));
		entry.put("leave", 0);
		entry.put("destroy", null);
		return entry;
	}

	private Map<String, Object> footprint() {
		Map<String, Object> entry = new LinkedHashMap<>();
		long peak = Usage.status("VmHWM");
		entry.put("prefill_threads", Math.min(team.request.cell.threads,
				team.load.resident));
		entry.put("rss_empty_bytes", valueOrNull(team.rssEmpty >= 0,
				team.rssEmpty));
		entry.put("rss_filled_bytes", valueOrNull(team.rssFilled >= 0,
				team.rssFilled));
		entry.put("rss_peak_bytes", valueOrNull(peak >= 0, peak));
		entry.put("page_nodes", null);
		entry.put("page_nodes_reason", "readmostly-java does not record it");
		entry.put("huge_bytes", null);
		return entry;
	}

	/**
	 * Returns the work of the virtual machine in the window, outside the loops. Background is the
	 * CPU time of other threads than those of the loops: collector, compiler and others.
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
		Map<String, Object> entry = new LinkedHashMap<>();
		entry.put("name", name);
		entry.put("unit", unit);
		entry.put("value", value);
		return entry;
	}

	/** Returns the CPU time of other threads than those of the loops in the window, in ns. */
	private double background() {
		return team.after.background() - team.before.background();
	}

	private Map<String, Object> warmUp() {
		Map<String, Object> entry = new LinkedHashMap<>();
		entry.put("slice_ns", WarmUp.SLICE_NS);
		entry.put("ns_per_op", team.warmUp.slices);
		entry.put("steady", team.warmUp.steady);
		return entry;
	}

	private Map<String, Object> environment() {
		Map<String, Object> entry = new LinkedHashMap<>();
		entry.put("aslr", null);
		entry.put("clock_cost_ns", team.clockCostNs);
		entry.put("clock_step_ns", team.clockStepNs);
		entry.put("java", System.getProperty("java.version"));
		entry.put("vm", System.getProperty("java.vm.name"));
		entry.put("heap_bytes", Runtime.getRuntime().maxMemory());
		entry.put("processors",
				Runtime.getRuntime().availableProcessors());
		entry.put("own_threads", true); // these threads collect garbage and compile
		entry.put("own_threads_cpu_ns", background());
		return entry;
	}
}
