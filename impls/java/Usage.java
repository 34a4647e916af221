// SPDX-License-Identifier: Apache-2.0
package readmostly;

import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * Counts by the kernel and the virtual machine for all threads of this process, since its start.
 * NaN means unknown.
 */
final class Usage {
	/** CPU time of compiler threads, of collector threads, and of all others. */
	final double compiler, collector, others;
	/** CPU time of the members' threads. */
	final double members;
	final long collections, collectionMs;

	private static final Path TASKS = Path.of("/proc/self/task");

	private Usage(Set<Long> memberIds) {
		double[] sums = new double[4];
		try (DirectoryStream<Path> tasks = Files.newDirectoryStream(TASKS)) {
			for (Path task : tasks) {
				sums[kind(task, memberIds)] += cpuNs(task);
			}
		} catch (IOException | RuntimeException e) {
			java.util.Arrays.fill(sums, Double.NaN);
		}
		members = sums[0];
		compiler = sums[1];
		collector = sums[2];
		others = sums[3];
		long count = 0, ms = 0;
		for (GarbageCollectorMXBean bean
				: ManagementFactory.getGarbageCollectorMXBeans()) {
			count += bean.getCollectionCount();
			ms += bean.getCollectionTime();
		}
		collections = count;
		collectionMs = ms;
	}

	/** Takes the thread ids of the members. */
	static Usage now(Set<Long> memberIds) {
		return new Usage(memberIds);
	}

	double all() {
		return members + background();
	}

	double background() {
		return compiler + collector + others;
	}

	private static int kind(Path task, Set<Long> memberIds) throws IOException {
		if (memberIds.contains(Long.valueOf(task.getFileName().toString()))) {
			return 0;
		}
		String name = Files.readString(task.resolve("comm")).trim();
		if (name.matches("C[12] Compiler.*")) {
			return 1;
		}
		return name.matches("GC .*|VM Thread") ? 2 : 3;
	}

	/** Returns the first number of schedstat, the time on a CPU in ns. */
	private static double cpuNs(Path task) throws IOException {
		String text = Files.readString(task.resolve("schedstat"));
		return Double.parseDouble(text.substring(0, text.indexOf(' ')));
	}

	/** Returns a number of /proc/self/status in bytes, or -1 if it is unknown. */
	static long status(String name) {
		try {
			for (String line
					: Files.readAllLines(Path.of("/proc/self/status"))) {
				String[] words = line.split("\\s+");
				if (words[0].equals(name + ":")) {
					return Long.parseLong(words[1]) * 1024;
				}
			}
		} catch (IOException | RuntimeException e) {
			return -1;
		}
		return -1;
	}

	/** Returns the smallest difference between two readings of the clock, in ns. */
	static double clockStepNs() {
		long least = Long.MAX_VALUE, last = System.nanoTime();
		for (int i = 0; i < 1000; i++) {
			long now = System.nanoTime();
			if (now > last) {
				least = Math.min(least, now - last);
			}
			last = now;
		}
		return least;
	}

	/**
	 * Returns how long one reading of the clock takes, in ns. This is the smallest of many rounds.
	 */
	static double clockCostNs() {
		final int rounds = 200, readings = 100;
		long least = Long.MAX_VALUE;
		for (int round = 0; round < rounds; round++) {
			long start = System.nanoTime(), last = start;
			for (int i = 0; i < readings; i++) {
				last = System.nanoTime();
			}
			least = Math.min(least, last - start);
		}
		return (double) least / readings;
	}
}
