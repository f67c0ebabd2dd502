# SPDX-License-Identifier: Apache-2.0
"""`exec`: one more process in a running container, bound by all that binds the first."""

import array
import json
import os
import signal
import socket
import subprocess

from lab import cgroup, messages, process, systemd, test, until, wait
from lab.terminal import ConsoleSocket, Foreground, read_all

_NO_BUS = {"PATH": os.environ.get("PATH", ""), "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"}


def _running(t, edit=None, **more):
    bundle = t.bundle("sleep", "1000", **more)
    if edit:
        edit(bundle)
    return t.detached(bundle)


def _exec(t, c, *words, flags=(), status=0, **options):
    result = t.call("exec", *flags, c.id, *words, **options)
    t.equal(result.status, status, f"exit status of exec {' '.join(words)}")
    return result


def _shell(t, c, script, *flags, **options):
    return _exec(t, c, "sh", "-c", script, flags=flags, **options).out


def _refused(t, c, *words, flags=(), says=()):
    """255, one error line with all words, and no process more than before."""
    before = process_count(c)
    result = _exec(t, c, *words, flags=flags, status=255)
    t.one_error(result, "exec failed", *says)
    t.equal(process_count(c), before, "processes in the container after a refusal")
    return result


def process_count(c):
    return len(cgroup.processes(c.cgroup))


def _fields(text):
    return {key: value.strip() for key, _, value in (line.partition(":") for line in text.splitlines())}


def _spawn(t, argv, out=None):
    target = open(out, "w") if out else subprocess.PIPE
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=target, stderr=subprocess.PIPE, text=True)

    def end():
        if child.poll() is None:
            child.kill()
        child.communicate()

    t.finally_do(end)
    return child


@test(lane="both", peers="all")
def the_output_and_the_exit_status_are_the_programs(t):
    c = _running(t)
    t.equal(_exec(t, c, "echo", "Hello from exec").out, "Hello from exec\n", "output")
    _exec(t, c, "false", status=1)
    _exec(t, c, "sh", "-c", "exit 42", status=42)
    _exec(t, c, "sh", "-c", "kill -9 $$", status=137)
    t.equal(_exec(t, c, "cat", input="through\n").out, "through\n", "standard input")
    t.equal(t.state(c.id)["status"], "running", "the container goes on")


@test(lane="both", peers="runc")
def what_cannot_be_run_is_255(t):
    c = _running(t)
    _refused(t, c, "no-such-binary", says=["executable file not found in $PATH"])
    _refused(t, c, "/no/such", says=["no such file or directory"])
    _refused(t, c, "/etc/passwd", says=["permission denied"])
    _refused(t, c, "true", flags=["--pid-file", "/non-existent/directory"], says=["no such file or directory"])
    result = t.call("exec", "no-such-container", "true")
    t.equal(result.status, 255, "exit status for an unknown container")
    t.one_error(result, "container does not exist")


@test()
def an_interpreter_that_is_not_there_is_one_error(t):
    bundle = t.bundle("sleep", "1000", private=True)
    bundle.write("run.sh", "#!/mmnnttbb foo\n", 0o755)
    c = t.detached(bundle)
    _refused(t, c, "/run.sh", says=["exec /run.sh: no such file or directory"])


@test()
def bad_words_are_refused_before_anything_happens(t):
    c = _running(t)
    for flags, says in ((["--cap", "FROB"], "--cap 'FROB'"), (["-e", "NOVALUE"], "--env 'NOVALUE'"), (["--cwd", "tmp"], "--cwd 'tmp'"),
                        (["--cgroup", "cpu:x"], "--cgroup 'cpu:x'"), (["--cgroup", ".."], "bad sub cgroup path"),
                        (["--cgroup", "nonexistent"], "no such file or directory"), (["--process", "/nonexistent"], "/nonexistent"),
                        (["-d", "-t"], "cannot allocate tty"), (["--console-socket", "/x"], "cannot use console socket"),
                        (["--pidfd-socket", "/nonexistent"], "--pidfd-socket"), (["--preserve-fds", "3"], "preserved-fd")):
        result = t.call("exec", *flags, c.id, "true")
        t.check(result.status in (1, 255), f"exit status {result.status} for {flags}")
        t.one_error(result, says)
    result = t.call("exec", "-u", "1x", c.id, "true")
    t.equal((result.status, "--user '1x'" in messages(result.err)), (1, True), "a user that is no number")
    _refused(t, c, says=["exec args cannot be empty"])


