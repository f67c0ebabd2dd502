# SPDX-License-Identifier: Apache-2.0
"""`events`: runc's lines of JSON from the unit's own cgroup, for as long as the container lives."""

import json
import os
import subprocess

from lab import cgroup, systemd, test, until

_KEYS = ["cpu", "cpuset", "memory", "pids", "blkio", "hugetlb", "intel_rdt", "network_interfaces"]


class _Follower:
    """`events` running beside the test; its lines are in a file."""

    def __init__(self, t, c, *flags):
        self.path = t.path(f"events-{c.id}-{len(os.listdir(t.directory))}")
        with open(self.path, "w") as out:
            self.process = subprocess.Popen(t.rt.argv(["events", *flags, c.id]), stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=subprocess.STDOUT)
        t.finally_do(self.end)

    def lines(self):
        with open(self.path) as file:
            text = file.read()
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def _stats(t, c):
    result = t.ok("events", "--stats", c.id)
    t.equal(result.out.count("\n"), 1, "number of lines")
    event = json.loads(result.out)
    t.equal((event["type"], event["id"]), ("stats", c.id), "type and id")
    return event["data"]


@test(lane="both", peers="")
def stats_are_runcs_document(t):
    c = t.detached(t.bundle(shell="i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; echo ready; exec sleep 1000"))
    c.wait_for_output("ready")
    result = t.ok("events", "--stats", c.id)
    t.check(result.out.startswith('{"type":"stats","id":"%s","data":{' % c.id), f"begins otherwise: {result.out[:80]!r}")
    data = json.loads(result.out)["data"]
    t.equal(list(data), _KEYS, "keys of data")
    usage = data["cpu"]["usage"]
    t.equal(list(usage), ["total", "kernel", "user"], "keys of cpu.usage")
    t.check(usage["total"] >= usage["user"] > 0, f"cpu.usage {usage}")
    t.equal(data["pids"]["current"], 1, "pids.current")
    t.equal(data["network_interfaces"], None, "network_interfaces")
    if os.path.exists(c.cgroup + "/cpu.pressure"):
        psi = data["cpu"]["psi"]
        t.check(psi == {} or list(psi["some"]) == ["avg10", "avg60", "avg300", "total"], f"cpu.psi {psi}")


@test(lane="both", peers="")
def the_figures_are_those_of_the_files(t):
    c = t.detached(t.bundle(shell="i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; echo ready; exec sleep 1000"))
    c.wait_for_output("ready")
    t.ok("pause", c.id)  # so that nothing moves between two looks
    data = _stats(t, c)
    stat = dict(line.split() for line in cgroup.read(c.cgroup, "cpu.stat").splitlines())
    t.equal(data["cpu"]["usage"], {"total": int(stat["usage_usec"]) * 1000, "kernel": int(stat["system_usec"]) * 1000,
                                   "user": int(stat["user_usec"]) * 1000}, "cpu.usage")


@test(lane="both", peers="")
def lines_come_at_the_interval_and_end_with_the_container(t):
    c = t.detached(t.bundle("sleep", "1000"))
    follower = _Follower(t, c, "--interval", "50ms")
    t.check(until(lambda: len(follower.lines()) >= 3), f"no three lines: {follower.lines()}")
    t.equal({(line["type"], line["id"]) for line in follower.lines()}, {("stats", c.id)}, "lines")
    t.ok("pause", c.id)
    before = len(follower.lines())
    t.check(until(lambda: len(follower.lines()) > before + 1), "no lines of a paused container")
    t.ok("delete", "--force", c.id)
    t.check(until(lambda: follower.process.poll() is not None), "events did not end with the container")
    t.equal(follower.process.returncode, 0, "exit status of events")


@test(peers="")
def events_end_soon_when_the_next_line_is_far_away(t):
    c = t.detached(t.bundle("sleep", "1000"))
    follower = _Follower(t, c, "--interval", "1h")
    t.check(until(lambda: os.readlink(f"/proc/{follower.process.pid}/exe") == os.path.realpath(t.rt.path)), "events does not run")
    t.ok("kill", c.id, "KILL")
    t.check(until(lambda: follower.process.poll() is not None, 5), "events did not end with the container")
    t.equal((follower.process.returncode, follower.lines()), (0, []), "exit status and lines")


