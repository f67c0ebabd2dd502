# SPDX-License-Identifier: Apache-2.0
"""containerd with the runtime under test: by ctr, and by its Container Runtime Interface as kubernetes uses it, with a
pod's containers on a CNI network."""

import json
import os

from lab import cgroup, cri, process, systemd, test, until
from lab.engines import Containerd

_WAITS = "trap 'echo bye; exit 5' TERM; echo ready; sleep 1000 & while :; do wait; done"


def _ctr(t, *words, status=0, timeout=60, **more):
    result = t.command(*t.engine.client, *words, timeout=timeout, **more)
    if status is not None:
        t.equal(result.status, status, f"status of ctr {' '.join(words[:2])}")
    return result


def _run(t, *words, **more):
    return _ctr(t, "run", "--runtime", "io.containerd.runc.v2", "--runc-binary", t.rt.path, *words, **more)


def _task(t, name):
    """(pid, status) by `ctr tasks list`, or None."""
    rows = (line.split() for line in _ctr(t, "tasks", "list").out.splitlines())
    return next(((int(row[1]), row[2]) for row in rows if row[0] == name), None)


@test(peers="crun runc", engine=Containerd)
def ctr_runs_a_container_to_its_end(t):
    """With the path that ctr passes by itself, /NAMESPACE/ID: a unit for us, a directory beside systemd's for others."""
    name = t.fresh_name("ctr")
    if not t.rt.is_unitc:
        t.finally_do(lambda: os.rmdir("/sys/fs/cgroup/k8s.io"))
    result = _run(t, "--rm", t.engine.image, name, "sh", "-c", "echo hello; cat /proc/self/cgroup; exit 7", status=7)
    t.contains(result.out, "hello\n")
    t.matches(result.out, rf"(?m)^0::/k8s\.io\S*/{name}{'[.]scope' if t.rt.is_unitc else ''}$", "cgroup")


@test(peers="crun runc", engine=Containerd)
def ctr_rules_a_detached_container(t):
    name = t.fresh_name("ctr")
    t.finally_do(lambda: (_ctr(t, "tasks", "delete", "--force", name, status=None), _ctr(t, "containers", "delete", name)))
    _run(t, "--detach", "--runc-systemd-cgroup", "--cgroup", f"system.slice:systest:{name}", t.engine.image, name, "sh", "-c", _WAITS)
    pid, status = _task(t, name)
    t.equal(status, "RUNNING", "status")
    unit = f"systest-{name}.scope"
    group = cgroup.of_process(pid)
    t.equal((group, systemd.properties(unit)["ControlGroup"]), (f"/system.slice/{unit}",) * 2, "cgroup of the process and of the unit")
    result = _ctr(t, "tasks", "exec", "--exec-id", "one", "--user", "12", "--cwd", "/tmp", name, "sh", "-c", "id -u; pwd; exit 9", status=9)
    t.equal(result.out, "12\n/tmp\n", "stdout of exec")
    _ctr(t, "tasks", "pause", name)
    t.equal(_task(t, name), (pid, "PAUSED"), "task after pause")
    t.contains(cgroup.read(cgroup.path(group), "cgroup.events"), "frozen 1")
    _ctr(t, "tasks", "resume", name)
    t.equal(_task(t, name), (pid, "RUNNING"), "task after resume")
    t.contains(_ctr(t, "tasks", "metrics", name).out, name)
    _ctr(t, "tasks", "kill", "--signal", "SIGTERM", name)
    t.check(until(lambda: _task(t, name) == (pid, "STOPPED"), 20), f"not stopped: {_task(t, name)}")
    t.contains(_ctr(t, "tasks", "delete", name).err, "exit code 5")
    t.check(until(lambda: not systemd.loaded(unit)), "the scope is still loaded")


class _Pod:
    """A pod with a slice of its own, as a kubelet would ask for it."""

    def __init__(self, t, **namespaces):
        self.t = t
        self.slice = f"systest{t.number}.slice"
        self.logs = t.path("logs")
        self.config = {"metadata": {"name": t.fresh_name("pod"), "uid": t.fresh_name("uid"), "namespace": "systest"}, "hostname": "pod",
                       "log_directory": self.logs, "linux": {"cgroup_parent": f"/{self.slice}",
                                                             "security_context": {"namespace_options": namespaces}}}
        self.id = self.call("RunPodSandbox", config=self.config)["pod_sandbox_id"]
        t.finally_do(lambda: (self.call("StopPodSandbox", pod_sandbox_id=self.id), self.call("RemovePodSandbox", pod_sandbox_id=self.id)))

    def call(self, name, **values):
        reply = self.t.engine.cri.call(name, 30 * self.t.scale, **values)
        self.t.story.append(f"CRI {name} {values}: {reply}")
        return reply

    def container(self, name, *command, resources=None, context=None, namespaces=None, **more):
        settings = {"metadata": {"name": name}, "image": {"image": self.t.engine.image}, "command": list(command),
                    "log_path": f"{name}.log", "linux": {"resources": resources or {}, "security_context": {
                        "namespace_options": namespaces or {}, **(context or {})}}, **more}
        made = self.call("CreateContainer", pod_sandbox_id=self.id, config=settings, sandbox_config=self.config)["container_id"]
        self.call("StartContainer", container_id=made)
        return made

    def status(self, container):
        return self.call("ContainerStatus", container_id=container)["status"]

    def pid(self, container):
        return json.loads(self.call("ContainerStatus", container_id=container, verbose=1)["info"]["info"])["pid"]

    def run(self, container, *command):
        reply = self.call("ExecSync", container_id=container, cmd=list(command), timeout=60)
        return reply["exit_code"], reply["stdout"].decode(), reply["stderr"].decode()

    def log(self, name):
        with open(os.path.join(self.logs, f"{name}.log")) as file:
            return file.read()


