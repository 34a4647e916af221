// SPDX-License-Identifier: Apache-2.0
package readmostly;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;

/** The factors of a cell that affect a program in Java. */
final class Cell {
	final String id, map, shape, writeKind, dist, loop, measure, memory;
	final String allocator, hugePages, settle, keyDiffers;
	final long keys, warmUpNs, windowNs, windowOps, deadlineNs, verifyOps;
	final double writeShare, missShare;
	final int threads;
	final int[] cpus;
	final boolean presize, traced;

	Cell(JsonObject cell) {
		id = cell.get("id").getAsString();
		map = cell.get("map").getAsString();
		shape = cell.get("shape").getAsString();
		writeKind = cell.get("write_kind").getAsString();
		dist = cell.get("dist").getAsString();
		loop = cell.get("loop").getAsString();
		measure = cell.get("measure").getAsString();
		memory = cell.get("memory").getAsString();
		allocator = valueOrDefault(cell, "allocator", "glibc");
		hugePages = valueOrDefault(cell, "huge_pages", "system");
		settle = valueOrDefault(cell, "settle", "yes");
		keyDiffers = valueOrDefault(cell, "key_differs", "first");
		keys = cell.get("keys").getAsLong();
		warmUpNs = cell.get("warm_up_ns").getAsLong();
		windowNs = cell.get("window_ns").getAsLong();
		windowOps = cell.get("window_ops").getAsLong();
		deadlineNs = cell.get("deadline_ns").getAsLong();
		verifyOps = cell.get("verify_ops").getAsLong();
		writeShare = finite(cell, "write_share");
		missShare = finite(cell, "miss_share");
		threads = cell.get("threads").getAsInt();
		cpus = numbers(cell.getAsJsonArray("cpus"));
		presize = cell.get("presize").getAsBoolean();
		traced = cell.has("trace");
	}

	/** Reads a number of a request. Rejects NaN and Infinity, which Gson accepts. */
	static double finite(JsonObject object, String name) {
		double value = object.get(name).getAsDouble();

		if (!Double.isFinite(value)) {
			throw new NumberFormatException(name + " is " + value);
		}
		return value;
	}

	private static String valueOrDefault(JsonObject cell, String name,
			String usual) {
		return cell.has(name) ? cell.get(name).getAsString() : usual;
	}

	private static int[] numbers(JsonArray array) {
		int[] all = new int[array.size()];
		for (int i = 0; i < all.length; i++) {
			all[i] = array.get(i).getAsInt();
		}
		return all;
	}

	boolean verifies() {
		return measure.equals("verify");
	}

	/** Returns N if `settle` is "renewed:N", otherwise 0. */
	int renewals() {
		return settle.startsWith("renewed:")
				? Integer.parseInt(settle.substring(8)) : 0;
	}

	boolean strings() {
		return shape.startsWith("str");
	}

	/** Throws if a member is invalid for every program. */
	void check() throws BadRequest {
		if (threads < 1 || keys < 1
				|| cpus.length != 0 && cpus.length != threads) {
			throw new BadRequest("keys, threads or cpus out of range");
		}
		if (!settle.matches("yes|no|renewed:([1-9][0-9]?|100)")) {
			throw new BadRequest("settle: expected yes, no or renewed:1 to "
					+ "renewed:100");
		}
		if (!keyDiffers.matches("first|middle|last")) {
			throw new BadRequest("key_differs: expected first, middle or last");
		}
		if (verifies() ? verifyOps == 0 : (windowNs == 0) == (windowOps == 0)) {
			throw new BadRequest("exactly one of window_ns and window_ops "
					+ "is needed, and verify_ops to verify");
		}
	}
}
