/* SPDX-License-Identifier: GPL-3.0-or-later */
/* likwid_helper.h - the two halves of readmostly-likwid. */
#ifndef RM_LIKWID_HELPER_H
#define RM_LIKWID_HELPER_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

enum rm_likwid_mode {
	RM_LIKWID_AUTO = -1,
	RM_LIKWID_DIRECT = 0, /* as liblikwid numbers them */
	RM_LIKWID_DAEMON = 1,
};

struct rm_likwid_options {
	const char *socket;  /* path to serve at */
	const char *library; /* for dlopen; NULL = the known names */
	enum rm_likwid_mode mode;
	int deadline_ms; /* patience with liblikwid, per command */
	bool gate;       /* look for devices before loading anything */
};

/*
 * Serves trials at `listener` until standard input ends or a SIGTERM comes,
 * which the caller has blocked. Returns 0, -ENOMEM.
 */
int rm_likwid_serve(const struct rm_likwid_options *options, int listener);

/*
 * Looks, without liblikwid, whether an access mode can work at all: a model
 * specific register device that we may write, or a set-uid likwid-accessD.
 * Returns the mode, or RM_LIKWID_AUTO and a reason ("why | remedy").
 */
enum rm_likwid_mode rm_likwid_gate(char *reason, size_t size);

/*
 * Serves commands from `socket` with liblikwid until it is closed. Call in a
 * child process only: liblikwid prints, forks, exits. Never returns.
 *
 * library  path or name for dlopen, NULL = the known names
 */
_Noreturn void rm_likwid_work(
        int socket, const char *library, enum rm_likwid_mode mode);

/*
 * Reads "0,3,5" (at most `room` numbers below the number of CPUs). Returns how
 * many, or -1.
 */
int rm_likwid_cpus(const char *list, int *cpus, int room);

/* Keeps the calling thread off the measured CPUs, where `allowed` has others. */
void rm_likwid_step_aside(const cpu_set_t *allowed, const int *cpus, int n);

#endif /* RM_LIKWID_HELPER_H */