@test(peers="")
def events_hold_no_lock(t):
    c = t.created(t.bundle("sleep", "1000"))
    follower = _Follower(t, c, "--interval", "20ms")
    t.check(until(lambda: follower.lines()), "no line of a created container")
    for words in (("start", c.id), ("pause", c.id), ("update", "--pids-limit", "10", c.id), ("resume", c.id), ("kill", c.id, "0")):
        t.ok(*words, options=("--timeout", "5"))


@test(peers="runc")
def what_does_not_run_has_no_events(t):
    identity = t.id()
    t.run(t.bundle("true"), "--keep", identity=identity)
    for words in (("events", identity), ("events", "--stats", identity)):
        result = t.call(*words)
        t.equal(result.status, 1, "status")
        t.one_error(result, f"container with id {identity} is not running")
    result = t.call("events", "no-such-container")
    t.equal(result.status, 1, "status for an unknown container")
    t.one_error(result, "container does not exist")


@test(peers="")
def a_wrong_interval_is_refused(t):
    c = t.detached(t.bundle("sleep", "1000"))
    for word in ("0", "0s", "-1s"):
        result = t.call("events", "--interval", word, c.id)
        t.equal(result.status, 1, f"status for {word}")
        t.one_error(result, f"--interval '{word}'", "duration interval must be greater than 0")
    for word in ("5", "x", "1d", ""):
        result = t.call("events", "--interval", word, c.id)
        t.equal(result.status, 1, f"status for {word}")
        t.one_error(result, f"--interval '{word}'", "must be a duration")


