/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_checks.h - the doctor's checks; each fills one finding. */
#ifndef RM_DOCTOR_CHECKS_H
#define RM_DOCTOR_CHECKS_H

#include "runner/machine/doctor.h"
#include "runner/machine/fact.h"
#include "runner/plan/topology.h"

/* Fills a finding; the format is the text for a person. */
void rm_doctor_say(struct rm_finding *finding, enum rm_finding_level level,
        const char *command, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* True where the fact is there; else the finding says why it is not. */
bool rm_doctor_told(const struct rm_fact *fact, const char *path,
        struct rm_finding *finding);

/* Reads a file's line; the same. */
bool rm_doctor_read(
        const char *path, struct rm_fact *fact, struct rm_finding *finding);

void rm_doctor_governor(
        const struct rm_topology *topology, struct rm_finding *finding);
void rm_doctor_turbo(
        const struct rm_topology *topology, struct rm_finding *finding);
void rm_doctor_smt(
        const struct rm_topology *topology, struct rm_finding *finding);
void rm_doctor_clock_source(
        const struct rm_topology *topology, struct rm_finding *finding);
void rm_doctor_virtual(
        const struct rm_topology *topology, struct rm_finding *finding);
void rm_doctor_steal(
        const struct rm_topology *topology, struct rm_finding *finding);
void rm_doctor_quota(
        const struct rm_topology *topology, struct rm_finding *finding);
void rm_doctor_pressure(
        const struct rm_topology *topology, struct rm_finding *finding);
void rm_doctor_numa_balancing(
        const struct rm_topology *topology, struct rm_finding *finding);
void rm_doctor_huge_pages(
        const struct rm_topology *topology, struct rm_finding *finding);
void rm_doctor_ksm(
        const struct rm_topology *topology, struct rm_finding *finding);
void rm_doctor_swap(
        const struct rm_topology *topology, struct rm_finding *finding);
void rm_doctor_watchdog(
        const struct rm_topology *topology, struct rm_finding *finding);
void rm_doctor_paranoid(
        const struct rm_topology *topology, struct rm_finding *finding);
void rm_doctor_aslr(
        const struct rm_topology *topology, struct rm_finding *finding);
void rm_doctor_topology_left_out(
        const struct rm_topology *topology, struct rm_finding *finding);

#endif /* RM_DOCTOR_CHECKS_H */
