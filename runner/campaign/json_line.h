/* SPDX-License-Identifier: Apache-2.0 */
/* json_line.h - on which line of a JSON file a member stands. */
#ifndef RM_JSON_LINE_H
#define RM_JSON_LINE_H

#include <stddef.h>

/*
 * Line, from 1, of a member in a text that was written with two blanks of
 * indentation per level (as campaign.json is). `path` is "cells[3].blocks".
 * Where a part of the path is missing: the line of what it is missing from.
 */
size_t rm_json_line(const char *text, const char *path);

#endif /* RM_JSON_LINE_H */