@test(peers="")
def a_reader_that_leaves_ends_events(t):
    c = t.detached(t.bundle("sleep", "1000"))
    source = subprocess.Popen(t.rt.argv(["events", "--interval", "20ms", c.id]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
    t.finally_do(lambda: (source.kill(), source.wait()))
    source.stdout.readline()
    source.stdout.close()
    t.check(until(lambda: source.poll() is not None), "events goes on without a reader")
    t.equal(source.returncode, 1, "exit status")


@test(peers="")
def the_end_of_init_is_not_the_end_of_others(t):
    """Without a pid namespace the container's other processes live on, and so does its group."""
    c = t.detached(t.bundle(shell="sleep 1000 & echo ready; wait").drop_namespace("pid"))
    c.wait_for_output("ready")
    follower = _Follower(t, c, "--interval", "20ms")
    t.check(until(lambda: follower.lines()), "no line")
    os.kill(c.pid, 9)
    c.wait_stopped()
    before = len(follower.lines())
    t.check(until(lambda: len(follower.lines()) > before + 2), "events ended with the first process")
    systemd.control("stop", c.unit)
    t.check(until(lambda: follower.process.poll() is not None), "events did not end with the group")


# With the controllers.


def _needs(t, *names):
    t.machine_needs(set(names) <= t.machine.controllers, f"needs the controllers {names}")


@test(lane="vm", peers="", seconds=60)
def memory_pids_and_throttling_are_told(t):
    _needs(t, "memory", "pids", "cpu")
    bundle = t.bundle(shell="(while :; do :; done) & echo ready; wait")
    bundle.resources.update(memory={"limit": 67108864, "swap": 100663296}, pids={"limit": 20}, cpu={"quota": 5000, "period": 50000})
    c = t.detached(bundle)
    c.wait_for_output("ready")
    t.check(until(lambda: "nr_throttled 0\n" not in cgroup.read(c.cgroup, "cpu.stat")), "nothing was throttled")
    t.ok("pause", c.id)
    data = _stats(t, c)
    t.equal(data["pids"], {"current": int(cgroup.read(c.cgroup, "pids.current")), "limit": 20}, "pids")
    memory = data["memory"]
    t.equal(memory["usage"]["limit"], 67108864, "memory.usage.limit")
    t.equal(memory["usage"]["failcnt"], 0, "memory.usage.failcnt")
    t.check(0 < memory["usage"]["usage"] <= memory["usage"]["max"], f"memory.usage {memory['usage']}")
    if cgroup.read(c.cgroup, "memory.swap.max") is not None:
        t.equal(memory["swap"]["limit"], 100663296, "memory.swap.limit")
    names = [line.split()[0] for line in cgroup.read(c.cgroup, "memory.stat").splitlines()]
    t.equal(sorted(memory["raw"]), sorted(names), "names of memory.raw")
    t.equal(memory.get("cache", 0), memory["raw"]["file"], "memory.cache")
    throttling = data["cpu"]["throttling"]
    t.check(throttling["periods"] >= throttling["throttledPeriods"] > 0 and throttling["throttledTime"] > 0, f"throttling {throttling}")


@test(lane="vm", peers="", seconds=60)
def block_io_is_told(t):
    _needs(t, "io")
    c = t.detached(t.bundle(shell="dd if=/dev/zero of=/file bs=64k count=16 conv=fsync 2>/dev/null; echo ready; sleep 1000", writable=True))
    c.wait_for_output("ready")
    t.machine_needs((cgroup.read(c.cgroup, "io.stat") or "").strip(), "the root is on no block device that counts")
    entries = _stats(t, c)["blkio"]["ioServiceBytesRecursive"]
    t.check(any(entry["op"] == "Write" and entry.get("value", 0) >= 1048576 for entry in entries), f"entries {entries}")
    t.equal({entry["op"] for entry in entries}, {"Read", "Write"}, "operations")


@test(lane="vm", peers="", seconds=60)
def hugetlb_is_told(t):
    _needs(t, "hugetlb")
    bundle = t.bundle("sleep", "1000")
    bundle.resources["hugepageLimits"] = [{"pageSize": "2MB", "limit": 4194304}]
    t.equal(_stats(t, t.detached(bundle))["hugetlb"]["2MB"], {"failcnt": 0}, "hugetlb.2MB")


@test(lane="vm", peers="", seconds=60)
def the_oom_killer_is_told(t):
    _needs(t, "memory")
    bundle = t.bundle(shell="read x < /go; head -c 64m /dev/zero | tail -c 64m >/dev/null; echo survived; sleep 1000", writable=True)
    bundle.resources["memory"] = {"limit": 16777216, "swap": 16777216}
    fifo = os.path.join(bundle.rootfs, "go")
    c = t.created(bundle)
    os.mkfifo(fifo)
    t.start(c)
    follower = _Follower(t, c, "--interval", "50ms")
    t.check(until(lambda: follower.lines()), "no line before the memory is used")
    with open(fifo, "w") as file:
        file.write("go\n")
    def told():
        return [line for line in follower.lines() if line["type"] == "oom"]
    t.check(until(told, 20), f"no oom event: {[line['type'] for line in follower.lines()]}")
    kills = dict(line.split() for line in cgroup.read(c.cgroup, "memory.events").splitlines())["oom_kill"]
    t.check(until(lambda: len(told()) == int(kills)), f"{len(told())} oom events for {kills} kills")
    t.equal({line["id"] for line in told()}, {c.id}, "ids")
    # All it uses is in tail's memory; the kernel names a process as the host knows it.
    t.equal([line["data"]["name"] for line in told()][0], "tail", "who was killed")
    t.check(told()[0]["data"]["pid"] > c.pid, f"pid of a child of {c.pid}: {told()[0]}")


@test(lane="vm", peers="", seconds=60)
def who_was_killed_is_said_at_the_end(t):
    _needs(t, "memory")
    for unit in ("scope", "service"):
        bundle = t.bundle("tail", "/dev/zero")
        bundle.resources["memory"] = {"limit": 16777216, "swap": 16777216}
        result = t.run(bundle, f"--unit={unit}", status=137)
        t.contains(result.err, "level=warning", "out of memory: the kernel has killed process", "('tail') of the container")
