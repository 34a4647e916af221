/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recorder.h - one thread's operations, as events of a history.
 *
 * A recorder belongs to one thread, writes memory that was allocated and
 * touched before, and shares nothing with other threads but the stamps:
 * what is recorded must happen almost as it would without.
 */
#ifndef RM_RECORDER_H
#define RM_RECORDER_H

#include "verify/check/internal.h"
#include "verify/check/stamp.h"
#include "verify/history/history.h"

/*
 * Lets a thread stand aside in the middle of an operation, at an
 * instruction chosen at random, while others run.
 *
 * Short operations hardly ever meet by themselves, least of all on few CPUs.
 * Here the CPU runs the operation instruction by instruction (its trap flag,
 * a signal per instruction) up to the chosen one; there the thread gives its
 * CPU away a few times. The code is the measured code, without any marks.
 * x86 only; elsewhere, and under sanitizers, operations run as they are.
 */

/* Takes SIGTRAP for this process, for good. Returns whether stepping works
   here; where not, the functions below do nothing. */
bool rm_step_init(void);

/* From the return of this on, `steps` instructions are run one by one, and
   then the CPU is given away `yields` times. Any thread; about 1 us a step. */
void rm_step_arm(unsigned steps, unsigned yields);

/* The operation is over: no more steps. After each rm_step_arm(). */
void rm_step_disarm(void);

/* Most keys that a recorder knows, ranks first .. first + RM_RECORDED - 1. */
enum { RM_RECORDED = 4 };

struct rm_history_recorder {
	_Alignas(RM_CACHE_LINE) struct rm_stamps *stamps;
	struct rm_peer *peer;
	uint64_t first;              /* rank */
	uint64_t known[RM_RECORDED]; /* values last seen: for compare_swap */
	struct rm_history_event *events; /* [room] */
	struct rm_history_pair *pairs;   /* [pair_room], of all scans */
	size_t count, room;
	size_t pair_count, pair_room;
	bool steps; /* some operations stand aside in the middle */
};

/* Allocates and touches room for that many events and scanned pairs.
   Returns 0 or -ENOMEM. `peer` is set by the thread. */
int rm_recorder_init(struct rm_history_recorder *recorder,
        struct rm_stamps *stamps, size_t events, size_t pairs);
void rm_recorder_free(struct rm_history_recorder *recorder);

/* What may be recorded beside the kinds of histories: an exchange through the
   map's update(), whose function is given the old value and leaves the new. */
enum { RM_RECORD_UPDATE = RM_HISTORY_KINDS };

/*
 * Runs one operation of the map and records it; `rank` is ignored by those
 * about the whole map. Each value written is a new one. A value that was
 * never written fails the peer. Full recorders record nothing.
 */
void rm_record(struct rm_history_recorder *recorder, enum rm_history_kind kind,
        uint64_t rank);

/* What one call is given and gives. */
struct rm_call {
	struct rm_key key;
	struct rm_value value, expected, result;
};

/* Calls the operation, which the map must offer and which must be one on a
   key, or RM_RECORD_UPDATE. Returns what the operation returned. */
bool rm_call_on_key(
        const struct rm_peer *peer, unsigned kind, struct rm_call *call);

#endif /* RM_RECORDER_H */