@test(lane="both")
def it_is_where_the_first_process_is(t):
    c = _running(t)
    seen = dict(line.split() for line in _shell(t, c, "for n in /proc/self/ns/*; do echo ${n##*/} $(readlink $n); done").splitlines())
    for kind in ("pid", "mnt", "net", "ipc", "uts", "cgroup", "user", "time"):
        t.equal(seen[kind], process.namespace(c.pid, kind), f"{kind} namespace")
    t.contains(_shell(t, c, "cat /proc/self/cgroup; ls /; pwd; hostname"), "0::/\n", "bin\n", "runc\n")
    holder = _spawn(t, t.rt.argv(["exec", c.id, "sleep", "1000"]))
    t.check(until(lambda: process_count(c) == 2), "exec's process is not in the unit's cgroup")
    pid = next(p for p in cgroup.processes(c.cgroup) if p != c.pid)
    t.equal(cgroup.of_process(pid), c.properties()["ControlGroup"], "its cgroup as the host sees it")
    os.kill(pid, signal.SIGKILL)
    t.equal(holder.wait(10), 137, "status after SIGKILL")


@test()
def the_mount_namespace_alone_is_enough(t):
    def share_all(bundle):
        bundle.linux["namespaces"] = [{"type": "mount"}]
        bundle.config.pop("hostname")
        bundle.drop_mount("/sys/fs/cgroup").drop_mount("/sys").drop_mount("/dev/mqueue")
        bundle.linux.pop("maskedPaths"), bundle.linux.pop("readonlyPaths")

    c = _running(t, share_all)
    t.equal(_shell(t, c, "readlink /proc/self/ns/mnt").strip(), process.namespace(c.pid, "mnt"), "mount namespace")
    t.equal(_shell(t, c, "readlink /proc/self/ns/pid").strip(), process.namespace(1, "pid"), "pid namespace")


@test()
def a_created_container_takes_processes_too(t):
    c = t.created(t.bundle("sleep", "1000"))
    t.equal(_exec(t, c, "echo", "early").out, "early\n", "output")
    t.equal(t.state(c.id)["status"], "created", "status afterwards")


@test(lane="both")
def no_bus_is_asked(t):
    """A health probe must work while the bus does not, and must not load it."""
    c = _running(t)
    t.equal(_exec(t, c, "echo", "alive", env=_NO_BUS).out, "alive\n", "output without a bus")
    t.equal(t.call("ps", "-f", "json", c.id, env=_NO_BUS).out, f"[{c.pid}]\n", "ps without a bus")


@test()
def nothing_of_the_hosts_is_open(t):
    c = _running(t)
    _exec(t, c, "sleep", "1000", flags=["-d", "--pid-file", t.path("pid")])
    with open(t.path("pid")) as file:
        t.equal(sorted(process.descriptors(int(file.read()))), [0, 1, 2], "open descriptors")


@test()
def descriptors_are_passed_on_when_asked(t):
    c = _running(t)
    with open(t.path("three"), "w") as three, open(t.path("four"), "w") as four:

        def arrange():
            os.dup2(three.fileno(), 100)
            os.dup2(four.fileno(), 101)
            os.dup2(100, 3, inheritable=True)
            os.dup2(101, 4, inheritable=True)
            os.dup2(101, 5, inheritable=True)

        argv = t.rt.argv(["exec", "--preserve-fds", "2", c.id, "sh", "-c", "echo three >&3; echo four >&4; ls /proc/$$/fd; true"])
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, close_fds=False, preexec_fn=arrange)
    t.equal((done.returncode, done.stderr, done.stdout.split()), (0, "", ["0", "1", "2", "3", "4"]), "status, errors, descriptors inside")
    t.equal((open(t.path("three")).read(), open(t.path("four")).read()), ("three\n", "four\n"), "what went through 3 and 4")


