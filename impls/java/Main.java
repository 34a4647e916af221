// SPDX-License-Identifier: Apache-2.0
package readmostly;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonNull;
import com.google.gson.JsonPrimitive;
import com.google.gson.JsonSerializer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Readmostly-java measures Java's maps through the trial protocol
 * (docs/reference/trial-protocol.md). The measured loop is the same as in runner/driver.h, with
 * the same generator, keys, order of operations and checks. maps.tsv describes the maps;
 * docs/adr/0027 has the rules for all languages.
 */
public final class Main {
	private static final String USAGE =
			"usage: readmostly-java COMMAND <request\n\n"
			+ "  trial     runs one cell: a request on standard input, a "
			+ "result on standard output\n"
			+ "  sequence  prints a digest of the first window_ops "
			+ "operations of the request\n";

	private Main() {
	}

	/** Exit status: 0 success, 2 invalid request, 3 no result. */
	public static void main(String[] arguments) throws Exception {
		System.exit(run(arguments));
	}

	private static int run(String[] arguments) throws Exception {
		String command = arguments.length == 1 ? arguments[0] : "";
		if (!command.equals("trial") && !command.equals("sequence")) {
			System.err.print(USAGE);
			return 2;
		}
		try {
			Request request = Request.read(input());
			System.out.println(command.equals("trial") ? trial(request)
					: Sequence.of(request));
			return System.out.checkError() ? 3 : 0;
		} catch (BadRequest e) {
			System.err.println("request: " + e.getMessage());
			return 2;
		}
	}

	private static String input() throws IOException {
		return new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
	}

	private static String trial(Request request) throws Exception {
		Map<String, Object> result = new LinkedHashMap<>();
		String refusal = request.refusal();
		result.put("protocol", Request.PROTOCOL);
		result.put("cell", request.cell.id);
		if (refusal != null) {
			result.put("status", "failed");
			result.put("reason", refusal);
		} else {
			watch(request.cell.deadlineNs);
			Team team = new Team(request);
			team.run();
			Result.report(team, result);
		}
		JsonSerializer<Double> finiteOrNull = (value, type, context) -> Double
				.isFinite(value) ? new JsonPrimitive(value) : JsonNull.INSTANCE;

		return new GsonBuilder().serializeNulls().disableHtmlEscaping()
				.registerTypeAdapter(Double.class, finiteOrNull)
				.create().toJson(result);
	}

	/** Trials started by hand have no other watchdog for the deadline. */
	private static void watch(long deadlineNs) {
		Thread watch = new Thread(() -> {
			try {
				Thread.sleep(deadlineNs / 1_000_000 + 1000);
			} catch (InterruptedException e) {
				return;
			}
			Runtime.getRuntime().halt(3);
		});
		watch.setDaemon(true);
		watch.start();
	}
}
