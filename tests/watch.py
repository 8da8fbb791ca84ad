"""Distinguishes a process that hangs from one that is slow.

A process moves while it or a descendant uses the processor or reads and writes. Reads only /proc, so it works
on any process of this user, and must not depend on agents and suites.
"""

import os
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
# A thread that wakes fifty times a second to look for signals stays below both: share of a core, and bytes a
# second.
IDLE_SHARE = 0.03
IDLE_BYTES = 4096


def _stat(pid):
    """The parent and the CPU seconds (with those of children that ended) of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1]), sum(map(int, fields[11:15])) / TICK


def _moved(pid):
    """Bytes that a process has read and written."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("rchar", "wchar")))


def _tree(root):
    """The CPU seconds of a process and its descendants, by pid."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found[int(entry.name)] = _stat(entry.name)
            except (OSError, ValueError):
                continue  # it ended meanwhile
    tree, grown = {root}, True
    while grown:
        grown = {pid for pid, (parent, _) in found.items() if parent in tree} - tree
        tree |= grown
    return {pid: found[pid][1] for pid in tree & found.keys()}


class Watch:
    """Watches one process and its descendants."""

    def __init__(self, pid):
        self.pid = pid
        self.since = self.looked = time.monotonic()
        self.seen = (set(), 0, 0)

    def idle_seconds(self):
        """How long the tree has used next to no CPU and moved next to no bytes. Call it every second or
        so."""
        cpu, moved = _tree(self.pid), 0
        for pid in cpu:
            try:
                moved += _moved(pid)
            except OSError:
                continue  # it ended meanwhile
        now, total = time.monotonic(), sum(cpu.values())
        passed = now - self.looked
        known, moved_before, total_before = self.seen
        idle = (
            known == cpu.keys()
            and moved - moved_before <= IDLE_BYTES * passed
            # The processor's time is in ticks.
            and total - total_before <= IDLE_SHARE * passed + 1 / TICK
        )
        if not idle:
            self.since = now
        self.seen, self.looked = (set(cpu), moved, total), now
        return now - self.since

    def threads(self):
        """What each thread of the tree waits for, for the message of a failure."""
        lines = []
        for pid in _tree(self.pid):
            for task in sorted(Path(f"/proc/{pid}/task").glob("*")):
                try:
                    name, where = (task / "comm").read_text().strip(), (task / "wchan").read_text().strip()
                    state = (task / "stat").read_text().rpartition(")")[2].split()[0]
                    lines.append(f"{pid}/{task.name} {name}: state {state}, in {where or '?'}")
                except OSError:
                    continue
        return "\n".join(lines)
