/* SPDX-License-Identifier: Apache-2.0 */
/* parlayhash_14_twin.c - parlayhash_14.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID parlayhash_14_twin
#include "verify/corpora/bugs/parlayhash_14.c"
