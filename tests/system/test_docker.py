# SPDX-License-Identifier: Apache-2.0
"""docker with the runtime under test as its default: what docker promises of a container, seen through docker, in
systemd and in the cgroup; two containers on a network, a swarm's service; both cgroup drivers."""

from lab import cgroup, systemd, test, until
from lab.engines import IMAGE, Docker, DockerCgroupfs

_WAITS = "trap 'echo bye; exit 5' TERM; trap 'echo usr1' USR1; echo ready; sleep 1000 & while :; do wait; done"


def _docker(t, *words, status=0, timeout=60, **more):
    result = t.command(*t.engine.client, *words, timeout=timeout, **more)
    if status is not None:
        t.equal(result.status, status, f"status of docker {words[0]}")
    return result


def _run(t, *words, **more):
    return _docker(t, "run", "--network", "none", *words, **more)


def _name(t, hint="docker"):
    name = t.fresh_name(hint)
    t.finally_do(lambda: _docker(t, "rm", "-f", name))
    return name


def _detached(t, *words, network="none"):
    """(name, what docker tells of it) of a container that runs."""
    name = _name(t)
    _docker(t, "run", "-d", "--network", network, "--name", name, *words)
    return name, _inspected(t, name)


def _inspected(t, name):
    return t.engine.get(f"/containers/{name}/json") or {}


def _comes_to(t, name, status, seconds=20):
    t.check(until(lambda: _inspected(t, name).get("State", {}).get("Status") == status, seconds),
            f"{name} is not {status}: {_inspected(t, name).get('State')}")
    return _inspected(t, name)["State"]


def _logs(t, name, text):
    """Waits for a text in the container's log."""
    path = _inspected(t, name)["LogPath"]

    def logged():
        with open(path) as file:
            return text in file.read()

    t.check(until(logged, 20), f"{name} never printed {text!r}")


def _unit(found):
    return f"docker-{found['Id']}.scope"


@test(peers="crun runc", engine=Docker)
def run_prints_and_returns_the_status(t):
    result = _run(t, "--rm", "-i", IMAGE, "sh", "-c", "cat; exit 7", status=7, input="through docker\n")
    t.equal(result.out, "through docker\n", "stdout")
    t.contains(_run(t, "--rm", IMAGE, "no-such-program", status=127).err, "executable file not found in $PATH")
    t.contains(_run(t, "--rm", IMAGE, "/etc/passwd", status=126).err, "permission denied")


@test(peers="crun runc", engine=Docker)
def exec_enters_the_container(t):
    name, _ = _detached(t, "-w", "/home", IMAGE, "sh", "-c", _WAITS)
    script = "cat; id -u; id -g; pwd; echo $A; cat /proc/1/comm; exit 9"
    result = _docker(t, "exec", "-i", "-u", "12:34", "-w", "/tmp", "-e", "A=b", name, "sh", "-c", script, status=9, input="in\n")
    t.equal(result.out, "in\n12\n34\n/tmp\nb\nsh\n", "stdout of exec")
    t.contains(_docker(t, "exec", name, "no-such-program", status=126).out, "executable file not found in $PATH")
    _docker(t, "exec", "-d", name, "sh", "-c", "pwd >/tmp/where.new; mv /tmp/where.new /tmp/where")
    t.check(until(lambda: _docker(t, "exec", name, "cat", "/tmp/where", status=None).out == "/home\n", 20), "exec -d did nothing")
    t.contains(_docker(t, "top", name).out, "sleep 1000")


