/* SPDX-License-Identifier: Apache-2.0 */
/* epoch_stats.h - what a map tells of its reclamation. Included by epoch.h. */
#ifndef RM_EPOCH_STATS_H
#define RM_EPOCH_STATS_H

/* rm_map_ops.stats of the reclamation; any thread, also while others run. */
static void epoch_stats(struct epoch *epoch, rm_stat_fn *emit, void *context)
{
	uint64_t sum[7] = { 0 };

	for (size_t i = 0; i < epoch->threads; i++) {
		struct epoch_record *record = &epoch->records[i];
		_Atomic uint64_t *const counters[7] = { &record->retired,
			&record->freed, &record->retired_bytes,
			&record->freed_bytes, &record->waits, &record->wait_ns,
			&record->retries };

		for (int c = 0; c < 7; c++)
			sum[c] += rm_stat_read(counters[c]);
	}
	emit(context, "retired", "1", rm_stat_value(sum[0]));
	emit(context, "freed", "1", rm_stat_value(sum[1]));
	emit(context, "retries", "1", rm_stat_value(sum[6]));
	emit(context, "retired_bytes", "bytes", rm_stat_value(sum[2]));
	emit(context, "freed_bytes", "bytes", rm_stat_value(sum[3]));
	emit(context, "retired_peak_bytes", "bytes",
	        (double)atomic_load_explicit(
	                &epoch->peak_bytes, memory_order_relaxed));
	emit(context, "retired_limit_bytes", "bytes",
	        (double)epoch->limit_bytes);
	emit(context, "grace_waits", "1", (double)sum[4]);
	emit(context, "grace_wait_ns", "ns", (double)sum[5]);
	emit(context, "grace_waiting", "1",
	        (double)atomic_load_explicit(
	                &epoch->waiting, memory_order_relaxed));
	emit(context, "epochs", "1",
	        (double)atomic_load_explicit(
	                &epoch->now, memory_order_relaxed));
}

#endif /* RM_EPOCH_STATS_H */
