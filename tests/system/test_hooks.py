# SPDX-License-Identifier: Apache-2.0
"""Hooks: when each runs, where, with what, and what follows when one fails, hangs or leaves something behind."""

import json
import os
import signal
import subprocess
import time

from lab import process, systemd, test, until

_BEFORE = ("prestart", "createRuntime", "createContainer", "startContainer")
_ALL = (*_BEFORE, "poststart", "poststop")


def _script(t, name, text):
    path = t.path(name)
    with open(path, "w") as file:
        file.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


def _hooks(bundle, **lists):
    bundle.config["hooks"] = lists
    return bundle


def _recorder(t, bundle):
    """One hook of each kind that appends its name to the order and keeps what it was told. Those inside get at the host's
    directory by a bind mount."""
    log = t.path("log")
    os.makedirs(log)
    bundle.bind(log, "/mnt", "rw")
    outside = _script(t, "outside", f'cat > {log}/$1.state; echo $1 >> {log}/order; pwd > {log}/$1.pwd\n'
                                    f'readlink /proc/self/ns/mnt > {log}/$1.mnt; env > {log}/$1.env; ls -l /proc/self/fd > {log}/$1.fds\n')
    bundle.write("/hook", '#!/bin/sh\ncat > /mnt/$1.state; echo $1 >> /mnt/order; pwd > /mnt/$1.pwd\n'
                          'readlink /proc/self/ns/mnt > /mnt/$1.mnt; env > /mnt/$1.env; ls -l /proc/self/fd > /mnt/$1.fds\n', 0o755)
    _hooks(bundle, **{name: [{"path": outside, "args": ["hook", name]}] for name in _ALL if name != "startContainer"},
           startContainer=[{"path": "/hook", "args": ["hook", "startContainer"]}])
    return log


def _read(log, name):
    with open(os.path.join(log, name)) as file:
        return file.read()


def _state(log, name):
    return json.loads(_read(log, name + ".state"))


@test(lane="both", peers="")
def every_hook_runs_once_in_order_with_the_right_state(t):
    for verbs in ("run", "create and start"):
        bundle = t.bundle("sleep", "1000", writable=True).annotate("com.example.key", 'a "quoted" value')
        log = _recorder(t, bundle)
        if verbs == "run":
            c = t.detached(bundle)
        else:
            c = t.created(bundle)
            t.equal(_read(log, "order").split(), list(_BEFORE[:3]), "hooks that ran at create")
            t.start(c)
        pid = c.pid
        t.equal(_read(log, "order").split(), list(_ALL[:5]), f"hooks that ran by {verbs}")
        t.ok("delete", "--force", c.id)
        t.equal(_read(log, "order").split(), list(_ALL), "hooks that ran in all")
        statuses = dict(zip(_ALL, ("creating", "creating", "creating", "created", "running", "stopped")))
        for name in _ALL:
            state = _state(log, name)
            t.equal((state["id"], state["bundle"], state["status"]), (c.id, bundle.path, statuses[name]), f"state of {name}")
            t.equal(state["annotations"], {"com.example.key": 'a "quoted" value'}, f"annotations of {name}")
            t.equal(state["ociVersion"], bundle.config["ociVersion"], "ociVersion")
            inside = name in ("createContainer", "startContainer")
            t.equal(state.get("pid"), None if name == "poststop" else 1 if inside else pid, f"pid for {name}")
        os.rename(log, log + "-" + verbs.replace(" ", "-"))


@test(peers="")
def each_hook_runs_in_its_namespace_and_directory(t):
    bundle = t.bundle("sleep", "1000", writable=True)
    log = _recorder(t, bundle)
    c = t.detached(bundle)
    inside = process.namespace(c.pid, "mnt")
    t.ok("delete", "--force", c.id)
    for name in _ALL:
        found = _read(log, name + ".mnt").strip()
        host = process.namespace("self", "mnt")
        t.equal(found, inside if name in ("createContainer", "startContainer") else host, f"mount namespace of {name}")
    t.equal(_read(log, "createContainer.pwd").strip(), bundle.rootfs, "directory of createContainer")
    t.equal(_read(log, "startContainer.pwd").strip(), "/", "directory of startContainer")
    for name in ("prestart", "createRuntime", "poststart", "poststop"):
        t.equal(_read(log, name + ".pwd").strip(), bundle.path, f"directory of {name}")


