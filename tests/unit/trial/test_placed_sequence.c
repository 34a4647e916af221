/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sequences of keys that differ in the middle or at the end, of 16 bytes and
 * more: linked with the placed objects. --print as in the file below.
 */
#include "tests/unit/trial/test_sequence.c"
