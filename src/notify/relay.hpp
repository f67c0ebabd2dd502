// SPDX-License-Identifier: Apache-2.0
// The process that passes a container's notifications on to the caller's
// service manager for as long as the container lives. It stays in the caller's
// cgroup, because systemd attributes a message to the unit of its sender, and
// the container's processes are in a unit of their own.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "notify/manager.hpp"
#include "notify/message.hpp"

namespace unitc::notify {

inline constexpr const char* kSocketName = "notify.sock";

// The container's socket in `dir`, which whoever sees it may send to.
Result<Fd> bind_socket(const Fd& dir);

struct Job {
    std::string id;      // of the container, for the process's title
    std::string cgroup;  // of its unit
    Allowed allowed;
    Manager manager;
    Fd socket;  // bind_socket's
    pid_t init = 0;
    Fd init_pidfd;
    // Foreground: the caller waits for the container, is its service's main
    // process and passes the service's end on. Else the first process is that.
    bool foreground = false;
};

// Returns its pidfd; it ends when the container's first process has.
Result<Fd> start_relay(Job job);

}  // namespace unitc::notify
