/* SPDX-License-Identifier: Apache-2.0 */
/* false_promise_twin.c - false_promise.c with its bug corrected. */
#define PLANTED_TWIN
#define PLANTED_ID false_promise_twin
#include "verify/corpora/planted/false_promise.c"
