/* SPDX-License-Identifier: Apache-2.0 */
/* likwid.h - private header: client of `readmostly-likwid`. rm_backend_likwid
   (backend.h) is the back end of a trial. */
#ifndef RM_LIKWID_H
#define RM_LIKWID_H

#include "runner/base/error.h"
#include "runner/counters/likwid_wire.h"

#include <stddef.h>

struct rm_likwid_helper; /* a running helper process */

/*
 * Starts the helper: $RM_LIKWID_HELPER, or readmostly-likwid in the folder of
 * this program or in the parent folder. It listens on a socket in a new folder
 * that only this user can enter. It ends when this process or thread ends.
 *
 * remedy   out: next step if the helper refuses; "": unknown
 * Returns 0; -ENOENT: no helper; -ENOTSUP: the helper refuses, with the reason
 * in `error`; -errno. Main thread. Free with rm_likwid_helper_stop().
 */
int rm_likwid_helper_start(struct rm_likwid_helper **helper, char *remedy,
        size_t remedy_size, struct rm_error *error);

/* Path of the helper's socket, for trial requests. The helper owns it. */
const char *rm_likwid_helper_socket(const struct rm_likwid_helper *helper);

/* The helper's access mode: "direct" (msr devices), "daemon" (likwid-accessD)
   or "perf". The helper owns it. */
const char *rm_likwid_helper_mode(const struct rm_likwid_helper *helper);

/* The helper's process id, for tests. */
int rm_likwid_helper_pid(const struct rm_likwid_helper *helper);

/* Stops the helper and removes its socket. NULL is allowed. */
void rm_likwid_helper_stop(struct rm_likwid_helper *helper);

/*
 * Connects to a helper's socket. Returns a descriptor, or -errno with `error`.
 */
int rm_likwid_connect(const char *path, struct rm_error *error);

/*
 * Sends one command and waits for its answer. `answer` has RM_WIRE_BYTES + 1
 * bytes and receives the text after "OK ". Returns 0; -EREMOTEIO: the helper
 * returned an error, which is in `error`; -ETIMEDOUT; -EPIPE: the helper ended.
 */
int rm_likwid_send_command(
        int socket, const char *command, char *answer, struct rm_error *error);

#endif /* RM_LIKWID_H */
