# SPDX-License-Identifier: Apache-2.0
"""podman with the runtime under test: what an engine does every day, with limits seen in the cgroup
and in systemd. The config.json files that podman writes are input for `plan` as well."""

import json
import os
import shutil
import subprocess

from lab import cgroup, process, systemd, test, until

_IMAGE = "localhost/systest"


# key: field of podman inspect's template; the whole is long in a failure's story
_SHOWN = {"Id": "ID", "State": "State", "OCIConfigPath": "OCIConfigPath", "RestartCount": "RestartCount"}


def _podman(t, *words, status=0, timeout=60, **more):
    """podman with a storage of its own (vfs: no mounts), no network and the runtime under test."""
    t.machine_needs(shutil.which("podman"), "needs podman")
    base = os.path.join(os.path.dirname(t.directory), "podman")
    fresh = not os.path.isdir(base)
    for name in ("root", "run", "tmp"):
        os.makedirs(os.path.join(base, name), exist_ok=True)
    options = ["podman", "--root", f"{base}/root", "--runroot", f"{base}/run", "--tmpdir", f"{base}/tmp", "--storage-driver", "vfs",
               "--cgroup-manager", "systemd", "--runtime", t.rt.path, "--events-backend", "file", "--log-level", "warning"]
    if fresh:
        archive = os.path.join(base, "image.tar")
        subprocess.run(["tar", "-C", t.template.root, "-cf", archive, "."], check=True)
        t.equal(t.command(*options, "import", archive, _IMAGE, timeout=90).status, 0, "status of podman import")
    result = t.command(*options, *words, timeout=timeout, **more)
    if status is not None:
        t.equal(result.status, status, f"status of podman {words[0]}")
    return result


def _run(t, *words, **more):
    return _podman(t, "run", "--network", "none", *words, **more)


def _name(t, *kind):
    """A fresh name of a container (of a pod for "pod"), which is removed at the end."""
    t.machine_needs(shutil.which("podman"), "needs podman")
    name = t.fresh_name("pod")
    t.finally_do(lambda: _podman(t, *kind, "rm", "-f", "-t", "0", "-i", name, status=None))
    return name


def _inspected(t, name):
    shown = ",".join(f'"{key}":{{{{json .{field}}}}}' for key, field in _SHOWN.items())
    return json.loads(_podman(t, "inspect", "--format", f"{{{shown}}}", name).out)


def _unit(found):
    return f"libpod-{found['Id']}.scope"


@test(lane="vm", peers="crun runc", seconds=120)
def run_prints_and_returns_the_status(t):
    result = _run(t, "--rm", _IMAGE, "sh", "-c", "echo hello; exit 7", status=7)
    t.equal(result.out, "hello\n", "stdout")


@test(lane="vm", peers="crun runc", seconds=180)
def statuses_of_programs_that_cannot_run(t):
    t.contains(_run(t, "--rm", _IMAGE, "no-such-program", status=127).err, "executable file")
    t.contains(_run(t, "--rm", _IMAGE, "/etc/passwd", status=126).err.lower(), "permission denied")
    _run(t, "--rm", _IMAGE, "sh", "-c", "kill -9 $$", status=None)


@test(lane="vm", peers="crun runc", seconds=180)
def a_detached_container_is_listed_logs_and_stops(t):
    name = _name(t)
    _run(t, "-d", "--name", name, _IMAGE, "sh", "-c", "trap 'echo bye; exit 5' TERM; echo ready; sleep 1000 & while :; do wait; done")
    t.check(until(lambda: "ready" in _podman(t, "logs", name).out, 20), "podman logs does not show the output")
    t.contains(_podman(t, "ps", "--format", "{{.Names}} {{.State}}").out, f"{name} running")
    _podman(t, "stop", "-t", "10", name)
    t.equal(_podman(t, "wait", name).out.strip(), "5", "exit code")
    t.contains(_podman(t, "logs", name).out, "bye")
    _podman(t, "start", name)
    _podman(t, "rm", "-f", "-t", "0", name)


@test(lane="vm", peers="crun runc", seconds=120)
def kill_sends_a_signal(t):
    name = _name(t)
    _run(t, "-d", "--name", name, _IMAGE, "sh", "-c", "trap 'echo usr1' USR1; echo ready; sleep 1000 & while :; do wait; done")
    t.check(until(lambda: "ready" in _podman(t, "logs", name).out, 20), "never ready")
    _podman(t, "kill", "-s", "USR1", name)
    t.check(until(lambda: "usr1" in _podman(t, "logs", name).out, 20), "the signal did not arrive")
    _podman(t, "kill", name)
    t.equal(_podman(t, "wait", name).out.strip(), "137", "exit code")


