/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sequences of keys of 16 bytes and more that differ in the middle or at the
 * end; linked with the placed objects. --print as in the file below.
 */
#include "tests/unit/trial/test_sequence.c"
