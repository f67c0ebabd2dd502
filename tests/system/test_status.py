# SPDX-License-Identifier: Apache-2.0
"""`status` and `logs`: a container as systemctl and journalctl show a unit."""

import os
import subprocess

from lab import cgroup, test, until
from lab.terminal import Foreground

_PLAIN = {**os.environ, "TERM": "xterm", "PAGER": "", "SYSTEMD_COLORS": "", "SYSTEMD_PAGER": ""}


def _line(t, result, label):
    found = [line.split(": ", 1)[1] for line in result.lines if line.strip().startswith(label + ": ")]
    t.equal(len(found), 1, f"lines with {label}")
    return found[0]


@test(peers="")
def a_running_container_is_shown_with_unit_and_processes(t):
    c = t.detached(t.bundle(shell="sleep 1001 & echo ready; sleep 1002 & wait"))
    t.check(until(lambda: len(cgroup.processes(c.cgroup)) == 3), "the container's processes did not come")
    pids = sorted(cgroup.processes(c.cgroup))
    os.mkdir(f"{c.cgroup}/below")
    with open(f"{c.cgroup}/below/cgroup.procs", "w") as file:
        file.write(str(pids[-1]))
    result = t.ok("status", c.id)
    t.equal(result.lines[0], f"● {c.id} - unitc container {c.id}", "first line")
    t.matches(_line(t, result, "Active"), r"^running \(created \w{3} [-0-9]{10} [:0-9]{8} \w+; (now|\d+s ago)\)$")
    t.equal(_line(t, result, "Unit"), c.unit, "unit")
    t.equal(_line(t, result, "Bundle"), c.bundle.path, "bundle")
    t.equal(_line(t, result, "Main PID"), f"{c.pid} (sh)", "main pid")
    t.equal(_line(t, result, "CGroup"), c.properties()["ControlGroup"], "cgroup")
    t.contains(result.out, f"├─{pids[0]} sh -c sleep 1001", "├─", "└─below\n", f"  └─{pids[-1]} sleep 100")
    t.check("\033" not in result.out, "colour without a terminal")
    t.equal(result.err, "", "standard error")


@test(lane="vm", peers="")
def usage_stands_beside_its_limits(t):
    bundle = t.bundle("sleep", "1000")
    bundle.resources["memory"] = {"limit": 64 << 20}
    bundle.resources["pids"] = {"limit": 32}
    bundle.resources["cpu"] = {"quota": 50000, "period": 100000}
    c = t.detached(bundle)
    result = t.ok("status", c.id)
    t.equal(_line(t, result, "Tasks"), "1 (limit: 32)", "tasks")
    t.matches(_line(t, result, "Memory"), r"^[0-9.]+[BKM] \(max: 64\.0M(, peak: [0-9.]+[BKM])?\)$")
    t.matches(_line(t, result, "CPU"), r"^[0-9.]+m?u?s \(quota: 50%\)$")
    # What systemctl sets counts as well.
    t.command("systemctl", "set-property", "--runtime", c.unit, "MemoryHigh=32M", "TasksMax=20")
    result = t.ok("status", c.id)
    t.equal(_line(t, result, "Tasks"), "1 (limit: 20)", "tasks")
    t.contains(_line(t, result, "Memory"), "high: 32.0M, max: 64.0M")


@test(peers="")
def the_exit_status_is_systemctls(t):
    c = t.created(t.bundle("sleep", "1000"))
    t.matches(_line(t, t.ok("status", c.id), "Active"), "^created ")
    t.start(c)
    t.ok("status", c.id)
    t.ok("pause", c.id)
    t.matches(_line(t, t.ok("status", c.id), "Active"), "^paused ")
    t.ok("resume", c.id)
    t.ok("kill", c.id, "KILL")
    c.wait_stopped()
    result = t.call("status", c.id)
    t.equal(result.status, 3, "exit status of a stopped one")
    t.equal(result.lines[0], f"○ {c.id} - unitc container {c.id}", "first line")
    t.matches(_line(t, result, "Active"), "^stopped ")
    t.check("CGroup" not in result.out, "a cgroup of a stopped container")
    result = t.call("status", "no-such-container")
    t.equal((result.status, result.out), (4, ""), "exit status and output of an unknown one")
    t.one_error(result, "container does not exist")
    t.equal(t.call("status", "--lines=x", c.id).status, 1, "exit status of a wrong option")


@test(peers="")
def colour_follows_the_environment(t):
    c = t.detached(t.bundle("sleep", "1000"))
    t.contains(t.ok("status", c.id, env={**_PLAIN, "SYSTEMD_COLORS": "1"}).out, "\033[0;1;32m●\033[0m ")
    for variable, colour in (("SYSTEMD_COLORS", "0"), ("NO_COLOR", "1"), ("TERM", "dumb"), (None, None)):
        shown = Foreground(t.rt.argv(["status", c.id]), columns=500, env={**_PLAIN, **({variable: colour} if variable else {})})
        t.finally_do(shown.close)
        text = shown.read_until("sleep 1000")
        t.equal("\033[0;1;32m" in text, variable is None, f"colour with {variable}")
        t.equal(shown.wait(), 0, "exit status")


