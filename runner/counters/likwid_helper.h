/* SPDX-License-Identifier: GPL-3.0-or-later */
/* likwid_helper.h - interface between the parts of readmostly-likwid, which has
   two processes. */
#ifndef RM_LIKWID_HELPER_H
#define RM_LIKWID_HELPER_H

#include <stdbool.h>

enum rm_likwid_mode {
	RM_LIKWID_AUTO = -2,
	RM_LIKWID_PERF = -1, /* the other values are liblikwid's */
	RM_LIKWID_DIRECT = 0,
	RM_LIKWID_DAEMON = 1,
};

struct rm_likwid_options {
	const char *socket;  /* path of the socket */
	const char *library; /* for dlopen(); NULL: use the known names */
	enum rm_likwid_mode mode;
	int deadline_ms; /* time limit of liblikwid for each command */
	bool gate;       /* check devices before the library is loaded */
};

/*
 * True if liblikwid was built with ACCESSMODE=perf_event. On Arm and POWER this
 * is always the case. Such a build needs neither msr devices nor
 * likwid-accessD. Loads the library in a child process; false if it cannot be
 * loaded. `library` as in rm_likwid_run_worker().
 */
bool rm_likwid_uses_perf(const char *library);

/* Serves trials at `listener` until standard input ends or SIGTERM arrives. The
   caller has blocked SIGTERM. Returns 0 or -ENOMEM. */
int rm_likwid_serve(const struct rm_likwid_options *options, int listener);

/*
 * Executes commands from `socket` with liblikwid until the socket is closed.
 * Call this in a child process only: liblikwid prints, forks, exits. Never
 * returns.
 *
 * library  path or name for dlopen(); NULL: use the known names
 */
_Noreturn void rm_likwid_run_worker(
        int socket, const char *library, enum rm_likwid_mode mode);

#endif /* RM_LIKWID_HELPER_H */
