/* SPDX-License-Identifier: Apache-2.0 */
/* sha256.h - hash that identifies files, plans and builds (FIPS 180-4). */
#ifndef RM_SHA256_H
#define RM_SHA256_H

#include "runner/base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { RM_SHA256_TEXT = 65 }; /* 64 hex digits and a NUL */

/* Hash of `size` bytes as lower-case hex digits. Any thread. */
void rm_sha256(const void *bytes, size_t size, char text[RM_SHA256_TEXT]);

/* Hash of a file. Returns 0, or -errno with `error` if it cannot be read. */
int rm_sha256_file(
        const char *path, char text[RM_SHA256_TEXT], struct rm_error *error);

#endif /* RM_SHA256_H */