@test(peers="")
def hooks_inherit_no_descriptor(t):
    bundle = t.bundle("sleep", "1000", writable=True)
    log = _recorder(t, bundle)
    bundle.save()
    null = os.open("/dev/null", os.O_RDONLY)
    t.finally_do(lambda: os.close(null))
    shell = f'exec 3<&{null} 4<&{null}; exec "$@"'
    t.equal(t.call("run", "-d", "--preserve-fds", "2", "-b", bundle.path, t.id(), wrap=("sh", "-c", shell, "sh"), pass_fds=(null,)).status, 0,
            "status of run")
    for name in _ALL[:5]:
        links = [line.split()[-3::2] for line in _read(log, name + ".fds").splitlines() if " -> " in line]
        # The directory is what ls itself reads.
        t.equal(sorted(int(fd) for fd, target in links if not target.startswith("/proc/")), [0, 1, 2], f"descriptors of {name}")


@test(peers="")
def env_and_args_are_exactly_those_given(t):
    bundle = t.bundle("sleep", "1000", writable=True)
    log = t.path("log")
    os.makedirs(log)
    bundle.bind(log, "/mnt", "rw")
    script = _script(t, "env", f'env > {log}/$1; echo "$0|$*|$#" > {log}/$1.args\n')
    bundle.write("/env", '#!/bin/sh\nenv > /mnt/$1; echo "$0|$*|$#" > /mnt/$1.args\n', 0o755)
    bundle.process["env"] = ["PATH=/bin", "OF=container"]
    for name in _BEFORE:
        path = "/env" if name == "startContainer" else script
        _args = lambda suffix: ["ignored", name + suffix, "two words", ""]
        bundle.config.setdefault("hooks", {})[name] = [{"path": path, "args": _args(".given"), "env": ["PATH=/bin:/usr/bin", "A=b c"]},
                                                       {"path": path, "args": _args(".empty"), "env": []},
                                                       {"path": path, "args": _args(".absent")}]
    bundle.save()
    t.equal(t.call("run", "-d", "-b", bundle.path, t.id(), env={**os.environ, "OF": "caller"}).status, 0, "status")

    def seen(name):
        lines = (line.partition("=") for line in _read(log, name).splitlines())
        return {key: value for key, _, value in lines if key not in ("PWD", "SHLVL", "_", "OLDPWD")}

    for name in _BEFORE:
        t.equal(seen(name + ".given"), {"PATH": "/bin:/usr/bin", "A": "b c"}, f"env given to {name}")
        path = "/env" if name == "startContainer" else script
        t.equal(_read(log, name + ".given.args"), f"{path}|{name}.given two words |3\n", f"args of {name}")
        container = {"PATH": "/bin", "OF": "container", "HOME": "/root"}
        t.equal(seen(name + ".empty").get("OF"), "container" if name == "startContainer" else None, f"OF for an empty env of {name}")
        t.equal(seen(name + ".absent").get("OF"), {"startContainer": "container", "createContainer": None}.get(name, "caller"),
                f"OF for an absent env of {name}")
    t.equal(seen("startContainer.absent"), container, "the env of startContainer")


@test(lane="both")
def a_failing_hook_before_the_program_fails_the_verb(t):
    for name in _BEFORE:
        bundle = _hooks(t.bundle(shell="echo ran"), **{name: [{"path": "/bin/true"}, {"path": "/bin/false"}, {"path": "/bin/true"}]})
        result = t.run(bundle, status=None)
        t.check(result.status != 0, f"run with a failing {name} hook succeeded")
        t.check("ran" not in result.out, f"the program ran despite {name}")
        t.contains(result.err, f"error running {name} hook #1: exit status 1")
        t.gone(t.identities[-1])
        t.no_unit(t.identities[-1])


@test(peers="")
def the_output_and_the_end_of_a_failing_hook_are_told(t):
    told = (("echo to out; echo to err >&2; exit 7", 'exit status 7, stdout: to out\n, stderr: to err\n'),
            ("kill -9 $$", "signal: killed, stdout: , stderr: "),
            ("kill -11 $$", "signal: segmentation fault"))
    for text, wanted in told:
        hook = {"path": "/bin/sh", "args": ["sh", "-c", text]}
        for name in _BEFORE:
            t.fails(_hooks(t.bundle("true"), **{name: [hook]}), words=(f"error running {name} hook #0: {wanted}",))
    t.fails(_hooks(t.bundle("true"), createRuntime=[{"path": "/nonexistent"}]),
            words=("error running createRuntime hook #0: fork/exec /nonexistent: no such file or directory",))
    flood = {"path": "/bin/sh", "args": ["sh", "-c", "yes | head -c 3000000; exit 3"]}
    t.fails(_hooks(t.bundle("true"), createRuntime=[flood]), words=("exit status 3, stdout: y",))
    t.fails(_hooks(t.bundle("true"), createContainer=[flood]), words=("exit status 3, stdout: y",))


