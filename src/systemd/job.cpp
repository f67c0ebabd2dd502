// SPDX-License-Identifier: Apache-2.0
// Jobs: waiting for one to end, and stopping a unit.
#include <poll.h>

#include <algorithm>

#include "base/log.hpp"
#include "systemd/impl.hpp"
#include "unit/name.hpp"

namespace unitc::systemd {
namespace {

constexpr int64_t kGraceMs = 2'000;

}  // namespace

bool Reply::in_doubt() const {
    return is_error(".NoReply") || is_error(".Timeout") || is_error(".TimedOut") ||
           is_error(".Disconnected") || is_error(".NameHasNoOwner") ||
           is_error(".ServiceUnknown") || error_name.find(".Error.Spawn.") != std::string::npos;
}

std::string words_of(const Reply& reply) {
    return reply.error_text.empty() ? reply.error_name : reply.error_text;
}

Deadline Manager::Impl::budget() const {
    return deadline.left_us() > kGraceMs * 1000 ? deadline : Deadline::in_ms(kGraceMs);
}

Result<> Manager::Impl::reconnect() {
    // The manager that re-executes itself is off the bus for a moment; asking
    // again at once would only fill its queue.
    constexpr int kPauseMs = 20;
    ::poll(nullptr, 0, kPauseMs);
    bus = TRY(Bus::open(budget()));
    if (!plan.name.empty())
        TRY(bus.watch_jobs(plan.name));
    return {};
}

Manager::Impl::JobOutcome Manager::Impl::wait_job(const Reply& started, int64_t patience_ms,
                                                  Deadline until) {
    const int64_t wait_ms = std::min(patience_ms, (until.left_us() + 999) / 1000);
    JobRemoved job;
    const Result<bool> came = bus.await_job(started, Deadline::in_ms(wait_ms), &job);
    if (!came || !*came)
        return {};
    return {job.result == "done" ? JobEnd::Done : JobEnd::Failed, job.result};
}

Result<Reply> Manager::Impl::call(const char* method, const std::vector<std::string>& arguments,
                                  const Meanwhile& meanwhile) {
    const Deadline until = budget();
    for (;;) {
        Result<Reply> reply = bus.call_manager(method, arguments, until, meanwhile);
        const bool in_doubt = !reply || reply->in_doubt();
        if (!in_doubt || until.passed())
            return reply;
        TRY(reconnect());
    }
}

Result<UnitState> Manager::unit_state(const std::string& name) {
    return impl_->state(name);
}

Result<> Manager::stop_unit(const std::string& name) {
    const std::string context = "stop unit '" + name + "'";
    TRY_IN(context, unit::check_unit_name(name));
    TRY_IN(context, impl_->bus.watch_jobs(name));
    // Also after the verb's time ran out: a failed create cleans up.
    const Deadline until = impl_->budget();
    bool thawed = false;
    for (;;) {
        const Reply reply = TRY_IN(context, impl_->call("StopUnit", {name, "replace"}));
        if (reply.is_error(".NoSuchUnit"))
            return {};
        if (!reply.ok)
            return fail(context + ": " + words_of(reply));
        // Each second without news the state is asked for: signals get lost
        // when the manager reloads (systemd#27024).
        Impl::JobOutcome outcome;
        while (outcome.end == Impl::JobEnd::Lost) {
            outcome = impl_->wait_job(reply, 1'000, until);
            if (outcome.end != Impl::JobEnd::Lost)
                break;
            const UnitState state = TRY_IN(context, impl_->state(name));
            if (!state.loaded || state.active_state == "inactive" || state.active_state == "failed")
                return {};
            if (until.passed())
                return fail(context + ": still " + state.active_state + " (" + state.sub_state +
                            ") at the deadline");
        }
        // A unit that the manager froze refuses jobs (systemd 253 and later).
        if (outcome.result == "frozen" && !thawed) {
            thawed = true;
            const Reply thaw = TRY_IN(context, impl_->call("ThawUnit", {name}));
            if (!thaw.ok && !thaw.is_error(".NoSuchUnit"))
                return fail(context + ": thaw: " + words_of(thaw));
            continue;
        }
        if (outcome.end == Impl::JobEnd::Failed) {
            // "Stopped after a timeout and SIGKILL" is stopped all the same.
            const UnitState state = TRY_IN(context, impl_->state(name));
            if (state.loaded && state.active_state != "inactive" && state.active_state != "failed")
                return fail(context + ": job ended with '" + outcome.result + "', unit is " +
                            state.active_state);
        }
        return {};
    }
}

Result<> Manager::attach(const std::string& name, const std::string& group, pid_t pid) {
    const std::string context = "attach process " + std::to_string(pid) + " to '" + name + "'";
    TRY_IN(context, unit::check_unit_name(name));
    const Reply reply = TRY_IN(context, impl_->bus.attach(name, group, pid, impl_->budget()));
    if (!reply.ok)
        return fail(context + ": " + words_of(reply));
    return {};
}

Result<> Manager::reset_failed(const std::string& name) {
    const std::string context = "reset failed unit '" + name + "'";
    TRY_IN(context, unit::check_unit_name(name));
    const Reply reply = TRY_IN(context, impl_->call("ResetFailedUnit", {name}));
    if (!reply.ok && !reply.is_error(".NoSuchUnit"))
        return fail(context + ": " + words_of(reply));
    return {};
}

}  // namespace unitc::systemd
