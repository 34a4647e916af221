/* SPDX-License-Identifier: Apache-2.0 */
/* aa_padding.c - is linked first into the programs maps/aa/ID, so that the
   other objects have different addresses (docs/adr/0059). */

/* 23 cache lines. Functions remain aligned to 64 bytes, as in all programs
   (docs/adr/0008), but have different addresses modulo 4096. */
__asm__(".pushsection .text\n.skip 23 * 64\n.popsection");

/* Also moves variables and constants, as far as their alignment permits. */
static char data[40] __attribute__((used, aligned(8))) = { 1 };
static char zeros[40] __attribute__((used, aligned(8)));
static const char constants[13 * 64] __attribute__((used)) = { 1 };
