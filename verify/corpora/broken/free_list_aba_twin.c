/* SPDX-License-Identifier: Apache-2.0 */
/* free_list_aba_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    free_list_aba_twin
#include "verify/corpora/broken/free_list_aba.c"