@test()
def a_directory_that_leads_out_is_refused(t):
    """CVE-2024-21626: a descriptor of the runtime's as the working directory."""
    c = _running(t)
    for path in [f"/proc/self/fd/{n}" for n in range(3, 24)] + ["/proc/1/root/..", "/proc/self/cwd"]:
        _refused(t, c, "pwd", flags=["--cwd", path], says=["process.cwd"])
    _refused(t, c, "pwd", flags=["--cwd", "/no/dir"], says=["no such file or directory"])
    t.equal(_exec(t, c, "pwd", flags=["--cwd", "/etc"]).out, "/etc\n", "a directory of the container's")
    _refused(t, c, "/proc/self/fd/5/../bin/true", says=["exec"])


@test(lane="both")
def nobody_inside_sees_the_runtime(t):
    """CVE-2016-9962: a watcher in the container looks at every new process."""
    c = _running(t)
    watcher = _spawn(t, t.rt.argv(["exec", c.id, "sh", "-c",
                                   "while :; do ls -l /proc/[0-9]*/exe /proc/[0-9]*/root /proc/[0-9]*/fd/ 2>/dev/null; done"]),
                     out=t.path("seen"))
    for _ in range(100):
        t.rt.call("exec", c.id, "true")
    watcher.kill()
    # The runtime is gone, its process lives on: it is the container's.
    t.ok("kill", c.id, "KILL")
    c.wait_stopped()
    with open(t.path("seen")) as file:
        seen = {line.partition(" -> ")[2].strip() for line in file if " -> " in line}
    t.check("/bin/busybox" in seen, f"the watcher saw nothing: {seen}")
    t.equal([path for path in seen if "unitc" in path.replace(t.directory, "") or path.startswith(("/sys", "/proc/", "anon_inode"))], [],
            "the host's things")


@test()
def it_dies_with_the_first_process(t):
    c = _running(t)
    child = _spawn(t, t.rt.argv(["exec", c.id, "sleep", "1000"]))
    t.check(until(lambda: process_count(c) == 2), "exec's process did not come")
    t.ok("kill", c.id, "KILL")
    t.equal(child.wait(10), 137, "status of exec")
    c.wait_stopped()
    result = _exec(t, c, "true", status=255)
    t.one_error(result, "cannot exec in a stopped container")


@test(peers="runc")
def the_defaults_are_the_configs(t):
    def edit(bundle):
        bundle.process.update(user={"uid": 11, "gid": 12, "additionalGids": [13], "umask": 0o027}, cwd="/tmp", oomScoreAdj=321,
                              rlimits=[{"type": "RLIMIT_NOFILE", "soft": 101, "hard": 102}])
        bundle.process["env"].append("OF=config")
        bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
            {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 93}]}

    c = _running(t, edit)
    status = _fields(_exec(t, c, "cat", "/proc/self/status").out)
    init = process.status(c.pid)
    for field in ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Umask"):
        t.equal(status[field].split(), init[field].split(), field)
    t.contains(_exec(t, c, "env").out, "OF=config\n", "HOME=/\n")
    t.equal(_shell(t, c, "pwd; cat /proc/self/oom_score_adj; ulimit -n; ulimit -Hn").split(), ["/tmp", "321", "101", "102"], "defaults")
    t.equal(_shell(t, c, "mkdir /tmp/x 2>&1; true"), "mkdir: can't create directory '/tmp/x': Protocol not supported\n", "seccomp")


