# SPDX-License-Identifier: Apache-2.0
"""Bounded polling of a condition: the tests' only way to wait for what sends no event."""

import time

# Set once by the runner: how much slower than native this lane is.
SCALE = 1.0


def until(condition, seconds=5.0):
    """The condition's first true value, or its last false one when the time is over."""
    end = time.monotonic() + seconds * SCALE
    pause = 0.001
    while True:
        value = condition()
        if value or time.monotonic() >= end:
            return value
        time.sleep(pause)
        pause = min(pause * 2, 0.05)
