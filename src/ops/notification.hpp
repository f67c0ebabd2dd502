// SPDX-License-Identifier: Apache-2.0
// A container's notifications to the service manager of who calls us
// (sd_notify(3)): what create, run and start do about them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "notify/manager.hpp"
#include "oci/config.hpp"
#include "ops/ops.hpp"
#include "state/record.hpp"

namespace unitc::ops {

// Of $NOTIFY_SOCKET: whether the container gets a socket. A value that names
// none costs a warning, as nobody's start fails for want of it.
bool is_notified(const std::string& notify_socket);

// What is said by the option --ready, else by the annotation
// "org.unitc.notify.ready", else by $UNITC_NOTIFY_READY; else Container. Each
// error names which of them is wrong.
Result<ReadyBy> ready_by(const CreateRequest& request, const oci::Config& config);

// What the first process gets in its environment besides the socket.
std::vector<std::string> watchdog_environment(const CreateRequest& request);

// The directory that the container sees.
Result<> make_notify_directory(const Fd& state_dir);

class Notification {
public:
    // Before the program is executed, which may speak at once. Nothing: the
    // container has no socket, or nobody listens on ours.
    static Result<std::optional<Notification>> begin(const Fd& state_dir,
                                                     const state::Record& record,
                                                     const std::string& notify_socket);

    enum class Caller { Stays, Leaves };
    // After that. If the caller leaves, the manager knows the container's first
    // process as the service's main one when this returns. READY is not waited
    // for: a program that never says it must hold nobody up.
    void hand_over(const Fd& init, Caller caller);

    // After the hooks, which may still end the container: READY=1, where that is
    // ours to say.
    void announce_ready(Caller caller) const;

    // The container has ended: its last words come before ours.
    void await_end() const;

private:
    Notification(const state::Record& record, std::string address, notify::Manager manager,
                 Fd socket)
        : record_(record),
          address_(std::move(address)),
          manager_(std::move(manager)),
          socket_(std::move(socket)) {}
    state::Record record_;
    std::string address_;
    std::optional<notify::Manager> manager_;
    Fd socket_;
    Fd relay_;
};

}  // namespace unitc::ops
