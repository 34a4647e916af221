/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map_program.h - the program of one map: its object, and the archive of its
 * flavour that has these commands.
 *
 * Each gets argv[0] = "ID COMMAND" and returns an exit status of enum
 * rm_status.
 */
#ifndef RM_MAP_PROGRAM_H
#define RM_MAP_PROGRAM_H

#include "runner/impl.h"
#include "runner/protocol/protocol.h"

#include <jansson.h>

/* The description of a map, as runner/catalog/ reads it. New reference. */
json_t *rm_describe_impl(const struct rm_impl *impl);

int rm_program_describe(int argc, char **argv);
/* A request on standard input, a result on standard output. */
int rm_program_trial(int argc, char **argv);
/* The same, and the operations of the window go to a file. */
int rm_program_record(int argc, char **argv);
/* The same, and what the map did meanwhile goes to a file. */
int rm_program_timeline(int argc, char **argv);
/* A trace on the map, with the trace's own keys and values. */
int rm_program_play(int argc, char **argv);
/* Fills the map and prints what is inside. */
int rm_program_dump(int argc, char **argv);

#endif /* RM_MAP_PROGRAM_H */
