# SPDX-License-Identifier: Apache-2.0
# Long forms of the checks, with their figures in docs/tally/.
.PHONY: planted-tally check-histories
planted-tally: $(BUILD)/readmostly  ## each planted bug with 20 seeds, by the tool named for it
	@tests/planted_tally.sh

check-histories: $(BUILD)/readmostly  ## 10,000 short histories of each map
	@tests/check_histories.sh $(BUILD)/readmostly
