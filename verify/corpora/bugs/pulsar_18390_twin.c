/* SPDX-License-Identifier: Apache-2.0 */
/* pulsar_18390_twin.c - pulsar_18390.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID pulsar_18390_twin
#include "verify/corpora/bugs/pulsar_18390.c"
