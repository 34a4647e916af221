# SPDX-License-Identifier: Apache-2.0
"""What the linter found, what it looked at, and what it could not read."""
import collections


class Finding:
    """A statement that does not follow from the rows."""

    def __init__(self, rule, file, said, row, data):
        self.rule, self.file, self.said = rule, file, squeeze(said)
        self.row, self.data = row, data

    def text(self):
        return (f"{self.file}: {self.rule}: \"{self.said}\"\n"
                f"    row: {self.row}\n    data: {self.data}")


class Log:
    def __init__(self):
        self.findings, self.unread = [], []
        self.count = collections.Counter()

    def found(self, rule, file, said, row, data):
        self.findings.append(Finding(rule, file, said, row, data))

    def looked(self, rule, n=1):
        self.count[rule] += n

    def check(self, right, rule, file, said, row, data):
        """Counts one check, and a finding where it is not right."""
        self.count[rule] += 1
        if not right:
            self.found(rule, file, said, row, data)
        return right

    def skip(self, file, said, why):
        """Something that reads like a statement and has no rule."""
        self.unread.append((file, squeeze(said), why))

    def add(self, other):
        """All of another log."""
        self.findings += other.findings
        self.unread += other.unread
        self.count.update(other.count)

    def lines(self):
        for f in self.findings:
            yield f.text()
        for file, said, why in self.unread:
            yield f"{file}: not checked ({why}): \"{said}\""
        told = ", ".join(f"{rule} {n}" for rule, n in
                         sorted(self.count.items()))
        yield f"checked: {told or 'nothing'}"
        yield (f"{len(self.findings)} findings, {len(self.unread)} not "
               f"checked, {sum(self.count.values())} checked")


def squeeze(text, limit=300):
    text = " ".join(str(text).split())
    return text if len(text) <= limit else text[:limit - 1] + "…"
