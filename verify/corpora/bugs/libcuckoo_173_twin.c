/* SPDX-License-Identifier: Apache-2.0 */
/* libcuckoo_173_twin.c - libcuckoo_173.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID libcuckoo_173_twin
#include "verify/corpora/bugs/libcuckoo_173.c"
