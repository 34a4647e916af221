/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulator.c - asks readmostly-sim what it can simulate.
 *
 * The verdicts were made when that program was built (runner/sim/
 * simulatable.sh) and are in it: what it says cannot differ from what it does.
 */
#include "runner/campaign/internal.h"

#include "runner/base/capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void rm_simulator_ask(struct rm_simulator *simulator)
{
	char path[RM_PROGRAM_BYTES], maps[] = "maps";
	char *argv[] = { path, maps, NULL };
	int status;

	*simulator = (struct rm_simulator){ .text = NULL };
	if (access(rm_program_of(RM_MEASURE_SIMULATED, path), X_OK)) {
		snprintf(simulator->reason, sizeof(simulator->reason),
		        "readmostly-sim, which simulates, is not beside this "
		        "program (%s)",
		        strerror(errno));
		return;
	}
	status = rm_capture(argv, &simulator->text);
	if (status)
		snprintf(simulator->reason, sizeof(simulator->reason),
		        "readmostly-sim, which simulates, did not say what it "
		        "can (%s); `readmostly-sim maps` says why",
		        strerror(-status));
}

bool rm_simulator_can(const void *asked, const char *id, char *why, size_t size)
{
	const struct rm_simulator *simulator = asked;
	size_t length = strlen(id);

	snprintf(why, size, "%s",
	        simulator->text ? "readmostly-sim does not know it"
	                        : simulator->reason);
	for (const char *line = simulator->text, *end; line && *line;
	        line = end ? end + 1 : NULL) {
		end = strchr(line, '\n');
		if (strncmp(line, id, length) || line[length] != ' ')
			continue;
		line += length + 1;
		if (!strncmp(line, "no ", 3))
			snprintf(why, size, "%.*s",
			        (int)strcspn(line + 3, "\n"), line + 3);
		else
			why[0] = '\0';
		return !why[0];
	}
	return false;
}
