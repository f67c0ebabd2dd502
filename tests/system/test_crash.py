# SPDX-License-Identifier: Apache-2.0
"""The runtime dies at any moment, its files are damaged, pids are reused, the machine reboots, someone
else stops the unit: afterwards `state` tells the truth, `delete --force` cleans, and the id is free."""

import collections
import fcntl
import os
import random
import re
import signal
import subprocess
import time

from lab import cgroup, process, systemd, test, until, wait


def _after_a_crash(t, bundle, identity, allowed):
    """What must hold whatever moment the runtime was killed at."""
    listed = t.rt.call("list", "-q")
    t.equal(listed.status, 0, "status of list after a crash")
    state = t.rt.call("state", identity)
    if state.status == 0:
        t.check(any(f'"status": "{word}"' in state.out for word in allowed), f"state after the crash: {state.out}")
    t.ok("delete", "--force", identity)
    t.gone(identity)
    t.check(until(lambda: not systemd.loaded(t.rt.unit(identity))), f"{t.rt.unit(identity)} outlived delete --force")
    t.check(not os.path.exists(os.path.join(t.rt.root, identity)), "the state directory outlived delete --force")
    again = t.rt.call("run", "-b", bundle.path, identity)
    if again.status != 0:
        t.story.append(again.told())
    t.equal(again.status, 0, "status of a run with the same id")


def _killed_after(t, argv, seconds):
    with open(t.path("crash.out"), "w") as out:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
    time.sleep(seconds)  # the moment of the crash, not a synchronisation
    child.kill()
    child.wait()
    t.story.append(f"killed after {seconds * 1000:.2f} ms: {argv}")


@test(seconds=120, peers="")
def create_is_killed_at_a_random_moment(t):
    bundle = t.bundle("true").save()
    took = min(t.rt.call("run", "-b", bundle.path, t.id()).seconds for _ in range(3))
    chance = random.Random(t.name)
    for _ in range(40):
        identity = t.id()
        t.story.clear()
        _killed_after(t, t.rt.argv(["create", "-b", bundle.path, identity]), chance.uniform(0, took))
        _after_a_crash(t, bundle, identity, ("creating", "created", "stopped"))


@test(seconds=120, peers="")
def run_is_killed_at_a_random_moment(t):
    bundle = t.bundle("sleep", "0.01").save()
    took = min(t.rt.call("run", "-b", bundle.path, t.id()).seconds for _ in range(3))
    chance = random.Random(t.name)
    for _ in range(30):
        identity = t.id()
        t.story.clear()
        _killed_after(t, t.rt.argv(["run", "-b", bundle.path, identity]), chance.uniform(0, took))
        _after_a_crash(t, bundle, identity, ("creating", "created", "running", "stopped"))


@test(seconds=120, peers="")
def delete_is_killed_at_a_random_moment(t):
    bundle = t.bundle("true").save()
    chance = random.Random(t.name)
    for _ in range(30):
        identity = t.id()
        t.story.clear()
        t.ok("create", "-b", bundle.path, identity)
        _killed_after(t, t.rt.argv(["delete", "--force", identity]), chance.uniform(0, 0.012))
        _after_a_crash(t, bundle, identity, ("created", "stopped"))


@test(seconds=120, peers="")
def start_is_killed_at_a_random_moment(t):
    bundle = t.bundle("sleep", "0.01").save()
    chance = random.Random(t.name)
    for _ in range(30):
        identity = t.id()
        t.story.clear()
        t.ok("create", "-b", bundle.path, identity)
        _killed_after(t, t.rt.argv(["start", identity]), chance.uniform(0, 0.004))
        _after_a_crash(t, bundle, identity, ("created", "running", "stopped"))


def _calls(t, *words):
    """How often the runtime itself makes each system call in a verb, as strace sees it."""
    t.machine_needs(os.path.exists("/usr/bin/strace"), "needs strace")
    t.command("strace", "-o", t.path("count"), *t.rt.argv(words))
    names = re.findall(r"(?m)^(\w+)\(", open(t.path("count")).read())
    return collections.Counter(names)


