# SPDX-License-Identifier: Apache-2.0
"""`run`: the container's status is ours, its output is ours, and nothing stays behind."""

import os
import resource
import signal
import subprocess
import time

from lab import Failure, process, systemd, test, until, wait


@test(lane="both")
def prints_what_the_container_prints(t):
    result = t.run(t.bundle("echo", "Hello", "World"))
    t.equal(result.out, "Hello World\n", "stdout")
    t.equal(result.err, "", "stderr")


@test(lane="both")
def returns_the_status_of_the_container(t):
    for status in (0, 1, 7, 42, 125, 127, 128, 200, 255):
        t.run(t.bundle(shell=f"exit {status}"), status=status)


@test(peers="runc")
def returns_128_plus_the_signal_that_killed_the_container(t):
    # PID 1 of a pid namespace ignores signals from inside, so a child's child does not do.
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGUSR1, signal.SIGSEGV):
        bundle = t.bundle(shell="echo ready; while :; do sleep 1000; done" if number == signal.SIGKILL
                          else "echo ready; exec sleep 1000").drop_namespace("pid")
        bundle.save()
        identity = t.id()
        out = open(t.path("out"), "w+")
        run = subprocess.Popen(t.rt.argv(["run", "--bundle", bundle.path, identity]), stdin=subprocess.DEVNULL, stdout=out)
        t.finally_do(lambda run=run: (run.poll() is None and run.kill(), run.wait()))
        t.check(until(lambda: os.path.getsize(t.path("out")) > 0), "the container never became ready")
        t.ok("kill", identity, str(int(number)))
        t.equal(run.wait(10 * wait.SCALE), 128 + number, f"status of run after signal {number}")


@test()
def separates_stdout_from_stderr(t):
    result = t.run(t.bundle(shell="echo out; echo err >&2"))
    t.equal((result.out, result.err), ("out\n", "err\n"), "stdout and stderr")


@test()
def passes_stdin_to_the_container(t):
    result = t.run(t.bundle("cat"), input="line one\nline two\n")
    t.equal(result.out, "line one\nline two\n", "stdout")


@test()
def passes_a_megabyte_through_stdin_and_stdout_unchanged(t):
    data = bytes(range(256)) * 4096
    with open(t.path("data"), "wb") as file:
        file.write(data)
    with open(t.path("data"), "rb") as file:
        result = t.run(t.bundle("cat"), stdin=file)
    with open(result.out_path, "rb") as file:
        t.check(file.read() == data, "the output differs from the input")


@test()
def removes_the_container_when_it_has_ended(t):
    identity = t.id()
    t.run(t.bundle("true"), identity=identity)
    t.gone(identity)
    t.no_unit(identity)


@test()
def keep_leaves_a_stopped_container(t):
    identity = t.id()
    t.run(t.bundle(shell="exit 3"), "--keep", identity=identity, status=3)
    state = t.state(identity)
    t.equal((state["status"], state["pid"]), ("stopped", 0), "status and pid")
    t.no_unit(identity)
    t.ok("delete", identity)
    t.gone(identity)


@test()
def takes_the_current_directory_as_the_bundle(t):
    bundle = t.bundle("echo", "here").save()
    t.equal(t.call("run", t.id(), cwd=bundle.path).out, "here\n", "stdout")


@test()
def takes_a_relative_bundle_and_a_relative_root_path(t):
    bundle = t.bundle("echo", "relative")
    bundle.config["root"]["path"] = "./rootfs"
    bundle.save()
    t.equal(t.call("run", "-b", os.path.basename(bundle.path), t.id(), cwd=os.path.dirname(bundle.path)).out, "relative\n", "stdout")


@test()
def takes_a_rootfs_that_is_the_bundle_itself(t):
    bundle = t.bundle("echo", "dot")
    bundle.config["root"]["path"] = "."
    bundle.save()
    os.rename(os.path.join(bundle.path, "config.json"), bundle.inside("config.json"))
    t.equal(t.call("run", t.id(), cwd=bundle.rootfs).out, "dot\n", "stdout")


@test(lane="both")
def detached_returns_while_the_container_runs(t):
    c = t.detached(t.bundle("sleep", "1000"))
    state = t.state(c.id)
    t.equal(state["status"], "running", "status")
    t.check(process.alive(state["pid"]), "the pid in the state is not alive")
    t.equal(systemd.properties(c.unit)["ActiveState"], "active", "ActiveState of the scope")


