/* SPDX-License-Identifier: Apache-2.0 */
/* golang_70970_twin.c - golang_70970.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID golang_70970_twin
#include "verify/corpora/bugs/golang_70970.c"
