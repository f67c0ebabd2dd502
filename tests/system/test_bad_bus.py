# SPDX-License-Identifier: Apache-2.0
"""No bus, a broken bus, a slow bus, a busy manager: a clear error in time, or the truth."""

import os
import socket
import subprocess
import threading
import time

from lab import cgroup, process, systemd, test, until, wait
from lab.bus import BUS, Proxy


def _over(path, with_what):
    """A prefix that runs a command with something else mounted over a path, in a mount namespace of its own."""
    return ("unshare", "-m", "--propagation", "private", "sh", "-c", f'mount --bind "$0" {path} && exec "$@"', with_what)


def _empty_over(path):
    return ("unshare", "-m", "--propagation", "private", "sh", "-c", f'mount -t tmpfs -o mode=755 "$0" {path} && exec "$@"', "empty")


def _fails_quickly(t, wrap, *words, seconds=1.0):
    bundle = t.bundle("sleep", "1000").save()
    for verb in ("run", "create"):
        identity = t.id()
        result = t.call(verb, "-b", bundle.path, identity, wrap=wrap)
        t.equal(result.status, 1, f"status of {verb}")
        t.check(result.seconds < (seconds + 0.3) * t.scale, f"{verb} took {result.seconds:.2f} s")
        t.one_error(result, *words)
        t.check(not os.path.exists(os.path.join(t.rt.root, identity)), "a state directory is left")


@test(lane="both", peers="")
def without_a_bus_there_is_a_clear_error_within_a_second(t):
    _fails_quickly(t, _empty_over("/run/dbus"), "bus")


@test(peers="")
def a_dead_socket_is_as_bad_as_none(t):
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(t.path("dead"))
    dead.close()
    _fails_quickly(t, _over(BUS, t.path("dead")), "bus")


@test(peers="")
def without_systemd_there_is_a_clear_error_within_a_second(t):
    _fails_quickly(t, _empty_over("/run/systemd"), "systemd")


@test(peers="")
def cgroup_v1_or_none_is_a_clear_error(t):
    _fails_quickly(t, _empty_over("/sys/fs/cgroup"), "cgroup")


@test(peers="")
def state_and_list_need_no_bus(t):
    c = t.detached(t.bundle("sleep", "1000"))
    t.equal(t.call("state", c.id, wrap=_empty_over("/run/dbus")).status, 0, "status of state")
    t.equal(t.call("list", wrap=_empty_over("/run/dbus")).status, 0, "status of list")
    t.equal(t.call("kill", c.id, "0", wrap=_empty_over("/run/dbus")).status, 0, "status of kill")


@test(peers="")
def delete_without_a_bus_still_kills_and_says_what_is_missing(t):
    c = t.detached(t.bundle("sleep", "1000"))
    result = t.call("delete", "--force", c.id, wrap=_empty_over("/run/dbus"))
    t.check(result.status in (0, 1), f"status {result.status}")
    t.ok("delete", "--force", c.id)
    t.no_unit(c.id)


def _proxy(t, **how):
    proxy = Proxy(t.path(f"bus{len(t.story)}.sock"), **how)
    t.finally_do(proxy.close)
    return _over(BUS, proxy.path)


@test(peers="")
def through_the_proxy_everything_works(t):
    """The control: what the next tests break is whole here."""
    t.equal(t.run(t.bundle("echo", "fine"), wrap=_proxy(t)).out, "fine\n", "stdout")


@test(seconds=60, peers="")
def a_bus_that_never_answers_ends_at_the_deadline(t):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(t.path("mute"))
    listener.listen(8)
    t.finally_do(listener.close)
    bundle = t.bundle("sleep", "1000").save()
    identity = t.id()
    result = t.call("create", "-b", bundle.path, identity, options=("--timeout", "2"), wrap=_over(BUS, t.path("mute")))
    t.equal(result.status, 1, "status")
    t.check(1 < result.seconds < 4 * t.scale, f"took {result.seconds:.1f} s with a deadline of 2 s")
    t.one_error(result)
    t.gone(identity)
    t.no_unit(identity)


@test(seconds=60, peers="")
def a_manager_that_never_answers_ends_at_the_deadline(t):
    bundle = t.bundle("sleep", "1000").save()
    identity = t.id()
    result = t.call("create", "-b", bundle.path, identity, options=("--timeout", "2"), wrap=_proxy(t, hang=b"StartTransientUnit"))
    t.equal(result.status, 1, "status")
    t.check(1 < result.seconds < 5 * t.scale, f"took {result.seconds:.1f} s with a deadline of 2 s")
    t.gone(identity)
    t.no_unit(identity)


