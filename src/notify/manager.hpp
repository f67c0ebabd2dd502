// SPDX-License-Identifier: Apache-2.0
// The caller's service manager, at the socket that $NOTIFY_SOCKET names.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::notify {

// Whether it has the form of $NOTIFY_SOCKET: "/a/path" or "@name".
bool is_address(std::string_view address);

class Manager {
public:
    static Result<Manager> connect(std::string address);

    // EAGAIN: its queue is full; fd() is writable when it no longer is.
    // `sender` is said to be who speaks, where we have the right and it is
    // there, else we are: with NotifyAccess=main the manager hears the main
    // process alone. 0: ourselves.
    Result<> send(std::string_view text, std::span<const Fd> fds, pid_t sender);

    // Makes the container's first process the main one of the caller's service,
    // and waits until the manager knows it, but not for long.
    Result<> announce_main(pid_t pid, const Fd& pidfd);

    const Fd& fd() const { return socket_; }

private:
    Manager(std::string address, Fd socket)
        : address_(std::move(address)), socket_(std::move(socket)) {}
    std::string address_;
    Fd socket_;
};

// A pipe whose reading end meets its end when the writing one is closed.
struct Pipe {
    Fd read;
    Fd write;
};
Result<Pipe> make_pipe();

}  // namespace unitc::notify