@test(peers="runc")
def the_flags_go_before_the_config(t):
    c = _running(t)
    out = _shell(t, c, "id -u; id -g; id -G; echo $A; echo $HOME; pwd", "-u", "1000:1001", "-g", "100", "-g", "200", "-e", "A=1", "-e",
                 "A=2", "--cwd", "/bin")
    t.equal(out.splitlines(), ["1000", "1001", "1001 100 200", "2", "/", "/bin"], "user, groups, environment, directory")
    t.equal(_shell(t, c, "id -u; id -g", "--user", "65534"), "65534\n0\n", "a user alone")
    status = _fields(_exec(t, c, "cat", "/proc/self/status", flags=["--cap", "CAP_SYS_TIME", "--no-new-privs=false"]).out)
    time = 1 << 25
    for field, has in (("CapBnd", True), ("CapPrm", True), ("CapEff", True), ("CapInh", False), ("CapAmb", False)):
        t.equal(int(status[field], 16) & time != 0, has, f"CAP_SYS_TIME in {field}")
    t.equal(status["NoNewPrivs"], "0", "no_new_privs")
    t.equal(int(status["CapInh"], 16), 0, "inheritable set (CVE-2022-29162)")


@test()
def the_bundle_may_change_or_go(t):
    """What binds the container was decided when it was made."""
    bundle = t.bundle("sleep", "1000")
    bundle.process["user"] = {"uid": 5, "gid": 5}
    c = t.detached(bundle)
    bundle.process["user"] = {"uid": 0, "gid": 0}
    bundle.save()
    t.equal(_exec(t, c, "id", "-u").out, "5\n", "user after the config changed")
    os.rename(f"{bundle.path}/config.json", f"{bundle.path}/away")
    t.equal(_exec(t, c, "id", "-u").out, "5\n", "user after the config went")


@test(lane="both", peers="runc")
def a_process_file_is_taken_as_it_is(t):
    c = _running(t)
    path = t.path("process.json")

    def write(**fields):
        with open(path, "w") as file:
            json.dump({"user": {"uid": 3, "gid": 4}, "args": ["sh", "-c", "id -u; pwd; env; grep -i cap /proc/self/status"],
                       "cwd": "/etc", "env": ["PATH=/bin", "OF=file"], **fields}, file)
        return ["--process", path]

    out = _exec(t, c, flags=write()).out
    t.contains(out, "3\n/etc\n", "OF=file\n")
    t.check("TERM" not in out, "a variable of the config's")
    t.matches(out, r"CapBnd:\s+0000000020000420", "capabilities of the container's config")
    out = _exec(t, c, flags=write(capabilities={"bounding": ["CAP_KILL"]})).out
    t.matches(out, r"CapBnd:\s+0000000000000020", "capabilities of the file's")
    for fields, says in (({"cwd": "relative"}, "cwd: "), ({"user": {"uid": "a", "gid": 0}}, "user.uid: "), ({"args": []}, "process.args"),
                         ({"env": ["X"]}, "env[0]: "), ({"capabilities": {"bounding": ["x"]}}, "capabilities.bounding[0]: ")):
        if t.rt.is_unitc:
            _refused(t, c, flags=write(**fields), says=[says])
    # As a shell passes `-p <(…)`: by a descriptor that is the caller's.
    with open(write(args=["echo", "by descriptor"])[1]) as file:
        argv = t.rt.argv(["exec", "-p", f"/dev/fd/{file.fileno()}", c.id])
        passed = subprocess.run(argv, capture_output=True, text=True, pass_fds=[file.fileno()], timeout=20)
    t.equal((passed.returncode, passed.stdout), (0, "by descriptor\n"), f"a file by descriptor: {passed.stderr}")
    with open(path, "w") as file:
        file.write("{")
    t.equal(t.call("exec", "-p", path, c.id).status, 255, "status for half a file")


@test(lane="both", peers="runc")
def detached_it_goes_on_and_the_pid_file_is_the_hosts(t):
    c = _running(t)
    path = t.path("pid")
    _exec(t, c, "sleep", "1000", flags=["-d", "--pid-file", path])
    with open(path) as file:
        pid = int(file.read())
    t.equal(sorted(cgroup.processes(c.cgroup)), sorted([c.pid, pid]), "processes of the unit")
    t.check(until(lambda: open(f"/proc/{pid}/comm").read() == "sleep\n"), "the pid is not the program's")
    t.equal(_exec(t, c, "no-such", flags=["-d", "--pid-file", t.path("other")], status=255).status, 255, "status")
    t.check(not os.path.exists(t.path("other")), "a pid file of what never ran")


