# SPDX-License-Identifier: Apache-2.0
"""Unit files of a test: written, started by systemd itself, and taken away again."""

import os
import shlex

from . import systemd
from .wait import until

DIRECTORY = "/run/systemd/system"


class Unit:
    """A unit file in the machine; the test's end stops it and removes it. `instance`: the unit to act
    upon where the file is a template's."""

    def __init__(self, t, file_name, text, instance=None):
        self.t, self.name = t, instance or file_name
        self.path = os.path.join(DIRECTORY, file_name)
        with open(self.path, "w") as file:
            file.write(text)
        t.finally_do(self.remove)
        systemd.control("daemon-reload")

    def control(self, verb, *words, status=0):
        result = self.t.command("systemctl", verb, *words, self.name, timeout=60.0)
        if status is not None and result.status != status:
            self.t.story.append(systemd.status(self.name))
            self.t.equal(result.status, status, f"status of systemctl {verb} {self.name}")
        return result

    def show(self, *names):
        """One property as text, or a tuple of several."""
        found = dict(line.split("=", 1) for line in
                     systemd.control("show", "-p", ",".join(names), self.name).stdout.splitlines() if "=" in line)
        return found.get(names[0], "") if len(names) == 1 else tuple(found.get(name, "") for name in names)

    def wait(self, name, value, seconds=10.0):
        self.t.check(until(lambda: self.show(name) == value, seconds),
                     f"{name} of {self.name} is {self.show(name)!r}, not {value!r}:\n{systemd.status(self.name)}")

    def remove(self):
        systemd.control("stop", self.name)
        systemd.control("reset-failed", self.name)
        os.unlink(self.path)
        systemd.control("daemon-reload")


def service(t, *lines, name=None, more=()):
    """A service of these lines of [Service]; `more` are whole sections before it."""
    name = name or t.fresh_name("s") + ".service"
    return Unit(t, name, "\n".join([*more, "[Service]", *lines, ""]))


def command(t, *words):
    """The runtime's command line as Exec…= takes it."""
    return shlex.join(t.rt.argv(words)).replace("%", "%%").replace("$", "$$")