@test(seconds=60, peers="")
def a_lost_job_signal_is_no_loss(t):
    """F-18: the unit is active and holds the child, so the truth is success."""
    bundle = t.bundle("sleep", "1000").save()
    identity = t.id()
    result = t.call("create", "-b", bundle.path, identity, options=("--timeout", "3"), wrap=_proxy(t, swallow=b"JobRemoved"), timeout=15)
    t.equal(result.status, 0, "status")
    t.equal(t.state(identity)["status"], "created", "state")
    t.equal(len(cgroup.processes(cgroup.path(systemd.properties(t.rt.unit(identity))["ControlGroup"]))), 1, "processes in the unit")


@test(seconds=60, peers="")
def a_connection_cut_after_the_call_is_no_loss(t):
    bundle = t.bundle("sleep", "1000").save()
    identity = t.id()
    result = t.call("create", "-b", bundle.path, identity, wrap=_proxy(t, cut=b"StartTransientUnit"), timeout=40)
    if result.status == 0:
        t.equal(t.state(identity)["status"], "created", "state")
    else:
        t.one_error(result)
        t.gone(identity)
        t.no_unit(identity)


@test(lane="both", seconds=120, peers="crun runc")
def daemon_reload_during_create_harms_nothing(t):
    stop = threading.Event()

    def reload():
        while not stop.is_set():
            began = time.monotonic()
            systemd.control("daemon-reload")
            if t.machine.lane == "vm":  # emulated, PID 1 takes seconds for one: it is to come to something else
                stop.wait(time.monotonic() - began)

    noise = threading.Thread(target=reload)
    noise.start()
    try:
        bundle = t.bundle("sleep", "1000").save()
        for _ in range(20 if t.machine.lane == "native" else 3):
            c = t.created(bundle)
            t.check(until(lambda: c.unit in cgroup.of_process(c.pid)), f"init is in {cgroup.of_process(c.pid)}")
            t.ok("delete", "--force", c.id)
    finally:
        stop.set()
        noise.join()


@test(seconds=120, peers="")
def daemon_reexec_during_create_harms_nothing(t):
    bundle = t.bundle("sleep", "1000").save()
    for _ in range(5):
        noise = subprocess.Popen(["systemctl", "daemon-reexec"], stdin=subprocess.DEVNULL)
        c = t.created(bundle, timeout=40)
        noise.wait(60 * wait.SCALE)
        t.equal(t.state(c.id)["status"], "created", "state")
        t.equal(cgroup.of_process(c.pid), c.properties()["ControlGroup"], "cgroup of init")
        t.ok("delete", "--force", c.id)


@test(seconds=60, peers="")
def many_clients_on_the_bus_at_once(t):
    """F-36: connections beyond the bus's limit are retried inside the deadline."""
    taken = []
    for _ in range(300):
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        try:
            client.connect(BUS)
        except BlockingIOError:
            client.close()
            break
        taken.append(client)
    t.finally_do(lambda: [client.close() for client in taken])
    bundle = t.bundle("echo", "fine").save()
    identity = t.id()
    release = threading.Timer(1.0, lambda: [client.close() for client in taken])
    release.start()
    result = t.call("run", "-b", bundle.path, identity, timeout=40)
    release.join()
    if result.status == 0:
        t.equal(result.out, "fine\n", "stdout")
    else:
        t.one_error(result, "bus")
        t.gone(identity)


@test(peers="")
def the_connection_is_not_held_while_the_container_runs(t):
    bundle = t.bundle(shell="echo ready; sleep 1000").save()
    path = t.path("out")
    with open(path, "w") as out:
        run = subprocess.Popen(t.rt.argv(["run", "-b", bundle.path, t.id()]), stdin=subprocess.DEVNULL, stdout=out)
    t.finally_do(lambda: (run.poll() is None and run.kill(), run.wait()))
    t.check(until(lambda: "ready" in open(path).read()), "never became ready")

    def held():
        inodes = {target[8:-1] for target in process.descriptors(run.pid).values() if target.startswith("socket:[")}
        # A bus connection is a stream (type 0001); the wire to the child is not.
        return [line for line in open("/proc/net/unix") if line.split()[6] in inodes and line.split()[4] == "0001"]

    t.check(until(lambda: not held(), 2), f"stream sockets that run holds while it waits: {held()}")