@test(peers="crun runc", engine=Docker)
def logs_kill_and_stop(t):
    name, found = _detached(t, IMAGE, "sh", "-c", _WAITS)
    _logs(t, name, "ready")
    _docker(t, "kill", "-s", "USR1", name)
    _logs(t, name, "usr1")
    _docker(t, "stop", "-t", "30", name)
    t.equal(_comes_to(t, name, "exited")["ExitCode"], 5, "exit code after stop")
    t.equal(_docker(t, "logs", name).out, "ready\nusr1\nbye\n", "log")
    t.check(until(lambda: not systemd.loaded(_unit(found))), "the scope is still loaded")
    _docker(t, "start", name)
    _docker(t, "kill", name)
    t.equal(_comes_to(t, name, "exited")["ExitCode"], 137, "exit code after kill")


@test(lane="vm", peers="runc", engine=Docker)
def limits_and_update_are_in_the_cgroup_and_in_systemd(t):
    name, found = _detached(t, "--memory", "64m", "--memory-swap", "96m", "--memory-reservation", "32m", "--cpus", "0.5",
                            "--cpu-shares", "512", "--pids-limit", "33", "--cpuset-cpus", "0", IMAGE, "sleep", "1000")
    unit = _unit(found)
    weight = 59 if t.rt.is_unitc else 20  # peers have the former formula
    _same(t, unit, (("MemoryMax", 64 << 20, "memory.max", "67108864"), ("MemorySwapMax", 32 << 20, "memory.swap.max", "33554432"),
                    ("MemoryLow", 32 << 20, "memory.low", "33554432"), ("TasksMax", 33, "pids.max", "33"),
                    ("CPUQuotaPerSecUSec", 500000, "cpu.max", "50000 100000"), ("CPUWeight", weight, "cpu.weight", str(weight)),
                    ("Slice", "system.slice", "cpuset.cpus", "0")))
    _docker(t, "update", "--memory", "128m", "--memory-swap", "128m", "--cpus", "1.5", "--pids-limit", "44", name)
    group = _same(t, unit, (("MemoryMax", 128 << 20, "memory.max", "134217728"), ("MemorySwapMax", 0, "memory.swap.max", "0"),
                            ("TasksMax", 44, "pids.max", "44"), ("CPUQuotaPerSecUSec", 1500000, "cpu.max", "150000 100000")))
    before = cgroup.settings(group)
    systemd.control("daemon-reload")
    t.equal(cgroup.settings(group), before, "the cgroup's files after a daemon-reload")
    shown = _docker(t, "stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}} {{.PIDs}}", name).out
    t.matches(shown, rf"^{name} \S+iB / 128MiB 1$", "docker stats")


def _same(t, unit, wanted):
    """Each row: a property and its value, a cgroup file and its text. Returns the cgroup's path."""
    seen = systemd.properties(unit)
    group = cgroup.path(seen["ControlGroup"])
    for name, value, file, text in wanted:
        t.equal((seen.get(name), cgroup.read(group, file)), (value, text), f"{name} and {file}")
    return group


@test(peers="crun runc", engine=Docker)
def pause_freezes_the_cgroup(t):
    name, found = _detached(t, IMAGE, "sleep", "1000")
    group = cgroup.path(systemd.properties(_unit(found))["ControlGroup"])
    _docker(t, "pause", name)
    t.equal(_comes_to(t, name, "paused")["Paused"], True, "paused")
    t.contains(cgroup.read(group, "cgroup.events"), "frozen 1")
    t.contains(_docker(t, "exec", name, "true", status=1).err, "paused")
    _docker(t, "unpause", name)
    _comes_to(t, name, "running")
    t.contains(cgroup.read(group, "cgroup.events"), "frozen 0")
    _docker(t, "pause", name)  # and what is paused can be removed


