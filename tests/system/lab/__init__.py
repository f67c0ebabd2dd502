# SPDX-License-Identifier: Apache-2.0
"""What the system tests are written with: bundles, the runtime under test, systemd, cgroups,
terminals, and the check that nothing is left behind. A test file needs `from lab import *`."""

from . import cgroup, process, systemd, wait
from .bundle import Bundle, SHELL_PATH
from .case import Case, Container, Failure, Skip, messages
from .default_config import default_config
from .registry import test
from .user import User
from .wait import until

__all__ = ["Bundle", "Case", "Container", "Failure", "SHELL_PATH", "Skip", "User", "cgroup", "default_config", "messages", "process", "systemd", "test",
           "until", "wait"]
