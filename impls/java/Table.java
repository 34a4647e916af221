// SPDX-License-Identifier: Apache-2.0
package readmostly;

/**
 * What the loops ask of a map. One subclass is loaded in a process, so that the
 * compiler of the virtual machine puts its operations into the loop; each map
 * is a file with a class for each kind of key, named as Tables says.
 *
 * <p>A value's low half is its rank, which is at most 2^31: ABSENT is none.
 */
abstract class Table {
	static final long ABSENT = -1;

	/** The value, or ABSENT. */
	abstract long lookup(long rank);

	/** The value that was there, or ABSENT. */
	abstract long upsert(long rank, long value);

	/** The value that was there, or ABSENT. */
	abstract long remove(long rank);

	/** Whether there is anything to be verified. */
	boolean holds() {
		return true;
	}

	/**
	 * Whether upsert and remove return what they replaced, whoever writes
	 * beside them.
	 */
	boolean tells() {
		return true;
	}

	static long unbox(Long value) {
		return value == null ? ABSENT : value;
	}
}
