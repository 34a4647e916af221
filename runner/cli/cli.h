/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h - the commands of `readmostly`, one file each. Only these files and
 * main.c print or end the program.
 *
 * Each command gets argv[0] = "readmostly COMMAND", parses with argp (so that
 * --help and --usage work), and returns an exit status of enum rm_status.
 */
#ifndef RM_CLI_H
#define RM_CLI_H

#include "runner/base/error.h"
#include "runner/protocol/command_line.h"

int rm_cli_advise(int argc, char **argv);
int rm_cli_claims(int argc, char **argv);
int rm_cli_compare(int argc, char **argv);
int rm_cli_crossover(int argc, char **argv);
int rm_cli_list(int argc, char **argv);
int rm_cli_import(int argc, char **argv);
int rm_cli_plan(int argc, char **argv);
int rm_cli_publish(int argc, char **argv);
int rm_cli_replay(int argc, char **argv);
int rm_cli_reproduce(int argc, char **argv);
int rm_cli_env(int argc, char **argv);
int rm_cli_report(int argc, char **argv);
int rm_cli_run(int argc, char **argv);
int rm_cli_trial(int argc, char **argv);
int rm_cli_check(int argc, char **argv);
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

/* Validates the folder of a campaign or of a campaign in stages. Prints one
   line for each problem, or a summary. Returns RM_OK, RM_FAILED, or RM_USAGE if
   the folder cannot be read. */
int rm_validate_and_print(const char *dir);

#endif /* RM_CLI_H */
