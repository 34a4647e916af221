/* SPDX-License-Identifier: Apache-2.0 */
/* loser_leaks_twin.c - loser_leaks.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID loser_leaks_twin
#include "verify/corpora/explored/loser_leaks.c"
