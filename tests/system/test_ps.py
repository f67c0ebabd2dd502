# SPDX-License-Identifier: Apache-2.0
"""`ps`: the processes of the unit, as the host's ps shows them or as an array of pids."""

import json
import os

from lab import cgroup, test, until


def _family(t):
    """A container with a child, in a group of its own below the unit's."""
    c = t.detached(t.bundle(shell="sleep 1001 & sleep 1002 & wait"))
    t.check(until(lambda: len(cgroup.processes(c.cgroup)) == 3), "the container's processes did not come")
    return c


@test(lane="both", peers="runc")
def json_is_every_pid_also_of_groups_below(t):
    c = _family(t)
    pids = cgroup.processes(c.cgroup)
    os.mkdir(f"{c.cgroup}/below")
    with open(f"{c.cgroup}/below/cgroup.procs", "w") as file:
        file.write(str(pids[-1]))
    result = t.ok("ps", "--format", "json", c.id)
    t.equal(sorted(json.loads(result.out)), sorted(pids), "pids")


@test(peers="runc")
def the_table_is_pss_with_the_containers_rows_alone(t):
    c = _family(t)
    lines = t.ok("ps", c.id).lines
    t.matches(lines[0], r"UID +PID +PPID +C +STIME +TTY +TIME +CMD")
    t.equal(sorted(int(line.split()[1]) for line in lines[1:]), sorted(cgroup.processes(c.cgroup)), "pids")


@test(peers="runc")
def options_are_pss(t):
    c = _family(t)
    lines = t.ok("ps", c.id, "-e", "-o", "pid,args").lines
    t.equal(lines[0].split(), ["PID", "COMMAND"], "title")
    t.equal(sorted(line.split(maxsplit=1)[1] for line in lines[1:])[-2:], ["sleep 1001", "sleep 1002"], "commands")
    result = t.call("ps", c.id, "-e", "-o", "args")
    t.equal(result.status, 1, "status without a column of pids")
    t.one_error(result, "couldn't find PID field in ps output")
    result = t.call("ps", c.id, "--frob")
    t.equal(result.status, 1, "status for an option that ps does not know")
    t.one_error(result, "exit status 1")


@test(peers="runc")
def a_stopped_container_has_none(t):
    c = t.detached(t.bundle("sleep", "1000"))
    t.ok("kill", c.id, "KILL")
    c.wait_stopped()
    t.equal(len(t.ok("ps", c.id).lines), 1, "lines")
    t.equal(t.ok("ps", "-f", "json", c.id).out, "null\n", "json")


@test()
def an_unknown_container_is_an_error(t):
    result = t.call("ps", "no-such-container")
    t.equal((result.status, result.out), (1, ""), "status and stdout")
    t.one_error(result, "container does not exist")
    t.equal(t.call("ps", "--format", "xml", "x").status, 1, "status for an unknown format")
