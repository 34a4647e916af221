/* SPDX-License-Identifier: Apache-2.0 */
/* arms.h - reads and checks the arms of a campaign (arms.c), and calibrates
   their windows (calibrate.c). */
#ifndef RM_CAMPAIGN_ARMS_H
#define RM_CAMPAIGN_ARMS_H

#include "runner/campaign/campaign.h"

/* Fills `arms` with the single arm of a campaign without --arms. sha256: hash
   of its program, or NULL if unknown. */
void rm_arms_default(struct rm_arms *arms, const char *sha256);

/* Adds the arm of the A/A control to the result of rm_arms_default(). */
void rm_arms_add_control(struct rm_arms *arms);

/*
 * Reads each program's SHA-256, makes its path absolute, and checks the sets.
 * Every arm's workload must exist and every workload must have arms. Two arms
 * of a set may not be the same file with the same control_extra. Returns 0;
 * -EINVAL with `error`; or -errno with `error` if a program cannot be read.
 */
int rm_arms_resolve(struct rm_arms *arms, const struct rm_workload *workloads,
        size_t workload_count, struct rm_error *error);

/* Rejects arms whose file cannot be run or whose folder lacks map programs,
   since all their trials would fail. Paths must be absolute. Returns 0 or
   -EINVAL with `error`. */
int rm_arms_check_programs(const struct rm_arms *arms, struct rm_error *error);

/* Writes and returns the name of a cell's program in rm_arm.programs, such as
   "plain/gomap_rw". */
enum { RM_ARM_PROGRAM_BYTES = RM_NAME_BYTES + 16 };
const char *rm_arm_program_name(const struct rm_arm *arm,
        const struct rm_cell *cell, char name[RM_ARM_PROGRAM_BYTES]);

/* Returns the flavour (folder of map programs) that an arm runs for a cell. */
const char *rm_arm_flavour(
        const struct rm_arm *arm, const struct rm_cell *cell);

/* For arms that are folders, lists each program that the plan needs in
   `programs` and sets `sha256`. Returns 0 or -ENOMEM. */
int rm_arms_hash(struct rm_arms *arms, const struct rm_plan *plan);

/* Stores the path of a program, given its name in `programs`. Returns
   `path`. */
const char *rm_arm_find_program_path(const struct rm_arm *arm, const char *name,
        char path[RM_PROGRAM_BYTES]);

/* Checks that the hashed programs of each arm record the same compiler and
   flags. If the arm has no path, they must be equal to compiler and flags of
   readmostly. Returns 0, or -EINVAL with `error`, which names two programs and
   the next step, or the program of another map. Stores a warning in `outdated`
   if a source is newer than its program. */
int rm_arms_check_builds(const struct rm_arms *arms, struct rm_error *outdated,
        struct rm_error *error);

/* Checks that each library in LD_PRELOAD is loaded. Returns 0, or -EINVAL with
   `error`. */
int rm_preload_check(struct rm_error *error);

/*
 * For a resume: reads the arms of campaign.json into a zeroed *arms and checks
 * that their programs have not changed. `asked` (--arms) must equal these arms,
 * unless its count is 0; its hashes must be known. Returns 0; -EINVAL or
 * another -errno with `error`, which names the arm.
 */
int rm_arms_restore(const json_t *campaign, const struct rm_arms *asked,
        struct rm_arms *arms, struct rm_error *error);

/* These two convert between arms and the member "arms" of campaign.json,
   without reading the programs. */
json_t *rm_arms_to_json(const struct rm_arms *arms);
int rm_arms_from_json(
        const json_t *campaign, struct rm_arms *arms, struct rm_error *error);

/* Draws the order of a set's arms in one turn. order[slot] is an index into the
   set. `seed` is the trial's seed. */
void rm_arms_order(uint64_t seed, size_t count, size_t order[RM_ARMS_MAX]);

/*
 * Before a campaign with --arms: replaces the timed window of every throughput
 * cell by a number of iterations. A few trials of the set's first arm determine
 * this number, so that the iterations take about as long as the window. The
 * warm-up becomes at least a third of the window, and at least one iteration
 * per resident key. If these trials fail, the plan skips the cell with the
 * reason.
 *
 * record  out: member "calibration" of campaign.json; a new reference
 * Returns 0; -EINVAL with `error` for cells that arms cannot run; -EINTR when
 * `interrupt_fd` became readable; -errno if no process can be started.
 */
int rm_calibrate(struct rm_plan *plan, const struct rm_arms *arms,
        const char *program, int interrupt_fd, json_t **record,
        struct rm_error *error);

#endif /* RM_CAMPAIGN_ARMS_H */
