// SPDX-License-Identifier: Apache-2.0
// Unix datagrams as sd_notify(3) uses them: with the sender's identity and
// descriptors, never blocking.
#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::sys {

struct Datagram {
    size_t size = 0;       // bytes in the caller's buffer
    bool complete = true;  // neither bytes nor descriptors were cut off
    pid_t sender = 0;      // as the kernel says, in our pid namespace; 0: not in it
    Fd pidfd;              // of the sender, where the kernel gives it (Linux 6.5)
    std::vector<Fd> fds;
};

// A socket `name` in `dir` on which senders are identified; one that is there
// already is replaced.
Result<Fd> bind_datagram_at(const Fd& dir, const std::string& name, mode_t mode);

// To "/a/path" or to the abstract "@name".
Result<Fd> connect_datagram(const std::string& address);

// Nothing: none is there.
Result<std::optional<Datagram>> receive_datagram(const Fd& socket, std::span<char> buffer);

// EAGAIN: the receiver's queue is full. `sender` other than 0 is said to be the
// sender, for which the caller needs CAP_SYS_ADMIN unless it is itself; ESRCH:
// there is none.
Result<> send_datagram(const Fd& socket, std::string_view bytes, std::span<const Fd> fds,
                       pid_t sender);

}  // namespace unitc::sys
