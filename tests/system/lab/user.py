# SPDX-License-Identifier: Apache-2.0
"""An ordinary user with a service manager of its own, for one test: made before it, gone after it."""

import json
import os
import pwd
import shutil
import subprocess

from . import cgroup, wait
from .bundle import Bundle

_FIRST_UID = 2000
_USERS_PER_TEST = 4
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def _quietly(*words):
    return subprocess.run(words, capture_output=True, text=True, timeout=60)


class User:
    def __init__(self, t, linger=True):
        t.machine_needs(shutil.which("useradd") and shutil.which("runuser"), "needs useradd and runuser in the machine")
        self.t = t
        self.name = t.fresh_name("u")
        # A uid that nobody had before: logind forgets its users in its own time.
        t.users = getattr(t, "users", -1) + 1
        uid = _FIRST_UID + t.number * _USERS_PER_TEST + t.users
        made = _quietly("useradd", "--create-home", "--uid", str(uid), self.name)
        t.equal((made.returncode, made.stderr), (0, ""), "useradd")
        t.finally_do(self.remove)
        entry = pwd.getpwnam(self.name)
        self.uid, self.gid, self.home = entry.pw_uid, entry.pw_gid, entry.pw_dir
        self.runtime_dir = f"/run/user/{self.uid}"
        self.slice = f"/user.slice/user-{self.uid}.slice"
        self.manager = f"{self.slice}/user@{self.uid}.service"
        self.environment = {"HOME": self.home, "PATH": _PATH, "USER": self.name, "XDG_RUNTIME_DIR": self.runtime_dir}
        self._bundles = 0
        if linger:
            self.linger()

    def linger(self):
        done = _quietly("loginctl", "enable-linger", self.name)
        self.t.equal((done.returncode, done.stderr), (0, ""), "enable-linger")
        ready = wait.until(lambda: self.systemctl("is-active", "dbus.socket").stdout.strip() == "active")
        self.t.check(ready, f"the manager of {self.name} does not come up")

    def subids(self):
        """The first of the 65536 ids that /etc/subuid grants."""
        with open("/etc/subuid") as file:
            return next(int(line.split(":")[1]) for line in file if line.startswith(self.name + ":"))

    # Commands of the user's: in the caller's cgroup, as su(1) does, or below the user's own manager

    def argv(self, *words, inside=False, **environment):
        setting = {**self.environment, **environment}
        assignments = [f"{name}={value}" for name, value in setting.items() if value is not None]
        if inside:
            return [*self.argv("systemd-run", "--user", "--quiet", "--scope", "--collect"), "env", "-i", *assignments, *words]
        return ["runuser", "-u", self.name, "--", "env", "-i", *assignments, *words]

    def command(self, *words, inside=False, environment=None, **options):
        options.setdefault("cwd", self.home)
        return self.t.command(*self.argv(*words, inside=inside, **(environment or {})), **options)

    def systemctl(self, *words):
        return _quietly(*self.argv("systemctl", "--user", "--no-pager", *words))

    def unitc(self, *words, **options):
        return self.command(self.t.rt.path, *words, **options)

    def ok(self, *words, **options):
        result = self.unitc(*words, **options)
        self.t.equal(result.status, 0, f"exit status of {words[0]}")
        return result

    def fails(self, *words, told=(), **options):
        result = self.unitc(*words, **options)
        self.t.equal(result.status, 1, f"exit status of a {words[0]} that must fail")
        self.t.one_error(result, *told)
        return result

    # Bundles and containers

    def bundle(self, *args, shell=None, writable=False):
        """What `spec --rootless` makes, with a root file system that is the user's."""
        self._bundles += 1
        path = os.path.join(self.home, f"bundle{self._bundles}")
        bundle = Bundle(self.t.template, path, private=True)
        shutil.chown(path, self.name, self.name)
        self.ok("spec", "--rootless", "--bundle", path)
        with open(os.path.join(path, "config.json")) as file:
            bundle.config = json.load(file)
        bundle.process["terminal"] = False
        bundle.config["root"]["readonly"] = not writable
        bundle.args(*(("sh", "-c", shell) if shell is not None else args or ("sleep", "1000")))
        for directory, names, files in os.walk(path):
            for name in [directory, *(os.path.join(directory, each) for each in names + files)]:
                os.lchown(name, self.uid, self.gid)
        return bundle

    def run(self, bundle, *flags, **options):
        bundle.save()
        return self.ok("run", "--bundle", bundle.path, *flags, self.t.fresh_name("c"), **options)

    def detached(self, bundle, *flags, verb=("run", "-d"), **options):
        bundle.save()
        identity = self.t.fresh_name("c")
        self.ok(*verb, "--bundle", bundle.path, *flags, identity, **options)
        self.t.finally_do(lambda: self.unitc("delete", "--force", identity))
        return identity

    def state(self, identity):
        return json.loads(self.ok("state", identity).out)

    def property(self, unit, name):
        return self.systemctl("show", "--value", "-p", name, unit).stdout.strip()

    def unit_is_gone(self, unit):
        self.t.check(wait.until(lambda: self.property(unit, "LoadState") == "not-found"), f"{unit} is still loaded")

    def remove(self):
        _quietly("loginctl", "disable-linger", self.name)
        _quietly("systemctl", "stop", f"user@{self.uid}.service", f"user-runtime-dir@{self.uid}.service")
        _quietly("systemctl", "stop", f"user-{self.uid}.slice")
        wait.until(lambda: not os.path.exists(cgroup.path(self.slice)))
        gone = _quietly("userdel", "--remove", self.name)
        self.t.check(gone.returncode == 0, f"userdel: {gone.stderr}")
