# SPDX-License-Identifier: Apache-2.0
"""Types of the arrays that the statistics take and return."""
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
