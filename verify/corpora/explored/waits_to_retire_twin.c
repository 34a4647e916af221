/* SPDX-License-Identifier: Apache-2.0 */
/* waits_to_retire_twin.c - waits_to_retire.c without its bug. */
#define COUNT_ALONE 0
#define ID          waits_to_retire_twin
#include "verify/corpora/explored/waits_to_retire.c"
