# SPDX-License-Identifier: Apache-2.0
"""When the trials of a campaign run: rounds, in running order
(docs/adr/0056). A block is the number of a trial in its cell."""
from collections import Counter


def of(meta):
    """Lists of (cell id, block), one for each list of meta["order"]. What is
    no index of a cell is left out."""
    ids, done, found = [cell["id"] for cell in meta["cells"]], Counter(), []
    for order in meta.get("order") or []:
        here = [i for i in (order if isinstance(order, list) else [])
                if isinstance(i, int) and 0 <= i < len(ids)]
        found.append([(ids[i], done[i]) for i in here])
        done.update(here)
    return found
