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
 * Call it first in main(). Resets the signal settings of the parent process:
 * unblocks all signals, and resets ignored signals, except those that stop a
 * program. Opens /dev/null for closed standard descriptors, so that no file
 * opened later gets their numbers and receives messages. It is opened in the
 * wrong direction, so that reading from the input or writing to the output
 * still fails. Makes non-blocking streams blocking. Makes a write beyond the
 * limit on a file's size fail instead of ending the program. If the limit on
 * the stack or on open files is too small, or if /proc is missing, prints the
 * reason and exits with RM_USAGE.
 *
 * If standard output could not be written completely, the program prints an
 * error at its end and exits with RM_INCOMPLETE instead of RM_OK. Errors in
 * arguments end every command with RM_USAGE.
 */
void rm_program_start(void);

/* Calls argp_parse() with flags 0 and without `arg_index`. For an unknown
   option, it suggests a similar one. */
int rm_argument_parse(
        const struct argp *argp, int argc, char **argv, void *input);

/* Reads a number in low .. high, with an optional unit as in 64Ki. If the text
   is not such a number, prints a message that names the option, and ends the
   program. */
uint64_t rm_argument_number(struct argp_state *state, const char *option,
        const char *text, uint64_t low, uint64_t high);
/* Reads the name of a shape. An unknown name ends the program. */
void rm_argument_shape(
        struct argp_state *state, const char *text, struct rm_shape *shape);
/* Stores an argument that may be given once. If it is given again, ends the
   program with "expected one `what`". */
void rm_argument_set_once(struct argp_state *state, const char **slot,
        char *text, const char *what);

/* Prints one JSON value and a newline. Returns RM_OK, or RM_INCOMPLETE if the
   value is NULL or cannot be written to standard output. */
int rm_print_json(const json_t *json, size_t flags);

#endif /* RM_COMMAND_LINE_H */
