// SPDX-License-Identifier: Apache-2.0
// unitc start: one word to the process that waits for it.
#include <sys/socket.h>

#include <cerrno>

#include "ops/locate.hpp"
#include "ops/ops.hpp"
#include "state/status.hpp"
#include "sys/socket.hpp"
#include "wire/channel.hpp"

namespace unitc::ops {
namespace {

Failure not_created(const state::Record& record, state::Status status) {
    const std::string name = "container " + record.id;
    if (status == state::Status::Stopped)
        return fail("cannot start a container that has stopped");
    return fail("cannot start an already running container: " + name + " is " +
                state::to_string(status));
}

}  // namespace

Result<> start(const Globals& globals, const std::string& id) {
    const Deadline deadline = deadline_of(globals);
    const state::Entry entry = TRY(find_entry(globals, id, deadline));
    const state::Record record = TRY(entry.load());
    const state::Truth truth = TRY(state::ask(entry, record));
    if (truth.status != state::Status::Created)
        return not_created(record, truth.status);

    const wire::Channel door{
        TRY(sys::connect_unix_at(entry.dir(), state::kStartSocket, SOCK_SEQPACKET))};
    TRY(door.send(wire::Message::Start));
    // Silence is consent: the descriptor closes when the program is executed.
    auto answer = door.receive();
    if (answer)
        return fail("the container's process answered out of turn");
    if (answer.error().code != EPIPE)
        return Failure{std::move(answer).error().in("unable to start container process")};
    return {};
}

}  // namespace unitc::ops
