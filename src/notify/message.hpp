// SPDX-License-Identifier: Apache-2.0
// What of a container's sd_notify(3) message goes on to the manager: a pure
// function of the bytes and of what is known of the sender. The container is
// hostile, and the manager is to hear of it what a service of its own could
// say, no more.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace unitc::notify {

// The manager's own limit (PIPE_BUF): it drops what is longer.
inline constexpr size_t kMostBytes = 4096;

// What changes the unit rather than its state, and so needs a word of the
// config's: annotation "org.unitc.notify.allow".
struct Allowed {
    bool watchdog_usec = false;
    bool notify_access = false;
};

inline constexpr const char* kAllowAnnotation = "org.unitc.notify.allow";

// Its value: names of keys, separated by blanks.
Result<Allowed> allowed_by(const std::vector<std::pair<std::string, std::string>>& annotations);

// Asked only where a message has the key that needs it.
struct Questions {
    // Of a pid of the sender's pid namespace, the host's, if it is a process
    // of the container.
    std::function<std::optional<pid_t>(pid_t inside)> host_pid;
    // The inode of that process's pidfd.
    std::function<uint64_t(pid_t host)> pidfd_inode;
    // The host's pid behind the only descriptor of the message, if that is a
    // pidfd of a process of the container.
    std::function<std::optional<pid_t>()> pidfd_pid;
    // How far CLOCK_MONOTONIC of the sender's time namespace is ahead of ours, µs.
    std::function<int64_t()> clock_ahead;
};

struct Verdict {
    enum class Kind {
        Drop,
        Forward,
        Barrier,  // the only descriptor is to be closed when all before it is read
    };
    Kind kind = Kind::Drop;
    std::string text;
    bool with_fds = false;  // they go along; else they are closed
    bool operator==(const Verdict&) const = default;
};

// `identified`: the sender is there and is a process of the container. One that
// has ended meanwhile may say how the service fares, but neither name processes
// nor hand over descriptors.
Verdict judge(std::string_view bytes, size_t fds, bool identified, const Allowed& allowed,
              const Questions& ask);

// What MAINPID of a judged message names, 0 if there is none.
pid_t main_pid_of(std::string_view text);

// What EXTEND_TIMEOUT_USEC of a message asks for, 0 if there is none.
uint64_t extension_of(std::string_view text);

}  // namespace unitc::notify
