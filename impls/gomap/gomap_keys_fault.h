/* SPDX-License-Identifier: Apache-2.0 */
/* gomap_keys_fault.h - Go's map: keys as in gomap_keys.h, hashed by a function
   that may fault. One of the choices for GOMAP_KEYS, see gomap_keys.h. */
#ifndef RM_SUPPORT_GOMAP_KEYS_FAULT_H
#define RM_SUPPORT_GOMAP_KEYS_FAULT_H

#include "impls/gomap/fault_hash.h"

/* The hash is the only difference, so gomap_keys.h is included with another
   hash function. */
#define rm_hash fault_hash
#include "impls/gomap/gomap_keys.h"
#undef rm_hash

#endif /* RM_SUPPORT_GOMAP_KEYS_FAULT_H */
