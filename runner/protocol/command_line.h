/* SPDX-License-Identifier: Apache-2.0 */
/* command_line.h - start, arguments, output and exit status of all programs. */
#ifndef RM_COMMAND_LINE_H
#define RM_COMMAND_LINE_H

#include <jansson.h>
#include <stdint.h>

struct argp_state;
struct rm_shape;

/*
 * Call it first in main(). Opens /dev/null for closed standard descriptors, so
 * that no later file gets their numbers and receives messages. The descriptors
 * are opened in the wrong direction: reading the input or writing the output
 * still fails. Streams that do not block are made to block. A write beyond the
 * limit of a file's size fails instead of ending the program. If the limit of
 * the stack or of open files is too small, or /proc is missing, prints that and
 * exits with RM_USAGE.
 *
 * At the exit, a program whose standard output was not completely written
 * reports that and exits with RM_INCOMPLETE instead of RM_OK. Errors in
 * arguments are RM_USAGE for every command.
 */
void rm_program_start(void);

/* Reads a number in low .. high, with an optional unit as in 64Ki. Any other
   text ends the program with a message that names the option. */
uint64_t rm_argument_number(struct argp_state *state, const char *option,
        const char *text, uint64_t low, uint64_t high);
/* Reads the name of a shape; an unknown name ends the program. */
void rm_argument_shape(
        struct argp_state *state, const char *text, struct rm_shape *shape);
/* Stores an argument that may be given once. A second one ends the program with
   "expected one `what`". */
void rm_argument_set_once(struct argp_state *state, const char **slot,
        char *text, const char *what);

/* Prints one JSON value and a newline. RM_OK; RM_INCOMPLETE if it is NULL or
   cannot be written to standard output. */
int rm_print_json(const json_t *json, size_t flags);

#endif /* RM_COMMAND_LINE_H */
