/* SPDX-License-Identifier: GPL-3.0-or-later */
/* likwid_helper.h - the two processes of readmostly-likwid. */
#ifndef RM_LIKWID_HELPER_H
#define RM_LIKWID_HELPER_H

#include <stdbool.h>

enum rm_likwid_mode {
	RM_LIKWID_AUTO = -2,
	RM_LIKWID_PERF = -1, /* from here on, the values are liblikwid's */
	RM_LIKWID_DIRECT = 0,
	RM_LIKWID_DAEMON = 1,
};

struct rm_likwid_options {
	const char *socket;  /* path to serve at */
	const char *library; /* for dlopen; NULL = the known names */
	enum rm_likwid_mode mode;
	int deadline_ms; /* time limit for liblikwid, per command */
	bool gate;       /* check devices before loading the library */
};

/*
 * True if liblikwid was built with ACCESSMODE=perf_event, as is always the case
 * on Arm and POWER. Such a build needs neither msr devices nor likwid-accessD.
 * Loads the library in a child process; false if it cannot be loaded. `library`
 * as in rm_likwid_run_worker().
 */
bool rm_likwid_uses_perf(const char *library);

/* Serves trials at `listener` until standard input ends or a SIGTERM arrives,
   which the caller has blocked. Returns 0 or -ENOMEM. */
int rm_likwid_serve(const struct rm_likwid_options *options, int listener);

/*
 * Serves commands from `socket` with liblikwid until it is closed. Call this in
 * a child process only: liblikwid prints, forks, exits. Never returns.
 *
 * library  path or name for dlopen, NULL = the known names
 */
_Noreturn void rm_likwid_run_worker(
        int socket, const char *library, enum rm_likwid_mode mode);

#endif /* RM_LIKWID_HELPER_H */
