# SPDX-License-Identifier: Apache-2.0
"""Runs the runtime under test and keeps what happened, so that a failing test tells the whole story."""

import os
import shlex
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass

from . import wait


@dataclass
class Result:
    argv: list
    status: int
    out: str
    err: str
    seconds: float
    out_path: str

    @property
    def lines(self):
        return self.out.splitlines()

    def told(self):
        def block(name, text):
            text = text if len(text) < 6000 else text[:3000] + "\n[…]\n" + text[-3000:]
            return "".join(f"\n  {name}: {line}" for line in text.splitlines())

        return f"$ {shlex.join(self.argv)}\n  status: {self.status} ({self.seconds:.3f} s)" + block("stdout", self.out) + \
            block("stderr", self.err)


class Runtime:
    """The binary and the global options that every command gets."""

    def __init__(self, path, name, directory):
        self.path = path
        self.name = name
        self.directory = directory
        self.is_unitc = name == "unitc"
        self.root = f"/run/{name}"
        self.options = [] if self.is_unitc else ["--systemd-cgroup"]

    def unit(self, identity):
        return f"{self.name}-{identity}.scope"

    def argv(self, words, options=()):
        return [self.path, *self.options, *options, *words]

    def call(self, *words, options=(), input=None, env=None, cwd=None, timeout=20.0, wrap=(), pass_fds=(), stdin=None,
             preexec=None):
        """Runs one command to its end. Output goes to files, because a detached container keeps them open."""
        argv = [*wrap, *self.argv(words, options)]
        return run_command(argv, self.directory, input=input, env=env, cwd=cwd, timeout=timeout, pass_fds=pass_fds, stdin=stdin,
                           preexec=preexec)


def run_command(argv, directory, input=None, env=None, cwd=None, timeout=20.0, pass_fds=(), stdin=None, preexec=None):
    out = tempfile.NamedTemporaryFile(dir=directory, prefix="out-", delete=False)
    err = tempfile.NamedTemporaryFile(dir=directory, prefix="err-", delete=False)
    begin = time.monotonic()
    source = subprocess.PIPE if input is not None else (stdin if stdin is not None else subprocess.DEVNULL)
    with out, err:
        child = subprocess.Popen(argv, stdin=source, stdout=out, stderr=err, env=env, cwd=cwd, pass_fds=pass_fds,
                                 preexec_fn=preexec, start_new_session=True)
        try:
            child.communicate(input.encode() if isinstance(input, str) else input, timeout=timeout * wait.SCALE)
            status = child.returncode
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            status = "timed out"

    def text(file):
        with open(file.name, errors="replace") as again:
            return again.read()

    return Result(argv, status, text(out), text(err), time.monotonic() - begin, out.name)