def _at_every_call(t, verb, prepare, allowed, most):
    """Kills the verb at system calls spread over its whole life."""
    bundle = t.bundle("true").save()
    identity = t.id()
    prepare(bundle, identity)
    counted = _calls(t, *verb(bundle, identity))
    t.ok("delete", "--force", identity)
    # strace does not survive the kill of these, or they come before main.
    points = [(name, number + 1) for name, count in counted.items() for number in range(count)
              if name not in ("execve", "exit_group", "exit", "brk", "mmap", "munmap", "mprotect", "arch_prctl", "rt_sigreturn")]
    chance = random.Random(t.name)
    chance.shuffle(points)
    for name, number in points[:most]:
        identity = t.id()
        t.story.clear()
        prepare(bundle, identity)
        t.rt.call(*verb(bundle, identity), wrap=("strace", "-o", "/dev/null", "-e", f"inject={name}:signal=KILL:when={number}"))
        t.story.append(f"killed at call {number} of {name}")
        _after_a_crash(t, bundle, identity, allowed)


@test(seconds=240, peers="")
def create_is_killed_at_its_system_calls(t):
    _at_every_call(t, lambda b, i: ["create", "-b", b.path, i], lambda b, i: None, ("creating", "created", "stopped"), 120)


@test(seconds=240, peers="")
def delete_is_killed_at_its_system_calls(t):
    _at_every_call(t, lambda b, i: ["delete", "--force", i], lambda b, i: t.ok("create", "-b", b.path, i), ("created", "stopped"), 60)


@test(seconds=240, peers="")
def start_is_killed_at_its_system_calls(t):
    _at_every_call(t, lambda b, i: ["start", i], lambda b, i: t.ok("create", "-b", b.path, i), ("created", "running", "stopped"), 40)


@test(seconds=120, peers="")
def a_half_made_child_dies_with_its_creator(t):
    t.machine_needs(os.path.exists("/usr/bin/strace"), "needs strace")
    bundle = t.bundle("sleep", "1000").save()
    for call in ("sendmsg", "sendto", "recvmsg", "ppoll", "poll", "renameat", "renameat2", "pwrite64", "fsync"):
        for number in (1, 2, 4):
            identity = t.id()
            t.rt.call("create", "-b", bundle.path, identity, wrap=("strace", "-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={number}"))
            state = t.rt.call("state", identity)
            if state.status != 0 or '"created"' not in state.out:
                unit = t.rt.unit(identity)
                t.check(until(lambda: not systemd.loaded(unit)), f"killed at {call} {number}: the half-made child lives in {unit}\n"
                        + systemd.status(unit))
            t.ok("delete", "--force", identity)


