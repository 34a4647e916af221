/* SPDX-License-Identifier: Apache-2.0 */
/* foreign.h - loads a map of another project (runner/foreign.h). */
#ifndef RM_CHECK_FOREIGN_H
#define RM_CHECK_FOREIGN_H

#include "runner/base/error.h"
#include "runner/map.h"

/* Does `name`, given in place of a map's id, mean a file? */
bool rm_foreign_is_file(const char *name);

/*
 * Loads the shared library at `path` and describes its map as any other: in
 * shapes u64x8 and str16x8, without measured loops. The result stays as long
 * as the process, as does `path`, which is its id: `create` has no argument
 * for more than one library, so it is one per process.
 *
 * Returns 0; -EINVAL with `error`: "PATH: what, and what was expected", where
 * there is no such file, no symbol, another version, or a member is wrong;
 * -EBUSY for a second library. Main thread.
 */
int rm_foreign_load(
        const char *path, const struct rm_impl **impl, struct rm_error *error);

#endif /* RM_CHECK_FOREIGN_H */
