// SPDX-License-Identifier: Apache-2.0
#include "launch/child.hpp"

#include <sched.h>

#include <cerrno>
#include <csignal>

#include "init/child.hpp"
#include "launch/helper.hpp"
#include "launch/namespaces.hpp"
#include "launch/outfit.hpp"
#include "sys/clone.hpp"
#include "sys/process.hpp"
#include "sys/scheduling.hpp"

namespace unitc::launch {
namespace {

// Of one that another one reaps.
constexpr int kEndMs = 2000;

Result<Child> spawn_directly(const plan::InitPlan& plan, init::Inheritance inheritance,
                             wire::Channel channel, Parent parent) {
    const uint64_t sibling = parent == Parent::Ours ? CLONE_PARENT : 0;
    auto cloned = sys::clone_process(plan.new_namespaces | sibling);
    if (!cloned && cloned.error().code == EPERM && plan.unprivileged)
        return Failure{std::move(cloned).error().in(
            "this machine lets no ordinary user make a user namespace"
            " (kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)")};
    if (!cloned)
        return Failure{std::move(cloned).error()};
    if (cloned->pid == 0)
        init::child_main(plan, std::move(inheritance));
    return Child{cloned->pid, std::move(cloned->pidfd), std::move(channel)};
}

}  // namespace

Child::Child(pid_t pid, Fd pidfd, wire::Channel channel)
    : pid_(pid), pidfd_(std::move(pidfd)), channel_(std::move(channel)) {}

Child::Child(Child&& other) noexcept
    : pid_(other.pid_),
      pidfd_(std::move(other.pidfd_)),
      channel_(std::move(other.channel_)),
      id_maps_(std::move(other.id_maps_)),
      released_(std::exchange(other.released_, true)) {}

Child::~Child() {
    kill();
}

void Child::kill() {
    if (released_ || !pidfd_)
        return;
    released_ = true;
    // Gone already is as good.
    [[maybe_unused]] const auto killed = sys::send_signal(pidfd_, SIGKILL);
    if (const auto reaped = sys::reap(pidfd_); !reaped) [[maybe_unused]]
        const auto ended = sys::wait_ended(pidfd_, kEndMs);
}

Result<Child> spawn(const plan::InitPlan& plan, Gifts gifts, Parent parent) {
    TRY(sys::check_single_threaded());
    std::optional<sys::IdMaps> maps = TRY(id_maps(plan));
    Fd devices = TRY(make_device_store(plan, maps));
    auto [ours, theirs] = TRY(wire::make_pair());
    init::Inheritance inheritance{std::move(theirs), std::move(gifts.start_listener),
                                  std::move(gifts.output), std::move(devices)};
    Child child = TRY(plan.needs_usher
                          ? spawn_by_usher(plan, std::move(inheritance), std::move(ours))
                          : spawn_directly(plan, std::move(inheritance), std::move(ours), parent));
    child.set_id_maps(std::move(maps));
    TRY(outfit(child, plan));
    return child;
}

Result<Child> spawn_joiner(const plan::InitPlan& plan, const Fd& container, const Fd* cgroup) {
    TRY(sys::check_single_threaded());
    // Ours too from here on: what is done for the process counts as its own.
    if (!plan.process.initial_cpus.empty())
        TRY_IN("process.execCPUAffinity.initial", sys::set_cpu_affinity(plan.process.initial_cpus));
    auto [ours, theirs] = TRY(wire::make_pair());
    sys::Clone clone = TRY(sys::clone_process(0, cgroup));
    if (clone.pid == 0)
        init::joiner_main(plan, std::move(theirs), container);
    return Child{clone.pid, std::move(clone.pidfd), std::move(ours)};
}

Child replace_joiner(Child& joiner, pid_t pid, Fd pidfd) {
    return Child{pid, std::move(pidfd), std::move(joiner.channel())};
}

}  // namespace unitc::launch
