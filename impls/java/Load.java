// SPDX-License-Identifier: Apache-2.0
package readmostly;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/** State shared by all workers of a cell. */
final class Load {
	static final int BATCH = 64; // iterations between two checks of `stop`

	enum Kind {
		UPDATE, CHURN, FRESH
	}

	final Kind kind;
	final int threads;
	final double misses;
	final long resident, span, guard; // as in struct rm_worker
	final long writeBelow;
	/** Published counts of fresh writes, at a distance of STRIDE; like struct rm_fresh in C. */
	final AtomicLongArray bases;
	static final int STRIDE = 16;
	final AtomicLong left; // writes of a verification that have not begun
	volatile boolean stop;

	Load(Cell cell) {
		kind = Kind.valueOf(cell.writeKind.toUpperCase());
		threads = cell.threads;
		misses = cell.missShare;
		resident = cell.keys;
		left = new AtomicLong(cell.verifyOps);
		writeBelow = (long) Math.min(
				decisions(cell.writeShare) * 0x1p32, 0xffffffffL);
		boolean moves = kind == Kind.FRESH && cell.writeShare > 0;
		long ownKeys = resident / threads;
		// twice the number of writes between two published values
		guard = moves ? Math.min(ownKeys / 4, 128) : 0;
		span = !moves ? Math.round(resident / (1 - misses))
				: ownKeys > 0 ? (ownKeys - guard) * threads : resident;
		bases = new AtomicLongArray((threads + 1) * STRIDE);
		for (int i = 0; i < threads; i++) {
			publish(i, 0);
		}
	}

	/** Like rm_cell_write_decision_share() in C. A pair of writes is one decision. */
	double decisions(double share) {
		return kind == Kind.UPDATE ? share : share / (2 - share);
	}

	void publish(int slot, long writes) {
		bases.setOpaque((slot + 1) * STRIDE, (writes + guard) * threads);
	}

	/** Like rm_lookup_base() in C. */
	long base(long rank) {
		if (kind != Kind.FRESH) {
			return 0;
		}
		return bases.getOpaque(((int) rank % threads + 1) * STRIDE);
	}

	/** Takes a batch of writes from the shared budget. */
	boolean takeBatch() {
		return left.addAndGet(-BATCH) > -BATCH;
	}
}
