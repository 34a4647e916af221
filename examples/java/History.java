// SPDX-License-Identifier: Apache-2.0
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Records a history of a map for `readmostly check --history`:
 *
 * <pre>java examples/java/History.java && readmostly check --history history.jsonl</pre>
 *
 * Copy the file, and replace the map. BUG=1 injects a bug.
 */
public final class History {
	static final int THREADS = 4, OPERATIONS = 4000; // of each thread
	static final AtomicLong CLOCK = new AtomicLong();

	/** With the bug, put() looks the key up first, and replaces its value later. */
	static final class Broken extends ConcurrentHashMap<Long, Long> {
		@Override public Long put(Long key, Long value) {
			Long old = get(key);
			Thread.yield();
			super.put(key, value);
			return old;
		}
	}

	/** One operation. It becomes text after the run: formatting would make operations overlap less often. */
	record Event(int thread, String op, long key, long value, long invoked, long returned, Long result) {
		String line() {
			return String.format("{\"thread\":%d,\"op\":\"%s\",\"key\":%d,\"invoked\":%d,\"returned\":%d,\"there\":%b%s%s}\n",
				thread, op, key, invoked, returned, result != null, result == null ? "" : ",\"result\":" + result,
				op.equals("exchange") ? ",\"value\":" + value : "");
		}
	}

	static Event[] work(Map<Long, Long> map, int thread, Random random, int keys) {
		Event[] events = new Event[OPERATIONS];
		for (int i = 0; i < OPERATIONS; i++) {
			long key = random.nextInt(keys), value = (long) thread * OPERATIONS + i + 1; // each value is written once
			String op = new String[] {"lookup", "exchange", "take"}[random.nextInt(3)];
			long invoked = CLOCK.incrementAndGet();
			Long result = op.equals("lookup") ? map.get(key) : op.equals("take") ? map.remove(key) : map.put(key, value);
			events[i] = new Event(thread, op, key, value, invoked, CLOCK.incrementAndGet(), result);
		}
		return events;
	}

	public static void main(String[] arguments) throws IOException, InterruptedException {
		Map<Long, Long> map = System.getenv("BUG") != null ? new Broken() : new ConcurrentHashMap<>();
		long seed = System.nanoTime(); // each run performs other operations
		int keys = new Random(seed).nextBoolean() ? 3 : 60; // with 60 keys, tables grow
		Event[][] events = new Event[THREADS][];
		Thread[] threads = new Thread[THREADS];
		for (int i = 0; i < THREADS; i++) {
			int thread = i;
			threads[i] = new Thread(() -> events[thread] = work(map, thread, new Random(seed + thread), keys));
			threads[i].start();
		}
		for (Thread thread : threads)
			thread.join();
		StringBuilder text = new StringBuilder(
			"{\"format\":\"readmostly-history\",\"version\":1,\"guarantee\":\"none\",\"stamps\":\"sequence\"}\n");
		for (Event[] one : events)
			for (Event event : one)
				text.append(event.line());
		Files.writeString(Path.of("history.jsonl"), text);
	}
}
