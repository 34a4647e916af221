// SPDX-License-Identifier: Apache-2.0
package readmostly;

/** What was answered wrongly, or not done as asked: runner/trial/judge.c. */
final class Judge {
	private final Team team;
	private final Cell cell;
	private final Load load;
	private final Totals sum;

	Judge(Team team, Totals sum) {
		this.team = team;
		this.sum = sum;
		cell = team.request.cell;
		load = team.load;
	}

	/** Tells what was answered wrongly, or null. */
	String mismatch() {
		if (sum.wrong > 0) {
			return "an operation returned another key's value";
		}
		if (!team.table.holds()) {
			return null;
		}
		if (sum.lost > 0) {
			return "lost update: after " + sum.lost + " writes the value was "
					+ "there that they were to replace";
		}
		if (cell.verifies() && team.table.tells()
				&& sum.written - sum.returned != sum.held) {
			return "lost update: prefill + written - returned is not what "
					+ "is held";
		}
		if (!cell.settle.equals("no") && sum.keysBefore != load.resident) {
			return "prefill not exact: " + sum.keysBefore
					+ " keys, expected " + load.resident;
		}
		if (Renewal.mismatch(team) != null) {
			return Renewal.mismatch(team);
		}
		if (sum.heldKeys != sum.expectedKeys
				|| sum.heldSum != sum.expectedSum) {
			return "key sums differ: the map holds " + sum.heldKeys
					+ " keys, its answers say " + sum.expectedKeys;
		}
		return load.kind == Load.Kind.UPDATE ? ofUpdates()
				: load.kind == Load.Kind.FRESH ? ofFresh() : null;
	}

	private String ofUpdates() {
		if (sum.all.missesResident > 0) {
			return sum.all.missesResident
					+ " lookups missed keys that were never removed";
		}
		return sum.all.inserts == 0 ? null : sum.all.inserts
				+ " upserts of resident keys found no key";
	}

	/**
	 * Ranks of fresh keys are drawn once: a key that is there already is one
	 * that was not put in, and its answer hides that from the sums.
	 */
	private String ofFresh() {
		long puts = sum.all.pairs + sum.puts;
		return sum.all.inserts == puts ? null : puts - sum.all.inserts
				+ " of " + puts + " upserts of fresh keys found one";
	}

	/** count ln(count / expected), which is 0 of none. */
	private static double surprise(double count, double expected) {
		return count == 0 ? 0 : count * Math.log(count / expected);
	}

	/**
	 * Whether n draws of probability p may give so many hits, by Chernoff's
	 * bound: plausible() in judge.c.
	 */
	private static boolean plausible(long hits, long n, double p,
			double more) {
		double draws = n;
		double apart = surprise(hits, draws * p)
				+ surprise(draws - hits, draws * (1 - p));
		return apart * draws <= Math.log(1e9) * (draws + more);
	}

	/**
	 * The share of look-ups that draw an absent rank. Of streams it is the
	 * cell's, whatever whole number of ranks that is.
	 */
	private double absentShare() {
		if (load.span <= load.resident) {
			return 0;
		}
		return team.skew != null || team.members[0].worker.stream != null
				? load.misses
				: (load.span - load.resident) / (double) load.span;
	}

	/** Tells what was done that was not asked for, or null. */
	String unasked() {
		Counts c = sum.window;
		long lookups = c.lookups();
		// as the loop has it: a share of 1 is all but one of 2^32
		if (!plausible(c.decisions(), c.iterations,
				load.writeBelow * 0x1p-32, 0)) {
			return "achieved write share " + Result.ratio(c.writes,
					c.operations()) + ", asked " + cell.writeShare;
		}
		if (team.table.holds()
				&& !plausible(c.missesAbsent, lookups, absentShare(),
						sum.again)) {
			return "achieved miss share " + Result.ratio(c.misses(),
					lookups) + ", asked " + load.misses;
		}
		return c.missesResident <= explained(lookups) ? null
				: c.missesResident + " of " + lookups
						+ " lookups missed resident keys";
	}

	/**
	 * How many look-ups may have missed keys that other threads had just taken
	 * out or not yet put in: one key each, and at worst the one that is looked
	 * up most. A single thread ends a write before it looks.
	 */
	private double explained(long lookups) {
		if (load.threads == 1) {
			return 0;
		}
		double most = team.skew != null ? team.skew.most()
				: 1.0 / load.resident;
		return lookups * (0.001 + load.threads * most) + 64;
	}

	/** Tells how the measurement is not what was asked, or null. */
	String misplaced() {
		long elapsed = team.elapsedNs();
		for (int i = 0; i < team.members.length; i++) {
			String why = misplaced(i, team.members[i], elapsed);
			if (why != null) {
				return why;
			}
		}
		return elapsed < 1000 * Math.max(team.clockCostNs, team.clockStepNs)
				? "the window is shorter than 1000 clock readings" : null;
	}

	private String misplaced(int slot, Member member, long elapsed) {
		long own = member.end - member.start;
		if (member.misplaced != null) {
			return member.misplaced;
		}
		if (cell.cpus.length > 0 && (member.before.cpu != cell.cpus[slot]
				|| member.after.cpu != cell.cpus[slot])) {
			return "thread " + slot + " ran on CPU " + member.before.cpu
					+ " and " + member.after.cpu + ", placed on "
					+ cell.cpus[slot];
		}
		if (member.worker.counts.iterations == 0) {
			return "thread " + slot
					+ " was never scheduled in the window";
		}
		if (cell.windowNs > 0 && own < elapsed / 2
				&& !cell.sharesCpu(slot)) {
			return "thread " + slot + " was there for " + own / 1e6
					+ " of " + elapsed / 1e6 + " ms: its CPU was busy";
		}
		return null;
	}
}
