# SPDX-License-Identifier: Apache-2.0
"""The list of tests. `@test(...)` says where a test may run and how long it may take."""

from dataclasses import dataclass
from typing import Any, Callable

PEERS = ("crun", "runc")


@dataclass(frozen=True)
class Entry:
    name: str
    run: Callable
    lanes: tuple
    seconds: float
    peers: tuple
    engine: Any


ENTRIES: list[Entry] = []


def test(lane="native", seconds=30.0, peers="crun runc", engine=None):
    """lane: 'native', 'vm' or 'both'. seconds: the longest it may take at native speed.
    peers: the other runtimes that behave the same, so that the test itself can be proved.
    engine: the class (lab/engines.py) of the daemon that it needs; neighbours that need the same share it."""

    def add(function):
        room = function.__module__.removeprefix("test_")
        lanes = ("native", "vm") if lane == "both" else (lane,)
        ENTRIES.append(Entry(f"{room}.{function.__name__}", function, lanes, seconds, tuple(peers.split()), engine))
        return function

    return add
