# SPDX-License-Identifier: Apache-2.0
"""The daemons of the engines, told to use the runtime under test. One is up at a time, for all tests of a file that
follow each other: a service of its own, in a network namespace of its own, with all of its files in two directories."""

import http.client
import json
import os
import shutil
import socket
import subprocess

from . import images, process, systemd, wait

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
        return subprocess.run(["journalctl", "--no-pager", "-n", "12", "-o", "cat", "-u", self.unit], capture_output=True,
                              text=True).stdout

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
