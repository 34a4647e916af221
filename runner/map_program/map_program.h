/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map_program.h - commands of a map program, which consists of the object file
 * of one map and the archive of its flavour.
 *
 * Each command gets argv[0] = "ID COMMAND" and returns an exit status of enum
 * rm_status.
 */
#ifndef RM_MAP_PROGRAM_H
#define RM_MAP_PROGRAM_H

#include "runner/impl.h"
#include "runner/protocol/protocol.h"

#include <jansson.h>

/* Returns a new reference to the description of a map, in the form that
   runner/catalog/ reads. */
json_t *rm_describe_impl(const struct rm_impl *impl);

int rm_program_describe(int argc, char **argv);
/* Reads a request from standard input, and prints a result to standard
   output. */
int rm_program_trial(int argc, char **argv);
/* Like rm_program_trial(), and writes the window's operations to a file. */
int rm_program_record(int argc, char **argv);
/* Like rm_program_trial(), and writes the map's events to a file. */
int rm_program_timeline(int argc, char **argv);
/* Replays a trace on the map, with the trace's own keys and values. */
int rm_program_play(int argc, char **argv);
/* Fills the map and prints its inner state. */
int rm_program_dump(int argc, char **argv);

#endif /* RM_MAP_PROGRAM_H */
