// SPDX-License-Identifier: Apache-2.0
#include "ops/engine_sockets.hpp"

#include <sys/socket.h>

#include "ops/terminal_relay.hpp"
#include "sys/socket.hpp"

namespace unitc::ops {

Result<> EngineSockets::connect(const std::string& console_path, const std::string& pidfd_path) {
    if (!console_path.empty())
        console_ = TRY_IN("--console-socket", sys::connect_unix(console_path, SOCK_STREAM));
    if (!pidfd_path.empty())
        pidfd_ = TRY_IN("--pidfd-socket", sys::connect_unix(pidfd_path, SOCK_STREAM));
    return {};
}

Result<> EngineSockets::pass_terminal(Fd master, Fd& kept) {
    if (!console_) {
        take_users_window(master);
        kept = std::move(master);
        return {};
    }
    TRY_IN("--console-socket", sys::send_packet(console_, "/dev/ptmx", {master.get()}));
    console_.reset();
    return {};
}

Result<> EngineSockets::pass_pidfd(const char* name, const Fd& pidfd) {
    if (pidfd_)
        TRY_IN("--pidfd-socket", sys::send_packet(pidfd_, name, {pidfd.get()}));
    pidfd_.reset();
    return {};
}

}  // namespace unitc::ops
