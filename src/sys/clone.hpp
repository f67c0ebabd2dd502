// SPDX-License-Identifier: Apache-2.0
// clone3(2) without a C library in between: the copy goes on where the call
// returned, on its own copy of the memory.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::sys {

struct Clone {
    pid_t pid = 0;  // 0: this is the child
    Fd pidfd;       // the parent's
};

// `flags` are CLONE_* besides CLONE_PIDFD. With a cgroup the child is born in
// it (CLONE_INTO_CGROUP): no process is moved, which would wait for the kernel's
// grace period. EBUSY: the group has children with controllers and takes no
// process itself (cgroup-v2.rst, "No Internal Process Constraint"). The exit
// signal is SIGCHLD, with CLONE_PARENT the caller's own.
Result<Clone> clone_process(uint64_t flags, const Fd* cgroup = nullptr);

// clone3 copies one thread: a lock another one holds would stay locked in the
// child for ever.
Result<> check_single_threaded();

}  // namespace unitc::sys