@test(lane="vm", peers="crun runc", seconds=120)
def a_terminal_is_passed_through(t):
    result = _run(t, "--rm", "-t", _IMAGE, "sh", "-c", "tty; stty size >/dev/null && echo has-a-size")
    t.contains(result.out, "/dev/pts/0", "has-a-size")


@test(lane="vm", peers="crun runc", seconds=120)
def stdin_is_passed_through(t):
    t.equal(_run(t, "--rm", "-i", _IMAGE, "cat", input="through podman\n").out, "through podman\n", "stdout")


@test(lane="vm", peers="", seconds=180)
def limits_are_in_the_cgroup_and_in_systemd(t):
    name = _name(t)
    _run(t, "-d", "--name", name, "--memory", "64m", "--memory-swap", "96m", "--memory-reservation", "32m", "--cpus", "0.5",
         "--cpu-shares", "512", "--pids-limit", "33", "--cpuset-cpus", "0", _IMAGE, "sleep", "1000")
    found = _inspected(t, name)
    unit = _unit(found)
    seen = systemd.properties(unit)
    for key, wanted in (("MemoryMax", 67108864), ("MemorySwapMax", 33554432), ("MemoryLow", 33554432), ("TasksMax", 33),
                        ("CPUQuotaPerSecUSec", 500000), ("CPUWeight", 59), ("Slice", "machine.slice")):
        t.equal(seen.get(key), wanted, key)
    group = cgroup.path(seen["ControlGroup"])
    for file, wanted in (("memory.max", "67108864"), ("memory.swap.max", "33554432"), ("memory.low", "33554432"), ("pids.max", "33"),
                         ("cpu.max", "50000 100000"), ("cpu.weight", "59"), ("cpuset.cpus", "0")):
        t.equal(cgroup.read(group, file), wanted, file)
    before = cgroup.settings(group)
    systemd.control("daemon-reload")
    t.equal(cgroup.settings(group), before, "the cgroup's files after a daemon-reload")
    t.equal(cgroup.of_process(found["State"]["Pid"]), seen["ControlGroup"], "cgroup of the container")


@test(lane="vm", peers="crun runc", seconds=180)
def the_usual_options_work(t):
    os.makedirs(t.path("volume"))
    script = "id -u; hostname; cat /v/file; touch /x 2>/dev/null || echo read-only; grep -c . /proc/self/mountinfo >/dev/null; echo $A"
    with open(t.path("volume/file"), "w") as file:
        file.write("volume\n")
    result = _run(t, "--rm", "--user", "1000:1000", "--hostname", "box", "-v", f"{t.path('volume')}:/v:ro", "--read-only", "--tmpfs",
                  "/tmp", "-e", "A=b", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--ulimit", "nofile=64:64",
                  _IMAGE, "sh", "-c", script)
    t.equal(result.out, "1000\nbox\nvolume\nread-only\nb\n", "stdout")


@test(lane="vm", peers="crun runc", seconds=120)
def a_container_that_uses_too_much_memory_is_reported(t):
    name = _name(t)
    _run(t, "--name", name, "--memory", "16m", "--memory-swap", "16m", _IMAGE, "sh", "-c",
         "head -c 64m /dev/zero | tail -c 64m >/dev/null; echo $?", status=None)
    t.check("0" not in _podman(t, "logs", name).out.split(), "64 MiB fit into 16")


@test(lane="vm", peers="", seconds=240)
def what_podman_writes_is_input_for_plan(t):
    """Kept as real cases: each config.json goes through `plan` and gives a whole unit."""
    cases = {"plain": (), "privileged": ("--privileged",), "limits": ("--memory", "64m", "--cpus", "1", "--pids-limit", "9"),
             "devices": ("--device", "/dev/null:/dev/other"), "user": ("--user", "12:34", "--group-add", "99"),
             "sysctl": ("--sysctl", "kernel.msgmax=4096"), "tmpfs": ("--tmpfs", "/t:size=1m"), "systemd": ("--systemd", "always")}
    for kind, words in cases.items():
        name = _name(t)
        _podman(t, "create", "--network", "none", "--name", name, *words, _IMAGE, "true")
        _podman(t, "init", name, status=None)
        found = _inspected(t, name)
        path = found.get("OCIConfigPath") or ""
        t.check(os.path.exists(path), f"{kind}: no config.json at {path!r}")
        kept = t.path(f"podman-{kind}")
        os.makedirs(kept)
        shutil.copy(path, os.path.join(kept, "config.json"))
        result = t.call("plan", "--bundle", kept, timeout=30)
        t.equal(result.status, 0, f"status of plan for {kind}")
        t.contains(result.out, "Delegate b true", ".scope")
        _podman(t, "rm", "-f", "-t", "0", name)


