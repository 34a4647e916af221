// SPDX-License-Identifier: Apache-2.0
package readmostly;

/** Sums over the members. */
final class Totals {
	final Counts window = new Counts(), all = new Counts();
	long written, returned, held, puts, outs, lost;
	long heldKeys, heldSum, keysBefore;
	int wrong; // number of threads that saw a wrong value
	final long expectedKeys, expectedSum;

	Totals(Team team) {
		long sum = 0;
		for (Member member : team.members) {
			Worker worker = member.worker;
			all.add(member.warmUp);
			all.add(worker.counts);
			window.add(worker.counts);
			sum += worker.keySum;
			heldKeys += member.heldKeys;
			heldSum += member.heldSum;
			held += member.held;
			keysBefore += member.settled;
			wrong += worker.wrong != 0 ? 1 : 0;
			if (worker instanceof Account account) {
				written += account.written;
				returned += account.returned;
				puts += account.puts;
				outs += account.outs;
				lost += account.lost;
			}
		}
		for (long rank = 0; rank < team.load.resident; rank++) {
			sum += Random.mixOf(rank);
			written += Random.valueOf(rank, 0, 0); // value of the prefill
		}
		expectedSum = sum;
		expectedKeys = team.load.resident + all.inserts - all.removes;
	}
}
