/* SPDX-License-Identifier: Apache-2.0 */
/* command.h - private header, shared by commands: common options, the plan for
   a command line, errors. */
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

/* The options that select cells: --set, --maps, --seed and FILE...
   Zero-initialise; release with rm_plan_arguments_clear(). Strings point into
   argv. */
struct rm_plan_arguments {
	char *const *files; /* the arguments FILE... */
	size_t file_count;
	const char *set;  /* name of the --set option, or NULL */
	const char *mode; /* NULL: option not given */
	char **sets;      /* KEY=VALUE of each --set; parsing modifies them */
	size_t set_count;
	const char *maps;       /* NULL: the maps that the workload names */
	const char *cells_from; /* file; NULL: option not given */
	uint64_t seed;          /* default: 1 */
};

/* --set KEY=VALUE, for commands that read workloads more than once.
   Zero-initialise; the strings point into argv. */
enum { RM_SETS_MAX = 64 };
struct rm_sets {
	struct rm_override list[RM_SETS_MAX];
	char where[RM_SETS_MAX][RM_WHERE_BYTES];
	size_t count;
};

/* Adds KEY=VALUE and modifies `text`. Ends the program if `text` is
   malformed. */
void rm_parse_set(struct argp_state *state, char *text, struct rm_sets *sets);

/* Stores the name of a set. Ends the program if there already is one. */
void rm_parse_set_name(
        struct argp_state *state, const char *text, const char **set);

/* argp child that parses these options. Its input is a struct
   rm_plan_arguments. */
extern const struct argp_child rm_plan_children[];

/* Options of commands that run a campaign: --seed, --busy-ok and --wait-idle.
   Zero-initialise. */
struct rm_start_options {
	uint64_t seed;
	bool has_seed; /* false: use the recorded seed in a resume, otherwise a
	                  random seed */
	bool busy_ok;
	unsigned wait_idle_s;
};

/* argp child that parses these options. Its input is a struct
   rm_start_options. */
extern const struct argp_child rm_start_children[];

/* Copies the options into `wishes` and sets the callbacks that all commands
   use. Without --seed, wishes->seed is unchanged. With --seed, it points into
   `start`, which must outlive `wishes`. */
void rm_start_apply(
        const struct rm_start_options *start, struct rm_run_options *wishes);

void rm_plan_arguments_clear(struct rm_plan_arguments *arguments);

/* Parses the command line of a command that has one option without a value, and
   no arguments. Returns true if the option was given. Ends the program after a
   mistake. */
bool rm_command_switch(int argc, char **argv, const char *name, int key,
        const char *what, const char *doc);

/* ---- the plan ----------------------------------------------------------- */

/* Zero-initialise; release with rm_planned_clear(), even after an error. */
struct rm_planned {
	struct rm_inputs inputs;
	struct rm_cell_list list; /* list from --cells-from */
	struct rm_catalog catalog;
	struct rm_topology topology;
	struct rm_plan plan;
};

/* Callback for struct rm_plan_options: looks up a simulated machine. Returns 0
   or -errno. */
int rm_find_machine(const char *name, struct rm_error *error);

/* Plans the selected cells for this machine. Returns 0, or RM_USAGE with
   `error`. */
int rm_planned_load(const struct rm_plan_arguments *arguments,
        struct rm_planned *planned, struct rm_error *error);
/* The second half of rm_planned_load(), for callers that read the inputs
   themselves. Plans planned->inputs for the struct's topology and catalog. If
   planned->list was read, plans only its cells. Returns 0, or RM_USAGE with
   `error`. */
int rm_planned_build(struct rm_planned *planned, uint64_t seed,
        const char *maps, struct rm_error *error);
void rm_planned_clear(struct rm_planned *planned);

/* Stores the programs that these workloads need in a new object *needs. Its
   keys are FLAVOUR/ID, in the order of the plan. `maps` is --maps or NULL.
   Returns 0, or -errno with `error`. */
int rm_find_needs(const struct rm_inputs *inputs,
        const struct rm_catalog *catalog, const char *maps, json_t **needs,
        struct rm_error *error);

/* If `error` reports that a map is not built, prints one command that builds
   all missing programs of the workloads. */
void rm_print_missing_programs(const struct rm_error *error,
        const struct rm_inputs *inputs, const struct rm_catalog *catalog,
        const char *maps);

/* Runs the map program for the request's cell. `words` is a command of
   runner/map_program/ with its arguments, terminated by NULL. The program reads
   the request from standard input. *result receives a new reference to the
   printed JSON. The result of "trial" is checked as in a campaign. Returns 0,
   or with `error` RM_USAGE if the program is not built, else RM_INCOMPLETE. */
int rm_program_run(const struct rm_request *request, const char *const words[],
        json_t **result, struct rm_error *error);

/* ---- output ------------------------------------------------------------- */

/* Prints `error` to standard error. Returns `status`. */
int rm_print_error(
        const char *command, const struct rm_error *error, int status);

/* Prints a time to standard output, for example "8.3 s", "14.2 min" or "3.1
   h". */
void rm_print_time(uint64_t time_ns);

/* Prints a text drawing of each placement of the plan's timed cells, with one
   line per NUMA node (plan_draw.c). */
void rm_print_places(
        const struct rm_plan *plan, const struct rm_topology *topology);
/* Prints how many threads share how many CPUs, if any do (plan_draw.c). */
void rm_print_shared_cpus(const struct rm_plan *plan);

/* True if `fd` is a terminal that can rewrite its last line. */
bool rm_is_terminal(int fd);

#endif /* RM_CLI_COMMAND_H */
