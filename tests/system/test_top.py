# SPDX-License-Identifier: Apache-2.0
"""`top`: what all containers use, as tables or on a terminal."""

import os
import subprocess
import termios
import time

from lab import test, until
from lab.terminal import Foreground

_TITLE = ["CONTAINER", "TASKS", "%CPU", "MEMORY", "INPUT/S", "OUTPUT/S"]


def _tables(text):
    """One {id: cells} per table."""
    tables = []
    for part in text.strip("\n").split("\n\n"):
        lines = [line.split() for line in part.splitlines()]
        assert lines[0] == _TITLE, lines[0]
        tables.append({line[0]: dict(zip(_TITLE[1:], line[1:])) for line in lines[1:]})
    return tables


@test(lane="both", peers="")
def a_table_has_every_container_and_its_rates(t):
    idle = t.detached(t.bundle("sleep", "1000"))
    busy = t.detached(t.bundle(shell="while :; do :; done"))
    waiting = t.created(t.bundle("sleep", "1000"))
    table, = _tables(t.ok("top").out)
    for c in (busy, idle, waiting):
        t.equal(table[c.id]["TASKS"], "1", f"tasks of {c.id}")
    t.check(float(table[busy.id]["%CPU"]) > float(table[idle.id]["%CPU"]), f"CPU of the busy and the idle one: {table}")
    t.equal(list(table)[0], busy.id, "the first one")
    t.equal(table[idle.id]["INPUT/S"], "0B", "input of the idle one")


@test(lane="vm", peers="")
def memory_is_the_units(t):
    c = t.detached(t.bundle(shell="head -c 20000000 /dev/zero > /dev/shm/file; echo ready; exec sleep 1000"))
    c.wait_for_output("ready")
    table, = _tables(t.ok("top", "--order", "memory").out)
    t.matches(table[c.id]["MEMORY"], r"^(19|2\d)\.\dM$", "memory")


@test(peers="")
def tables_come_as_often_as_asked_for(t):
    c = t.detached(t.bundle("sleep", "1000"))
    begin = time.monotonic()
    tables = _tables(t.ok("top", "--iterations", "3", "--delay", "0.2", "--order=id").out)
    t.check(time.monotonic() - begin >= 0.6, "three tables without their delays")
    t.equal([c.id in table for table in tables], [True] * 3, "tables with the container")
    t.equal(list(tables[0]), sorted(tables[0]), "order by id")


@test(peers="")
def what_ends_is_no_longer_there_and_what_comes_is(t):
    first = t.detached(t.bundle("sleep", "1000"))
    path = t.path("top")
    with open(path, "w") as out:
        top = subprocess.Popen(t.rt.argv(["top", "-b", "-d", "100ms", "-n", "100000"]), stdin=subprocess.DEVNULL, stdout=out,
                               stderr=subprocess.STDOUT)

    def end():
        top.kill()
        top.wait()

    t.finally_do(end)

    def last():
        """The last table that is whole: another has begun."""
        tables = open(path).read().split("\n\n")[:-1]
        return _tables(tables[-1])[-1] if tables else {}

    t.check(until(lambda: first.id in last()), "the first one never came")
    second = t.detached(t.bundle("sleep", "1000"))
    t.check(until(lambda: second.id in last()), "the second one never came")
    t.ok("delete", "--force", first.id)
    t.check(until(lambda: first.id not in last() and second.id in last()), "the first one never went")
    again = t.detached(t.bundle(shell="sleep 1000 & sleep 1000 & wait"), identity=first.id)
    t.check(until(lambda: last().get(again.id, {}).get("TASKS") == "3"), "a new one of the same name never came")
    t.equal(top.poll(), None, "status of a top that goes on")
    top.terminate()
    t.equal(top.wait(10), 0, "exit status after SIGTERM")


@test(peers="")
def a_terminal_takes_keys_and_is_given_back(t):
    c = t.detached(t.bundle("sleep", "1000"))
    for key in ("q", "\x03"):
        shown = Foreground(t.rt.argv(["top", "--delay", "0.1"]), rows=12, columns=90)
        t.finally_do(shown.close)
        text = shown.read_until(c.id)
        t.contains(text, "\033[H\033[J", "CONTAINER", c.id)
        shown.write("n")
        shown.read_until("\033[H")
        shown.write(key)
        t.equal(shown.wait(), 0, f"exit status after {key!r}")
        lines_and_echo = termios.ICANON | termios.ECHO
        t.equal(shown.settings()[3] & lines_and_echo, lines_and_echo, "the terminal's settings afterwards")


@test(peers="")
def without_containers_the_table_is_empty(t):
    root = t.path("root")
    os.mkdir(root, 0o700)
    t.equal(_tables(t.ok("top", "-d", "10ms", options=["--root", root]).out), [{}], "tables")
    result = t.call("top", options=["--root", t.path("nothing-there")])
    t.equal((result.status, result.out), (1, ""), "exit status and output for a root that is not there")
    for wrong in (["--delay", "0"], ["--iterations", "0"], ["--order", "pid"], ["extra"]):
        t.equal(t.call("top", *wrong).status, 1, f"exit status with {wrong}")
