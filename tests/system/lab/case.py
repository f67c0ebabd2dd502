# SPDX-License-Identifier: Apache-2.0
"""What a test function is handed: the runtime, bundles, and checks that tell the whole story."""

import json
import os
import re
import shutil
import subprocess

from . import cgroup, process, systemd, wait
from .bundle import Bundle
from .canary import Canary
from .runtime import run_command
from .wait import until


class Failure(AssertionError):
    """A check that did not hold."""


class Skip(Exception):
    """The machine lacks what a test needs; the reason is printed."""


def messages(text):
    """The error texts of logrus lines, unquoted; other lines as they are."""

    def unquoted(line):
        found = re.search(r' msg="((?:[^"\\]|\\.)*)"', line) or re.search(r" msg=(\S+)", line)
        return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), found[1]) if found else line

    return "\n".join(unquoted(line) for line in text.splitlines())


class Container:
    def __init__(self, case, identity, bundle, result, unit):
        self.case = case
        self.id = identity
        self.bundle = bundle
        self.result = result
        self.unit = unit

    @property
    def pid(self):
        return self.case.state(self.id)["pid"]

    @property
    def cgroup(self):
        return cgroup.path(systemd.properties(self.unit).get("ControlGroup", "/nowhere"))

    def output(self):
        with open(self.result.out_path, errors="replace") as file:
            return file.read()

    def wait_for_output(self, text, seconds=10.0):
        found = until(lambda: text in self.output(), seconds)
        self.case.check(found, f"the container never printed {text!r}; it printed {self.output()!r}")
        return self.output()

    def properties(self):
        return systemd.properties(self.unit)

    def wait_stopped(self, seconds=10.0):
        stopped = until(lambda: self.case.state(self.id)["status"] == "stopped", seconds)
        self.case.check(stopped, f"{self.id} did not stop: {self.case.state(self.id)}")


