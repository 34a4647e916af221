// SPDX-License-Identifier: Apache-2.0
package readmostly;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Finds the class for a map and shape, and makes keys for it. */
final class Tables {
	private Tables() {
	}

	/**
	 * Returns, for example, a JavaChm.U64 for java_chm and u64x8, or null if there is no such
	 * class. If the size is 0, the map starts small and grows. The class is found by its name,
	 * since a list of classes would load them all.
	 */
	static Table make(String id, String shape, long size) {
		StringBuilder name = new StringBuilder("readmostly.");
		for (String word : id.split("_")) {
			name.append(Character.toUpperCase(word.charAt(0)));
			name.append(word.substring(1));
		}
		name.append(shape.equals("u64x8") ? "$U64"
				: shape.equals("str16x8") ? "$Str" : "$None");
		try {
			return (Table) Class.forName(name.toString())
					.getDeclaredConstructor(long.class)
					.newInstance(size);
		} catch (ReflectiveOperationException | RuntimeException
				| LinkageError e) {
			return null;
		}
	}

	/**
	 * Position of the 8 bytes in which keys differ. This is a separate class, which is loaded
	 * with the first key, so that its fields are constants for the compiler and default keys
	 * need no extra branch.
	 */
	private static final class Place {
		static final boolean PLACED = !differs.equals("first");
		/** Bits of the scattered word that are in the first 8 bytes, as in rm_key_place() in C. */
		static final long FIRST = differs.equals("middle")
				? 0xffffffff00000000L : 0;
	}

	private static String differs = "first";

	/** Call it before the first key is made. */
	static void place(String keyDiffers) {
		differs = keyDiffers;
	}

	/**
	 * Returns the string key of a rank, a string of 16 Latin characters with one byte each. Each
	 * use allocates a new string, like a program that reads its keys from a connection.
	 */
	static String text(long rank) {
		byte[] line = new byte[16];
		long word = Random.scatter(rank);
		ByteBuffer.wrap(line).order(ByteOrder.LITTLE_ENDIAN)
				.putLong(Place.PLACED ? word & Place.FIRST : word)
				.putLong(Place.PLACED ? word & ~Place.FIRST : rank);
		return new String(line, StandardCharsets.ISO_8859_1);
	}
}
