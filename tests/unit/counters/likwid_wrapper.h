/* SPDX-License-Identifier: Apache-2.0 */
/* likwid_wrapper.h - lets RM_LIKWID_HELPER start the helper with a given
   library and environment. */
#ifndef RM_LIKWID_WRAPPER_H
#define RM_LIKWID_WRAPPER_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Returns the folder of this test program and its fixtures. */
static inline const char *wrapper_folder(void)
{
	static char folder[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", folder, sizeof(folder) - 1);

	if (n <= 0)
		abort();
	folder[n] = '\0';
	*strrchr(folder, '/') = '\0';
	return folder;
}

/* Writes the script `path`, which sets the environment and starts the helper
   with options. */
static inline void wrapper_write(
        const char *path, const char *environment, const char *options)
{
	FILE *out = fopen(path, "w");

	if (!out)
		abort();
	/* the sanitizers' handlers would hide how the library ended */
	fprintf(out,
	        "#!/bin/sh\n"
	        "ASAN_OPTIONS=verify_asan_link_order=0:handle_segv=0:"
	        "detect_leaks=0 %s exec %s/../readmostly-likwid %s \"$@\"\n",
	        environment, wrapper_folder(), options);
	if (fclose(out) || chmod(path, 0755) ||
	        setenv("RM_LIKWID_HELPER", path, 1))
		abort();
}

/* Uses the stub library, with an environment that selects its fault. */
static inline void wrapper_stub(const char *path, const char *environment)
{
	char options[PATH_MAX + 100];

	snprintf(options, sizeof(options),
	        "--no-gate --mode direct --deadline-ms 500 "
	        "--library %s/stub/liblikwid.so.5",
	        wrapper_folder());
	wrapper_write(path, environment, options);
}

/* Uses the real liblikwid on simulated registers of a Zen 3. */
static inline void wrapper_fake_msr(const char *path, const char *more)
{
	char environment[2 * PATH_MAX + 400], topology[PATH_MAX];

	if (!realpath("tests/fixtures/zen3_topology.cfg", topology))
		abort();
	snprintf(environment, sizeof(environment),
	        "FAKE_TOPO=%s LD_PRELOAD=%s/fake_msr.so %s", topology,
	        wrapper_folder(), more);
	wrapper_write(path, environment, "");
}

#endif /* RM_LIKWID_WRAPPER_H */
