// SPDX-License-Identifier: Apache-2.0
package readmostly;

/** Counts of one thread, as in runner/worker.h. */
final class Counts {
	long iterations, writes, pairs, inserts, removes;
	long idleRemoves, missesAbsent, missesResident;

	void add(Counts other) {
		iterations += other.iterations;
		writes += other.writes;
		pairs += other.pairs;
		inserts += other.inserts;
		removes += other.removes;
		idleRemoves += other.idleRemoves;
		missesAbsent += other.missesAbsent;
		missesResident += other.missesResident;
	}

	long operations() {
		return iterations + pairs;
	}

	long decisions() {
		return writes - pairs;
	}

	long lookups() {
		return iterations - decisions();
	}

	long misses() {
		return missesAbsent + missesResident;
	}
}