@test(lane="vm", peers="crun runc", seconds=240)
def nothing_is_left_after_rm(t):
    name = _name(t)
    _run(t, "-d", "--name", name, _IMAGE, "sleep", "1000")
    found = _inspected(t, name)
    pid = found["State"]["Pid"]
    _podman(t, "rm", "-f", "-t", "0", name)
    t.check(until(lambda: not process.alive(pid)), "the container's process is alive")
    t.check(until(lambda: not systemd.loaded(_unit(found))), "the scope is still loaded")
    t.check(not os.path.exists(os.path.join(t.rt.root, found["Id"])), "the state directory is still there")


@test(peers="crun runc", seconds=120)
def exec_enters_the_container(t):
    name = _name(t)
    _run(t, "-d", "--name", name, _IMAGE, "sleep", "1000")
    script = "cat; id -u; id -g; pwd; echo $A; cat /proc/1/comm; exit 9"
    result = _podman(t, "exec", "-i", "-u", "12:34", "-w", "/tmp", "-e", "A=b", name, "sh", "-c", script, status=9, input="in\n")
    t.equal(result.out, "in\n12\n34\n/tmp\nb\nsleep\n", "stdout of exec")
    result = _podman(t, "exec", "-t", name, "sh", "-c", "tty; test -t 1 && echo and a terminal")
    t.equal(result.out.replace("\r", ""), "/dev/pts/0\nand a terminal\n", "stdout of exec -t")
    t.contains(_podman(t, "exec", name, "no-such-program", status=127).err, "executable file")


@test(lane="vm", peers="runc", seconds=180)
def pause_update_and_statistics(t):
    name = _name(t)
    _run(t, "-d", "--name", name, "--memory", "64m", _IMAGE, "sleep", "1000")
    unit = _unit(_inspected(t, name))
    group = cgroup.path(systemd.properties(unit)["ControlGroup"])
    _podman(t, "pause", name)
    t.contains(cgroup.read(group, "cgroup.events"), "frozen 1")
    _podman(t, "unpause", name)
    t.contains(cgroup.read(group, "cgroup.events"), "frozen 0")
    _podman(t, "update", "--memory", "128m", "--cpus", "1.5", "--pids-limit", "44", name)
    seen = systemd.properties(unit)
    for key, wanted, file, text in (("MemoryMax", 128 << 20, "memory.max", "134217728"), ("TasksMax", 44, "pids.max", "44"),
                                    ("CPUQuotaPerSecUSec", 1500000, "cpu.max", "150000 100000")):
        t.equal((seen[key], cgroup.read(group, file)), (wanted, text), f"{key} and {file}")
    shown = _podman(t, "stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}} {{.PIDs}}", name).out
    t.matches(shown, rf"^{name} [0-9.]+\w+ / 134\.2MB 1$", "podman stats")


@test(peers="crun runc", seconds=180)
def the_containers_of_a_pod_share_namespaces(t):
    pod = _name(t, "pod")
    _podman(t, "pod", "create", "--name", pod, "--hostname", "pod", "--network", "none", "--share", "net,ipc,uts,pid")
    first, second = t.fresh_name("first"), t.fresh_name("second")
    _podman(t, "run", "-d", "--pod", pod, "--name", first, _IMAGE, "sh", "-c", "while :; do nc -l -p 99 -e echo served; done")
    script = "hostname; for try in 1 2 3 4 5 6 7 8 9; do nc -w 5 127.0.0.1 99 && break; sleep 0.3; done; cat /proc/1/comm; sleep 1000"
    _podman(t, "run", "-d", "--pod", pod, "--name", second, _IMAGE, "sh", "-c", script)
    found = _inspected(t, first)
    pids = found["State"]["Pid"], _inspected(t, second)["State"]["Pid"]
    for kind in ("net", "ipc", "uts", "pid"):
        t.equal(process.namespace(pids[0], kind), process.namespace(pids[1], kind), f"{kind} namespace")
    t.matches(cgroup.of_process(pids[0]), rf"^/machine\.slice/machine-libpod_pod_[0-9a-f]+\.slice/{_unit(found)}$", "cgroup")
    t.check(until(lambda: _podman(t, "logs", second).out == "pod\nserved\ncatatonit\n", 20), "the second container does not see the first")


