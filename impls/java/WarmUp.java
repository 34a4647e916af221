// SPDX-License-Identifier: Apache-2.0
package readmostly;

import java.util.ArrayList;
import java.util.List;

/**
 * Monitors the warm-up by the time per operation in each slice. The virtual machine compiles while
 * it runs, so the warm-up time of the cell is only a minimum. The warm-up ends when the last slices
 * differ little, or after MOST times that minimum. It lasts at least ENOUGH_NS, because compilation
 * takes that long even in a short trial.
 */
final class WarmUp {
	static final long SLICE_NS = 100_000_000;
	private static final int ALIKE = 5; // number of slices that must be similar
	private static final double DIFFER = 0.03;
	private static final int MOST = 10;
	private static final long ENOUGH_NS = 2_000_000_000L;

	final List<Double> slices = new ArrayList<>();
	/** True if the last slices were similar, or null if there are too few slices. */
	Boolean steady;

	void watch(Team team) throws InterruptedException {
		Cell cell = team.request.cell;
		long requestedNs = cell.warmUpNs;
		long most = Math.min(Math.max(MOST * requestedNs, ENOUGH_NS),
				cell.deadlineNs / 4);
		long startNs = System.nanoTime(), last = startNs, done = 0;

		while (last - startNs < requestedNs
				|| steady != Boolean.TRUE && last - startNs < most) {
			sleep(Math.min(SLICE_NS, last - startNs < requestedNs
					? requestedNs - (last - startNs) : SLICE_NS));
			long now = System.nanoTime(), sum = team.done();
			if (now - last >= SLICE_NS) {
				slices.add((double) (now - last) * cell.threads
						/ Math.max(1, sum - done));
			}
			last = now;
			done = sum;
			steady = steady();
		}
	}

	private static void sleep(long ns) throws InterruptedException {
		Thread.sleep(ns / 1_000_000, (int) (ns % 1_000_000));
	}

	private Boolean steady() {
		if (slices.size() < ALIKE) {
			return null;
		}
		double least = Double.MAX_VALUE, most = 0;
		for (double ns : slices.subList(slices.size() - ALIKE,
				slices.size())) {
			least = Math.min(least, ns);
			most = Math.max(most, ns);
		}
		return most - least < DIFFER * least;
	}
}
