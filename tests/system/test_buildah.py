# SPDX-License-Identifier: Apache-2.0
"""buildah with the runtime under test and isolation 'oci': a working container from scratch, commands run in it, and a
build whose RUN lines go through the runtime."""

import os
import shutil

from lab import images, test

_BASE = "localhost/systest-base"
_BUILD = """FROM localhost/systest-base
RUN echo made >/made && cat /proc/self/cgroup >/cgroup && hostname >/dev/null
USER 12:34
WORKDIR /home
ENV A=b
RUN test "$(id -u):$(id -g):$PWD:$A" = 12:34:/home:b && cat /made
"""


def _buildah(t, *words, status=0, timeout=60, **more):
    t.machine_needs(shutil.which("buildah"), "needs buildah")
    base = os.path.join(os.path.dirname(t.directory), "buildah")
    result = t.command("buildah", "--root", f"{base}/root", "--runroot", f"{base}/run", "--storage-driver", "vfs", *words,
                       timeout=timeout, **more)
    if status is not None:
        t.equal(result.status, status, f"status of buildah {words[0]}")
    return result


def _options(t):
    return "--runtime", t.rt.path, "--isolation", "oci", "--network", "none"


@test(lane="vm", peers="crun runc")
def run_works_in_a_container_from_scratch(t):
    name = _buildah(t, "from", "scratch").out.strip()
    t.finally_do(lambda: _buildah(t, "rm", name))
    _buildah(t, "add", name, images.layer(t.template, t.directory), "/")
    script = "cat; id -u; pwd; echo $A; exit 9"
    result = _buildah(t, "run", *_options(t), "--user", "12", "--workingdir", "/tmp", "--env", "A=b", name, "--", "sh", "-c", script,
                      status=9, input="in\n")
    t.equal(result.out, "in\n12\n/tmp\nb\n", "stdout")
    t.contains(_buildah(t, "run", *_options(t), name, "no-such-program", status=None).err, "executable file")
    _buildah(t, "run", *_options(t), name, "sh", "-c", "echo kept >/kept")
    t.equal(_buildah(t, "run", *_options(t), "--terminal", name, "sh", "-c", "tty; cat /kept").out.replace("\r", ""),
            "/dev/pts/0\nkept\n", "stdout with a terminal")
    _buildah(t, "commit", name, _BASE)


@test(lane="vm", peers="crun runc")
def a_build_runs_its_commands(t):
    if _BASE not in _buildah(t, "images", "--format", "{{.Name}}").out:
        name = _buildah(t, "from", "scratch").out.strip()
        t.finally_do(lambda: _buildah(t, "rm", name))
        _buildah(t, "add", name, images.layer(t.template, t.directory), "/")
        _buildah(t, "commit", name, _BASE)
    os.makedirs(t.path("context"))
    with open(t.path("context/Dockerfile"), "w") as file:
        file.write(_BUILD)
    result = _buildah(t, "bud", *_options(t), "--tag", "localhost/systest-made", t.path("context"))
    t.contains(result.out, "\nmade\n")
    with open(t.path("context/Dockerfile"), "a") as file:
        file.write("RUN exit 7\n")
    t.contains(_buildah(t, "bud", *_options(t), t.path("context"), status=7).err, "exit status 7")