class Case:
    def __init__(self, name, number, runtime, template, directory, machine):
        self.name = name
        self.number = number
        self.rt = runtime
        self.template = template
        self.directory = directory
        self.machine = machine
        self.engine = None
        self.scale = wait.SCALE
        self.story = []
        self.identities = []
        self.canaries = []
        self._count = 0
        self._undo = []

    # Names and bundles

    def fresh_name(self, hint):
        """One that no other test has; the test itself removes what it gives it to."""
        self._count += 1
        return f"st-{os.getpid()}-{self.number}-{hint}{self._count}"

    def id(self, hint="c"):
        """A name for a container of the runtime, deleted at the end."""
        self.identities.append(self.fresh_name(hint))
        return self.identities[-1]

    def bundle(self, *args, private=False, writable=False, shell=None):
        self._count += 1
        words = ["sh", "-c", shell] if shell is not None else (args or None)
        return Bundle(self.template, os.path.join(self.directory, f"bundle{self._count}"), words, private, writable)

    def path(self, name):
        return os.path.join(self.directory, name)

    def canary(self):
        self._count += 1
        found = Canary(self.path(f"canary{self._count}"), os.path.realpath(self.rt.path))
        self.canaries.append(found)
        return found

    def probe(self):
        """The host's path of a static program that makes one system call (lab/probe.c)."""
        return self.program("probe")

    def program(self, name):
        """The host's path of a static program of lab/, built once per run."""
        if name not in self.machine.programs:
            compiler = shutil.which("gcc") or shutil.which("cc")
            self.machine_needs(compiler, "needs a C compiler in the machine")
            path = os.path.join(os.path.dirname(self.directory), name)
            source = os.path.join(os.path.dirname(__file__), f"{name}.c")
            built = subprocess.run([compiler, "-O1", "-static", "-o", path, source], capture_output=True, text=True)
            self.equal((built.returncode, built.stderr), (0, ""), f"building {name}.c")
            self.machine.programs[name] = path
        return self.machine.programs[name]

    def finally_do(self, action):
        """Runs after the test, the last one first, whatever came of it."""
        self._undo.append(action)

    # The runtime's commands

    def call(self, *words, **options):
        result = self.rt.call(*words, **options)
        self.story.append(result.told())
        if result.status == "timed out":
            raise Failure(f"'{words[0] if words else ''}' did not end in time")
        return result

    def command(self, *argv, **options):
        """Any other program, kept in the story as well."""
        result = run_command(list(argv), self.directory, **options)
        self.story.append(result.told())
        if result.status == "timed out":
            raise Failure(f"{argv[0]} did not end in time")
        return result

    def run(self, bundle, *flags, identity=None, status=0, **options):
        """`run` in the foreground; status None accepts any."""
        bundle.save()
        result = self.call("run", "--bundle", bundle.path, *flags, identity or self.id(), **options)
        if status is not None:
            self.equal(result.status, status, "exit status of run")
        return result

    def fails(self, bundle, *flags, words=(), verb="run", **options):
        """`run` (or create) must fail with status 1 and one error line that holds all words."""
        bundle.save()
        identity = self.id()
        result = self.call(verb, "--bundle", bundle.path, *flags, identity, **options)
        self.equal(result.status, 1, f"exit status of a {verb} that must fail")
        self.one_error(result, *words)
        self.check(not systemd.loaded(self.rt.unit(identity)), f"unit {self.rt.unit(identity)} exists after the failure")
        return result

    def detached(self, bundle, *flags, identity=None, options=(), **more):
        """`run -d`; what it returns knows its id, pid, unit and output."""
        bundle.save()
        identity = identity or self.id()
        result = self.call("run", "-d", "--bundle", bundle.path, *flags, identity, options=options, **more)
        self.equal(result.status, 0, "exit status of run -d")
        return Container(self, identity, bundle, result, self.rt.unit(identity))

    def created(self, bundle, *flags, identity=None, **more):
        bundle.save()
        identity = identity or self.id()
        result = self.call("create", "--bundle", bundle.path, *flags, identity, **more)
        self.equal(result.status, 0, "exit status of create")
        return Container(self, identity, bundle, result, self.rt.unit(identity))

    def start(self, container):
        return self.ok("start", container.id)

    def ok(self, *words, **options):
        result = self.call(*words, **options)
        self.equal(result.status, 0, f"exit status of {words[0]}")
        return result

    def state(self, identity, options=()):
        result = self.rt.call("state", identity, options=options)
        if result.status != 0:
            self.story.append(result.told())
            raise Failure(f"state of {identity} failed")
        return json.loads(result.out)

    def plan(self, bundle):
        bundle.save()
        return self.ok("plan", "--bundle", bundle.path)

    # Checks

    def check(self, condition, message):
        if not condition:
            raise Failure(message)

    def equal(self, found, wanted, what):
        if found != wanted:
            raise Failure(f"{what}: expected {wanted!r}, found {found!r}")

    def contains(self, text, *words):
        for word in words:
            if word not in text:
                raise Failure(f"expected {word!r} in {text!r}")

    def matches(self, text, pattern, what="text"):
        if not re.search(pattern, text):
            raise Failure(f"{what}: expected a match of {pattern!r} in {text!r}")

    def one_error(self, result, *words):
        """Exactly one error line, which holds all words."""
        lines = [line for line in result.err.splitlines() if line.strip() and "level=warning" not in line]
        self.check(len(lines) >= 1, "a failure without any error text")
        if self.rt.is_unitc:
            self.equal(len(lines), 1, "number of error lines")
            self.contains(lines[0], "level=error")
        self.contains(messages(result.err), *words)

    def gone(self, identity):
        self.check(self.rt.call("state", identity).status != 0, f"{identity} still has a state")

    def no_unit(self, identity):
        self.check(until(lambda: not systemd.loaded(self.rt.unit(identity))), f"unit of {identity} is still loaded")

    def machine_needs(self, condition, reason):
        if not condition:
            raise Skip(reason)

    # The end of a test

    def finish(self):
        """Deletes what the test left running, as a user would; every line returned is a failure."""
        troubles = []
        for action in reversed(self._undo):
            try:
                action()
            except Exception as error:  # the undo of a broken test must not hide the test's own failure
                troubles.append(f"clean-up: {error}")
        known = os.listdir(self.rt.root) if os.path.isdir(self.rt.root) else []
        for identity in self.identities:
            if identity in known or not self.rt.is_unitc:
                result = self.rt.call("delete", "--force", identity)
                if result.status != 0:
                    self.story.append(result.told())
                    troubles.append(f"delete --force {identity} failed with status {result.status}")
        for canary in self.canaries:
            troubles += [f"canary: {line}" for line in canary.changes()]
        return troubles

    def relevant_state(self):
        """What is known of the test's containers, for the report of a failure."""
        told = [self.engine.journal()] if self.engine else []
        for identity in self.identities:
            unit = self.rt.unit(identity)
            if systemd.loaded(unit):
                told.append(f"$ systemctl status {unit}\n" + systemd.status(unit))
            directory = os.path.join(self.rt.root, identity)
            if os.path.isdir(directory):
                told.append(f"{directory}: {sorted(os.listdir(directory))}")
                state = self.rt.call("state", identity)
                told.append(state.told())
        return told
