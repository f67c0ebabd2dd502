// SPDX-License-Identifier: Apache-2.0
#include "init/child.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "init/steps.hpp"
#include "sys/file.hpp"

namespace unitc::init {
namespace {

// The first process of a pid namespace is deaf to signals that it does not
// handle. Until it is a program it ends by those that end one, as runc's does:
// `kill ID TERM` of a created container. execve(2) forgets the handlers.
void end_by_signals() {
    if (::getpid() != 1)
        return;
    constexpr int kShellSignal = 128;
    struct sigaction end {};
    end.sa_handler = [](int signal) { ::_exit(kShellSignal + signal); };
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
        struct sigaction now {};
        if (::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_DFL)
            ::sigaction(signal, &end, nullptr);
    }
}

// `start` knocks with one packet: one atomic word. A caller that goes away
// without saying it (`state` does, to see whether somebody listens) changes
// nothing.
Result<> answer_the_door(Context& context) {
    for (;;) {
        const int fd = sys::retry_eintr([&] {
            return ::accept4(context.start_listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
        });
        if (fd < 0)
            return fail_sys("accept4");
        wire::Channel starter{Fd{fd}};
        if (starter.expect(wire::Message::Start)) {
            context.channel = std::move(starter);
            return {};
        }
    }
}

}  // namespace

void fail_and_exit(const wire::Channel& channel, const Error& error) noexcept {
    // Nobody may be left to tell.
    [[maybe_unused]] const auto told = channel.send_failure(error);
    ::_exit(1);
}

Result<> wait_for_start(Context& context) {
    end_by_signals();
    TRY(context.channel.send(wire::Message::Ready, context.timings));
    const wire::Packet word = TRY(context.channel.receive());
    if (word.message != wire::Message::Start && word.message != wire::Message::Detach)
        return fail("the parent said neither start nor detach");
    // From here on the container lives on when its creator ends.
    if (::prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0)
        return fail_sys("prctl PR_SET_PDEATHSIG");
    if (word.message == wire::Message::Start)
        return {};
    TRY(context.channel.send(wire::Message::Detached));
    context.channel.close();
    return answer_the_door(context);
}

void run_phases(Context& context, std::initializer_list<Result<> (*)(Context&)> phases) noexcept {
    for (auto* phase : phases)
        if (auto done = phase(context); !done)
            fail_and_exit(context.channel, done.error());
    ::_exit(1);  // not reached: the last step became the container
}

namespace {

Result<> prepare_init(Context& context) {
    TRY_IN("error during container init", prepare(context));
    TRY_IN("error during container init", become_the_user(context));
    return {};
}

}  // namespace

void child_main(const plan::InitPlan& plan, Inheritance inheritance) noexcept {
    Context context{plan, std::move(inheritance.channel)};
    context.start_listener = std::move(inheritance.start_listener);
    context.output = std::move(inheritance.output);
    context.device_store = std::move(inheritance.device_store);
    context.early_sources.resize(plan.mounts.size());
    run_phases(context, {prepare_init, wait_for_start, become_the_container});
}

}  // namespace unitc::init
