# SPDX-License-Identifier: Apache-2.0
"""What systemd says of a unit, typed (by busctl's JSON) or as systemctl shows it."""

import json
import subprocess

_MANAGER = ("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager")


def _command(*words, timeout=120):
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)


def version():
    return int(_command("systemctl", "--version").stdout.split()[1])


def object_path(unit):
    escaped = "".join(c if c.isalnum() and c.isascii() else f"_{ord(c):02x}" for c in unit)
    # A leading digit is escaped too, as sd_bus_path_encode does.
    if escaped[0].isdigit():
        escaped = f"_{ord(escaped[0]):02x}" + escaped[1:]
    return "/org/freedesktop/systemd1/unit/" + escaped


def loaded(unit):
    """True while the manager knows the unit; asking does not load it."""
    return _command("busctl", "call", *_MANAGER, "GetUnit", "s", unit).returncode == 0


def _unwrap(value):
    return value["data"] if isinstance(value, dict) and set(value) == {"type", "data"} else value


def properties(unit):
    """All D-Bus properties of a loaded unit: the common Unit ones and those of its type. {} when gone."""
    if not loaded(unit):
        return {}
    found = {}
    for interface in ("Unit", unit.rpartition(".")[2].capitalize()):
        reply = _command("busctl", "--json=short", "call", "org.freedesktop.systemd1", object_path(unit),
                         "org.freedesktop.DBus.Properties", "GetAll", "s", "org.freedesktop.systemd1." + interface)
        if reply.returncode == 0:
            found.update({name: _unwrap(value) for name, value in json.loads(reply.stdout)["data"][0].items()})
    return found


def status(unit):
    return _command("systemctl", "--no-pager", "-l", "status", unit).stdout


def units(*patterns):
    """{name: (load, active, sub)} of everything the manager has loaded."""
    out = _command("systemctl", "list-units", "--all", "--plain", "--no-legend", "--no-pager", "--full", *patterns).stdout
    rows = (line.split(None, 4) for line in out.splitlines())
    return {row[0]: tuple(row[1:4]) for row in rows if len(row) >= 4}


def jobs():
    out = _command("systemctl", "list-jobs", "--plain", "--no-legend", "--no-pager", "--full").stdout
    return {line.strip() for line in out.splitlines() if line.strip() and "No jobs" not in line}


def control(*words, timeout=120):
    return _command("systemctl", *words, timeout=timeout)
