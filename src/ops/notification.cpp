// SPDX-License-Identifier: Apache-2.0
#include "ops/notification.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "notify/relay.hpp"
#include "ops/choice.hpp"
#include "state/store.hpp"
#include "sys/file.hpp"
#include "sys/process.hpp"

namespace unitc::ops {
namespace {

void warn(const std::string& notify_socket, const std::string& why) {
    log::warning("NOTIFY_SOCKET '" + text::printable(notify_socket) + "': " + why +
                 "; nobody hears the container's notifications");
}

}  // namespace

Result<ReadyBy> parse_ready_by(std::string_view text) {
    if (text == "container")
        return ReadyBy::Container;
    if (text == "started")
        return ReadyBy::Started;
    return fail("must be container or started");
}

bool is_notified(const std::string& notify_socket) {
    if (notify_socket.empty() || notify::is_address(notify_socket))
        return !notify_socket.empty();
    warn(notify_socket, "must be an absolute path or '@' and a name");
    return false;
}

Result<ReadyBy> ready_by(const CreateRequest& request, const oci::Config& config) {
    constexpr Places kPlaces{"--ready", "org.unitc.notify.ready", "UNITC_NOTIFY_READY"};
    const auto said = TRY(choose(request.ready_by, config, kPlaces, parse_ready_by));
    return said ? said->what : ReadyBy::Container;
}

std::vector<std::string> watchdog_environment(const CreateRequest& request) {
    // Without WATCHDOG_PID, which would be a pid of ours: whichever of the
    // container's processes is the one that can tell is to tell.
    if (!text::parse_int<uint64_t>(request.watchdog_usec))
        return {};
    return {"WATCHDOG_USEC=" + request.watchdog_usec};
}

Result<> make_notify_directory(const Fd& state_dir) {
    if (::mkdirat(state_dir.get(), state::kNotifyDirectory, 0755) < 0)
        return fail_sys("mkdirat", state::kNotifyDirectory);
    // The container's users are to find the socket, whatever our umask is.
    if (::fchmodat(state_dir.get(), state::kNotifyDirectory, 0755, 0) < 0)
        return fail_sys("fchmodat", state::kNotifyDirectory);
    return {};
}

Result<std::optional<Notification>> Notification::begin(const Fd& state_dir,
                                                        const state::Record& record,
                                                        const std::string& notify_socket) {
    if (record.notify_socket.empty() || !is_notified(notify_socket))
        return std::nullopt;
    auto manager = notify::Manager::connect(notify_socket);
    if (!manager) {
        warn(notify_socket, manager.error().message);
        return std::nullopt;
    }
    const Fd dir =
        TRY(sys::open_at(state_dir, state::kNotifyDirectory, O_PATH | O_DIRECTORY | O_NOFOLLOW));
    Fd socket = TRY_IN("NOTIFY_SOCKET", notify::bind_socket(dir));
    return Notification{record, notify_socket, *std::move(manager), std::move(socket)};
}

void Notification::hand_over(const Fd& init, Caller caller) {
    // The container runs: from here on nothing fails for want of a listener.
    const auto handed = [&]() -> Result<> {
        if (caller == Caller::Leaves)
            TRY(manager_->announce_main(record_.init.pid, init));
        notify::Job job{record_.id,
                        record_.cgroup,
                        TRY(notify::allowed_by(record_.annotations)),
                        *std::move(manager_),
                        std::move(socket_),
                        record_.init.pid,
                        TRY(sys::duplicate(init.get())),
                        caller == Caller::Stays};
        relay_ = TRY(notify::start_relay(std::move(job)));
        return {};
    }();
    if (!handed)
        log::warning("the container's notifications: " + handed.error().message);
}

void Notification::announce_ready(Caller caller) const {
    if (!record_.ready_started)
        return;
    // Of who is the service's main process now, which NotifyAccess=main hears.
    const pid_t sender = caller == Caller::Leaves ? record_.init.pid : 0;
    const auto said = [&]() -> Result<> {
        notify::Manager manager = TRY(notify::Manager::connect(address_));
        return manager.send("READY=1", {}, sender);
    }();
    if (!said)
        log::warning("the service is not told to be ready: " + said.error().message);
}

void Notification::await_end() const {
    constexpr int kPatienceMs = 1000;
    if (relay_) [[maybe_unused]]
        const auto ended = sys::wait_ended(relay_, kPatienceMs);
}

}  // namespace unitc::ops
