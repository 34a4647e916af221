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
	static final int THREADS = 4, KEYS = 3, OPERATIONS = 4000; // of each thread
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

	static String work(Map<Long, Long> map, int thread) {
		StringBuilder lines = new StringBuilder();
		Random random = new Random(thread);
		for (int i = 1; i <= OPERATIONS; i++) {
			long key = random.nextInt(KEYS), value = (long) thread * OPERATIONS + i; // each value is written once
			String op = new String[] {"lookup", "exchange", "take"}[random.nextInt(3)];
			long invoked = CLOCK.incrementAndGet();
			Long result = op.equals("lookup") ? map.get(key) : op.equals("take") ? map.remove(key) : map.put(key, value);
			long returned = CLOCK.incrementAndGet();
			lines.append(String.format("{\"thread\":%d,\"op\":\"%s\",\"key\":%d,\"invoked\":%d,\"returned\":%d,\"there\":%b%s%s}\n",
				thread, op, key, invoked, returned, result != null, result == null ? "" : ",\"result\":" + result,
				op.equals("exchange") ? ",\"value\":" + value : ""));
		}
		return lines.toString();
	}

	public static void main(String[] arguments) throws IOException, InterruptedException {
		Map<Long, Long> map = System.getenv("BUG") != null ? new Broken() : new ConcurrentHashMap<>();
		String[] lines = new String[THREADS];
		Thread[] threads = new Thread[THREADS];
		for (int i = 0; i < THREADS; i++) {
			int thread = i;
			threads[i] = new Thread(() -> lines[thread] = work(map, thread));
			threads[i].start();
		}
		for (Thread thread : threads)
			thread.join();
		Files.writeString(Path.of("history.jsonl"),
			"{\"format\":\"readmostly-history\",\"version\":1,\"guarantee\":\"none\",\"stamps\":\"sequence\"}\n" + String.join("", lines));
	}
}
