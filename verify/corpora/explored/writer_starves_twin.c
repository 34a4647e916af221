/* SPDX-License-Identifier: Apache-2.0 */
/* writer_starves_twin.c - writer_starves.c without its bug. */
#define RIGHT 1
#define ID    writer_starves_twin
#include "verify/corpora/explored/writer_starves.c"
