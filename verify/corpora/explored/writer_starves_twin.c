/* SPDX-License-Identifier: Apache-2.0 */
/* writer_starves_twin.c - writer_starves.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID writer_starves_twin
#include "verify/corpora/explored/writer_starves.c"
