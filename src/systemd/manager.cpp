// SPDX-License-Identifier: Apache-2.0
#include "systemd/manager.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "sys/file.hpp"
#include "systemd/impl.hpp"
#include "unit/name.hpp"

namespace unitc::systemd {
namespace {

// Longer than any job of a scope on a machine that is not in trouble; then
// the state is asked for, in case the signal was lost.
constexpr int64_t kPatienceMs = 1'000;

// The word `name` in systemd's "Cannot set property NAME, or unknown property."
bool names(const std::string& text, const std::string& name) {
    const auto is_letter = [&](size_t at) {
        return at < text.size() &&
               ((text[at] >= 'a' && text[at] <= 'z') || (text[at] >= 'A' && text[at] <= 'Z'));
    };
    const size_t at = text.find(name);
    return at != std::string::npos && !is_letter(at + name.size()) &&
           (at == 0 || !is_letter(at - 1));
}

bool is_dead(const UnitState& state) {
    return state.active_state == "inactive" || state.active_state == "failed";
}

using Next = Manager::Impl::Next;

// No answer, no signal, or no connection: what does the manager say?
Result<Next> settle(Manager::Impl& impl, const std::string& doubt) {
    for (;;) {
        const UnitState state = TRY_IN(doubt, impl.state(impl.plan.name));
        if (state.active_state == "active") {
            if (TRY(impl.holds_process()))
                return Next::Done;
            return fail(doubt + ": a unit of this name is active without the process");
        }
        if (impl.deadline.passed())
            return fail(doubt + ": the unit is " +
                        (state.loaded ? state.active_state : "not there") + " at the deadline");
        // The call never arrived, or its unit went with a manager that
        // re-executed itself.
        if (!state.loaded && !impl.sent_again) {
            impl.sent_again = true;
            return Next::Again;
        }
        if (!state.loaded || state.active_state == "failed")
            return fail(doubt + ": the unit is " +
                        (state.loaded ? "failed (" + state.result + ")" : "gone"));
        impl.wait_job({}, 50, impl.deadline);
    }
}

Result<Next> on_started(Manager::Impl& impl, const Reply& reply) {
    const Manager::Impl::JobOutcome outcome = impl.wait_job(reply, kPatienceMs, impl.deadline);
    if (outcome.end == Manager::Impl::JobEnd::Lost)
        return settle(impl, "no end of the start job was seen");
    if (outcome.end == Manager::Impl::JobEnd::Failed)
        return fail("the start job ended with '" + outcome.result + "'");
    // A reload between call and job has lost processes (systemd#17637).
    if (!TRY(impl.holds_process()))
        return fail("the process is not in the unit's cgroup, it has ended or was moved");
    return Next::Done;
}

Result<Next> step(Manager::Impl& impl) {
    const Result<Reply> reply = impl.bus.await_started(impl.deadline);
    if (!reply)
        return settle(impl, reply.error().message);
    if (reply->ok)
        return on_started(impl, *reply);
    if (reply->in_doubt())
        return settle(impl, words_of(*reply));
    if (is_unknown_property(*reply) && impl.drop_unknown(*reply))
        return Next::Again;
    if (reply->is_error(".UnitExists"))
        return impl.on_unit_exists(*reply);
    return fail(words_of(*reply));
}

}  // namespace

bool is_unknown_property(const Reply& reply) {
    return reply.is_error(".PropertyReadOnly") || reply.is_error(".UnknownProperty");
}

Result<Next> Manager::Impl::on_unit_exists(const Reply& reply) {
    const UnitState now = TRY(state(plan.name));
    // Our own call, answered after the connection was lost.
    if (sent_again && !is_dead(now) && (is_service || TRY(holds_process())))
        return Next::Done;
    const unit::Property* description = nullptr;
    for (const unit::Property& property : plan.properties)
        if (property.name == "Description")
            description = &property;
    const bool ours = description != nullptr && description->value == unit::Value{now.description};
    if (!now.loaded || (ours && is_dead(now))) {
        if (reset_done)
            return fail(words_of(reply));
        reset_done = true;
        const Reply reset = TRY(call("ResetFailedUnit", {plan.name}));
        if (!reset.ok && !reset.is_error(".NoSuchUnit"))
            return fail(words_of(reset));
        return Next::Again;
    }
    return fail(words_of(reply) + " (it is " + now.active_state + ", \"" + now.description + "\")");
}

// A property that this manager does not know: PIDFDs (since 255), or one of
// the plan's fallbacks. Anything else is a limit that must not be lost.
bool Manager::Impl::drop_unknown(const Reply& reply) {
    if (!by_pid && names(reply.error_text, "PIDFDs")) {
        by_pid = true;
        return true;
    }
    for (const unit::Fallback& fallback : plan.fallbacks) {
        const auto known = std::find(left_to_file.begin(), left_to_file.end(), fallback.property);
        if (known == left_to_file.end() && names(reply.error_text, fallback.property)) {
            left_to_file.push_back(fallback.property);
            return true;
        }
    }
    return false;
}

Manager::Manager(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Manager::Manager(Manager&&) noexcept = default;
Manager& Manager::operator=(Manager&&) noexcept = default;
Manager::~Manager() = default;

Result<Manager> Manager::connect(Deadline deadline) {
    return Manager{std::make_unique<Impl>(deadline, TRY(Bus::open(deadline)))};
}

int Manager::fd() const {
    return impl_->bus.fd();
}

unit::Properties Manager::Impl::kept_properties() const {
    unit::Properties properties;
    for (const unit::Property& property : plan.properties)
        if (std::find(left_to_file.begin(), left_to_file.end(), property.name) ==
            left_to_file.end())
            properties.push_back(property);
    return properties;
}

Result<> Manager::Impl::send_start() {
    const unit::Properties properties = kept_properties();
    const unit::Property process =
        by_pid ? unit::Property{"PIDs", unit::Pid{static_cast<uint32_t>(pid)}}
               : unit::Property{"PIDFDs", unit::Pidfd{pidfd.get()}};
    const std::span<const unit::Property> more =
        is_service ? std::span<const unit::Property>{own} : std::span{&process, 1};
    TRY(bus.begin_start(plan.name, properties, more, deadline));
    return bus.flush(deadline);
}

Result<> Manager::begin_start(const unit::UnitPlan& plan, pid_t pid, const Fd& pidfd) {
    const std::string context = "start unit '" + plan.name + "'";
    // Checked where the names were made, and again where they leave: a name
    // that is not a name can crash PID 1.
    TRY_IN(context, unit::check_unit_name(plan.name));
    TRY_IN(context, unit::check_slice_name(plan.slice));
    impl_->plan = plan;
    impl_->pid = pid;
    impl_->pidfd = TRY_IN(context, sys::duplicate(pidfd.get()));
    TRY_IN(context, impl_->bus.watch_jobs(plan.name));
    if (auto sent = impl_->send_start(); sent)
        return {};
    // A bus at its limit of connections hangs up: once more, from the start.
    TRY_IN(context, impl_->reconnect());
    TRY_IN(context, impl_->send_start());
    return {};
}

Result<std::vector<std::string>> Manager::finish_start() {
    const std::string context = "start unit '" + impl_->plan.name + "'";
    while (TRY_IN(context, step(*impl_)) == Next::Again)
        TRY_IN(context, impl_->send_start());
    return impl_->left_to_file;
}

}  // namespace unitc::systemd
