// SPDX-License-Identifier: Apache-2.0
package readmostly;

/**
 * The worker of a verification, runner/trial/accounting.c: writes of the cell's
 * kind on few keys, and look-ups that race with others' writes. Each value that
 * went in comes out once or is held.
 */
final class Account extends Worker {
	long written, returned; // sums of values
	long puts, outs;
	long lost; // writes after which the value before them was found

	Account(Load load, int slot, long state) {
		super(load, slot, state, null, null);
	}

	private long next() {
		state += Random.INCREMENT;
		return Random.mix(state);
	}

	void verify() {
		while (load.more()) {
			for (long until = counts.writes + Load.BATCH;
					counts.writes < until;) {
				turn();
			}
		}
		counts.pairs = 0;
		counts.iterations = counts.writes;
	}

	private void turn() {
		write(Random.below(next(), load.resident), slot + 1);
		long rank = Random.below(next(), load.resident);
		long value = table.lookup(rank);
		if (value != Table.ABSENT) {
			wrong |= Random.different(value, rank);
		}
	}

	/**
	 * Of a table that does not tell what it replaced: no value is written
	 * twice, so to find the one from before is to have lost the write; and a
	 * key that nobody takes out is there after it.
	 */
	@Override
	long store(long rank, long value) {
		if (table.tells()) {
			return table.upsert(rank, value);
		}
		long before = table.lookup(rank);
		long old = table.upsert(rank, value);
		long after = table.lookup(rank);
		if (after == Table.ABSENT ? load.kind == Load.Kind.UPDATE
				: after == before) {
			lost++;
		}
		return old;
	}

	@Override
	void wrote(long rank, long value, long old) {
		written += value;
		puts++;
		took(rank, old);
	}

	@Override
	void took(long rank, long old) {
		if (old != Table.ABSENT) {
			returned += old;
			outs++;
			wrong |= Random.different(old, rank);
		}
	}
}
