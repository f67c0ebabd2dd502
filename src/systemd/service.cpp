// SPDX-License-Identifier: Apache-2.0
// Starting a transient service, and waiting for what becomes of it.
#include <poll.h>

#include <algorithm>

#include "sys/file.hpp"
#include "systemd/impl.hpp"
#include "unit/name.hpp"

namespace unitc::systemd {
namespace {

// Without news this long, the state is asked for: signals get lost when the
// manager reloads (systemd#27024).
constexpr int64_t kPatienceUs = 500'000;

using Next = Manager::Impl::Next;

Result<Next> step(Manager::Impl& impl) {
    const Result<Reply> reply = impl.bus.await_started(impl.deadline);
    if (reply && reply->ok) {
        impl.accepted = *reply;
        return Next::Done;
    }
    if (reply && is_unknown_property(*reply) && impl.drop_unknown(*reply))
        return Next::Again;
    if (reply && reply->is_error(".UnitExists"))
        return impl.on_unit_exists(*reply);
    if (reply && !reply->in_doubt())
        return fail(words_of(*reply));
    if (impl.deadline.passed())
        return reply ? fail(words_of(*reply)) : Failure{reply.error()};
    // Whether the call has arrived is seen when it is repeated: UnitExists.
    TRY(impl.reconnect());
    impl.sent_again = true;
    return Next::Again;
}

Result<ServiceNews> ask(Manager::Impl& impl) {
    const UnitState state = TRY(impl.state(impl.plan.name));
    if (state.active_state == "activating")
        return ServiceNews::Late;
    return state.active_state == "active" || state.active_state == "reloading" ? ServiceNews::Up
                                                                               : ServiceNews::Ended;
}

}  // namespace

Result<> Manager::start_service(const unit::UnitPlan& plan, const unit::Properties& own) {
    const std::string context = "start unit '" + plan.name + "'";
    TRY_IN(context, unit::check_unit_name(plan.name));
    TRY_IN(context, unit::check_slice_name(plan.slice));
    impl_->plan = plan;
    impl_->own = own;
    impl_->is_service = true;
    TRY_IN(context, impl_->bus.watch_jobs(plan.name));
    do
        TRY_IN(context, impl_->send_start());
    while (TRY_IN(context, step(*impl_)) == Next::Again);
    return {};
}

Result<ServiceNews> Manager::await_service(const Fd* other, Deadline deadline) {
    Impl& impl = *impl_;
    for (;;) {
        pollfd ready[2] = {{other != nullptr ? other->get() : -1, POLLIN, 0},
                           {impl.bus.fd(), POLLIN, 0}};
        JobRemoved job;
        const Result<bool> came = impl.bus.await_job(impl.accepted, Deadline::in_ms(0), &job);
        if (!came)
            TRY(impl.reconnect());
        else if (*came)
            impl.job_news = job.result == "done" ? ServiceNews::Up : ServiceNews::Ended;
        // What was said was said before the job's end.
        if (::poll(ready, 1, 0) > 0)
            return ServiceNews::Word;
        if (impl.job_news)
            return *impl.job_news;
        const int64_t left = std::min(kPatienceUs, deadline.left_us());
        const timespec timeout{left / 1'000'000, left % 1'000'000 * 1000};
        if (sys::retry_eintr([&] { return ::ppoll(ready, 2, &timeout, nullptr); }) < 0)
            return fail_sys("poll");
        if (ready[0].revents != 0)
            return ServiceNews::Word;
        if (ready[1].revents != 0)
            continue;
        const ServiceNews news = TRY(ask(impl));
        if (news != ServiceNews::Late)
            impl.job_news = news;
        else if (deadline.passed())
            return ServiceNews::Late;
    }
}

}  // namespace unitc::systemd
