/* SPDX-License-Identifier: Apache-2.0 */
/* pulsar_25644_twin.c - pulsar_25644.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID pulsar_25644_twin
#include "verify/corpora/bugs/pulsar_25644.c"
