"""Processor time that processes have used, from Linux's /proc: what counts on a machine that is shared."""

import os
from collections import defaultdict
from pathlib import Path

_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")
# Of the fields after the process's name: its parent, and its ticks in user and in system mode.
_PARENT, _USER, _SYSTEM = 1, 11, 12


def parent(pid: int) -> int:
    """The process that started this one."""
    return int(_fields(_PROC / str(pid) / "stat")[_PARENT])


def seconds(root: int, without: int | None = None) -> float:
    """What this process and all below it have used so far; `without` one of them and those below that."""
    children: dict[int, list[int]] = defaultdict(list)
    ticks: dict[int, int] = {}
    for entry in _PROC.glob("[0-9]*/stat"):
        try:
            fields = _fields(entry)
        except OSError:
            continue
        pid = int(entry.parent.name)
        children[int(fields[_PARENT])].append(pid)
        ticks[pid] = int(fields[_USER]) + int(fields[_SYSTEM])
    used, waiting = 0, [root]
    while waiting:
        pid = waiting.pop()
        if pid != without:
            used += ticks.get(pid, 0)
            waiting += children[pid]
    return used / _PER_SECOND


def _fields(stat: Path) -> list[str]:
    # A name may hold spaces and brackets; after the last bracket there are only numbers and the state.
    return stat.read_text(encoding="ascii", errors="replace").rpartition(") ")[2].split()
