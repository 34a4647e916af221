// SPDX-License-Identifier: Apache-2.0
package readmostly;

/** Phases that all members run together, in this order. */
enum Phase {
	SETUP, CREATE, PREFILL, SETTLE, WARM_UP, WINDOW, VERIFY
}
