// SPDX-License-Identifier: Apache-2.0
// Stopping as `systemctl stop` does it, with a patience of the caller's: the
// image's signal for the first process, then the end for all.
#include <algorithm>
#include <cerrno>
#include <csignal>

#include "base/signal.hpp"
#include "ops/ending.hpp"
#include "ops/locate.hpp"
#include "ops/ops.hpp"
#include "state/status.hpp"

namespace unitc::ops {
namespace {

int stop_signal(const state::Record& record) {
    for (const auto& [key, text] : record.annotations) {
        const auto signal =
            key == "org.opencontainers.image.stopSignal" ? parse_signal(text) : fail("another");
        if (signal && *signal > 0)
            return *signal;
    }
    return SIGTERM;
}

Result<> send(const Fd& init, int signal) {
    auto sent = sys::send_signal(init, signal);
    return !sent && sent.error().code == ESRCH ? Result<>{} : sent;
}

// Whether it has ended by itself in time.
Result<bool> ask_to_end(const Globals& globals, const state::Record& record,
                        const state::Truth& truth, int timeout_ms) {
    TRY(send(truth.init, stop_signal(record)));
    // What is frozen does not hear it.
    if (truth.status == state::Status::Paused)
        if (auto resumed = resume(globals, record.id); !resumed) {
            const auto now = sys::wait_ended(truth.init, 0);
            if (!now || !*now)
                return Failure{std::move(resumed).error()};
        }
    return sys::wait_ended(truth.init, timeout_ms);
}

}  // namespace

Result<> stop(const Globals& globals, const std::string& id, int timeout_ms) {
    const auto [store, record] = TRY(find_record(globals, id));
    const state::Truth truth = TRY(state::ask(store, record));
    if (truth.status == state::Status::Creating)
        return Failure{Error{EBUSY, "container '" + id + "' is being created"}};
    // A service may wait for its restart.
    if (truth.status == state::Status::Stopped || !truth.init)
        return end_service(record, deadline_of(globals));
    bool ended = false;
    if (timeout_ms > 0)
        ended = TRY(ask_to_end(globals, record, truth, timeout_ms));
    // Counts from here: how patient the caller is was the caller's choice.
    const Deadline deadline = deadline_of(globals);
    if (!ended)
        TRY(send(truth.init, SIGKILL));
    // Without a pid namespace of their own others live on, and a service may be
    // about to start again.
    TRY(end_container(record, deadline));
    ended = TRY(sys::wait_ended(truth.init, deadline.left_ms()));
    if (!ended)
        return Failure{Error{ETIMEDOUT, "container '" + id + "' does not end"}};
    return {};
}

}  // namespace unitc::ops
