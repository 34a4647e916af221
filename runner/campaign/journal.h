/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal.h - trials.jsonl: what was measured, safe against any end.
 *
 * One line per finished trial, appended in one write and synced before the
 * next trial starts. One owner at a time (flock on DIR/lock). Only a line that
 * ends in a newline counts: what a crash tore is cut off on the next opening.
 */
#ifndef RM_JOURNAL_H
#define RM_JOURNAL_H

#include "runner/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct rm_journal; /* opaque; one thread */

/* Called per line found on opening. Not 0 ends it and is returned. */
typedef int rm_journal_fn(
        void *context, const json_t *trial, struct rm_error *error);

/*
 * Takes ownership of the campaign folder and reads its journal (made empty
 * where there is none).
 *
 * fn, context  told each trial that is there, in order; may be NULL
 * torn_bytes   out: length of a torn last line that was cut off, else 0
 * Returns 0 and *journal, to be closed. -EBUSY: another process owns it, and
 * `error` names it; -EINVAL: `error` is trials.jsonl:LINE with a line that is
 * no trial or the second one of a (cell, block, arm); other -errno with the
 * system's reason.
 */
int rm_journal_open(const char *dir, rm_journal_fn *fn, void *context,
        struct rm_journal **journal, size_t *torn_bytes,
        struct rm_error *error);

/* Whether the trial (cell, block, arm) has a line. */
bool rm_journal_has(const struct rm_journal *journal, const char *cell,
        unsigned block, const char *arm);

/* Lines in the journal. */
size_t rm_journal_length(const struct rm_journal *journal);

/*
 * Appends one line and syncs it. `trial` has "cell", "block" and "arm".
 * Returns 0; -EEXIST where that trial has a line already; -ENOSPC, -EFBIG,
 * -EIO... with the system's reason: then nothing of the line is left that a
 * resume would trust, and every later append fails, too. Needs SIGXFSZ
 * ignored to survive RLIMIT_FSIZE.
 */
int rm_journal_append(struct rm_journal *journal, const json_t *trial,
        struct rm_error *error);

/* Gives up ownership. NULL is allowed. */
void rm_journal_close(struct rm_journal *journal);

/*
 * Reads (cell, block, arm) of a line into `key`, a text that is equal for
 * equal trials only. -EINVAL with `error` where it has no such members.
 */
enum { RM_TRIAL_KEY_BYTES = 512 };
int rm_trial_key(const json_t *trial, char key[RM_TRIAL_KEY_BYTES],
        struct rm_error *error);

#endif /* RM_JOURNAL_H */
