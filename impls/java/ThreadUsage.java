// SPDX-License-Identifier: Apache-2.0
package readmostly;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;

/** The counts of the kernel for the calling thread; -1 if unknown. */
final class ThreadUsage {
	private static final Path SELF = Path.of("/proc/thread-self");
	private static final ThreadMXBean THREADS =
			ManagementFactory.getThreadMXBean();

	final long cpuNs, voluntary, involuntary, minorFaults, majorFaults;
	final long waitedNs; // time on the run queue
	int cpu; // CPU that the thread runs on
	final long allocated; // bytes

	/** Reads the files outside the window, since that takes long. */
	private ThreadUsage(boolean ends) {
		long endNs = ends ? THREADS.getCurrentThreadCpuTime() : -1;
		long endBytes = ends ? allocated() : -1;
		// the text after the name in brackets begins with field 3 of proc(5), the state
		String[] stat = text("stat").replaceFirst(".*\\) ", "").split(" ");
		minorFaults = number(stat, 10 - 3);
		majorFaults = number(stat, 12 - 3);
		cpu = (int) number(stat, 39 - 3);
		String status = text("status");
		voluntary = switches(status, "\nvoluntary_ctxt_switches:");
		involuntary = switches(status, "nonvoluntary_ctxt_switches:");
		// the second number is the time on the run queue
		waitedNs = number(text("schedstat").split(" "), 1);
		allocated = ends ? endBytes : allocated();
		cpuNs = ends ? endNs : THREADS.getCurrentThreadCpuTime();
	}

	/** Reads the CPU time last: right before a window. */
	static ThreadUsage before() {
		return new ThreadUsage(false);
	}

	/** Reads the CPU time first: right after a window. */
	static ThreadUsage after() {
		return new ThreadUsage(true);
	}

	private static long allocated() {
		return THREADS instanceof com.sun.management.ThreadMXBean bean
				? bean.getThreadAllocatedBytes(
						Thread.currentThread().getId())
				: -1;
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

	/** Returns the kernel's id of the calling thread. */
	static long id() throws IOException {
		return Long.parseLong(Files.readSymbolicLink(SELF).getFileName()
				.toString());
	}

	/**
	 * Binds the calling thread to a CPU and checks that it worked. Returns null, or the reason for
	 * the failure. The virtual machine lacks such a call, so this runs a program from util-linux.
	 */
	static String pin(int cpu) {
		String failure = "thread could not be placed on CPU " + cpu + ": ";
		try {
			Process taskset = new ProcessBuilder("taskset", "-pc",
					"" + cpu, "" + id()).redirectErrorStream(true).start();
			String output = new String(
					taskset.getInputStream().readAllBytes());
			if (taskset.waitFor() != 0) {
				return failure + output.trim();
			}
		} catch (IOException | InterruptedException e) {
			return failure + e.getMessage();
		}
		int actualCpu = before().cpu;
		return actualCpu == cpu ? null
				: "thread placed on CPU " + cpu + " runs on CPU " + actualCpu;
	}
}