@test(peers="")
def poststop_hooks_run_after_a_failed_creation(t):
    mark = t.path("mark")
    hooks = {"poststop": [{"path": "/bin/sh", "args": ["sh", "-c", f"cat >> {mark}"]}]}
    for name in _BEFORE:
        t.fails(_hooks(t.bundle("true"), **hooks, **{name: [{"path": "/bin/false"}]}), words=(f"error running {name} hook #0",))
        with open(mark) as file:
            state = json.loads(file.read())
        t.equal((state["status"], state["id"]), ("stopped", t.identities[-1]), f"state after {name}")
        t.check("pid" not in state, "a pid of a stopped container")
        os.unlink(mark)


@test(peers="")
def a_failing_start_container_hook_fails_start(t):
    bundle = _hooks(t.bundle(shell="echo ran"), startContainer=[{"path": "/bin/false"}])
    c = t.created(bundle)
    result = t.call("start", c.id)
    t.equal(result.status, 1, "status of start")
    t.one_error(result, "error running startContainer hook #0: exit status 1")
    c.wait_stopped()
    t.check("ran" not in c.output(), "the program ran")
    t.ok("delete", c.id)


@test(lane="both", peers="")
def a_failing_poststart_hook_ends_the_container(t):
    hooks = {"poststart": [{"path": "/bin/false"}]}
    result = t.run(_hooks(t.bundle("sleep", "1000"), **hooks), status=1)
    t.one_error(result, "error running poststart hook #0: exit status 1")
    t.gone(t.identities[-1])
    t.no_unit(t.identities[-1])
    c = t.created(_hooks(t.bundle("sleep", "1000"), **hooks))
    pid = c.pid
    result = t.call("start", c.id)
    t.equal(result.status, 1, "status of start")
    t.one_error(result, "error running poststart hook #0: exit status 1")
    t.check(not process.alive(pid), "the container still runs")
    t.equal(t.state(c.id)["status"], "stopped", "status")
    t.ok("delete", c.id)


@test(peers="")
def failing_poststop_hooks_are_a_warning_and_all_of_them_run(t):
    mark = t.path("mark")
    bundle = _hooks(t.bundle("sleep", "1000"), poststop=[{"path": "/bin/false"}, {"path": "/nonexistent"},
                                                         {"path": "/bin/touch", "args": ["touch", mark]}])
    c = t.detached(bundle)
    result = t.ok("delete", "--force", c.id)
    t.contains(result.err, "level=warning", "error running poststop hook #0: exit status 1", "error running poststop hook #1")
    t.check(os.path.exists(mark), "the last hook did not run")
    t.gone(c.id)
    t.equal(t.run(_hooks(t.bundle(shell="exit 5"), poststop=[{"path": "/bin/false"}]), status=None).status, 5, "status of run")


@test(peers="")
def a_hook_that_hangs_is_killed_with_its_group_at_its_timeout(t):
    for name in _ALL[:5]:
        marker = str(700000 + os.getpid() % 100000)
        hook = {"path": "/bin/sh", "args": ["sh", "-c", f"sleep {marker} & sleep {marker}"], "timeout": 1}
        begin = time.monotonic()
        t.fails(_hooks(t.bundle("sleep", "1000"), **{name: [hook]}), words=(f"error running {name} hook #0: hook ran past specified timeout of 1.0s",))
        t.check(0.9 < time.monotonic() - begin < 8 * t.scale, f"{name} took {time.monotonic() - begin:.1f} s")
        left = subprocess.run(["pgrep", "-f", f"sleep {marker}"], capture_output=True, text=True).stdout
        t.equal(left, "", f"processes of the {name} hook that are left")


