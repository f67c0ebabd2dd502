# SPDX-License-Identifier: Apache-2.0
"""`create` prepares everything but the program, `start` releases it, once."""

import os
import subprocess
import threading

from lab import cgroup, process, systemd, test, until


@test(lane="both")
def created_container_waits_and_runs_nothing(t):
    bundle = t.bundle(shell="echo started > /mark; sleep 1000", writable=True)
    c = t.created(bundle)
    state = t.state(c.id)
    t.equal(state["status"], "created", "status")
    t.check(process.alive(state["pid"]), "the init in the state is not alive")
    t.check(not os.path.exists(bundle.inside("mark")), "the program already ran")
    t.start(c)
    t.check(until(lambda: os.path.exists(bundle.inside("mark"))), "the program never ran")
    t.equal(t.state(c.id)["status"], "running", "status after start")


@test()
def keeps_the_pid_from_create_to_running(t):
    c = t.created(t.bundle("sleep", "1000"), "--pid-file", t.path("pid"))
    before = c.pid
    with open(t.path("pid")) as file:
        t.equal(file.read(), str(before), "pid file")
    t.start(c)
    t.equal(c.pid, before, "pid after start")


@test(lane="both", peers="runc")
def created_init_is_alone_in_the_units_cgroup(t):
    c = t.created(t.bundle("sleep", "1000"))
    t.equal(cgroup.processes(c.cgroup), [c.pid], "processes of the scope")
    t.equal(cgroup.of_process(c.pid), systemd.properties(c.unit)["ControlGroup"], "cgroup of init")


@test
def created_init_holds_no_descriptor_of_the_host(t):
    c = t.created(t.bundle("sleep", "1000"))
    held = {fd: target for fd, target in process.descriptors(c.pid).items() if int(fd) > 2}
    strange = {fd: target for fd, target in held.items() if not target.startswith("socket:")}
    t.check(held and not strange, f"descriptors of a created init: {held}")


@test(peers="crun")
def created_init_is_in_all_six_namespaces_of_its_own(t):
    c = t.created(t.bundle("sleep", "1000"))
    for kind in ("pid", "mnt", "ipc", "uts", "net", "cgroup"):
        t.check(process.namespace(c.pid, kind) != process.namespace("self", kind), f"{kind} namespace is the host's")


def _sealed(t, pid):
    """No way to the runtime's own file that the process has can be written to: neither its executable nor its maps."""
    writable = subprocess.run(["sh", "-c", f"exec 3>>/proc/{pid}/exe"], capture_output=True, text=True)
    t.check(writable.returncode != 0, "the init's executable can be opened for writing")
    ours = os.stat(t.rt.path)
    ways = [f"/proc/{pid}/exe", *(f"/proc/{pid}/map_files/{name}" for name in os.listdir(f"/proc/{pid}/map_files"))]
    found = [way for way in ways if os.path.samestat(os.stat(way), ours)]
    t.check(len(found) > 2, f"ways to {t.rt.path}: {found}")
    t.equal([way for way in found if not os.statvfs(way).f_flag & os.ST_RDONLY], [], "ways on a writable mount")


@test(lane="both", peers="")
def created_init_cannot_be_traced_and_is_not_our_executable_on_disk(t):
    c = t.created(t.bundle("sleep", "1000"))
    t.check(os.stat(f"/proc/{c.pid}/environ").st_uid == 0, "unexpected owner")
    held = open(f"/proc/{c.pid}/exe", "rb")
    t.finally_do(held.close)
    _sealed(t, c.pid)


@test(lane="both", peers="")
def nor_is_it_where_the_image_cannot_be_moved_within_the_process(t):
    bundle, identity = t.bundle("sleep", "1000").save(), t.id()
    t.command("systemd-run", "--quiet", "--wait", "--collect", "-pSystemCallFilter=~mremap", "-pSystemCallErrorNumber=EPERM",
              t.rt.path, "create", "--bundle", bundle.path, identity)
    _sealed(t, t.state(identity)["pid"])


@test(peers="")
def nor_is_it_when_its_own_mount_becomes_writable(t):
    place, bundle, identity = t.path("place"), t.bundle("sleep", "1000").save(), t.id()
    os.mkdir(place)
    t.command("mount", "-t", "tmpfs", "tmpfs", place)
    t.finally_do(lambda: t.command("umount", "--lazy", place))
    runtime = os.path.join(place, "unitc")
    t.command("cp", t.rt.path, runtime)
    t.command("mount", "-o", "remount,ro", place)
    t.equal(t.command(runtime, "create", "--bundle", bundle.path, identity).status, 0, "status of create")
    t.command("mount", "-o", "remount,rw", place)
    exe = f"/proc/{t.state(identity)['pid']}/exe"
    t.check(os.path.samestat(os.stat(exe), os.stat(runtime)), "another file is executed")
    t.check(os.statvfs(exe).f_flag & os.ST_RDONLY, "the init's executable is on a writable mount")


@test()
def start_of_a_running_container_fails(t):
    c = t.detached(t.bundle("sleep", "1000"))
    result = t.call("start", c.id)
    t.equal(result.status, 1, "status")
    if t.rt.name != "crun":
        t.contains(result.err, "cannot start an already running container")
    t.equal(t.state(c.id)["status"], "running", "status afterwards")


@test()
def start_of_a_stopped_container_fails(t):
    identity = t.id()
    t.run(t.bundle("true"), "--keep", identity=identity)
    result = t.call("start", identity)
    t.equal(result.status, 1, "status")
    if t.rt.name != "crun":
        t.contains(result.err, "cannot start a container that has stopped")


