/* SPDX-License-Identifier: Apache-2.0 */
/* sim_bands.h - least and most of simulated counts over several descriptions
   of the machine, and which of them gave it. */
#ifndef RM_CLI_SIM_BANDS_H
#define RM_CLI_SIM_BANDS_H

#include "runner/plan/cell.h"

#include <jansson.h>

enum { RM_BAND_NAME_BYTES = 96, RM_BAND_METRICS = 3 };

struct rm_band {
	double described, low, high; /* per operation */
	char low_by[RM_BAND_NAME_BYTES], high_by[RM_BAND_NAME_BYTES];
};

/* Zero it before. The first result is the one "as described". */
struct rm_bands {
	struct rm_band of[RM_BAND_METRICS];
	unsigned sets;        /* results taken */
	const char *left_out; /* why there are none, or NULL */
};

/* Takes a trial's result, of the description named `by`. */
void rm_bands_widen(
        struct rm_bands *bands, const json_t *result, const char *by);

/* Widens by what another one has seen. */
void rm_bands_merge(struct rm_bands *bands, const struct rm_bands *other);

/* {"sets": N, "bands": {METRIC: {"described", "low", "high", "low_by",
   "high_by"}}}, "left_out" where it is; a new reference. */
json_t *rm_bands_json(const struct rm_bands *bands);

/* Prints one line per metric. */
void rm_bands_print(const struct rm_bands *bands);

/* "METRIC low to high" of the first metric, for a machine's line. */
void rm_bands_print_short(const char *machine, const struct rm_bands *bands);

#endif /* RM_CLI_SIM_BANDS_H */
