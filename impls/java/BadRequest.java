// SPDX-License-Identifier: Apache-2.0
package readmostly;

/** A request that was not understood, and why. */
final class BadRequest extends Exception {
	private static final long serialVersionUID = 1;

	BadRequest(String why) {
		super(why);
	}
}
