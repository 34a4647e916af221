// SPDX-License-Identifier: Apache-2.0
package readmostly;

import java.util.concurrent.atomic.AtomicLong;

/** What all workers of a cell have in common. */
final class Load {
	static final int BATCH = 64; // iterations between two looks at `stop`

	enum Kind {
		UPDATE, CHURN, FRESH
	}

	final Kind kind;
	final int threads;
	final double misses;
	final long resident, span, guard; // as in struct rm_worker
	final long writeBelow;
	final AtomicLong head; // fresh: next new rank
	final AtomicLong left; // verify: writes not yet begun
	volatile boolean stop;

	Load(Cell cell) {
		kind = Kind.valueOf(cell.writeKind.toUpperCase());
		threads = cell.threads;
		misses = cell.missShare;
		resident = cell.keys;
		head = new AtomicLong(cell.keys);
		left = new AtomicLong(cell.verifyOps);
		writeBelow = (long) Math.min(
				decisions(cell.writeShare) * 0x1p32, 0xffffffffL);
		// others go on while a batch is drawn from an old head
		boolean guarded = kind == Kind.FRESH && cell.writeShare > 0;
		guard = guarded
				? Math.min(BATCH * (threads + 1L), resident / 8) : 0;
		span = guarded ? resident - 2 * guard
				: Math.round(resident / (1 - misses));
	}

	/** rm_counts_write_decisions(): a pair of writes is one decision. */
	double decisions(double share) {
		return kind == Kind.UPDATE ? share : share / (2 - share);
	}

	/** Above the highest rank that may be present. */
	long universe() {
		return kind == Kind.FRESH ? head.get() : Math.max(span, resident);
	}

	/** Takes a chunk of writes from the common pot. */
	boolean more() {
		return left.addAndGet(-BATCH) > -BATCH;
	}
}
