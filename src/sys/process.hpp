// SPDX-License-Identifier: Apache-2.0
// Processes by pidfd, so that no signal ever meets a recycled pid.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::sys {

// What identifies a process for longer than its pid does: kept in the state
// record and compared before any signal.
struct ProcessIdentity {
    pid_t pid = 0;
    uint64_t start_time = 0;   // clock ticks since boot, field 22 of /proc/PID/stat
    uint64_t pidfd_inode = 0;  // unique per process since Linux 6.9, else 0
};

// Every signal to its default and none blocked, for who becomes a program.
Result<> reset_signals();

Result<Fd> pidfd_open(pid_t pid);  // ESRCH in the error when it is gone

// Reads both from the live process behind `pidfd`.
Result<ProcessIdentity> identify(const Fd& pidfd, pid_t pid);

// A pidfd of exactly that process, or nothing if it is gone (the pid may have
// another owner by now: told by the inode, where one of them is 0 by the start
// time). A zombie counts as gone.
Result<Fd> find(const ProcessIdentity& identity);

Result<> send_signal(const Fd& pidfd, int signal);

// The inode of the pidfd: unique per process since Linux 6.9, else 0.
uint64_t pidfd_inode(const Fd& pidfd);

// True once the process has ended (it may be a zombie). timeout_ms as poll(2).
Result<bool> wait_ended(const Fd& pidfd, int timeout_ms);

// waitid() for our own child: exit status as a shell shows it (128 + signal).
Result<int> reap(const Fd& pidfd);

}  // namespace unitc::sys