@test(lane="vm", peers="crun runc", seconds=120)
def a_user_namespace_maps_ids(t):
    t.finally_do(lambda: shutil.rmtree("/var/tmp/intermediate-mountpoint-0.0", ignore_errors=True))  # podman leaves it there
    name = _name(t)
    _run(t, "-d", "--name", name, "--uidmap", "0:100000:5000", "--gidmap", "0:200000:5000", "--hostname", "box", _IMAGE, "sh", "-c",
         "touch /made; hostname; sleep 1000")
    pid = _inspected(t, name)["State"]["Pid"]
    for kind, first in (("uid", 100000), ("gid", 200000)):
        with open(f"/proc/{pid}/{kind}_map") as file:
            t.equal(file.read().split(), ["0", str(first), "5000"], f"{kind}_map")
        t.equal(process.status(pid)[kind.capitalize()].split(), [str(first)] * 4, f"the process's {kind}s")
    result = _podman(t, "exec", name, "sh", "-c", "stat -c %u:%g /made /bin/busybox; hostname; cat /proc/self/uid_map")
    t.equal(result.out.split(), ["0:0", "0:0", "box", "0", "100000", "5000"], "what exec sees")


_SECCOMP = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 31}]}


@test(lane="vm", peers="crun runc", seconds=120)
def confinement_and_the_health_check(t):
    with open(t.path("seccomp.json"), "w") as file:
        json.dump(_SECCOMP, file)
    name = _name(t)
    _run(t, "-d", "--name", name, "--read-only", "--tmpfs", "/t:size=1m,mode=700", "--device", "/dev/kmsg:/dev/other:w", "--security-opt",
         f"seccomp={t.path('seccomp.json')}", "--health-cmd", "test -e /t/healthy", "--health-interval", "disable", _IMAGE, "sleep", "1000")
    script = """mkdir /t/d; touch /x; (head -c 1 /dev/other) && echo readable; echo systest >/dev/other && echo writable; stat -c %a /t
        head -c 2m /dev/zero >/t/big; stat -c %s /t/big; rm /t/big; grep Seccomp: /proc/self/status; echo >/t/healthy"""
    _podman(t, "healthcheck", "run", name, status=1)
    result = _podman(t, "exec", name, "sh", "-c", script)
    t.equal(result.out.split(), ["writable", "700", "1048576", "Seccomp:", "2"], "stdout")
    t.contains(result.err, "/t/d': Too many links", "/x: Read-only file system", "/dev/other: Operation not permitted")
    _podman(t, "healthcheck", "run", name)


@test(peers="crun runc", seconds=180)
def a_restart_policy_restarts(t):
    name = _name(t)
    _run(t, "-d", "--name", name, "--restart", "on-failure:2", _IMAGE, "sh", "-c", "echo begun; exit 3")

    def over():
        found = _inspected(t, name)
        return found["RestartCount"] == 2 and found["State"]["Status"] == "exited" and found["State"]["ExitCode"] == 3

    t.check(until(over, 30), f"not begun again twice: {_inspected(t, name)['State']}")
    t.equal(_podman(t, "logs", name).out, "begun\n" * 3, "log")


@test(lane="vm", peers="crun runc", seconds=180)
def services_are_notified_by_container_and_by_conmon(t):
    """podman keeps the socket from the runtime and shows its own at the place where ours would be."""
    for mode, shell in (("container", "echo $NOTIFY_SOCKET; /notifier say:READY=1 barrier:5000 exit:0; sleep 1000"), ("conmon", "sleep 1000")):
        unit = t.fresh_name("podman") + ".service"
        t.finally_do(lambda unit=unit: systemd.control("stop", unit))
        name = _name(t)  # removed first: its shell hears no SIGTERM
        base = os.path.join(os.path.dirname(t.directory), "podman")
        options = ["--root", f"{base}/root", "--runroot", f"{base}/run", "--tmpdir", f"{base}/tmp", "--storage-driver", "vfs",
                   "--cgroup-manager", "systemd", "--runtime", t.rt.path, "--events-backend", "file"]
        _podman(t, "ps")  # its storage and image are there from here on
        started = t.command("systemd-run", "--quiet", "--collect", f"--unit={unit}", "-pType=notify", "-pNotifyAccess=all",
                            "-pTimeoutStartSec=60", "podman", *options, "run", "-d", f"--sdnotify={mode}", "--network", "none",
                            "--name", name, "-v", f"{t.program('notifier')}:/notifier:ro", _IMAGE, "sh", "-c", shell, timeout=90)
        t.equal(started.status, 0, f"status of the service with --sdnotify={mode}")
        if mode == "container":
            t.contains(_podman(t, "logs", name).out, "/run/notify/notify.sock")
