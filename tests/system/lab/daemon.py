# SPDX-License-Identifier: Apache-2.0
"""unitcd on the machine's system bus: installed as CMake would, asked with busctl, ended after each test."""

import json
import os
import shutil
import subprocess

from . import systemd
from .dbus import Client, RETURN, SIGNAL
from .wait import until

_SOURCE = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.."))
_MANAGER = ("org.unitc1", "/org/unitc1")
PATH = "/org/unitc1/container/"


def source(name):
    with open(os.path.join(_SOURCE, name)) as file:
        return file.read()


def _install(program):
    for target, text in (("/etc/dbus-1/system.d/org.unitc1.conf", source("dbus/org.unitc1.conf")),
                         ("/usr/share/dbus-1/system-services/org.unitc1.service", source("dbus/org.unitc1.service")),
                         ("/run/systemd/system/unitcd.service", source("units/unitcd.service.in")
                          .replace("@CMAKE_INSTALL_FULL_LIBEXECDIR@/unitcd", program))):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w") as file:
            file.write(text)
    systemd.control("daemon-reload")
    reload_bus()


def reload_bus():
    subprocess.run(["busctl", "call", "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "ReloadConfig"], check=True,
                   stdout=subprocess.DEVNULL)


class Daemon:
    def __init__(self, t):
        program = os.path.join(os.path.dirname(os.path.realpath(t.rt.path)), "unitcd")
        t.machine_needs(os.path.exists(program), "needs unitcd beside unitc")
        if "unitcd" not in t.machine.programs:
            _install(program)
            t.machine.programs["unitcd"] = program
        self.t = t
        t.finally_do(self.stop)
        self.stop()

    @staticmethod
    def stop():
        systemd.control("stop", "unitcd.service")
        systemd.control("reset-failed", "unitcd.service")

    @staticmethod
    def active():
        return systemd.control("is-active", "unitcd.service").stdout.strip() == "active"

    @staticmethod
    def pid():
        return int(systemd.control("show", "-P", "MainPID", "unitcd.service").stdout)

    def options(self, words):
        """A drop-in with options, until the test ends; it may be started as often as the test likes."""
        directory = "/run/systemd/system/unitcd.service.d"
        os.makedirs(directory, exist_ok=True)
        with open(directory + "/options.conf", "w") as file:
            file.write(f"[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=\nExecStart={self.t.machine.programs['unitcd']} {words}\n")
        systemd.control("daemon-reload")
        self.t.finally_do(lambda: (shutil.rmtree(directory), systemd.control("daemon-reload")))

    def raw(self, *words, wrap=()):
        return self.t.command(*wrap, "busctl", "--json=short", *words)

    def manager(self, method, *arguments, wrap=()):
        result = self.raw("call", *_MANAGER, "org.unitc1.Manager", method, *arguments, wrap=wrap)
        self.t.equal((result.status, result.err), (0, ""), f"call of {method}")
        return json.loads(result.out)["data"] if result.out.strip() else None

    def call(self, container, method, *arguments, wrap=()):
        """A method of a container's object: the result, whatever it is."""
        return self.raw("call", "org.unitc1", path(container.id), "org.unitc1.Container", method, *arguments, wrap=wrap)

    def done(self, container, method, *arguments, wrap=()):
        result = self.call(container, method, *arguments, wrap=wrap)
        self.t.equal((result.status, result.err), (0, ""), f"call of {method}")

    def refused(self, container, method, *arguments, words=(), wrap=()):
        result = self.call(container, method, *arguments, wrap=wrap)
        self.t.equal(result.status, 1, f"status of a {method} that must fail")
        self.t.contains(result.err, *words)

    def properties(self, identity, wrap=()):
        result = self.raw("call", "org.unitc1", path(identity), "org.freedesktop.DBus.Properties", "GetAll", "s",
                          "org.unitc1.Container", wrap=wrap)
        self.t.equal((result.status, result.err), (0, ""), "GetAll")
        return {name: value["data"] for name, value in json.loads(result.out)["data"][0].items()}

    def listed(self):
        """{id: (status, pid, unit, path)}"""
        return {row[0]: tuple(row[1:]) for row in self.manager("List")[0]}

    def subscriber(self):
        client = Client()
        self.t.finally_do(client.close)
        client.match("type='signal',sender='org.unitc1'")
        answer = client.ask(*_MANAGER, "org.unitc1.Manager", "Subscribe")
        self.t.equal((answer.kind, answer.error), (RETURN, None), "answer to Subscribe")
        return Heard(self.t, client)


class Heard:
    """The signals that a subscriber hears, in order."""

    def __init__(self, t, client):
        self.t, self.client = t, client

    def expect(self, member, path, words=()):
        """Waits for a signal whose body holds the words; returns it."""
        def fits(message):
            return message.kind == SIGNAL and message.member == member and message.path == path and \
                all(word.encode() + b"\0" in message.body for word in words)
        try:
            return self.client.wait(fits)
        except TimeoutError:
            self.t.check(False, f"no {member} of {path} with {words}; heard "
                                f"{[(m.member, m.path) for m in self.client.waiting if m.kind == SIGNAL]}")


def path(identity):
    return PATH + systemd.object_path(identity).rpartition("/")[2]


def ended(daemon, seconds):
    return until(lambda: not daemon.active(), seconds)
