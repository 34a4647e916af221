/* SPDX-License-Identifier: Apache-2.0 */
/* view.h - the views of a finding. Inside verify/explore only. */
#ifndef RM_EXPLORE_VIEW_H
#define RM_EXPLORE_VIEW_H

#include "verify/explore/told.h"

/* Each writes all of it; 0 or -errno. */

int rm_explore_view_text(const struct rm_explore_told *told, FILE *out);

/* One file that needs no other. */
int rm_explore_view_html(const struct rm_explore_told *told, FILE *out);

/* Trace events, for https://ui.perfetto.dev and chrome://tracing. */
int rm_explore_view_perfetto(const struct rm_explore_told *told, FILE *out);

#endif /* RM_EXPLORE_VIEW_H */
