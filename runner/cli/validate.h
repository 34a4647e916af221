/* SPDX-License-Identifier: Apache-2.0 */
/* validate.h - what `readmostly dev validate` does, for who has many folders. */
#ifndef RM_CLI_VALIDATE_H
#define RM_CLI_VALIDATE_H

/* Validates a campaign's folder, or that of one in stages; prints one line for
   each problem, or what is in it. RM_OK, RM_FAILED, or RM_USAGE where it cannot be read. */
int rm_validate_and_tell(const char *dir);

#endif /* RM_CLI_VALIDATE_H */
