// SPDX-License-Identifier: Apache-2.0
package readmostly;

/**
 * Distribution of ranks: uniform, zipf:THETA, hot:KEYS%:OPERATIONS% or
 * sequential. a and b are as in struct rm_cell: theta, or the two shares.
 */
final class Distribution {
	private final String name;
	private double a, b;
	private long state; // of the generator while a stream is drawn

	/** IllegalArgumentException where there is no such one here. */
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

	boolean uniform() {
		return name.equals("uniform");
	}

	private static double percent(String text) {
		return Double.parseDouble(text.replace("%", "")) / 100;
	}

	private long next() {
		state += Random.INCREMENT;
		return Random.mix(state);
	}

	private long between(long from, long to) {
		return from + Random.below(next(), to - from);
	}

	/** hot_ranks() of key_stream.c */
	private double hotRanks(long resident) {
		return Math.ceil(a * resident * (1 - 0x1p-50));
	}

	private long hot(long resident) {
		long edge = (long) hotRanks(resident);
		if (edge >= resident || Random.unit(next()) < b) {
			return between(0, edge);
		}
		return between(edge, resident);
	}

	/** rm_stream_most(): the share of draws that the one drawn most has. */
	double most(long resident) {
		double edge = hotRanks(resident);
		if (name.equals("zipf")) {
			Zipf zipf = new Zipf(resident, a);
			return Math.min(1 / (zipf.xn - zipf.x1), 1);
		}
		return name.equals("hot") && edge < resident
				? Math.max(b / edge, (1 - b) / (resident - edge))
				: 1.0 / resident;
	}

	private static int length(int threads) {
		int length = 1 << 20;
		while (length > 4096 && (long) length * threads * 4 > 64 << 20) {
			length /= 2;
		}
		return length;
	}

	/**
	 * rm_stream_create(): ranks drawn before the window, a power of two of
	 * them. Fresh: the resident ranks without the guard at their two ends.
	 */
	int[] stream(Load load, int slot, long seed) {
		long present = Math.min(load.resident, load.span);
		Zipf zipf = new Zipf(present, a);
		long sequential = present / load.threads * slot;
		int[] ranks = new int[length(load.threads)];

		state = Random.seed(seed, slot);
		for (int i = 0; i < ranks.length; i++) {
			if (load.span > load.resident
					&& Random.unit(next()) < load.misses) {
				ranks[i] = (int) between(load.resident, load.span);
			} else if (name.equals("zipf")) {
				ranks[i] = (int) zipf.next();
			} else if (name.equals("hot")) {
				ranks[i] = (int) hot(present);
			} else {
				ranks[i] = (int) (sequential++ % present);
			}
		}
		return ranks;
	}

	/** rm_zipf_next() with what it needs: rejection-inversion. */
	private final class Zipf {
		private final double theta, n, x1, xn, s;

		Zipf(long n, double theta) {
			this.theta = theta;
			this.n = n;
			x1 = integral(1.5) - 1;
			xn = integral(n + 0.5);
			s = 2 - inverse(integral(2.5) - StrictMath.pow(2, -theta));
		}

		/** Of x^-theta, shifted so that it is stable around theta = 1. */
		private double integral(double x) {
			double log = StrictMath.log(x), t = (1 - theta) * log;
			if (Math.abs(t) > 1e-8) {
				return StrictMath.expm1(t) / t * log;
			}
			return (1 + t / 2) * log;
		}

		private double inverse(double y) {
			double t = Math.max(y * (1 - theta), -1);
			if (Math.abs(t) > 1e-8) {
				return StrictMath.exp(StrictMath.log1p(t) / t * y);
			}
			return StrictMath.exp((1 - t / 2) * y);
		}

		long next() {
			for (;;) {
				double u = xn + Random.unit(Distribution.this.next())
						* (x1 - xn);
				double x = inverse(u);
				double k = Math.min(Math.max(Math.floor(x + 0.5), 1), n);
				if (k - x <= s || u >= integral(k + 0.5)
						- StrictMath.pow(k, -theta)) {
					return (long) k - 1;
				}
			}
		}
	}
}
