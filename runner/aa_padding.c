/* SPDX-License-Identifier: Apache-2.0 */
/* aa_padding.c - is linked first into the programs maps/aa/ID, and so moves the
   objects after it (docs/adr/0059). */

/* 23 cache lines. Functions stay aligned to 64 bytes, as in all programs
   (docs/adr/0008), but have other addresses modulo 4096. */
__asm__(".pushsection .text\n.skip 23 * 64\n.popsection");

/* Moves variables and constants, too, as far as their alignment allows. */
static char data[40] __attribute__((used, aligned(8))) = { 1 };
static char zeros[40] __attribute__((used, aligned(8)));
static const char constants[13 * 64] __attribute__((used)) = { 1 };
