// SPDX-License-Identifier: Apache-2.0
package readmostly;

/**
 * The interface between loops and maps. A process loads only one subclass, so that the virtual
 * machine's compiler can inline its operations into the loop. Each map is a file with one class per
 * kind of key, named as Tables requires.
 *
 * <p>A value's low half is its rank, at most 2^31, so ABSENT is not a value.
 */
abstract class Table {
	static final long ABSENT = -1;

	/** Returns the value, or ABSENT. */
	abstract long lookup(long rank);

	/** Returns the old value, or ABSENT. */
	abstract long upsert(long rank, long value);

	/** Returns the old value, or ABSENT. */
	abstract long remove(long rank);

	/** True if the map has entries to verify. */
	boolean holds() {
		return true;
	}

	/**
	 * True if upsert and remove return the old value even under concurrent writes.
	 */
	boolean returnsOld() {
		return true;
	}

	static long unbox(Long value) {
		return value == null ? ABSENT : value;
	}
}