@test()
def start_of_an_unknown_container_fails(t):
    result = t.call("start", "no-such-container")
    t.equal(result.status, 1, "status")
    if t.rt.name != "crun":
        t.contains(result.err, "container does not exist")


@test()
def a_second_create_with_the_same_id_fails_and_harms_nothing(t):
    bundle = t.bundle("sleep", "1000")
    c = t.created(bundle)
    before = systemd.properties(c.unit)["InvocationID"]
    for verb in ("create", "run"):
        result = t.call(verb, "-b", bundle.path, c.id)
        t.equal(result.status, 1, f"status of {verb}")
        if t.rt.name != "crun":
            t.contains(result.err, "container with given ID already exists")
    t.equal(t.state(c.id)["status"], "created", "status of the first")
    t.equal(systemd.properties(c.unit)["InvocationID"], before, "InvocationID of the first")
    t.start(c)


@test(peers="")
def of_many_creates_with_the_same_id_exactly_one_wins(t):
    bundle = t.bundle("sleep", "1000").save()
    identity = t.id()
    results = []
    threads = [threading.Thread(target=lambda: results.append(t.rt.call("create", "-b", bundle.path, identity))) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    t.story += [result.told() for result in results]
    t.equal(sorted(result.status for result in results), [0] + [1] * 7, "statuses")
    t.equal(t.state(identity)["status"], "created", "status")
    t.equal(len(cgroup.processes(cgroup.path(systemd.properties(t.rt.unit(identity))["ControlGroup"]))), 1, "processes in the scope")


@test(peers="")
def of_many_starts_exactly_one_wins(t):
    bundle = t.bundle(shell="echo started >> /mark; sleep 1000", writable=True)
    c = t.created(bundle)
    results = []
    threads = [threading.Thread(target=lambda: results.append(t.rt.call("start", c.id))) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    t.story += [result.told() for result in results]
    t.equal(sorted(result.status for result in results), [0] + [1] * 7, "statuses")
    t.check(until(lambda: os.path.exists(bundle.inside("mark"))), "the program never ran")
    t.equal(open(bundle.inside("mark")).read(), "started\n", "how often the program ran")


@test()
def a_missing_program_fails_at_create_and_leaves_nothing(t):
    bundle = t.bundle("/no/such/program")
    result = t.fails(bundle, verb="create")
    if t.rt.name == "unitc":
        t.contains(result.err, "no such file or directory")


@test()
def start_of_a_container_whose_init_was_killed_fails_at_once(t):
    c = t.created(t.bundle("sleep", "1000"))
    pid = c.pid
    os.kill(pid, 9)
    t.check(until(lambda: not process.alive(pid)), "the init did not die")
    result = t.call("start", c.id)
    t.equal(result.status, 1, "status")
    t.check(result.seconds < 5 * t.scale, f"start took {result.seconds:.1f} s")
    t.equal(t.state(c.id)["status"], "stopped", "state")
    t.ok("delete", c.id)


@test()
def create_returns_while_its_caller_may_close_everything(t):
    c = t.created(t.bundle("cat", "/proc/self/stat"))
    t.start(c)
    t.check(until(lambda: t.state(c.id)["status"] == "stopped"), "never stopped")
    t.matches(c.output(), r"^1 \(cat\)", "what the container wrote to create's stdout")


@test()
def stdio_of_a_created_container_is_creates_own(t):
    c = t.created(t.bundle("sleep", "1000"))
    t.start(c)
    found = process.descriptors(c.pid)
    t.equal((found[0], found[1]), ("/dev/null", c.result.out_path), "descriptors 0 and 1 of the container")


@test()
def the_container_is_not_a_child_of_a_stranger(t):
    c = t.created(t.bundle("sleep", "1000"))
    # Its creator has gone: only PID 1 or a subreaper may have adopted it.
    t.equal(process.stat(c.pid)[1], "1", "parent of init")


@test(peers="runc")
def a_created_container_ends_by_the_signals_that_end_a_program(t):
    for name, number in (("TERM", 15), ("INT", 2), ("HUP", 1)):
        c = t.created(t.bundle("sleep", "1000"))
        t.ok("kill", c.id, name)
        c.wait_stopped()
    # A program that has started is asked in its own way.
    c = t.detached(t.bundle("sleep", "1000"))
    t.ok("kill", c.id, "TERM")
    t.equal(t.state(c.id)["status"], "running", "a first process without a handler")


@test(peers="runc")
def what_execve_refuses_is_one_bare_line(t):
    bundle = t.bundle("/run.sh", private=True).write("/run.sh", "#!/no-such-interpreter\n", 0o755)
    bundle.save()
    result = t.call("run", "--bundle", bundle.path, t.id())
    t.equal((result.status, result.err), (255, "exec /run.sh: no such file or directory\n"), "status and standard error")


@test(peers="")
def the_log_has_what_execve_refuses_too(t):
    bundle = t.bundle("/run.sh", private=True).write("/run.sh", "#!/no-such-interpreter\n", 0o755)
    bundle.save()
    result = t.call("run", "--bundle", bundle.path, t.id(), options=("--log", t.path("log")))
    t.equal(result.err, "exec /run.sh: no such file or directory\n", "standard error")
    t.contains(open(t.path("log")).read(), 'level=error msg="exec /run.sh: no such file or directory"')
    c = t.created(bundle)
    result = t.call("start", c.id)
    t.equal(result.status, 1, "status of start")
    t.one_error(result, "unable to start container process: exec /run.sh: no such file or directory")
