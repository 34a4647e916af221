// SPDX-License-Identifier: Apache-2.0
package readmostly;

/**
 * The worker of a verification, as in runner/trial/accounting.c. It makes writes of the cell's kind
 * on few keys, and lookups concurrent with writes of other threads. Each value that was put in must
 * come out once or be held.
 */
final class Account extends Worker {
	long written, returned; // sums of values
	long puts, outs;
	long lost; // writes after which the old value was found

	Account(Load load, int slot, long state) {
		super(load, slot, state, null, null);
	}

	private long next() {
		state += Random.INCREMENT;
		return Random.mix(state);
	}

	void verify() {
		while (load.takeBatch()) {
			for (long until = counts.writes + Load.BATCH;
					counts.writes < until;) {
				writeAndLookUp();
			}
		}
		counts.pairs = 0;
		counts.iterations = counts.writes;
	}

	private void writeAndLookUp() {
		write(Random.below(next(), load.resident), slot + 1);
		long rank = Random.below(next(), load.resident);
		long value = table.lookup(rank);
		if (value != Table.ABSENT) {
			wrong |= Random.rankMismatch(value, rank);
		}
	}

	/**
	 * Also works for a table that does not report old values. No value is written twice, so if the
	 * old value is still found after the write, the write was lost. If no thread removes keys, the
	 * key must be present after the write.
	 */
	@Override
	long store(long rank, long value) {
		if (table.returnsOld()) {
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
	void onPut(long rank, long value, long old) {
		written += value;
		puts++;
		onTake(rank, old);
	}

	@Override
	void onTake(long rank, long old) {
		if (old != Table.ABSENT) {
			returned += old;
			outs++;
			wrong |= Random.rankMismatch(old, rank);
		}
	}
}
