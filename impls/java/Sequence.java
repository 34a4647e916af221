// SPDX-License-Identifier: Apache-2.0
package readmostly;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Runs the loop of a cell's first thread on a map that only computes a digest of its
 * operations and keys, in their order. tests/unit/trial/test_sequence.c does the same in
 * C.
 */
final class Sequence extends Table {
	private static final int LOOKED_UP = 0, UPSERTED = 1, REMOVED = 2;

	private final boolean strings;
	private long sum;

	private Sequence(boolean strings) {
		this.strings = strings;
	}

	static String of(Request request) {
		Worker worker = new Team(request).worker(0);
		Sequence digest = new Sequence(request.cell.strings());
		worker.table = digest;
		worker.limit = request.cell.windowOps;
		worker.drive();
		return String.format("%016x", digest.sum);
	}

	private void fold(long rank, int operation) {
		if (!strings) {
			sum = Random.seed(sum ^ Random.scatter(rank), operation);
			return;
		}
		ByteBuffer key = ByteBuffer.wrap(Tables.text(rank)
				.getBytes(StandardCharsets.ISO_8859_1))
				.order(ByteOrder.LITTLE_ENDIAN);
		sum = Random.seed(sum ^ key.getLong(), operation);
		sum = Random.seed(sum ^ key.getLong(), -1);
	}

	@Override
	long lookup(long rank) {
		fold(rank, LOOKED_UP);
		return rank;
	}

	@Override
	long upsert(long rank, long value) {
		fold(rank, UPSERTED);
		sum ^= value;
		return rank;
	}

	@Override
	long remove(long rank) {
		fold(rank, REMOVED);
		return rank;
	}
}
