/* SPDX-License-Identifier: Apache-2.0 */
/* upgrade_without_second_look_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    upgrade_without_second_look_twin
#include "verify/corpora/broken/upgrade_without_second_look.c"
