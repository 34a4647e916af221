// SPDX-License-Identifier: Apache-2.0
package readmostly;

/**
 * How ranks are drawn: uniform, zipf:THETA, hot:KEYS%:OPERATIONS% or sequential. As in struct
 * rm_cell, a and b are theta, or the two shares.
 */
final class Distribution {
	private final String name;
	private double a, b;

	/** Throws IllegalArgumentException for an unknown distribution. */
	Distribution(String text) {
		String[] parts = text.split(":", -1);
		name = parts[0];
		if (name.equals("zipf") && parts.length == 2) {
			a = Double.parseDouble(parts[1]);
		} else if (name.equals("hot") && parts.length == 3) {
			a = percent(parts[1]);
			b = percent(parts[2]);
		} else if (!text.equals("uniform") && !text.equals("sequential")) {
			throw new IllegalArgumentException(text);
		}
	}

	private static double percent(String text) {
		return Double.parseDouble(text.replace("%", "")) / 100;
	}

	/** Returns null if the cell is neither zipf nor hot. */
	Skew skew(Load load, long seed) {
		return name.equals("zipf") ? new Skew(load, a, 0, 0, seed)
				: name.equals("hot") ? new Skew(load, 0, a, b, seed) : null;
	}

	private static int length(Load load) {
		int length = 1 << 20;
		while (length > 4096 && (long) length * load.threads * 4 > 64 << 20) {
			length /= 2;
		}
		while (length < 1 << 30 && (long) length * load.threads < load.span) {
			length *= 2;
		}
		return length;
	}

	/**
	 * Returns the ranks of a sequential cell, or null, like rm_stream_create() in C. Their number
	 * is a power of two. If writes are fresh, they are the resident ranks without the guard at both
	 * ends.
	 */
	int[] stream(Load load, int slot, long seed) {
		if (!name.equals("sequential")) {
			return null;
		}
		long present = Math.min(load.resident, load.span);
		long sequential = present / load.threads * slot;
		int[] ranks = new int[length(load)];
		long state = Random.seed(seed, slot);

		for (int i = 0; i < ranks.length; i++) {
			boolean misses = false;
			if (load.span > load.resident) {
				state += Random.INCREMENT;
				misses = Random.unit(Random.mix(state)) < load.misses;
			}
			if (misses) {
				state += Random.INCREMENT;
				ranks[i] = (int) (load.resident + Random.below(
						Random.mix(state), load.span - load.resident));
			} else {
				ranks[i] = (int) (sequential++ % present);
			}
		}
		return ranks;
	}
}