@test(peers="")
def a_hook_that_hangs_ends_with_the_commands_time(t):
    for name in _ALL[:5]:
        begin = time.monotonic()
        bundle = _hooks(t.bundle("sleep", "1000"), **{name: [{"path": "/bin/sleep", "args": ["sleep", "1000"]}]})
        t.fails(bundle, words=(), options=("--timeout", "2"))
        t.check(time.monotonic() - begin < 10 * t.scale, f"{name} took {time.monotonic() - begin:.1f} s")


@test(peers="")
def a_hook_may_leave_a_process_behind_that_keeps_its_output(t):
    pid_file = t.path("pid")
    hook = {"path": "/bin/sh", "args": ["sh", "-c", f"sleep 1000 & echo $! > {pid_file}"]}
    begin = time.monotonic()
    t.run(_hooks(t.bundle("true"), createRuntime=[hook]))
    t.check(time.monotonic() - begin < 10 * t.scale, "run waited for the process that the hook left")
    with open(pid_file) as file:
        pid = int(file.read())
    t.check(process.alive(pid), "the process was killed")
    os.kill(pid, signal.SIGKILL)


@test(peers="")
def a_hook_that_does_not_read_its_input_is_no_failure(t):
    bundle = _hooks(t.bundle("true"), prestart=[{"path": "/bin/true"}], poststop=[{"path": "/bin/true"}])
    bundle.annotate("com.example.long", "x" * 300000)
    t.run(bundle)
    mark = t.path("mark")
    bundle = _hooks(t.bundle("true"), createContainer=[{"path": "/bin/sh", "args": ["sh", "-c", f"sleep 0.1; cat > {mark}"]}])
    t.run(bundle.annotate("com.example.long", "x" * 300000))
    with open(mark) as file:
        t.equal(len(json.load(file)["annotations"]["com.example.long"]), 300000, "length of the annotation")


@test(lane="both", peers="crun runc")
def a_create_runtime_hook_can_change_the_containers_network(t):
    text = "pid=$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/'); nsenter -t $pid -n ip address add 10.77.7.7/32 dev lo"
    t.machine_needs(subprocess.run(["sh", "-c", "command -v ip && command -v nsenter"], capture_output=True).returncode == 0, "needs ip and nsenter")
    bundle = _hooks(t.bundle("ip", "address"), createRuntime=[{"path": "/bin/sh", "args": ["sh", "-c", text]}])
    t.contains(t.run(bundle).out, "10.77.7.7/32")


@test(peers="")
def a_create_container_hook_can_mount_into_the_container_only(t):
    bundle = t.bundle("cat", "/mnt/file")
    text = f"mount -t tmpfs none {bundle.rootfs}/mnt && echo from the hook > {bundle.rootfs}/mnt/file"
    _hooks(bundle, createContainer=[{"path": "/bin/sh", "args": ["sh", "-c", text]}])
    t.equal(t.run(bundle).out, "from the hook\n", "stdout")
    t.check(bundle.rootfs not in open("/proc/self/mountinfo").read(), "a mount of the hook is on the host")


@test(peers="")
def hooks_inside_run_in_the_containers_cgroup(t):
    log = t.path("log")
    os.makedirs(log)
    bundle = t.bundle("sleep", "1000", writable=True).bind(log, "/mnt", "rw").drop_namespace("cgroup")
    bundle.write("/hook", "#!/bin/sh\ncat /proc/self/cgroup > /mnt/start\n", 0o755)
    _hooks(bundle, createContainer=[{"path": "/bin/cp", "args": ["cp", "/proc/self/cgroup", f"{log}/create"]}],
           startContainer=[{"path": "/hook"}])
    c = t.detached(bundle)
    for name in ("create", "start"):
        t.contains(_read(log, name), "0::" + systemd.properties(c.unit)["ControlGroup"] + "\n")


@test(peers="")
def start_container_hooks_run_as_the_user_and_under_the_filter(t):
    log = t.path("log")
    os.makedirs(log)
    os.chmod(log, 0o777)
    bundle = t.bundle("sleep", "1000").bind(log, "/mnt", "rw")
    bundle.process["user"] = {"uid": 1234, "gid": 567}
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}
    bundle.write("/hook", "#!/bin/sh\nid -u > /mnt/uid; mkdir /mnt/x 2> /mnt/mkdir; grep ^Cap /proc/self/status > /mnt/caps\n", 0o755)
    _hooks(bundle, startContainer=[{"path": "/hook"}])
    t.detached(bundle)
    t.equal(_read(log, "uid"), "1234\n", "uid of the hook")
    t.contains(_read(log, "mkdir"), "Operation not permitted")


