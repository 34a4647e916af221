/* SPDX-License-Identifier: Apache-2.0 */
/* recorder.h - records one thread's operations as events of a history.
 * Recording must disturb as little as possible. So a recorder belongs to one
 * thread, uses memory that was touched before, and shares only the stamps with
 * other threads. */
#ifndef RM_RECORDER_H
#define RM_RECORDER_H

#include "verify/check/internal.h"
#include "verify/check/stamp.h"
#include "verify/history/history.h"

/* Stops a thread in the middle of an operation, at a random instruction, while
 * others run. Short operations rarely overlap, especially on few CPUs. So the
 * CPU runs the operation instruction by instruction (trap flag, one signal per
 * instruction) up to a random instruction, where the thread yields its CPU a
 * few times. The executed code is the measured code. This works on x86 only; on
 * other CPUs and under sanitizers operations run normally. */

/* Installs a handler of SIGTRAP in this process permanently. Returns whether
 * stepping works; if not, the functions below do nothing. */
bool rm_step_init(void);

/* After this call returns, the thread runs `steps` instructions one by one,
 * then yields `yields` times. Any thread; a step takes about 1 us. */
void rm_step_arm(unsigned steps, unsigned yields);

/* Ends the stepping. Call it after each rm_step_arm(). */
void rm_step_disarm(void);

/* Number of keys of a recorder, ranks first .. first + RM_RECORDED - 1. */
enum { RM_RECORDED = 4 };

struct rm_history_recorder {
	_Alignas(RM_CACHE_LINE) struct rm_stamps *stamps;
	struct rm_peer *peer;
	uint64_t first;              /* rank of the first key */
	uint64_t known[RM_RECORDED]; /* last values read: for compare_swap */
	struct rm_history_event *events; /* event_max items */
	struct rm_history_pair *pairs;   /* pair_max items, for all scans */
	size_t count, event_max;
	size_t pair_count, pair_max;
	bool steps; /* stop some operations in the middle */
};

/* Allocates and touches memory for that many events and scanned pairs. Returns
 * 0 or -ENOMEM. The thread sets `peer`. */
int rm_recorder_init(struct rm_history_recorder *recorder,
        struct rm_stamps *stamps, size_t events, size_t pairs);
void rm_recorder_free(struct rm_history_recorder *recorder);

/* Pseudo-kind: an exchange through update(), recorded as an exchange. */
enum { RM_RECORD_UPDATE = RM_HISTORY_KINDS };

/* Runs one operation of the map and records it; operations on the whole map
 * ignore `rank`. Each written value is new. If a value is read that was never
 * written, the peer fails. If the recorder is full, the operation runs but is
 * not recorded. */
void rm_record(struct rm_history_recorder *recorder, enum rm_history_kind kind,
        uint64_t rank);

/* Arguments and results of one call. */
struct rm_call {
	struct rm_key key;
	struct rm_value value, expected, result;
};

/* Calls an operation on one key that the map must offer, or RM_RECORD_UPDATE.
 * Returns what the operation returned. */
bool rm_call_on_key(struct rm_peer *peer, unsigned kind, struct rm_call *call);

#endif /* RM_RECORDER_H */
