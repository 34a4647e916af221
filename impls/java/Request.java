// SPDX-License-Identifier: Apache-2.0
package readmostly;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.util.Set;

/** A request of docs/reference/trial-protocol.md. */
final class Request {
	/** The version of the protocol. */
	static final int PROTOCOL = 2;

	private static final Set<String> MEMBERS = Set.of("protocol", "cell",
			"seed", "control_extra", "counters");
	private static final Set<String> CELL = Set.of("id", "workload", "map",
			"shape", "keys", "write_share", "miss_share", "write_kind",
			"dist", "loop", "rate_per_s", "arrivals", "threads",
			"placement", "memory", "cpus", "presize", "warm_up_ns",
			"window_ns", "window_ops", "deadline_ns", "verify_ops",
			"measure");
	private static final Set<String> MAY = Set.of("trace", "settle",
			"clock_rate", "allocator", "huge_pages", "goroutines",
			"key_differs");

	final Cell cell;
	final long seed;
	final double controlExtra;
	final String counters;

	private Request(JsonObject whole) {
		cell = new Cell(whole.getAsJsonObject("cell"));
		seed = whole.get("seed").getAsLong();
		controlExtra = Cell.finite(whole, "control_extra");
		counters = whole.getAsJsonObject("counters").get("backend")
				.getAsString();
	}

	/** Reads one request. Every member must be present, and no other. */
	static Request read(String text) throws BadRequest {
		try {
			JsonObject whole = object(JsonParser.parseString(text));
			members(whole, MEMBERS, Set.of());
			if (whole.get("protocol").getAsInt() != PROTOCOL) {
				throw new BadRequest("protocol is not " + PROTOCOL);
			}
			members(object(whole.get("cell")), CELL, MAY);
			Request request = new Request(whole);
			request.cell.check();
			return request;
		} catch (JsonParseException | IllegalStateException
				| NumberFormatException | ClassCastException
				| NullPointerException
				| UnsupportedOperationException e) {
			throw new BadRequest("not understood: " + e.getMessage());
		}
	}

	private static JsonObject object(JsonElement element) throws BadRequest {
		if (!element.isJsonObject()) {
			throw new BadRequest("expected an object");
		}
		return element.getAsJsonObject();
	}

	private static void members(JsonObject object, Set<String> must,
			Set<String> may) throws BadRequest {
		for (String name : must) {
			if (!object.has(name)) {
				throw new BadRequest(name + " is missing");
			}
		}
		for (String name : object.keySet()) {
			if (!must.contains(name) && !may.contains(name)) {
				throw new BadRequest("unknown member " + name);
			}
		}
	}

	/** Returns the reason why this program cannot run the cell, or null. */
	String refusal() {
		Table table = Tables.make(cell.map, cell.shape, 0);
		if (table == null) {
			return "readmostly-java has no map " + cell.map + " for "
					+ cell.shape;
		}
		if (!cell.strings() && !cell.keyDiffers.equals("first")) {
			return "key_differs applies to string keys, not to " + cell.shape;
		}
		if (cell.verifies() && cell.renewals() > 0) {
			return "a verification does not renew keys: settle " + cell.settle;
		}
		if (cell.verifies() && !table.holds()) {
			return "this map holds nothing that could be verified";
		}
		if (!cell.loop.equals("mix")
				|| !cell.measure.equals("throughput") && !cell.verifies()) {
			return "readmostly-java measures throughput of the loop mix";
		}
		if (!Set.of("update", "churn", "fresh").contains(cell.writeKind)) {
			return "readmostly-java has no write kind " + cell.writeKind;
		}
		if (!table.returnsOld() && !cell.writeKind.equals("update")
				&& cell.threads > 1) {
			return "a write of this map that is concurrent with a removal "
					+ "returns a wrong value: " + cell.writeKind + " needs one thread";
		}
		return refusalOfSettings();
	}

	/** Maximum number of heap bytes per key: entry, key, value and free slots. */
	private static final long BYTES_PER_KEY = 160;

	private String refusalOfSettings() {
		try {
			new Distribution(cell.dist);
		} catch (IllegalArgumentException e) {
			return "readmostly-java draws its keys: it has no " + cell.dist;
		}
		if (cell.traced) {
			return "readmostly-java draws its keys: it cannot replay a trace";
		}
		if (!cell.memory.equals("first-touch")
				|| !cell.allocator.equals("glibc")
				|| !cell.hugePages.equals("system")) {
			return "readmostly-java has its own allocator, and memory "
					+ "first-touch";
		}
		if (!counters.equals("none")) {
			return "readmostly-java has no counters";
		}
		long heap = Runtime.getRuntime().maxMemory();
		if (cell.keys > heap / BYTES_PER_KEY) {
			return cell.keys + " keys do not fit into a heap of "
					+ (heap >> 20) + " MiB";
		}
		return null;
	}
}