@test(peers="")
def hooks_see_signals_and_masks_at_their_defaults(t):
    log = t.path("log")
    os.makedirs(log)
    bundle = t.bundle("true").bind(log, "/mnt", "rw")
    _hooks(bundle, **{name: [{"path": "/bin/cp", "args": ["cp", "/proc/self/status", f"{log}/{name}"]}]
                      for name in _ALL if name != "startContainer"})
    t.run(bundle)
    for name in _ALL:
        if name == "startContainer":
            continue
        found = dict(line.split(":", 1) for line in _read(log, name).splitlines())
        t.equal({found[key].strip() for key in ("SigBlk", "SigIgn")}, {"0" * 16}, f"blocked and ignored signals of {name}")


@test(peers="")
def a_poststart_hook_may_call_the_runtime(t):
    mark = t.path("mark")
    text = f"{t.rt.path} kill $1 TERM > {mark} 2>&1; echo $? >> {mark}"
    identity = t.id()
    bundle = _hooks(t.bundle(shell="trap 'exit 0' TERM; while :; do sleep 0.1; done"),
                    poststart=[{"path": "/bin/sh", "args": ["sh", "-c", text, "sh", identity]}])
    t.detached(bundle, identity=identity)
    with open(mark) as file:
        t.equal(file.read(), "0\n", "what kill said in the hook")


@test(peers="")
def poststop_hooks_run_for_whoever_deletes_after_a_crash(t):
    mark = t.path("mark")
    bundle = _hooks(t.bundle("sleep", "1000"), createRuntime=[{"path": "/bin/sh", "args": ["sh", "-c", "kill -9 $PPID; exec sleep 1000"]}],
                    poststop=[{"path": "/bin/sh", "args": ["sh", "-c", f"echo stopped >> {mark}"]}]).save()
    identity = t.id()
    t.call("create", "-b", bundle.path, identity)
    t.check(not os.path.exists(mark), "the poststop hook ran")
    t.ok("delete", "--force", identity)
    t.equal(open(mark).read(), "stopped\n", "marks of the poststop hook")
    t.no_unit(identity)


@test(peers="")
def a_killed_runtime_takes_its_hook_along(t):
    marker = str(800000 + os.getpid() % 100000)
    bundle = _hooks(t.bundle("true"), createRuntime=[{"path": "/bin/sleep", "args": ["sleep", marker]}]).save()
    identity = t.id()
    child = subprocess.Popen([*t.rt.argv(("create", "-b", bundle.path, identity))], stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    def running():
        return subprocess.run(["pgrep", "-f", f"sleep {marker}"], capture_output=True).returncode == 0
    t.check(until(running), "the hook never ran")
    child.kill()
    child.wait()
    t.check(until(lambda: not running()), "the hook lives on")
    t.ok("delete", "--force", identity)


@test(peers="")
def a_bad_hook_is_refused_before_anything_is_done(t):
    cases = (({"path": "bin/true"}, "path"), ({"args": ["x"]}, "path"), ({"path": "/bin/true", "timeout": 0}, "timeout"),
             ({"path": "/bin/true", "timeout": -3}, "timeout"), ({"path": "/bin/true", "timeout": "1"}, "timeout"),
             ({"path": "/bin/true", "env": ["NOVALUE"]}, "env[0]"), ({"path": "/bin/true", "args": "true"}, "args"), ("x", "hooks."))
    mark = t.path("mark")
    for name in _ALL:
        for hook, word in cases:
            bundle = _hooks(t.bundle("true"), **{name: [hook]})
            bundle.config["hooks"].setdefault("prestart", [{"path": "/bin/touch", "args": ["touch", mark]}])
            t.fails(bundle, words=(f"hooks.{name}[0]", word))
    t.check(not os.path.exists(mark), "a hook ran")


@test(peers="")
def plan_shows_the_hooks(t):
    bundle = _hooks(t.bundle("true"), createRuntime=[{"path": "/bin/x", "args": ["x", "y"], "timeout": 3, "env": ["A=b"]}],
                    poststop=[{"path": "/bin/z"}])
    t.contains(t.plan(bundle).out, "hook createRuntime /bin/x timeout=3s args=x y env=A=b\n", "hook poststop /bin/z\n")


@test(peers="")
def features_lists_all_hooks(t):
    t.equal(json.loads(t.ok("features").out)["hooks"], list(_ALL), "hooks")
