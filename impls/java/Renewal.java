// SPDX-License-Identifier: Apache-2.0
package readmostly;

import java.util.LinkedHashMap;
import java.util.Map;

/** Replaces the keys of one thread before the warm-up, like runner/trial/renewal.c. */
final class Renewal {
	private static final long STRIDE = 2654435761L;
	private Counts counts = new Counts();
	private long start, end;

	/** Like rm_renew_keys() in C. */
	void renew(Worker worker, int renewals) {
		Load load = worker.load;
		long ownKeys = (load.resident + load.threads - 1 - worker.slot)
				/ load.threads;
		Counts before = worker.counts;
		worker.counts = counts;
		start = System.nanoTime();
		for (int n = 0; n < renewals; n++) {
			for (long i = 0; i < ownKeys; i++) {
				worker.renew(worker.slot + i * STRIDE % ownKeys * load.threads);
			}
		}
		end = System.nanoTime();
		worker.counts = before;
	}

	/** Returns the error if not every key was renewed, or null. */
	static String mismatch(Team team) {
		long expected = team.load.resident * team.request.cell.renewals();
		long removes = 0, inserts = 0;
		for (Member member : team.members) {
			removes += member.renewal.counts.removes;
			inserts += member.renewal.counts.inserts;
		}
		return removes == expected && inserts == expected ? null
				: expected + " keys were to be renewed: " + removes
						+ " were taken out and " + inserts + " put in";
	}

	/** Like rm_renewal_result() in C. */
	static Map<String, Object> result(Team team) {
		if (team.request.cell.renewals() == 0) {
			return null;
		}
		long keys = 0, first = team.members[0].renewal.start;
		long last = team.members[0].renewal.end;
		for (Member member : team.members) {
			keys += member.renewal.counts.removes;
			first = Math.min(first, member.renewal.start);
			last = Math.max(last, member.renewal.end);
		}
		Map<String, Object> entry = new LinkedHashMap<>();
		entry.put("keys", keys);
		entry.put("elapsed_ns", last - first);
		return entry;
	}
}
