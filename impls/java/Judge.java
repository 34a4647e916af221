// SPDX-License-Identifier: Apache-2.0
package readmostly;

/** What was answered wrongly: runner/trial/judge.c. */
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

	/** The reason if a member could not be placed, or null. */
	String misplaced() {
		for (Member member : team.members) {
			if (member.misplaced != null) {
				return member.misplaced;
			}
		}
		return null;
	}
}
