/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/cli/sim_bands.h"

#include "runner/cli/simulated.h"

#include <stdio.h>
#include <string.h>

static const char *const metrics[RM_BAND_METRICS] = { "l1d_misses",
	"coherence_misses", "invalidations" };

static void name(char *to, const char *by)
{
	snprintf(to, RM_BAND_NAME_BYTES, "%s", by);
}

static void widen(struct rm_band *band, double low, const char *low_by,
        double high, const char *high_by)
{
	if (low < band->low) {
		band->low = low;
		name(band->low_by, low_by);
	}
	if (high > band->high) {
		band->high = high;
		name(band->high_by, high_by);
	}
}

void rm_bands_widen(
        struct rm_bands *bands, const json_t *result, const char *by)
{
	for (unsigned i = 0; i < RM_BAND_METRICS; i++) {
		double value = rm_simulated_per_op(result, metrics[i]);
		struct rm_band *band = &bands->of[i];

		if (bands->sets == 0) {
			band->described = band->low = band->high = value;
			name(band->low_by, by);
			name(band->high_by, by);
		}
		widen(band, value, by, value, by);
	}
	bands->sets++;
}

void rm_bands_merge(struct rm_bands *bands, const struct rm_bands *other)
{
	if (bands->sets == 0) {
		*bands = *other;
		return;
	}
	for (unsigned i = 0; i < RM_BAND_METRICS && other->sets; i++) {
		const struct rm_band *from = &other->of[i];

		widen(&bands->of[i], from->low, from->low_by, from->high,
		        from->high_by);
	}
	bands->sets += other->sets;
}

json_t *rm_bands_json(const struct rm_bands *bands)
{
	json_t *of = json_object();

	for (unsigned i = 0; i < RM_BAND_METRICS && bands->sets; i++) {
		const struct rm_band *band = &bands->of[i];

		json_object_set_new(of, metrics[i],
		        json_pack("{s:f, s:f, s:f, s:s, s:s}", "described",
		                band->described, "low", band->low, "high",
		                band->high, "low_by", band->low_by, "high_by",
		                band->high_by));
	}
	json_t *made =
	        json_pack("{s:i, s:o}", "sets", (int)bands->sets, "bands", of);

	if (bands->left_out)
		json_object_set_new(
		        made, "left_out", json_string(bands->left_out));
	return made;
}

void rm_bands_print(const struct rm_bands *bands)
{
	for (unsigned i = 0; i < RM_BAND_METRICS; i++) {
		const struct rm_band *band = &bands->of[i];

		printf("  %-18s %8.4f as described; %8.4f (%s) to %8.4f (%s)\n",
		        metrics[i], band->described, band->low, band->low_by,
		        band->high, band->high_by);
	}
}

void rm_bands_print_short(const char *machine, const struct rm_bands *bands)
{
	const struct rm_band *band = &bands->of[0];

	if (bands->left_out)
		printf("    %-16s left out: %s\n", machine, bands->left_out);
	else
		printf("    %-16s %8.4f as described; %8.4f to %8.4f %s\n",
		        machine, band->described, band->low, band->high,
		        metrics[0]);
}
