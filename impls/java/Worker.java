// SPDX-License-Identifier: Apache-2.0
package readmostly;

import java.util.concurrent.atomic.AtomicLong;

/** Unused bytes between this object and those of other threads, which may be adjacent. */
abstract class Padding {
	long p0, p1, p2, p3, p4, p5, p6, p7;
}

/** The state of one thread in the loop, and the loop itself, like runner/driver.h. */
class Worker extends Padding {
	private static final int REDRAWS = 64; // as RM_REDRAWS in C
	final Load load;
	final int slot;
	final Skew skew; // null unless the distribution is zipf or hot
	final int[] stream; // null unless the distribution is sequential
	Table table;
	Counts counts = new Counts();
	long wrong; // bits in which a value differed
	long keySum;
	/** Number of operations done, for the watcher of the warm-up. */
	final AtomicLong done = new AtomicLong();
	long limit = Long.MAX_VALUE; // most iterations
	long state; // state of the random generator
	private long position;
	private long freshDone; // number of fresh writes
	private long sequence; // sequence number of this thread's values

	Worker(Load load, int slot, long state, Skew skew, int[] stream) {
		this.load = load;
		this.slot = slot;
		this.state = state;
		this.skew = skew;
		this.stream = stream;
	}

	/**
	 * Like rm_drive_mix() in C. Runs batches until the stop flag is set or the limit is reached.
	 */
	final void drive() {
		do {
			batch();
			counts.iterations += Load.BATCH;
			done.lazySet(counts.operations());
		} while (!load.stop && counts.iterations < limit);
	}

	private void batch() {
		long mismatches = 0;

		for (int left = Load.BATCH; left > 0; left--) {
			state += Random.INCREMENT;
			long x = Random.mix(state);
			long rank = draw(x);

			if ((x & 0xffffffffL) < load.writeBelow) {
				write(x, rank);
				if (load.stop) { // the rest of the batch is not counted
					counts.iterations -= left - 1;
					break;
				}
				continue;
			}
			long lookupRank = load.base(rank) + rank;
			long value = table.lookup(lookupRank);
			if (value == Table.ABSENT) {
				missed(rank);
			} else {
				mismatches |= Random.rankMismatch(value, lookupRank);
			}
		}
		wrong |= mismatches;
	}

	/** Like rm_fresh_oldest() in C. */
	private long oldest() {
		return slot + freshDone * load.threads;
	}

	/** Like rm_fresh_next() in C. */
	final long newest() {
		long residentKeys = (load.resident + load.threads - 1 - slot) / load.threads;
		return oldest() + residentKeys * load.threads;
	}

	private long draw(long x) {
		if (skew != null) {
			state += Random.INCREMENT;
			return skew.key(skew.rank(Random.mix(state)));
		}
		if (stream == null) {
			return Random.below(x, load.span);
		}
		return stream[(int) (position++ & stream.length - 1)];
	}

	private void missed(long rank) {
		if (rank >= load.resident) {
			counts.missesAbsent++;
		} else {
			counts.missesResident++;
		}
	}

	/** Like rm_draw_resident() in C. Draws another rank for a write that drew an absent one. */
	private long drawResident(long x) {
		for (int i = 0; skew != null && i < REDRAWS; i++) {
			long rank = skew.rank(Random.seed(x, i));
			if (rank < load.resident) {
				return skew.key(rank);
			}
		}
		for (int i = 0; stream != null && i < REDRAWS; i++) {
			long at = Random.seed(x, i) & stream.length - 1;
			if (stream[(int) at] < load.resident) {
				return stream[(int) at];
			}
		}
		return Random.below(Random.seed(x, 0), load.resident);
	}

	private void write(long x, long drawn) {
		write(drawn < load.resident ? drawn : drawResident(x), slot);
	}

	/** Makes a write of the cell's kind. `writer` is a part of the written value. */
	final void write(long rank, int writer) {
		switch (load.kind) {
		case UPDATE:
			put(rank, writer);
			break;
		case CHURN:
			take(rank);
			put(rank, writer);
			counts.pairs++;
			break;
		default:
			put(newest(), writer);
			take(oldest());
			counts.pairs++;
			freshDone++;
			if (freshDone % 64 == 0 || load.guard < 128) {
				load.publish(slot, freshDone); // like rm_fresh_publish() in C
			}
		}
	}

	/** Makes a fresh write as in the window, or removes and reinserts a key. */
	final void renew(long rank) {
		if (load.kind == Load.Kind.FRESH) {
			write(rank, slot);
		} else {
			take(rank);
			put(rank, slot);
		}
	}

	private void put(long rank, int writer) {
		long value = Random.valueOf(rank, writer, ++sequence);
		long old = store(rank, value);
		counts.writes++;
		if (old == Table.ABSENT) {
			counts.inserts++;
			keySum += Random.mixOf(rank);
		}
		onPut(rank, value, old);
	}

	private void take(long rank) {
		long old = table.remove(rank);
		counts.writes++;
		if (old == Table.ABSENT) {
			counts.idleRemoves++;
		} else {
			counts.removes++;
			keySum -= Random.mixOf(rank);
		}
		onTake(rank, old);
	}

	long store(long rank, long value) {
		return table.upsert(rank, value);
	}

	/** These are called after each put and take. A verification overrides them. */
	void onPut(long rank, long value, long old) {
	}

	void onTake(long rank, long old) {
	}
}