@test(peers="crun runc", engine=Docker)
def restart_policies_restart(t):
    failing, _ = _detached(t, "--restart", "on-failure:2", IMAGE, "sh", "-c", "echo begun; exit 3")
    always, found = _detached(t, "--restart", "always", IMAGE, "sh", "-c", _WAITS)
    _logs(t, always, "ready")
    systemd.control("stop", _unit(found))

    def again():
        state = _inspected(t, always)
        return state.get("RestartCount") == 1 and state["State"]["Running"] and state["State"]["Pid"] != found["State"]["Pid"]

    t.check(until(again, 20), f"'always' did not begin again: {_inspected(t, always).get('State')}")
    t.equal(_inspected(t, always)["State"]["Error"], "", "error of the container that began again")
    t.check(until(lambda: _inspected(t, failing).get("RestartCount") == 2, 20), "'on-failure:2' did not begin again twice")
    t.equal(_comes_to(t, failing, "exited")["ExitCode"], 3, "exit code")
    t.equal(_docker(t, "logs", failing).out, "begun\n" * 3, "log")


@test(peers="crun runc", engine=Docker)
def init_reaps_and_options_hold(t):
    script = "cat /proc/1/comm; touch /x 2>/dev/null || echo read-only; hostname; ls /dev/other; ulimit -n; echo t >/t/f && cat /t/f"
    result = _run(t, "--rm", "--init", "--read-only", "--tmpfs", "/t", "--hostname", "box", "--device", "/dev/null:/dev/other",
                  "--ulimit", "nofile=64:64", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "-t", IMAGE, "sh", "-c", script)
    t.equal(result.out.replace("\r", ""), "docker-init\nread-only\nbox\n/dev/other\n64\nt\n", "stdout")


@test(peers="crun runc", engine=Docker)
def two_containers_talk_on_a_network(t):
    network = t.fresh_name("net")
    t.finally_do(lambda: _docker(t, "network", "rm", network))
    _docker(t, "network", "create", network)
    server, _ = _detached(t, IMAGE, "sh", "-c", "echo ready; while :; do nc -l -p 99 -e cat /etc/hostname; done", network=network)
    _logs(t, server, "ready")
    script = f"for try in 1 2 3 4 5 6 7 8 9; do nc -w 5 {server} 99 && exit; sleep 0.3; done"
    result = _docker(t, "run", "--rm", "--network", network, IMAGE, "sh", "-c", script)
    t.equal(result.out.strip(), _inspected(t, server)["Config"]["Hostname"], "what the server says")


@test(peers="crun runc", seconds=90, engine=Docker)
def a_swarm_service_is_scaled(t):
    t.finally_do(lambda: _docker(t, "swarm", "leave", "--force"))
    _docker(t, "swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:2377")
    _docker(t, "service", "create", "--detach", "--no-resolve-image", "--name", "service", "--replicas", "2",
            "--stop-signal", "KILL", IMAGE, "sleep", "1000")

    def running(count):
        pids = [_inspected(t, each["Id"]).get("State", {}).get("Pid", 0) for each in t.engine.get("/containers/json") or ()]
        return len(pids) == count and all(pids) and pids

    pids = until(lambda: running(2), 40)
    t.check(pids, f"not two replicas: {t.engine.get('/tasks')}")
    for pid in pids:
        t.matches(cgroup.of_process(pid), r"^/system\.slice/docker-[0-9a-f]{64}\.scope$", "cgroup of a replica")
    _docker(t, "service", "scale", "--detach", "service=1")
    t.check(until(lambda: running(1), 40), "not scaled down to one replica")
    _docker(t, "service", "rm", "service")
    t.check(until(lambda: t.engine.get("/containers/json?all=true") == [], 40), "containers of the service are left")


@test(lane="vm", peers="", engine=DockerCgroupfs)
def the_other_cgroup_driver_gives_units_as_well(t):
    """docker passes a plain path then; runc would make cgroups of its own."""
    name, found = _detached(t, "--pids-limit", "33", IMAGE, "sleep", "1000")
    where = cgroup.of_process(found["State"]["Pid"])
    t.matches(where, rf"/[^/]*{found['Id']}\.scope$", "cgroup")
    t.equal(systemd.properties(where.rpartition("/")[2])["TasksMax"], 33, "TasksMax")
    _docker(t, "stop", "-t", "0", name)
