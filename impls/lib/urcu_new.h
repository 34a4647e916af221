/* SPDX-License-Identifier: Apache-2.0 */
/* urcu_new.h - a function that the archives of a newer liburcu need and an
   older C library lacks. The archives were compiled with glibc 2.38 or newer,
   whose headers replace strtol() by a function of another name that accepts
   C23's binary numbers. */
#ifndef RM_URCU_NEW_H
#define RM_URCU_NEW_H

#include <stdlib.h>

#if !__GLIBC_PREREQ(2, 38)
long urcu_strtol(const char *text, char **end, int base) __asm__(
        "__isoc23_strtol");
unsigned long urcu_strtoul(const char *text, char **end, int base) __asm__(
        "__isoc23_strtoul");

long urcu_strtol(const char *text, char **end, int base)
{
	return strtol(text, end, base);
}

unsigned long urcu_strtoul(const char *text, char **end, int base)
{
	return strtoul(text, end, base);
}
#endif

#endif /* RM_URCU_NEW_H */
