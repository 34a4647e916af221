/* SPDX-License-Identifier: Apache-2.0 */
/* plot.c - `readmostly plot`: quick plots with gnuplot, without Python. */
#include "runner/campaign/files.h"
#include "runner/cli/cli.h"
#include "runner/cli/plot_data.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TERMINAL = 't', LIKE = 'l', SCRIPTS = 's', NO_GNUPLOT = 127 };

struct options {
	const char *dir;
	const char *like;
	const char *scripts;
	bool terminal;
};

static const struct argp_option keys[] = {
	{ "terminal", TERMINAL, NULL, 0, "draw in the terminal, not to files",
	        0 },
	{ "like", LIKE, "TEXT", 0,
	        "only cells whose id contains TEXT, such as n1024/w30/churn "
	        "(default: nearest to uniform-97-3, updates, 64 Ki keys)",
	        0 },
	{ "scripts", SCRIPTS, "FOLDER", 0,
	        "where scaling.gp and ratio.gp are (default: report/gnuplot of "
	        "the source tree that the program was built in, or of .)",
	        0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case TERMINAL:
		options->terminal = true;
		return 0;
	case LIKE:
		options->like = text;
		return 0;
	case SCRIPTS:
		options->scripts = text;
		return 0;
	case ARGP_KEY_ARG:
		if (options->dir)
			argp_error(state, "\"%s\": expected one DIR", text);
		options->dir = text;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "expected DIR, the folder of a campaign");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* build/NAME/readmostly -> report/gnuplot of the tree above build/. */
static bool beside_program(char folder[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);

	if (length <= 0)
		return false;
	folder[length] = '\0';
	for (int level = 0; level < 3; level++) {
		char *slash = strrchr(folder, '/');

		if (!slash)
			return false;
		*slash = '\0';
	}
	const char *below = "/report/gnuplot";

	if (strlen(folder) + strlen(below) >= PATH_MAX)
		return false;
	strcat(folder, below);
	return access(folder, R_OK) == 0;
}

/*
 * Runs gnuplot on one script. `settings` are commands that it reads first.
 * Returns its exit status, NO_GNUPLOT where there is none, or -errno.
 */
static int run_gnuplot(const char *settings, const char *script)
{
	char name[] = "gnuplot";
	char flag[] = "-e";
	char *first = strdup(settings);
	char *second = strdup(script);
	char *arguments[] = { name, flag, first, second, NULL };
	pid_t child;
	int status;
	int result = first && second ? posix_spawnp(&child, name, NULL, NULL,
	                                       arguments, environ)
	                             : ENOMEM;

	free(first);
	free(second);
	if (result)
		return result == ENOENT ? NO_GNUPLOT : -result;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : RM_FAILED;
}

/* One plot: FOLDER/NAME.csv to the terminal or to FOLDER/NAME.svg. */
static int draw(const struct options *options, const char *scripts,
        const char *folder, const char *name, const struct rm_plot_data *data)
{
	char settings[3 * PATH_MAX];
	char script[PATH_MAX + 64];
	int length = snprintf(settings, sizeof(settings),
	        "csv='%s/%s.csv'; base='%s'; title='%s'", folder, name,
	        rm_plot_base(data), rm_plot_title(data));

	if (!options->terminal && length > 0)
		snprintf(settings + length, sizeof(settings) - (size_t)length,
		        "; out='%s/%s.svg'", folder, name);
	snprintf(script, sizeof(script), "%s/%s.gp", scripts, name);
	fflush(stdout);
	int status = run_gnuplot(settings, script);

	if (status == NO_GNUPLOT) {
		fprintf(stderr,
		        "readmostly plot: gnuplot is not installed; on Debian "
		        "and Ubuntu: apt-get install gnuplot-nox. The data are "
		        "in %s/%s.csv\n",
		        folder, name);
		return RM_INCOMPLETE;
	}
	if (status) {
		fprintf(stderr,
		        "readmostly plot: gnuplot %s ended with %d, expected "
		        "0\n",
		        script, status);
		return RM_FAILED;
	}
	if (!options->terminal)
		printf("%s/%s.svg\n", folder, name);
	return RM_OK;
}

/* A path stands in gnuplot's quotes: one with a quote cannot. */
static bool quotable(const char *text)
{
	return !strchr(text, '\'') && !strchr(text, '\n');
}

static int plot(const struct options *options, struct rm_plot_data *data,
        struct rm_error *error)
{
	char folder[RM_PATH_BYTES];
	char scripts[PATH_MAX] = "report/gnuplot";
	size_t ratios;

	if (options->scripts)
		snprintf(scripts, sizeof(scripts), "%s", options->scripts);
	else if (!beside_program(scripts))
		snprintf(scripts, sizeof(scripts), "report/gnuplot");
	if (rm_path_join(folder, options->dir, "report/quick", error) ||
	        rm_plot_write(data, folder, &ratios, error)) {
		fprintf(stderr, "readmostly plot: %s\n", error->text);
		return RM_USAGE;
	}
	printf("%s: median and range of %zu trials\n", rm_plot_title(data),
	        rm_plot_trials(data));
	if (!quotable(folder)) {
		fprintf(stderr,
		        "readmostly plot: %s: gnuplot cannot read a path with "
		        "a quote\n",
		        folder);
		return RM_USAGE;
	}
	int status = draw(options, scripts, folder, "scaling", data);

	if (status == RM_OK && ratios)
		status = draw(options, scripts, folder, "ratio", data);
	return status;
}

int rm_cli_plot(int argc, char **argv)
{
	static const struct argp argp = { keys, parse, "DIR",
		"Draws throughput against threads, and ratios to the base map, "
		"from a campaign's journal; the campaign may still run. Writes "
		"DIR/report/quick/scaling.csv and .svg, ratio.csv and .svg. "
		"Medians and ranges over blocks: the report has intervals.\v"
		"Status: 0 done; 1 gnuplot failed; 2 no campaign, or no cell "
		"that fits; 3 no trial yet, or no gnuplot.",
		NULL, NULL, NULL };
	struct options options = { 0 };
	struct rm_plot_data *data = NULL;
	struct rm_error error = { 0 };
	int status = RM_INCOMPLETE;

	argp_err_exit_status = RM_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (rm_plot_read(options.dir, options.like, &data, &error)) {
		fprintf(stderr, "readmostly plot: %s\n", error.text);
		return RM_USAGE;
	}
	if (rm_plot_trials(data))
		status = plot(&options, data, &error);
	else
		fprintf(stderr,
		        "readmostly plot: %s: no trial of %s has a result "
		        "yet\n",
		        options.dir, rm_plot_title(data));
	rm_plot_free(data);
	return status;
}
