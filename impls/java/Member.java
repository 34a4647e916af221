// SPDX-License-Identifier: Apache-2.0
package readmostly;

import java.io.IOException;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.function.LongConsumer;

/** One thread of a trial. It starts each phase once all threads are ready. */
final class Member extends Thread {
	private final Team team;
	private final CyclicBarrier gate;
	private final int slot;
	Worker worker;
	final Renewal renewal = new Renewal();
	Counts warmUp = new Counts();
	long id; // thread id of the kernel
	long start, end; // start and end of the window
	ThreadUsage before, after;
	long settled, heldKeys, heldSum, held;
	String placementError; // reason why the thread is not on its CPU, or null
	Throwable broken; // thrown by a phase

	Member(Team team, CyclicBarrier gate, int slot) {
		super("member " + slot);
		setDaemon(true);
		this.team = team;
		this.gate = gate;
		this.slot = slot;
	}

	@Override
	public void run() {
		try {
			for (Phase phase : Phase.values()) {
				gate.await();
				work(phase);
				gate.await();
			}
		} catch (InterruptedException | BrokenBarrierException e) {
			broken = e;
		}
	}

	private void work(Phase phase) {
		if (broken != null) {
			return;
		}
		try {
			switch (phase) {
			case SETUP -> setup();
			case CREATE -> create();
			case PREFILL -> each(team.load.resident, rank -> worker.table
					.upsert(rank, Random.valueOf(rank, 0, 0)));
			case SETTLE -> settle();
			case WARM_UP -> warmUp();
			case WINDOW -> window();
			default -> verify();
			}
		} catch (IOException | RuntimeException | Error e) {
			broken = e;
		}
	}

	/** Each member creates its own worker, so that no two workers are adjacent in memory. */
	private void setup() throws IOException {
		Cell cell = team.request.cell;
		id = ThreadUsage.id();
		if (cell.cpus.length > 0) {
			placementError = ThreadUsage.pin(cell.cpus[slot]);
		}
		worker = team.worker(slot);
	}

	private void create() {
		if (slot == 0) {
			team.create();
		}
	}

	/** Visits the member's share of the first n ranks. */
	private void each(long n, LongConsumer visit) {
		worker.table = team.table;
		for (long rank = slot; rank < n; rank += team.members.length) {
			visit.accept(rank);
		}
	}

	/** Looks up every resident key once, as C does. */
	private void settle() {
		if (team.request.cell.settle.equals("no")) {
			return;
		}
		each(team.load.resident, rank -> {
			long value = worker.table.lookup(rank);
			if (value != Table.ABSENT) {
				settled++;
				worker.wrong |= Random.rankMismatch(value, rank);
			}
		});
		if (team.request.cell.renewals() > 0 && team.table.holds()) {
			renewal.renew(worker, team.request.cell.renewals());
		}
	}

	private void warmUp() {
		if (team.request.cell.warmUpNs > 0
				&& !team.request.cell.verifies()) {
			worker.drive();
		}
		warmUp = worker.counts;
		worker.counts = new Counts();
	}

	private void window() {
		double ops = team.request.cell.windowOps
				* (1 + team.request.controlExtra);
		if (ops > 0) {
			worker.limit = (long) Math.max(Load.BATCH, ops);
		}
		before = ThreadUsage.before();
		start = System.nanoTime();
		if (worker instanceof Account account) {
			account.verify();
		} else {
			worker.drive();
		}
		end = System.nanoTime();
		after = ThreadUsage.after();
	}

	private void verify() {
		if (!team.table.holds()) {
			return;
		}
		each(team.universe(), rank -> {
			long value = worker.table.lookup(rank);
			if (value != Table.ABSENT) {
				heldKeys++;
				heldSum += Random.mixOf(rank);
				held += value;
				worker.wrong |= Random.rankMismatch(value, rank);
			}
		});
	}
}
