/* SPDX-License-Identifier: Apache-2.0 */
/* command_line.h - the beginning and the end of a program, its arguments and what
   it prints, for all programs. */
#ifndef RM_COMMAND_LINE_H
#define RM_COMMAND_LINE_H

#include <jansson.h>
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

/* Prints one JSON value and a newline. RM_OK; RM_INCOMPLETE where there is
   none (NULL) or standard output did not take it. */
int rm_print_json(const json_t *json, size_t flags);

#endif /* RM_COMMAND_LINE_H */
