// SPDX-License-Identifier: Apache-2.0
package readmostly;

import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;

/** A whole trial: its threads, phase by phase. */
final class Team {
	// numbers of the random streams that are derived from the seed, as in runner/trial/phases.c
	private static final int SEED_OPERATIONS = 100, SEED_KEYS = 100000;

	final Request request;
	final Load load;
	final Distribution dist;
	final Skew skew; // null unless the distribution is zipf or hot
	final Member[] members;
	final Map<Phase, Long> phases = new EnumMap<>(Phase.class);
	final WarmUp warmUp = new WarmUp();
	Table table;
	Usage before, after;
	long rssEmpty, rssFilled;
	double clockCostNs, clockStepNs;
	private final CyclicBarrier gate;

	Team(Request request) {
		this.request = request;
		load = new Load(request.cell);
		Tables.place(request.cell.keyDiffers);
		dist = new Distribution(request.cell.dist);
		skew = request.cell.verifies() ? null
				: dist.skew(load, Random.seed(request.seed, SEED_KEYS));
		members = new Member[request.cell.threads];
		gate = new CyclicBarrier(members.length + 1);
		for (int i = 0; i < members.length; i++) {
			members[i] = new Member(this, gate, i);
		}
	}

	Worker worker(int slot) {
		Cell cell = request.cell;
		long state = Random.seed(request.seed, SEED_OPERATIONS + slot);
		if (cell.verifies()) {
			return new Account(load, slot, state);
		}
		return new Worker(load, slot, state, skew, dist.stream(load, slot,
				Random.seed(request.seed, SEED_KEYS)));
	}

	void create() {
		Cell cell = request.cell;
		table = Tables.make(cell.map, cell.shape,
				cell.presize ? load.resident : 0);
	}

	void run() throws InterruptedException, BrokenBarrierException {
		clockCostNs = Usage.clockCostNs();
		clockStepNs = Usage.clockStepNs();
		for (Member member : members) {
			member.start();
		}
		for (Phase phase : Phase.values()) {
			if (phase == Phase.CREATE) {
				rssEmpty = Usage.status("VmRSS");
			} else if (phase == Phase.SETTLE) {
				rssFilled = Usage.status("VmRSS");
			} else if (phase == Phase.WINDOW) {
				before = Usage.now(ids());
			}
			run(phase);
			if (phase == Phase.WINDOW) {
				after = Usage.now(ids());
			}
		}
	}

	private void run(Phase phase)
			throws InterruptedException, BrokenBarrierException {
		Cell cell = request.cell;
		load.stop = false;
		gate.await();
		long start = System.nanoTime();
		if (!cell.verifies()) {
			if (phase == Phase.WARM_UP && cell.warmUpNs > 0) {
				warmUp.watch(this);
				load.stop = true;
			} else if (phase == Phase.WINDOW && cell.windowNs > 0) {
				Thread.sleep(cell.windowNs / 1_000_000,
						(int) (cell.windowNs % 1_000_000));
				load.stop = true;
			}
		}
		gate.await();
		phases.put(phase, System.nanoTime() - start);
	}

	private Set<Long> ids() {
		Set<Long> ids = new HashSet<>();
		for (Member member : members) {
			ids.add(member.id);
		}
		return ids;
	}

	/** Returns a number above the highest rank that may be present. */
	long universe() {
		long most = Math.max(load.span, load.resident);
		for (Member member : members) {
			most = Math.max(most, load.kind == Load.Kind.FRESH
					? member.worker.newest() : 0);
		}
		return most;
	}

	/** Returns the number of operations that all members have done. */
	long done() {
		long sum = 0;
		for (Member member : members) {
			sum += member.worker.done.get();
		}
		return sum;
	}

	/** Returns the exception of a member, or null. */
	String broken() {
		for (Member member : members) {
			if (member.broken != null) {
				return member.broken.toString().split("\n")[0];
			}
		}
		return null;
	}

	/** Returns the time from the first start to the last end. */
	long elapsedNs() {
		long start = members[0].start, end = members[0].end;
		for (Member member : members) {
			start = Math.min(start, member.start);
			end = Math.max(end, member.end);
		}
		return end - start;
	}
}
