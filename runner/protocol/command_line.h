/* SPDX-License-Identifier: Apache-2.0 */
/* command_line.h - start, arguments, output and exit status of all programs. */
#ifndef RM_COMMAND_LINE_H
#define RM_COMMAND_LINE_H

#include <jansson.h>
#include <stdint.h>

struct argp;
struct argp_state;
struct rm_shape;

/*
 * Call it first in main(). Undoes the parent's signal settings: unblocks all
 * signals, and leaves ignored only those that stop a program. Opens /dev/null
 * for closed standard descriptors, so that no file opened later gets their
 * numbers and receives messages. It is opened in the wrong direction, so that
 * reading the input or writing the output still fails. Makes non-blocking
 * streams block. Makes a write beyond the limit on a file's size fail instead
 * of ending the program. If the limit on the stack or on open files is too
 * small, or /proc is missing, prints that and exits with RM_USAGE.
 *
 * At the exit, a program whose standard output was not completely written
 * reports that and exits with RM_INCOMPLETE instead of RM_OK. Errors in
 * arguments end every command with RM_USAGE.
 */
void rm_program_start(void);

/* argp_parse() with flags 0 and without `arg_index`, which also suggests the
   option that a wrong one resembles. */
int rm_argument_parse(
        const struct argp *argp, int argc, char **argv, void *input);

/* Reads a number in low .. high, with an optional unit as in 64Ki. Ends the
   program with a message that names the option if the text is not such a
   number. */
uint64_t rm_argument_number(struct argp_state *state, const char *option,
        const char *text, uint64_t low, uint64_t high);
/* Reads the name of a shape; an unknown name ends the program. */
void rm_argument_shape(
        struct argp_state *state, const char *text, struct rm_shape *shape);
/* Stores an argument that may be given once. A second one ends the program with
   "expected one `what`". */
void rm_argument_set_once(struct argp_state *state, const char **slot,
        char *text, const char *what);

/* Prints one JSON value and a newline. Returns RM_OK, or RM_INCOMPLETE if the
   value is NULL or cannot be written to standard output. */
int rm_print_json(const json_t *json, size_t flags);

#endif /* RM_COMMAND_LINE_H */
