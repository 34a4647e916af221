/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sequences of keys of 16 bytes and more that differ in the middle or at the
 * end; linked with the placed objects. --print works as in the file included
 * below.
 * slow: no other test of `make test` needs the placed objects.
 */
#include "tests/unit/trial/test_sequence.c"
