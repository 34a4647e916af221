/* SPDX-License-Identifier: Apache-2.0 */
/*
 * likwid.h - private to the counters: the client side of `readmostly-likwid`; knows nothing of
 * liblikwid. The back end of a trial is rm_backend_likwid (backend.h).
 */
#ifndef RM_LIKWID_H
#define RM_LIKWID_H

#include "runner/base/error.h"
#include "runner/counters/likwid_wire.h"

#include <stddef.h>

struct rm_likwid_helper; /* a running helper process */

/*
 * Starts the helper: $RM_LIKWID_HELPER, or readmostly-likwid beside this
 * program or one folder above it. It serves a socket in a new folder that only
 * this user can enter, and ends when this process or this thread does.
 *
 * remedy   out: what would help where it refuses; "" = nothing known
 * Returns 0; -ENOENT: no helper; -ENOTSUP: it refuses, `error` says why;
 * -errno. Main thread. Free with rm_likwid_helper_stop().
 */
int rm_likwid_helper_start(struct rm_likwid_helper **helper, char *remedy,
        size_t remedy_size, struct rm_error *error);

/* Path of its socket, for trial requests. Borrowed. */
const char *rm_likwid_helper_socket(const struct rm_likwid_helper *helper);

/* Its process id, for tests that watch it end. */
int rm_likwid_helper_pid(const struct rm_likwid_helper *helper);

/* Ends it, and removes the socket. NULL is allowed. */
void rm_likwid_helper_stop(struct rm_likwid_helper *helper);

/*
 * Connects to a helper's socket. Returns a descriptor or -errno.
 */
int rm_likwid_connect(const char *path, struct rm_error *error);

/*
 * Sends one command, waits for its answer. `answer` holds RM_WIRE_BYTES + 1;
 * it gets what follows "OK ". Returns 0; -EREMOTEIO: the helper answered with
 * an error, which is in `error`; -ETIMEDOUT; -EPIPE: the helper is gone.
 */
int rm_likwid_ask(
        int socket, const char *command, char *answer, struct rm_error *error);

#endif /* RM_LIKWID_H */