@test(peers="")
def a_terminal_gets_a_pager(t):
    c = t.detached(t.bundle("sleep", "1000"))
    pager = t.path("pager")
    with open(pager, "w") as file:
        file.write('#!/bin/sh\nsed -e "s/^/$1:/"\necho ":$LESSSECURE:$LESS"\n')
    os.chmod(pager, 0o755)
    trusted = {"SYSTEMD_PAGERSECURE": "1"}
    for flags, secure, paged in (([], trusted, True), (["--no-pager"], trusted, False), ([], {}, False)):
        shown = Foreground(t.rt.argv(["status", *flags, c.id]), columns=500,
                           env={**_PLAIN, "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": f"{pager} paged", **secure})
        t.finally_do(shown.close)
        text = shown.read_until(":1:FRSXMK" if paged else "sleep 1000")
        t.equal("paged:●" in text, paged, f"a pager with {flags} and {secure}")
        t.equal(":1:FRSXMK" in text, paged, f"what the pager is told with {flags} and {secure}")
        t.equal(shown.wait(), 0, "exit status")
    result = t.ok("status", c.id, env={**_PLAIN, "SYSTEMD_PAGER": "false"})
    t.contains(result.out, "sleep 1000")


@test(peers="")
def a_container_that_vanishes_meanwhile_is_no_error(t):
    """As often as a second has room for: every end is one that status has words for."""
    bundle, identity = t.bundle("sleep", "0.02"), t.id()
    bundle.save()
    loop = subprocess.Popen(["sh", "-c", 'i=0; while [ $i -lt 30 ]; do "$@" || exit; i=$((i + 1)); done', "sh",
                             *t.rt.argv(["run", "--bundle", bundle.path, identity])], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    t.finally_do(loop.wait)
    seen = set()
    while loop.poll() is None:
        result = t.call("status", "--lines=0", identity)
        seen.add(result.status)
        t.check(result.status in (0, 3, 4), f"status ended with {result.status}: {result.err}")
    t.equal(loop.returncode, 0, "exit status of run")
    t.check(0 in seen, f"status never saw it run: {seen}")


def _teller(t):
    """A container whose process writes to syslog, and whose output is our own file. It stays: the journal asks the
    kernel whose a line is, and for a process that has ended meanwhile there is no answer."""
    bundle = t.bundle(shell="echo to stdout; (echo line 1; echo line 2; echo line 3; sleep 1000) | logger -t teller")
    bundle.bind("/run/systemd/journal/dev-log", "/dev/log")
    os.symlink("busybox", bundle.inside("/bin/logger"))
    c = t.detached(bundle)
    t.check(until(lambda: "line 3" in t.ok("logs", c.id).out), "the journal never had the container's last line")
    return c


@test(peers="")
def logs_are_what_the_container_told_the_journal(t):
    c = _teller(t)
    result = t.ok("logs", c.id)
    lines = [line.split("teller", 1)[1].split(": ", 1)[1] for line in result.lines if " teller" in line]
    t.equal(lines, ["line 1", "line 2", "line 3"], "the container's lines")
    t.contains(result.out, f"unitc container {c.id}")
    t.check("to stdout" not in result.out, "the output of the container is in the journal")
    t.equal([line[-6:] for line in t.ok("logs", "-n", "2", c.id).lines], ["line 2", "line 3"], "the last two lines")
    t.contains(t.ok("status", c.id).out, "]: line 2\n", "]: line 3\n")
    last = t.ok("status", "--lines=1", c.id).out
    t.check("]: line 3\n" in last and "]: line 2\n" not in last, "not the one line that was asked for")
    result = t.call("logs", "no-such-container")
    t.equal((result.status, result.out), (1, ""), "exit status and output for an unknown one")
    t.one_error(result, "container does not exist")


@test(peers="")
def logs_follow_until_interrupted(t):
    c = _teller(t)
    out = t.path("followed")
    with open(out, "w") as file:
        follower = subprocess.Popen(t.rt.argv(["logs", "-f", c.id]), stdin=subprocess.DEVNULL, stdout=file,
                                    stderr=subprocess.STDOUT)
    t.finally_do(follower.kill)
    t.check(until(lambda: "line 3" in open(out).read()), "what was there is not shown")
    t.ok("exec", "-d", c.id, "sh", "-c", "(echo later; sleep 1000) | logger -t teller")
    t.check(until(lambda: "later" in open(out).read()), "what came later is not shown")
    follower.terminate()
    t.equal(follower.wait(10), -15, "end of the follower")


@test(peers="")
def logs_of_an_earlier_container_of_that_name_are_not_its_own(t):
    c = _teller(t)
    t.ok("delete", "--force", c.id)
    again = t.detached(t.bundle("sleep", "1000"), identity=c.id)
    t.check(until(lambda: t.ok("logs", again.id).out != ""), "the journal has nothing of the new one")
    t.check("teller" not in t.ok("logs", again.id).out, "lines of the one before")
