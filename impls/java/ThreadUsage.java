// SPDX-License-Identifier: Apache-2.0
package readmostly;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the kernel says of the calling thread; -1: not told. */
final class ThreadUsage {
	private static final Path SELF = Path.of("/proc/thread-self");

	final long cpuNs, voluntary, involuntary, minorFaults, majorFaults;
	final int cpu; // it runs on
	final long allocated; // bytes

	private ThreadUsage() {
		cpuNs = ManagementFactory.getThreadMXBean()
				.getCurrentThreadCpuTime();
		allocated = ManagementFactory.getThreadMXBean()
				instanceof com.sun.management.ThreadMXBean bean
						? bean.getThreadAllocatedBytes(
								Thread.currentThread().getId())
						: -1;
		// behind the name in brackets: field 3 of proc(5), state
		String[] stat = text("stat").replaceFirst(".*\\) ", "").split(" ");
		minorFaults = number(stat, 10 - 3);
		majorFaults = number(stat, 12 - 3);
		cpu = (int) number(stat, 39 - 3);
		String status = text("status");
		voluntary = switches(status, "\nvoluntary_ctxt_switches:");
		involuntary = switches(status, "nonvoluntary_ctxt_switches:");
	}

	static ThreadUsage now() {
		return new ThreadUsage();
	}

	private static String text(String name) {
		try {
			return Files.readString(SELF.resolve(name));
		} catch (IOException e) {
			return "";
		}
	}

	private static long number(String[] words, int at) {
		return at < words.length ? Long.parseLong(words[at].trim()) : -1;
	}

	private static long switches(String status, String name) {
		int at = status.indexOf(name);
		if (at < 0) {
			return -1;
		}
		return Long.parseLong(status.substring(at + name.length())
				.split("\n")[0].trim());
	}

	/** The kernel's id of the calling thread. */
	static long id() throws IOException {
		return Long.parseLong(Files.readSymbolicLink(SELF).getFileName()
				.toString());
	}

	/**
	 * Binds the calling thread to a CPU and reads back what it got: null, or
	 * why not. A virtual machine has no call for it, util-linux a program.
	 */
	static String pin(int cpu) {
		String what = "thread could not be placed on CPU " + cpu + ": ";
		try {
			Process taskset = new ProcessBuilder("taskset", "-pc",
					"" + cpu, "" + id()).redirectErrorStream(true).start();
			String said = new String(
					taskset.getInputStream().readAllBytes());
			if (taskset.waitFor() != 0) {
				return what + said.trim();
			}
		} catch (IOException | InterruptedException e) {
			return what + e.getMessage();
		}
		int got = now().cpu;
		return got == cpu ? null
				: "thread placed on CPU " + cpu + " runs on CPU " + got;
	}
}
