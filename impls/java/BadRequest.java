// SPDX-License-Identifier: Apache-2.0
package readmostly;

/** An invalid request, with the reason. */
final class BadRequest extends Exception {
	private static final long serialVersionUID = 1;

	BadRequest(String why) {
		super(why);
	}
}
