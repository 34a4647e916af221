// SPDX-License-Identifier: Apache-2.0
package readmostly;

/** Finds wrong results, like runner/trial/judge.c. */
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

	/** Returns a description of the first wrong result, or null. */
	String mismatch() {
		if (sum.wrong > 0) {
			return "an operation returned another key's value";
		}
		if (!team.table.holds()) {
			return null;
		}
		if (sum.lost > 0) {
			return "lost update: after " + sum.lost + " writes the map still "
					+ "held the old value";
		}
		if (cell.verifies() && team.table.returnsOld()
				&& sum.written - sum.returned != sum.held) {
			return "lost update: the values loaded and written, minus "
					+ "those replaced, differ from those held";
		}
		if (!cell.settle.equals("no") && sum.keysBefore != load.resident) {
			return "the map held " + sum.keysBefore
					+ " keys after loading, expected " + load.resident;
		}
		if (Renewal.mismatch(team) != null) {
			return Renewal.mismatch(team);
		}
		if (sum.heldKeys != sum.expectedKeys
				|| sum.heldSum != sum.expectedSum) {
			return "key sums differ: the map holds " + sum.heldKeys
					+ " keys, its answers imply " + sum.expectedKeys;
		}
		return load.kind == Load.Kind.UPDATE ? mismatchOfUpdates()
				: load.kind == Load.Kind.FRESH ? mismatchOfFresh() : null;
	}

	private String mismatchOfUpdates() {
		if (sum.all.missesResident > 0) {
			return sum.all.missesResident
					+ " lookups missed keys that were never removed";
		}
		return sum.all.inserts == 0 ? null : sum.all.inserts
				+ " upserts of resident keys found no key";
	}

	/**
	 * A fresh rank is drawn only once. If an upsert reports such a key as present, it has not
	 * inserted the key, and the key sums cannot show that.
	 */
	private String mismatchOfFresh() {
		long puts = sum.all.pairs + sum.puts;
		return sum.all.inserts == puts ? null : puts - sum.all.inserts
				+ " of " + puts + " upserts of fresh keys found the key present";
	}

	/** Returns the reason why a member could not be placed, or null. */
	String placementError() {
		for (Member member : team.members) {
			if (member.placementError != null) {
				return member.placementError;
			}
		}
		return null;
	}
}