@test()
def a_pidfd_comes_through_the_socket(t):
    c = _running(t)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    t.finally_do(listener.close)
    listener.bind(t.path("pidfd.sock"))
    listener.listen(1)
    _exec(t, c, "sleep", "1000", flags=["-d", "--pid-file", t.path("pid"), "--pidfd-socket", t.path("pidfd.sock")])
    listener.settimeout(10)
    connection, _ = listener.accept()
    text, ancillary, _, _ = connection.recvmsg(64, socket.CMSG_SPACE(4))
    connection.close()
    t.equal((text, len(ancillary)), (b"setns", 1), "message")
    pidfd = array.array("i", ancillary[0][2])[0]
    t.finally_do(lambda: os.close(pidfd))
    with open(f"/proc/self/fdinfo/{pidfd}") as file:
        t.contains(file.read(), f"Pid:\t{open(t.path('pid')).read()}\n")


@test(lane="both")
def a_terminal_in_the_foreground(t):
    c = _running(t)
    run = Foreground(t.rt.argv(["exec", "-t", c.id, "sh", "-c", "ls -l /dev/console; tty; stty size; read x; echo got $x"]), 31, 99)
    t.finally_do(run.close)
    text = run.read_until("31 99")
    # No console of its own: that would be the first process's terminal.
    t.contains(text, "/dev/console: No such file", "/dev/pts/0", "31 99")
    run.write("word\n")
    t.contains(read_all(run.master, "got word"), "got word")
    t.equal(run.wait(), 0, "status")


@test()
def a_terminal_through_the_console_socket(t):
    c = _running(t)
    console = ConsoleSocket(t.path("console.sock"))
    t.finally_do(console.close)
    _exec(t, c, "sh", "-c", "tty; stat -c %u $(tty)", flags=["-d", "-t", "-u", "44", "--console-socket", console.path])
    master, _ = console.receive()
    t.contains(read_all(master).replace("\r", ""), "/dev/pts/0\n44\n")
    os.close(master)


@test(lane="both", peers="runc")
def signals_are_passed_on(t):
    c = _running(t)
    child = _spawn(t, t.rt.argv(["exec", c.id, "sh", "-c", "trap 'echo caught; exit 7' USR1; echo ready; while :; do sleep 0.05; done"]))
    t.equal(child.stdout.readline(), "ready\n", "first line")
    child.send_signal(signal.SIGUSR1)
    t.equal((child.wait(10), child.stdout.read()), (7, "caught\n"), "status and output")


@test(lane="both")
def a_paused_container_takes_none_unless_told(t):
    c = _running(t)
    frozen = t.command("systemctl", "freeze", c.unit)
    t.machine_needs(frozen.status == 0, "this systemd cannot freeze units")
    t.finally_do(lambda: t.command("systemctl", "thaw", c.unit))
    _refused(t, c, "true", says=["cannot exec in a paused container (use --ignore-paused to override)"])
    child = _spawn(t, t.rt.argv(["exec", "--ignore-paused", c.id, "echo", "thawed"], ["--timeout", "1"]))
    t.check(until(lambda: process_count(c) == 2), "the process is not waiting in the frozen group")
    # Longer than --timeout, which does not count while the container is paused.
    t.check(not until(lambda: child.poll() is not None, 1.5), "exec gave up")
    t.command("systemctl", "thaw", c.unit)
    t.equal((child.wait(10), child.stdout.read()), (0, "thawed\n"), "status and output after the thaw")


@test()
def a_group_below_the_containers(t):
    c = _running(t)
    os.mkdir(f"{c.cgroup}/sub")
    t.finally_do(lambda: os.path.isdir(f"{c.cgroup}/sub") and os.rmdir(f"{c.cgroup}/sub"))
    grep = ["grep", "0::", "/proc/self/cgroup"]
    t.equal(_exec(t, c, *grep, flags=["--cgroup", "sub"]).out, "0::/sub\n", "group")
    t.equal(_exec(t, c, *grep, flags=["--cgroup", "/"]).out, "0::/\n", "the container's own")


