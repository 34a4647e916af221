/* SPDX-License-Identifier: Apache-2.0 */
/* command.h - parts that commands share: common options, the plan of a command
   line, errors. Private to cli. */
#ifndef RM_CLI_COMMAND_H
#define RM_CLI_COMMAND_H

#include "runner/base/error.h"
#include "runner/campaign/campaign.h"
#include "runner/cli/cli.h"
#include "runner/machine/machine.h"
#include "runner/plan/plan.h"

#include <argp.h>
#include <jansson.h>

/* ---- options ------------------------------------------------------------ */

/* Cells selected by --set, --maps, --seed and FILE... Zero-initialise; release
   by rm_plan_arguments_clear(). Strings point into argv. */
struct rm_plan_arguments {
	char *const *files; /* the rest of argv */
	size_t file_count;
	const char *set;  /* NAME of --set, or NULL */
	const char *mode; /* name or NULL; the command has this option */
	char **sets;      /* KEY=VALUE of --set; modified by parsing */
	size_t set_count;
	const char *maps;       /* NULL: the maps of the workload */
	const char *cells_from; /* file or NULL; the command has this option */
	uint64_t seed;          /* default: 1 */
};

/* --set KEY=VALUE for commands that read workloads more than once.
   Zero-initialise; strings point into argv. */
enum { RM_SETS_MAX = 64 };
struct rm_sets {
	struct rm_override list[RM_SETS_MAX];
	char where[RM_SETS_MAX][RM_WHERE_BYTES];
	size_t count;
};

/* Adds KEY=VALUE and modifies `text`. Ends the program if it is malformed. */
void rm_parse_set(struct argp_state *state, char *text, struct rm_sets *sets);

/* argp child that parses these options; its input is the struct. */
extern const struct argp_child rm_plan_children[];

/* Options of commands that run a campaign: --seed, --busy-ok and --wait-idle.
   Zero-initialise. */
struct rm_start_options {
	uint64_t seed;
	bool has_seed; /* if false, the seed is random or as recorded */
	bool busy_ok;
	unsigned wait_idle_s;
};

/* argp child that parses these options; its input is the struct. */
extern const struct argp_child rm_start_children[];

/* Copies the options into `wishes` and sets the callbacks that all commands
   use. Without --seed, wishes->seed is unchanged; with it, wishes->seed points
   into `start`, which must outlive it. */
void rm_start_apply(
        const struct rm_start_options *start, struct rm_run_options *wishes);

void rm_plan_arguments_clear(struct rm_plan_arguments *arguments);

/* Parses the line of a command that has one switch and no arguments. Returns
   whether the switch was given. Ends the program after a mistake. */
bool rm_command_switch(int argc, char **argv, const char *name, int key,
        const char *what, const char *doc);

/* ---- the plan ----------------------------------------------------------- */

/* Zero-initialise; rm_planned_clear() also after an error. */
struct rm_planned {
	struct rm_inputs inputs;
	struct rm_cell_list list; /* of --cells-from */
	struct rm_catalog catalog;
	struct rm_topology topology;
	struct rm_plan plan;
};

/* Looks up a simulated machine for struct rm_plan_options. 0 or -errno. */
int rm_find_machine(const char *name, struct rm_error *error);

/* Plans the selected cells for this machine. 0, or RM_USAGE with `error`. */
int rm_planned_load(const struct rm_plan_arguments *arguments,
        struct rm_planned *planned, struct rm_error *error);
/* The second half of rm_planned_load(), for inputs read by other means: plans
   planned->inputs for its topology and catalog, limited to the cells of
   planned->list if that was read. RM_USAGE with `error`. */
int rm_planned_build(struct rm_planned *planned, uint64_t seed,
        const char *maps, struct rm_error *error);
void rm_planned_clear(struct rm_planned *planned);

/* Runs the program of the request's cell. `words` name a command of
   runner/map_program/ and its arguments, NULL at the end; the request is its
   standard input. *result gets a new reference to the printed JSON; the result
   of "trial" is checked as in a campaign. 0; with `error` RM_USAGE if the
   program is not built, else RM_INCOMPLETE. */
int rm_program_run(const struct rm_request *request, const char *const words[],
        json_t **result, struct rm_error *error);

/* ---- output ------------------------------------------------------------- */

/* Prints `error` on standard error; returns `status`. */
int rm_print_error(
        const char *command, const struct rm_error *error, int status);

/* Prints "8.3 s", "14.2 min" or "3.1 h" on standard output. */
void rm_print_time(uint64_t time_ns);

/* Draws each placement of the plan's timed cells once, a line for each NUMA
   node (plan_draw.c). */
void rm_print_places(
        const struct rm_plan *plan, const struct rm_topology *topology);

#endif /* RM_CLI_COMMAND_H */