@test(seconds=120, peers="")
def a_state_file_cut_at_any_byte(t):
    bundle = t.bundle("sleep", "1000").save()
    probe = t.created(bundle)
    size = os.path.getsize(os.path.join(t.rt.root, probe.id, "state.json"))
    t.ok("delete", "--force", probe.id)
    for length in sorted({0, 1, 2, size // 2, size - 2, size - 1, *(size * part // 12 for part in range(12))}):
        c = t.created(bundle)
        pid, path = c.pid, os.path.join(t.rt.root, c.id, "state.json")
        os.truncate(path, length)
        state = t.rt.call("state", c.id)
        t.check(state.status == 0 or "state.json" in state.err, f"cut at {length}: state says {state.told()}")
        t.equal(t.rt.call("list", "-q").status, 0, "status of list")
        t.ok("delete", "--force", c.id)
        t.check(until(lambda: not process.alive(pid)), f"cut at {length}: the init is alive after delete --force")
        t.no_unit(c.id)


@test(seconds=60, peers="")
def a_changed_byte_in_the_state_is_noticed(t):
    bundle = t.bundle("sleep", "1000").save()
    chance = random.Random(t.name)
    for _ in range(12):
        c = t.created(bundle)
        pid, path = c.pid, os.path.join(t.rt.root, c.id, "state.json")
        with open(path, "r+b") as file:
            data = bytearray(file.read())
            place = chance.randrange(len(data))
            data[place] ^= 1 << chance.randrange(7)
            file.seek(0)
            file.write(data)
        state = t.rt.call("state", c.id)
        t.check(state.status == 1 and "state.json" in state.err or state.status == 0 and f'"pid": {pid}' in state.out,
                f"byte {place} of {len(data)} changed: {state.told()}")
        t.ok("delete", "--force", c.id)
        t.check(until(lambda: not process.alive(pid)), "the init is alive after delete --force")


@test(peers="")
def a_state_directory_with_nothing_in_it(t):
    c = t.created(t.bundle("sleep", "1000"))
    pid = c.pid
    for name in os.listdir(os.path.join(t.rt.root, c.id)):
        os.unlink(os.path.join(t.rt.root, c.id, name))
    t.ok("delete", "--force", c.id)
    t.check(until(lambda: not process.alive(pid)), "the init is alive after delete --force")
    t.no_unit(c.id)


@test(peers="")
def a_foreign_file_in_the_state_root_harms_nobody(t):
    c = t.created(t.bundle("sleep", "1000"))
    odd = [os.path.join(t.rt.root, name) for name in ("just-a-file", "empty-dir", "bad name")]
    open(odd[0], "w").close()
    os.mkdir(odd[1])
    os.mkdir(odd[2])
    t.finally_do(lambda: [os.unlink(odd[0]), *(os.path.isdir(path) and os.rmdir(path) for path in odd[1:])])
    t.check(c.id in t.ok("list", "-q").lines, "the container is not listed any more")


def _stranger_with_pid(wanted):
    """A process of ours that has exactly this pid, by the kernel's own knob."""
    for _ in range(50):
        with open("/proc/sys/kernel/ns_last_pid", "w") as file:
            file.write(str(wanted - 1))
        child = subprocess.Popen(["sleep", "1000"], stdin=subprocess.DEVNULL)
        if child.pid == wanted:
            return child
        child.kill()
        child.wait()
    return None


@test(seconds=60, peers="")
def a_reused_pid_is_a_stranger(t):
    c = t.detached(t.bundle("sleep", "1000"))
    pid = c.pid
    os.kill(pid, signal.SIGKILL)
    t.check(until(lambda: process.stat(pid) is None), "the container's init was not reaped")
    stranger = _stranger_with_pid(pid)
    t.machine_needs(stranger, "the pid could not be reused here")
    t.finally_do(lambda: (stranger.kill(), stranger.wait()))
    t.equal((t.state(c.id)["status"], t.state(c.id)["pid"]), ("stopped", 0), "status and pid")
    t.equal(t.call("kill", c.id, "KILL").status, 1, "status of kill")
    t.check(process.alive(pid), "the stranger was killed by kill")
    t.ok("delete", c.id)
    t.check(process.alive(pid), "the stranger was killed by delete")


@test(seconds=60, peers="")
def a_reused_pid_of_a_created_container_is_a_stranger(t):
    c = t.created(t.bundle("sleep", "1000"))
    pid = c.pid
    os.kill(pid, signal.SIGKILL)
    t.check(until(lambda: process.stat(pid) is None), "the container's init was not reaped")
    stranger = _stranger_with_pid(pid)
    t.machine_needs(stranger, "the pid could not be reused here")
    t.finally_do(lambda: (stranger.kill(), stranger.wait()))
    t.equal(t.call("start", c.id).status, 1, "status of start")
    t.ok("delete", "--force", c.id)
    t.check(process.alive(pid), "the stranger was killed")


@test(lane="both", peers="crun runc")
def a_unit_that_is_stopped_from_outside(t):
    c = t.detached(t.bundle("sleep", "1000").annotate("org.systemd.property.TimeoutStopUSec", "uint64 300000"))
    t.equal(t.command("systemctl", "stop", c.unit).status, 0, "status of systemctl stop")
    t.equal((t.state(c.id)["status"], t.state(c.id)["pid"]), ("stopped", 0), "status and pid")
    t.ok("delete", c.id)
    t.gone(c.id)


@test(peers="")
def a_unit_that_is_killed_from_outside(t):
    c = t.created(t.bundle("sleep", "1000"))
    t.command("systemctl", "kill", "-s", "KILL", c.unit)
    c.wait_stopped()
    t.equal(t.call("start", c.id).status, 1, "status of start")
    t.ok("delete", c.id)


@test(peers="")
def an_init_that_left_its_unit_is_ours_only_where_that_is_proved(t):
    """N04, F-27: a number in a file decides nothing; the inode of a pidfd is never used again, older kernels have none."""
    proved = tuple(map(int, os.uname().release.split(".")[:2])) >= (6, 9)
    c = t.detached(t.bundle("sleep", "1000"))
    pid = c.pid
    other = cgroup.path(cgroup.of_process("self"))
    with open(other + "/cgroup.procs", "w") as file:
        file.write(str(pid))
    t.check(until(lambda: not systemd.loaded(c.unit)), "the empty unit stayed")
    if proved:
        t.check(process.alive(pid), "its process ended with the unit")
    t.equal(t.state(c.id)["status"], "running" if proved else "stopped", "status")
    t.equal(t.call("kill", c.id, "KILL").status, 0 if proved else 1, "status of kill")
    if proved:
        c.wait_stopped()
    else:
        t.check(process.alive(pid), "a process outside the unit was killed")
        os.kill(pid, signal.SIGKILL)
    t.ok("delete", "--force", c.id)


@test(peers="")
def another_boot_id_means_stopped(t):
    """As after a reboot with the state on a persistent directory: neither the pid nor the unit is ours."""
    with open(t.path("boot_id"), "w") as file:
        file.write("01234567-89ab-cdef-0123-456789abcdef\n")
    c = t.detached(t.bundle("sleep", "1000"))
    # Inside nspawn the file is a mount already, which may carry one more only after it is taken away.
    script = 'umount /proc/sys/kernel/random/boot_id 2>/dev/null; mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"'
    other_boot = ("unshare", "-m", "sh", "-c", script, t.path("boot_id"))
    result = t.call("state", c.id, wrap=other_boot)
    t.contains(result.out, '"status": "stopped"')
    t.equal(t.call("kill", c.id, "KILL", wrap=other_boot).status, 1, "status of kill")
    t.equal(t.state(c.id)["status"], "running", "status in this boot")


@test(seconds=60, peers="")
def a_state_root_without_space_fails_before_the_unit(t):
    root = t.path("small")
    os.makedirs(root)
    t.command("mount", "-t", "tmpfs", "-o", "size=16k,mode=711", "small", root)
    t.finally_do(lambda: t.command("umount", root))
    with open(os.path.join(root, ".filler"), "wb") as file:
        try:
            file.write(b"x" * 65536)
        except OSError:
            pass
    bundle = t.bundle("sleep", "1000").save()
    identity = t.id()
    result = t.call("create", "-b", bundle.path, identity, options=("--root", root))
    if result.status == 0:
        t.ok("delete", "--force", identity, options=("--root", root))
    else:
        t.one_error(result)
        t.no_unit(identity)
        t.equal([name for name in os.listdir(root) if not name.startswith(".")], [], "what is left in the root")


@test(peers="")
def delete_needs_no_free_space(t):
    root = t.path("small")
    os.makedirs(root)
    t.command("mount", "-t", "tmpfs", "-o", "size=64k,mode=711", "small", root)
    t.finally_do(lambda: t.command("umount", root))
    bundle = t.bundle("sleep", "1000").save()
    identity = t.id()
    t.ok("create", "-b", bundle.path, identity, options=("--root", root))
    with open(os.path.join(root, ".filler"), "wb", buffering=0) as file:
        try:
            for _ in range(100):
                file.write(b"x" * 4096)
        except OSError:
            pass
    t.ok("delete", "--force", identity, options=("--root", root))
    t.no_unit(identity)


@test(peers="")
def a_state_root_that_is_read_only_is_a_clear_error(t):
    root = t.path("ro")
    os.makedirs(root)
    t.command("mount", "-t", "tmpfs", "-o", "ro,mode=711", "ro", root)
    t.finally_do(lambda: t.command("umount", root))
    bundle = t.bundle("true").save()
    result = t.call("create", "-b", bundle.path, t.id(), options=("--root", root))
    t.equal(result.status, 1, "status")
    t.one_error(result, root)


@test(seconds=60, peers="")
def a_verb_that_waits_for_the_lock_ends_in_time(t):
    """Someone holds the container's lock for ever: the others say so instead of hanging."""
    c = t.created(t.bundle("sleep", "1000"))
    # The lock is on the directory itself, or on a file in it where there is one.
    place = os.path.join(t.rt.root, c.id, "lock")
    fd = os.open(place if os.path.exists(place) else os.path.dirname(place), os.O_RDONLY)
    t.finally_do(lambda: os.close(fd))
    fcntl.flock(fd, fcntl.LOCK_EX)
    begin = time.monotonic()
    t.ok("state", c.id)
    t.check(time.monotonic() - begin < 2 * wait.SCALE, "state waited for the lock")
    result = t.call("start", c.id, options=("--timeout", "2"), timeout=40)
    t.equal(result.status, 1, "status of start")
    t.one_error(result, "busy")
    fcntl.flock(fd, fcntl.LOCK_UN)
