/* SPDX-License-Identifier: Apache-2.0 */
/*
 * select.h - which back end a campaign counts with, decided once, with proof.
 *
 *     rm_counters_select("auto", &choice, &chosen, &error)   before the plan
 *     rm_counters_request(chosen, block)                     for each trial
 *     rm_counters_release(choice)                            after the last one
 */
#ifndef RM_SELECT_H
#define RM_SELECT_H

#include "runner/base/error.h"

#include <jansson.h>

/* Keeps what the chosen back end needs alive (likwid: the helper process). */
struct rm_counters_choice;

/*
 * Chooses a back end and lets it prove itself by counting known kernels.
 *
 * wish     "auto": the first of likwid, perf that proves itself, else none;
 *          "likwid", "perf": that one or an error, optionally with metrics of
 *          events.tsv: "perf:cycles,l1d_fill"; "replay:FILE"; "sim": no
 *          counter of this machine, simulated cells count instead; "none"
 * choice   out: free with rm_counters_release() after the last trial; the
 *          thread that calls this must live until then (the helper process
 *          dies with it)
 * chosen   out: new reference; campaign.json's "counters" object:
 *          {"backend": "perf", "cpu": "zen3",
 *           "reason": null | "why the better ones were not taken",
 *           "tried": [{"backend", "status": "proved" | "not usable",
 *                      "reason", "remedy", "verdicts": [...] | null}],
 *           "events": [all events],
 *           "missing": [{"metric", "reason"}],     not offered, or refuted
 *           "sets": [counters object of a trial request, ...]}
 *
 * Returns 0: with "auto" also where nothing can count (backend "none" and the
 * reasons; then skip the counter cells with that reason). -EINVAL: the wish is
 * not understood; -ENOTSUP: the wished back end cannot work here, `error` says
 * why and what would help. Takes milliseconds where a look shows that nothing
 * can work, up to 20 s where likwid is tried. Main thread, no trial running.
 */
int rm_counters_select(const char *wish, struct rm_counters_choice **choice,
        json_t **chosen, struct rm_error *error);

/* How many sets of events there are (a pass counts one); 0 with "none". */
size_t rm_counters_sets(const json_t *chosen);

/*
 * The "counters" object of a trial request (docs/trial-protocol.md): event set
 * number `trial` modulo rm_counters_sets(); pass the block's number, so that
 * consecutive blocks count all sets in turn. {"backend": "none"} where nothing
 * counts. New reference.
 */
json_t *rm_counters_request(const json_t *chosen, unsigned trial);

/* Ends the helper process, removes its socket. NULL is allowed. */
void rm_counters_release(struct rm_counters_choice *choice);

#endif /* RM_SELECT_H */
