/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.h - what commands are made of: options that several have, the
 * plan that a command line asks for, and how it ends. Private to cli.
 */
#ifndef RM_CLI_COMMAND_H
#define RM_CLI_COMMAND_H

#include "runner/base/error.h"
#include "runner/campaign/campaign.h"
#include "runner/cli/cli.h"
#include "runner/machine/machine.h"
#include "runner/plan/plan.h"

#include <argp.h>
#include <jansson.h>

/* ---- what a command line gives ------------------------------------------ */

/*
 * Cells by --set, --maps, --seed and FILE... Zero it; rm_wish_clear(). Texts
 * are those of argv.
 */
struct rm_wish {
	char *const *files; /* the rest of argv */
	size_t file_count;
	const char *set;  /* NAME of --set, or NULL */
	const char *mode; /* a name, or NULL; the command's own option */
	char **sets;      /* KEY=VALUE of --set; written to */
	size_t set_count;
	const char *maps;       /* NULL: those of the workload */
	const char *cells_from; /* a list; NULL; the command's own option */
	uint64_t seed;          /* 1 unless told */
};

/* What --set says, for those who read workloads more than once. Zero it; texts
   are those of argv. */
enum { RM_SETS_MAX = 64 };
struct rm_sets {
	struct rm_override list[RM_SETS_MAX];
	char where[RM_SETS_MAX][RM_WHERE_BYTES];
	size_t count;
};

/* Adds KEY=VALUE, which is written to; ends the program where it is none. */
void rm_argument_set(
        struct argp_state *state, char *text, struct rm_sets *sets);

/* The child of a command's parser for these; its input is the struct. */
extern const struct argp_child rm_wish_children[];

/*
 * How a campaign begins: --seed, --busy-ok and --wait-idle of the commands that
 * run one. Zero it.
 */
struct rm_start {
	uint64_t seed;
	bool has_seed; /* else it is random, or as recorded */
	bool busy_ok;
	unsigned wait_idle_s;
};

/* The child of a command's parser for these; its input is the struct. */
extern const struct argp_child rm_start_children[];

/* Puts them into `wishes`, with what every command wishes alike. A seed that
   was not given is left as it stands there; one that was is `start`'s own,
   which must live as long. */
void rm_start_wishes(const struct rm_start *start, struct rm_wishes *wishes);

void rm_wish_clear(struct rm_wish *wish);

/*
 * Parses the line of a command without arguments that has one option, a
 * switch; returns whether it was given. Does not return after a mistake.
 */
bool rm_command_switch(int argc, char **argv, const char *name, int key,
        const char *what, const char *doc);

/* ---- the plan that it asks for ------------------------------------------ */

/* Zero it; rm_planned_clear(), also after an error. */
struct rm_planned {
	struct rm_inputs inputs;
	struct rm_cell_list list; /* of --cells-from */
	struct rm_catalog catalog;
	struct rm_topology topology;
	struct rm_plan plan;
};

/* Whether there is a simulated machine of that name (struct rm_plan_options). */
int rm_find_machine(const char *name, struct rm_error *error);

/* What the wish would run on this machine. 0, or RM_USAGE with `error`. */
int rm_planned_load(const struct rm_wish *wish, struct rm_planned *planned,
        struct rm_error *error);
/* Its second half, for inputs that were read otherwise: the plan of these
   inputs, this topology, this catalog, and of the list's cells where
   it was read. RM_USAGE with `error`. */
int rm_planned_build(struct rm_planned *planned, uint64_t seed,
        const char *maps, struct rm_error *error);
void rm_planned_clear(struct rm_planned *planned);

/*
 * Starts the program of the request's cell with the words (a command of
 * runner/map_program/, NULL at the end) and the request as its input. *result
 * is its answer, judged if it is of "trial"; a new reference. 0, or RM_INCOMPLETE
 * with `error`.
 */
int rm_ask_program(const struct rm_request *request, const char *const words[],
        json_t **result, struct rm_error *error);

/* ---- how it ends -------------------------------------------------------- */

/* Says on standard error what went wrong; returns `status`. */
int rm_complain(const char *command, const struct rm_error *error, int status);

/* Prints "8.3 s", "14.2 min" or "3.1 h" on standard output. */
void rm_print_time(uint64_t time_ns);

#endif /* RM_CLI_COMMAND_H */
