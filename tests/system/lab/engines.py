# SPDX-License-Identifier: Apache-2.0
"""The daemons of the engines, told to use the runtime under test. One is up at a time, for all tests of a file that
follow each other: a service of its own, in a network namespace of its own, with all of its files in two directories."""

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess

from . import cri, images, process, systemd, wait

IMAGE = "localhost/systest"


class Trouble(Exception):
    """A daemon that does not come up."""


class Engine:
    """`name` is the service's; `programs` are what the machine must have."""

    name = ""
    programs = ()
    leaves = ()  # directories that the daemon makes and never removes
    seconds = 20.0

    def __init__(self, runtime, template):
        self.runtime = runtime
        self.template = template
        self.unit = f"engine-{self.name}.service"
        # /var/lib/containers: see tests/lib/nspawn. No 'unitc' in any path: the leak check looks for that word.
        self.data = f"/var/lib/containers/engine-{self.name}"
        self.run = f"/run/engine-{self.name}"

    @classmethod
    def lacking(cls):
        return [program for program in cls.programs if not shutil.which(program)]

    def start(self):
        self.leaves = [path for path in self.leaves if not os.path.exists(path)]
        for directory in (self.data, self.run):
            os.makedirs(directory, mode=0o700)
        argv = self.daemon()
        begin = f"ip link set lo up && exec {' '.join(argv)}"
        self.must("systemd-run", "--quiet", "--collect", f"--unit={self.unit}", "--service-type=notify",
                  f"--property=TimeoutStartSec={self.seconds * wait.SCALE:.0f}", "--property=TasksMax=infinity",
                  "unshare", "--net", "sh", "-c", begin)
        self.prepare()

    def stop(self):
        """Ends the daemon; its files go unless something is still mounted there, which the leak check then tells."""
        systemd.control("stop", self.unit, timeout=self.seconds * wait.SCALE)
        for directory in (self.data, self.run, *self.leaves):
            if not any(entry["point"].startswith(directory + "/") for entry in process.mounts("self")):
                shutil.rmtree(directory, ignore_errors=True)

    def must(self, *argv):
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=self.seconds * wait.SCALE + 60)
        if done.returncode != 0:
            raise Trouble(f"{self.name}: {argv[0]} {argv[1]}: status {done.returncode}: {done.stderr[-2000:]}{self.journal()}")
        return done.stdout

    def journal(self):
        """The last lines of the daemon's log, without what its shims say of themselves."""
        done = subprocess.run(["journalctl", "--no-pager", "-n", "200", "-o", "cat", "-u", self.unit], capture_output=True, text=True)
        return "\n".join([line for line in done.stdout.splitlines() if "level=info" not in line][-10:])

    def write(self, name, text):
        path = os.path.join(self.run, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def daemon(self):
        """Writes the configuration; returns the daemon's command line."""
        raise NotImplementedError

    def prepare(self):
        """Brings the image in, once the daemon is up."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=10 * wait.SCALE)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Docker(Engine):
    name = "docker"
    programs = ("dockerd", "docker", "containerd", "containerd-shim-runc-v2")
    leaves = ("/run/docker", "/run/containerd")
    driver = "systemd"

    def daemon(self):
        self.socket = f"{self.run}/docker.sock"
        self.client = ("docker", "--host", f"unix://{self.socket}")
        config = {"runtimes": {"under-test": {"path": self.runtime.path}}, "default-runtime": "under-test",
                  "exec-opts": [f"native.cgroupdriver={self.driver}"], "storage-driver": "overlay2", "hosts": [f"unix://{self.socket}"],
                  "data-root": self.data, "exec-root": f"{self.run}/exec", "pidfile": f"{self.run}/pid",
                  "log-level": "warn"}
        return ("dockerd", "--config-file", self.write("daemon.json", json.dumps(config)))

    def prepare(self):
        self.must(*self.client, "import", images.layer(self.template, self.run), IMAGE)

    def get(self, path):
        """What the daemon's own interface says, parsed; far cheaper than a start of the client."""
        connection = _UnixConnection(self.socket)
        try:
            connection.request("GET", path)
            reply = connection.getresponse()
            body = reply.read()
            return json.loads(body) if reply.status == 200 else None
        finally:
            connection.close()


class DockerCgroupfs(Docker):
    name = "docker-cgroupfs"
    driver = "cgroupfs"


_CONTAINERD = """version = 2
root = "{data}"
state = "{run}/state"
[grpc]
  address = "{run}/containerd.sock"
[debug]
  level = "warn"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{image}"
  netns_mounts_under_state_dir = true
  restrict_oom_score_adj = {restricted}
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{run}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "under-test"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.under-test]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.under-test.options]
        BinaryName = "{runtime}"
        SystemdCgroup = true
"""


class Containerd(Engine):
    name = "containerd"
    programs = ("containerd", "ctr", "containerd-shim-runc-v2")
    leaves = ("/run/containerd",)
    image = f"{IMAGE}:latest"
    subnet = "10.99.0.0/24"

    def daemon(self):
        self.socket = f"{self.run}/containerd.sock"
        self.client = ("ctr", "--address", self.socket, "--namespace", "k8s.io")
        addresses = {"type": "host-local", "dataDir": f"{self.run}/addresses", "ranges": [[{"subnet": self.subnet}]]}
        bridge = {"type": "bridge", "bridge": "systest0", "isGateway": True, "ipam": addresses}
        self.write("10-systest.conflist", json.dumps({"cniVersion": "1.0.0", "name": "systest", "plugins": [bridge]}))
        text = _CONTAINERD.format(data=self.data, run=self.run, image=self.image, runtime=self.runtime.path,
                                  restricted="true" if os.path.exists("/run/systemd/container") else "false")
        return ("containerd", "--config", self.write("config.toml", text))

    def prepare(self):
        archive = images.oci_archive(self.template, self.run, self.image, ("sleep", "100000"))
        self.must(*self.client, "images", "import", archive)
        self.cri = cri.Client(self.socket)

    def stop(self):
        if hasattr(self, "cri"):
            self.cri.close()
        super().stop()

    @contextlib.contextmanager
    def network(self):
        """Sockets made meanwhile are in the daemon's network namespace."""
        pid = systemd.properties(self.unit)["MainPID"]
        with open("/proc/thread-self/ns/net") as ours, open(f"/proc/{pid}/ns/net") as its:
            os.setns(its.fileno(), os.CLONE_NEWNET)
            try:
                yield
            finally:
                os.setns(ours.fileno(), os.CLONE_NEWNET)


class Host:
    """Keeps the one daemon that the tests at hand use, and what the machine looked like before it."""

    def __init__(self, runtime, template, watch):
        self.runtime = runtime
        self.template = template
        self.watch = watch
        self.kind = None
        self.engine = None
        self.trouble = None
        self._before = None

    def want(self, kind):
        """The engine of that kind, up; None where the machine lacks a program. What an idle daemon holds (its service,
        its mounts and files) is no leak of a test; the end of the daemon is checked against what was before it."""
        if kind is None:
            return None
        if self.trouble:
            raise self.trouble
        if self.engine is None:
            self.kind = kind
            if kind.lacking():
                return None
            self._before = self.watch.before
            self.engine = kind(self.runtime, self.template)
            try:
                self.engine.start()
            except (Trouble, OSError, subprocess.TimeoutExpired) as error:
                self.trouble = error
                raise
            self.watch.before = self.watch.snapshot()
        return self.engine

    def release(self):
        """Ends the daemon; names of what it and its containers left behind."""
        self.engine.stop()
        self.watch.before = self._before
        self.kind = self.engine = self.trouble = None
        return self.watch.check()