@test()
def detached_container_is_not_killed_with_its_caller(t):
    bundle = t.bundle("sleep", "1000").save()
    identity = t.id()
    argv = t.rt.argv(["run", "-d", "--bundle", bundle.path, identity])
    t.command("setsid", "-w", "sh", "-c", '"$@"; exit $?', "sh", *argv)
    t.equal(t.state(identity)["status"], "running", "status")


@test(peers="runc")
def writes_the_pid_file_before_it_returns(t):
    c = t.detached(t.bundle("sleep", "1000"), "--pid-file", t.path("pid"))
    with open(t.path("pid")) as file:
        t.equal(file.read(), str(c.pid), "content of the pid file")
    facts = os.lstat(t.path("pid"))
    t.equal((facts.st_uid, facts.st_gid, oct(facts.st_mode)), (0, 0, oct(0o100644)), "owner and mode of the pid file")
    t.equal([n for n in os.listdir(t.directory) if n.startswith(".")], [], "temporary files beside the pid file")


@test(peers="runc")
def replaces_an_old_pid_file_instead_of_writing_into_it(t):
    with open(t.path("pid"), "w") as file:
        file.write("4242")
    os.link(t.path("pid"), t.path("other-name"))
    c = t.detached(t.bundle("sleep", "1000"), "--pid-file", t.path("pid"))
    with open(t.path("pid")) as file:
        t.equal(file.read(), str(c.pid), "content of the pid file")
    with open(t.path("other-name")) as file:
        t.equal(file.read(), "4242", "content of the old file's other name")


@test(peers="runc")
def resolves_a_relative_pid_file_against_the_callers_directory(t):
    bundle = t.bundle("sleep", "1000").save()
    os.makedirs(t.path("elsewhere"))
    identity = t.id()
    t.equal(t.call("run", "-d", "--pid-file", "pid.txt", "-b", bundle.path, identity, cwd=t.path("elsewhere")).status, 0, "status")
    with open(t.path("elsewhere/pid.txt")) as file:
        t.equal(file.read(), str(t.state(identity)["pid"]), "content of the pid file")


@test()
def an_unwritable_pid_file_undoes_the_container(t):
    bundle = t.bundle("sleep", "1000").save()
    identity = t.id()
    result = t.call("run", "-d", "--pid-file", t.path("no/such/dir/pid"), "-b", bundle.path, identity)
    t.equal(result.status, 1, "status")
    t.gone(identity)
    t.no_unit(identity)


@test()
def forwards_signals_to_the_container(t):
    bundle = t.bundle(shell="for s in HUP INT TERM USR1 USR2; do trap \"echo got $s\" $s; done; trap 'echo got QUIT; exit 33' QUIT;"
                            " echo ready; while :; do sleep 0.05; done").save()
    identity = t.id()
    path = t.path("out")
    with open(path, "w") as out:
        run = subprocess.Popen(t.rt.argv(["run", "--bundle", bundle.path, identity]), stdin=subprocess.DEVNULL, stdout=out)
    t.finally_do(lambda: (run.poll() is None and run.kill(), run.wait()))

    def printed(text):
        t.check(until(lambda: text in open(path).read(), 10), f"expected {text!r}; the container printed {open(path).read()!r}")

    printed("ready\n")
    for name in ("HUP", "INT", "TERM", "USR1", "USR2"):
        run.send_signal(getattr(signal, "SIG" + name))
        printed(f"got {name}\n")
    run.send_signal(signal.SIGQUIT)
    t.equal(run.wait(10 * wait.SCALE), 33, "status of run")


@test()
def a_killed_foreground_run_leaves_a_container_that_delete_removes(t):
    bundle = t.bundle(shell="echo ready; sleep 1000").save()
    identity = t.id()
    path = t.path("out")
    with open(path, "w") as out:
        run = subprocess.Popen(t.rt.argv(["run", "--bundle", bundle.path, identity]), stdin=subprocess.DEVNULL, stdout=out)
    t.check(until(lambda: "ready" in open(path).read()), "the container never became ready")
    run.kill()
    run.wait()
    t.check(t.state(identity)["status"] in ("running", "stopped"), "state tells something else")
    t.ok("delete", "--force", identity)
    t.no_unit(identity)


