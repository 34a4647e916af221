/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h - the commands of `readmostly`. One file per command; only these
 * files and main.c print or end the program.
 *
 * Each gets argv[0] = "readmostly COMMAND", parses with argp (so that --help
 * and --usage work), and returns an exit status of enum rm_status.
 */
#ifndef RM_CLI_H
#define RM_CLI_H

#include <stdint.h>

struct argp_state;
struct rm_shape;

/*
 * Call it first in main(). Opens /dev/null where the caller closed one of the
 * three standard descriptors: the next file that is opened would take its
 * number, and what is meant for a person would be written into that file. They
 * are opened the wrong way round, so that reading the input or writing the
 * output fails as it would without them.
 *
 * From then on a program whose standard output did not take all that it was
 * given says so at its end, and ends with RM_INCOMPLETE instead of RM_OK; a
 * mistake in the arguments is RM_USAGE for every command.
 */
void rm_cli_begin(void);

/* A number of low .. high, also with a unit such as 64Ki. Ends the program with
   a message that names the option where the text is something else. */
uint64_t rm_argument_number(struct argp_state *state, const char *option,
        const char *text, uint64_t low, uint64_t high);
/* The shape of that name; ends the program where there is none. */
void rm_argument_shape(
        struct argp_state *state, const char *text, struct rm_shape *shape);
/* Takes an argument of which there may be one; ends the program at the second:
   expected one `what`. */
void rm_argument_once(struct argp_state *state, const char **slot, char *text,
        const char *what);

int rm_cli_advise(int argc, char **argv);
int rm_cli_claims(int argc, char **argv);
int rm_cli_crossover(int argc, char **argv);
int rm_cli_list(int argc, char **argv);
int rm_cli_import(int argc, char **argv);
int rm_cli_plan(int argc, char **argv);
int rm_cli_replay(int argc, char **argv);
int rm_cli_reproduce(int argc, char **argv);
int rm_cli_run(int argc, char **argv);
int rm_cli_trial(int argc, char **argv);
int rm_cli_check(int argc, char **argv);
/* `check --history FILE`: where check goes on for a recorded history. */
int rm_cli_check_history(int argc, char **argv);
int rm_cli_explore(int argc, char **argv);
int rm_cli_dump(int argc, char **argv);
int rm_cli_counters(int argc, char **argv);
int rm_cli_doctor(int argc, char **argv);
int rm_cli_describe(int argc, char **argv);
int rm_cli_machine(int argc, char **argv);
int rm_cli_timeline(int argc, char **argv);
int rm_cli_validate(int argc, char **argv);
int rm_cli_verify_artifact(int argc, char **argv);
int rm_cli_sim_top(int argc, char **argv);
int rm_cli_sim_sensitivity(int argc, char **argv);

#endif /* RM_CLI_H */