@test(lane="both")
def it_follows_an_init_that_sorted_itself_away(t):
    c = _running(t)
    t.machine_needs((cgroup.read(c.cgroup, "cgroup.controllers") or "").split(), "needs a controller in the unit's group")
    os.mkdir(f"{c.cgroup}/inner")
    with open(f"{c.cgroup}/inner/cgroup.procs", "w") as file:
        file.write(str(c.pid))
    grep = ["grep", "0::", "/proc/self/cgroup"]
    t.equal(_exec(t, c, *grep).out, "0::/\n", "group while it takes processes")
    usable = set(cgroup.read(c.cgroup, "cgroup.controllers").split()) & {"memory", "io", "hugetlb"}
    t.machine_needs(usable, "needs a domain controller in the unit's group")
    with open(f"{c.cgroup}/cgroup.subtree_control", "w") as file:
        file.write(f"+{usable.pop()}")
    t.equal(_exec(t, c, *grep).out, "0::/inner\n", "group of the first process")
    _refused(t, c, "true", flags=["--cgroup", "/"], says=["adding pid", "to cgroups", "device or resource busy"])


@test(lane="both")
def many_at_once(t):
    c = _running(t)
    children = [_spawn(t, t.rt.argv(["exec", c.id, "sh", "-c", f"exit {number}"])) for number in range(20)]
    t.equal([child.wait(30 * wait.SCALE) for child in children], list(range(20)), "exit statuses")
    t.check(until(lambda: process_count(c) == 1), "processes are left")


@test()
def a_runtime_that_is_killed_leaves_its_process_to_the_container(t):
    c = _running(t)
    child = _spawn(t, t.rt.argv(["exec", c.id, "sh", "-c", "echo up; exec sleep 1000"]))
    t.equal(child.stdout.readline(), "up\n", "first line")
    child.kill()
    child.wait(10)
    t.equal(process_count(c), 2, "processes of the unit")
    t.ok("delete", "--force", c.id)
    t.no_unit(c.id)


@test(peers="runc")
def a_container_that_left_its_unit_is_still_its_own(t):
    outside = f"/sys/fs/cgroup/st-outside-{os.getpid()}"
    os.mkdir(outside)
    t.finally_do(lambda: os.path.isdir(outside) and os.rmdir(outside))
    for private in (True, False):
        bundle = t.bundle(shell=f"echo $$ > {outside}/cgroup.procs; echo moved; exec sleep 1000").drop_namespace("cgroup")
        bundle.find_mount("/sys/fs/cgroup")["options"] = ["nosuid", "noexec", "nodev", "relatime", "rw"]
        if not private:
            bundle.drop_namespace("pid")
        c = t.detached(bundle)
        c.wait_for_output("moved")
        pid = c.pid
        t.machine_needs(tuple(map(int, os.uname().release.split(".")[:2])) >= (6, 9), "needs pidfs (Linux 6.9)")
        t.check(until(lambda: not systemd.loaded(c.unit) or systemd.properties(c.unit).get("ActiveState") != "active"), "the unit lives on, empty")
        t.equal(t.state(c.id)["status"], "running", "status")
        t.equal(_exec(t, c, "grep", "0::", "/proc/self/cgroup").out, f"0::{outside.removeprefix('/sys/fs/cgroup')}\n", "group of exec")
        t.contains(_exec(t, c, "true", flags=["--cgroup", "sub"], status=255).err, "the container has left its unit")
        if private:
            t.equal(t.call("delete", c.id).status, 1, "delete of a running container")
            t.ok("delete", "-f", c.id)
        else:
            t.ok("kill", c.id, "KILL")
            c.wait_stopped()
            t.ok("delete", c.id)
        t.check(until(lambda: not process.alive(pid)), "its first process lives on")
        t.equal(open(f"{outside}/cgroup.procs").read(), "", "processes left outside")