@test(peers="runc")
def adopts_and_reaps_the_containers_children_unless_no_subreaper(t):
    # Without a pid namespace, an orphan of the container goes to its nearest subreaper.
    script = "sh -c 'sleep 1000 & echo orphan $!' ; echo ready; sleep 1000"
    for flags in ((), ("--no-subreaper",)):
        bundle = t.bundle(shell=script).drop_namespace("pid").save()
        identity = t.id()
        path = t.path("out" + "".join(flags))
        with open(path, "w") as out:
            run = subprocess.Popen(t.rt.argv(["run", *flags, "--bundle", bundle.path, identity]), stdin=subprocess.DEVNULL, stdout=out)
        t.finally_do(lambda run=run: (run.poll() is None and run.kill(), run.wait()))
        t.check(until(lambda: "ready" in open(path).read()), "the container never became ready")
        orphan = int(open(path).read().split()[1])
        parent = int(process.stat(orphan)[1])
        t.equal(parent == run.pid, not flags, f"the orphan's parent is run, flags {flags} (parent {parent}, run {run.pid})")
        t.ok("kill", identity, "KILL")
        run.wait(10 * wait.SCALE)


@test(lane="both", seconds=60)
def ten_at_the_same_time_all_succeed(t):
    bundles = [t.bundle("echo", str(number)).save() for number in range(10)]
    identities = [t.id() for _ in bundles]
    patience = ["--timeout", str(int(40 * wait.SCALE))] if t.rt.is_unitc else []
    runs = [subprocess.Popen(t.rt.argv(["run", "--bundle", b.path, i], patience), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True) for b, i in zip(bundles, identities)]
    for number, run in enumerate(runs):
        out, err = run.communicate(timeout=40 * wait.SCALE)
        t.equal((run.returncode, out, err), (0, f"{number}\n", ""), f"run {number}")


@test(seconds=60)
def a_container_that_exits_at_once_always_gives_its_status(t):
    bundle = t.bundle(shell="exit 9")
    bundle.save()
    for _ in range(30):
        t.equal(t.rt.call("run", "-b", bundle.path, t.id()).status, 9, "status")
    for _ in range(20):
        identity = t.id()
        t.ok("run", "-d", "-b", bundle.path, identity)
        t.check(until(lambda: t.state(identity)["status"] == "stopped"), "the container never stopped")
        t.ok("delete", identity)


@test(seconds=60, peers="")
def a_full_pipe_on_stderr_does_not_block_an_error(t):
    bundle = t.bundle("/no/such/program").save()
    read_end, write_end = os.pipe2(os.O_NONBLOCK)
    with open(t.path("filler"), "wb"):
        try:
            while os.write(write_end, b"x" * 65536):
                pass
        except BlockingIOError:
            pass
    begin = time.monotonic()
    run = subprocess.Popen(t.rt.argv(["run", "-b", bundle.path, t.id()]), stdin=subprocess.DEVNULL, stderr=write_end)
    try:
        t.equal(run.wait(10 * wait.SCALE), 1, "status")
    except subprocess.TimeoutExpired:
        run.kill()
        run.wait()
        raise Failure(f"still blocked on its own error text after {time.monotonic() - begin:.1f} s") from None
    finally:
        os.close(read_end)
        os.close(write_end)


@test()
def a_closed_stderr_does_not_change_the_outcome(t):
    bundle = t.bundle("echo", "fine").save()
    result = t.command("sh", "-c", 'exec 2>&-; exec "$@"', "sh", *t.rt.argv(["run", "-b", bundle.path, t.id()]))
    t.equal((result.status, result.out), (0, "fine\n"), "status and stdout")


@test()
def closed_standard_descriptors_are_replaced_by_null(t):
    bundle = t.bundle("sleep", "1000").save()
    identity = t.id()
    result = t.command("sh", "-c", 'exec 0<&- 1>&- 2>&-; exec "$@"', "sh", *t.rt.argv(["run", "-d", "-b", bundle.path, identity]))
    t.equal(result.status, 0, "status")
    found = process.descriptors(t.state(identity)["pid"])
    t.equal(sorted(found), [0, 1, 2], f"descriptors of the container {found}")


@test(lane="both")
def a_caller_that_ignores_its_children_gets_the_status(t):
    bundle = t.bundle(shell="exit 7")
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/true"}]}
    result = t.run(bundle, status=None, preexec=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    t.equal(result.status, 7, "status of run")
    c = t.detached(t.bundle("sleep", "1000"))
    result = t.call("exec", c.id, "sh", "-c", "exit 8", preexec=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    t.equal(result.status, 8, "status of exec")


@test(lane="both")
def a_limit_on_the_size_of_files_is_an_error_not_the_end(t):
    bundle = t.bundle("true").save()
    identity = t.id()
    result = t.call("create", "-b", bundle.path, identity, preexec=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600)))
    t.equal(result.status, 1, "status")
    t.one_error(result, "file too large")
    t.gone(identity)
