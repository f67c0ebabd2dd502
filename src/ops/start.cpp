// SPDX-License-Identifier: Apache-2.0
// unitc start: one word to the process that waits for it.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "base/log.hpp"
#include "ops/conversation.hpp"
#include "ops/ending.hpp"
#include "ops/hooks.hpp"
#include "ops/locate.hpp"
#include "ops/notification.hpp"
#include "ops/ops.hpp"
#include "state/status.hpp"
#include "sys/socket.hpp"
#include "wire/channel.hpp"

namespace unitc::ops {
namespace {

// Ending what failed gets time of its own: the verb's may be what has run out.
constexpr int kUndoMs = 2000;

Failure not_created(const state::Record& record, state::Status status) {
    const std::string name = "container " + record.id;
    if (status == state::Status::Stopped)
        return fail("cannot start a container that has stopped");
    if (status == state::Status::Paused)
        return fail("cannot start a container in the paused state");
    return fail("cannot start an already running container: " + name + " is " +
                state::to_string(status));
}

// It stays as a stopped container, which `delete` removes.
Failure end_after(Error error, const state::Record& record) {
    const Deadline deadline = Deadline::in_ms(kUndoMs);
    if (const auto ended = end_container(record, deadline); !ended)
        log::warning("container '" + record.id + "' may still run: " + ended.error().message);
    return Failure{std::move(error)};
}

struct Started {
    state::Record record;
    Fd init;
    std::optional<Notification> notification;
};

// The entry's lock ends here: poststart hooks may call other verbs.
Result<Started> execute(const Globals& globals, const std::string& id,
                        const std::string& notify_socket, Deadline deadline) {
    const state::Entry entry = TRY(find_entry(globals, id, deadline));
    state::Record record = TRY(entry.load());
    state::Truth truth = TRY(state::ask(entry, record));
    if (truth.status != state::Status::Created)
        return not_created(record, truth.status);
    const wire::Channel door{
        TRY(sys::connect_unix_at(entry.dir(), state::kStartSocket, SOCK_SEQPACKET))};
    auto notification = TRY(Notification::begin(entry.dir(), record, notify_socket));
    TRY(door.send(wire::Message::Start));
    if (auto executed = await_execution(door, deadline); !executed) {
        executed.error().bare = false;  // its standard error is not ours
        return end_after(std::move(executed).error().in("unable to start container process"),
                         record);
    }
    // Nobody listens any more; that it goes tells whoever watches the directory.
    if (::unlinkat(entry.dir().get(), state::kStartSocket, 0) < 0 && errno != ENOENT)
        log::debug(fail_sys("unlinkat", state::kStartSocket).value().message);
    return Started{std::move(record), std::move(truth.init), std::move(notification)};
}

}  // namespace

Result<> start(const Globals& globals, const std::string& id, const std::string& notify_socket) {
    const Deadline deadline = deadline_of(globals);
    auto [record, init, notification] = TRY(execute(globals, id, notify_socket, deadline));
    if (notification)
        notification->hand_over(init, Notification::Caller::Leaves);
    if (auto done = run_poststart_hooks(record, deadline); !done)
        return end_after(std::move(done).error(), record);
    if (notification)
        notification->announce_ready(Notification::Caller::Leaves);
    return {};
}

}  // namespace unitc::ops