@test(peers="crun runc", seconds=60, engine=Containerd)
def cri_runs_two_containers_that_share_namespaces(t):
    ready = {each["type"]: each["status"] for each in t.engine.cri.call("Status", 10 * t.scale)["status"]["conditions"]}
    t.equal((ready["RuntimeReady"], ready["NetworkReady"]), (1, 1), "whether the runtime and the network are ready")
    pod = _Pod(t, pid=cri.POD)
    shared = {"namespaces": {"pid": cri.POD}}
    first = pod.container("first", "sh", "-c", "echo ready; while :; do nc -l -p 99 -e echo served; done", **shared)
    second = pod.container("second", "sleep", "1000", working_dir="/tmp", envs=[{"key": "A", "value": b"b"}],
                           context={"run_as_user": {"value": 12}, "readonly_rootfs": 1}, **shared)
    pids = pod.pid(first), pod.pid(second)
    for kind in ("net", "ipc", "uts", "pid"):
        t.equal(process.namespace(pids[0], kind), process.namespace(pids[1], kind), f"{kind} namespace")
    t.check(process.namespace(pids[0], "mnt") != process.namespace(pids[1], "mnt"), "the mount namespace is shared")
    for container, pid in zip((first, second), pids):
        t.equal(cgroup.of_process(pid), f"/{pod.slice}/cri-containerd-{container}.scope", "cgroup")
    address = pod.call("PodSandboxStatus", pod_sandbox_id=pod.id)["status"]["network"]["ip"]
    t.matches(address, r"^10\.99\.0\.", "the pod's address")
    t.check(until(lambda: "ready" in pod.log("first"), 20), "the log says nothing")
    t.equal(pod.run(second, "nc", "-w", "5", address, "99"), (0, "served\n", ""), "what the first container serves")
    t.equal(pod.run(second, "sh", "-c", "id -u; pwd; echo $A; hostname; touch /x 2>/dev/null || echo read-only; echo err >&2; exit 9"),
            (9, "12\n/tmp\nb\npod\nread-only\n", "err\n"), "status, stdout and stderr of ExecSync")
    t.contains(pod.run(first, "ps")[1], "sleep 1000")


@test(lane="vm", peers="runc", seconds=60, engine=Containerd)
def cri_execs_updates_and_stops(t):
    pod = _Pod(t)
    name = pod.container("only", "sh", "-c", _WAITS, resources={"memory_limit_in_bytes": 64 << 20, "cpu_period": 100000, "cpu_quota": 50000})

    def streamed(*command, text="", **more):
        address = pod.call("Exec", container_id=name, cmd=list(command), stdin=1, stdout=1, **more)["url"]
        with t.engine.network():
            return cri.stream(address, text, 30 * t.scale)

    seen = streamed("sh", "-c", "read line; echo got $line; echo err >&2; exit 9", text="input\n", stderr=1)
    t.equal((seen[1], seen[2]), (b"got input\n", b"err\n"), "stdout and stderr")
    t.contains(seen[3].decode(), '"status":"Failure"', '"9"')
    seen = streamed("sh", "-c", "tty; test -t 1 && echo and a terminal", tty=1)
    t.equal(seen[1].replace(b"\r", b""), b"/dev/pts/0\nand a terminal\n", "stdout with a terminal")
    t.contains(seen[3].decode(), '"status":"Success"')

    unit = f"cri-containerd-{name}.scope"
    group = cgroup.path(systemd.properties(unit)["ControlGroup"])

    def limits():
        seen = systemd.properties(unit)
        return seen["MemoryMax"], seen["CPUQuotaPerSecUSec"], cgroup.read(group, "memory.max"), cgroup.read(group, "cpu.max")

    t.equal(limits(), (64 << 20, 500000, "67108864", "50000 100000"), "limits")
    pod.call("UpdateContainerResources", container_id=name, linux={"memory_limit_in_bytes": 128 << 20, "cpu_period": 100000,
                                                                    "cpu_quota": 150000})
    t.equal(limits(), (128 << 20, 1500000, "134217728", "150000 100000"), "limits after an update")
    stats = pod.call("ContainerStats", container_id=name)["stats"]
    t.check(stats["cpu"]["usage_core_nano_seconds"]["value"] > 0 and stats["memory"]["working_set_bytes"]["value"] > 0, f"no use: {stats}")
    t.check(until(lambda: "ready" in pod.log("only"), 20), "the log says nothing")
    pod.call("StopContainer", container_id=name, timeout=60)
    seen = pod.status(name)
    t.equal((seen["state"], seen["exit_code"], seen["reason"]), (cri.EXITED, 5, "Error"), "state, exit code and reason")
    pod.call("RemoveContainer", container_id=name)
    t.check(until(lambda: not systemd.loaded(unit)), "the scope is still loaded")
