// SPDX-License-Identifier: Apache-2.0
// THE tables of exec: of the joiner, which enters the container, and of the
// process it makes there, up to what every process of a container does (steps.cpp).
#include <sched.h>
#include <unistd.h>

#include "init/child.hpp"
#include "init/steps.hpp"
#include "init/table.hpp"
#include "sys/clone.hpp"
#include "sys/file.hpp"

namespace unitc::init {
namespace {

using plan::InitPlan;

// Two processes, because a pid namespace is entered by one's children only.
// The first is in no pid namespace of the container's, so nobody there can see
// it as long as it holds anything of the host's (CVE-2016-9962).
constexpr Step kJoining[] = {
    // First: nothing may outlive a parent that is killed half-way. No session
    // yet: with the scheduler's autogroups one costs milliseconds.
    {"tie to the parent", always, tie_to_parent},
    {"close inherited descriptors", always, close_inherited},
    // Its group is the container's before it is: nobody waits as a rule, for it
    // was cloned there.
    {"wait for the cgroup", [](const InitPlan& p) { return p.is_attached; }, await_cgroup},
    // Needs the host's /proc and the parent's privileges.
    {"set oom score", [](const InitPlan& p) { return p.process.oom_score_adj.has_value(); },
     adjust_oom_score},
    // A user namespace of the container's cannot raise them.
    {"set resource limits", [](const InitPlan& p) { return !p.process.rlimits.empty(); },
     set_limits},
    // Kept by the process made below; the host's procfs is not at hand there.
    {"label the keyring", labels_keyring, label_keyring},
    {"set labels", has_labels, set_labels},
    // From here on every path is the container's.
    {"enter the container", [](const InitPlan& p) { return p.enter_namespaces != 0; },
     enter_container},
};

constexpr Step kPreparation[] = {
    // The signal at the parent's end is not inherited.
    {"die with the parent", always, die_with_parent},
    // Whatever is made from here on belongs to the user namespace's root.
    {"become root of the user namespace",
     [](const InitPlan& p) { return (p.enter_namespaces & CLONE_NEWUSER) != 0; }, become_root},
    {"join session keyring", [](const InitPlan& p) { return p.new_keyring; }, join_keyring},
    {"open root", always, open_own_root},
    {"open console", [](const InitPlan& p) { return p.process.terminal; }, open_console},
    {"enter working directory", always, enter_existing_directory},
};

Result<> join(Context& context) {
    return run_steps(kJoining, context);
}

Result<> prepare_joined(Context& context) {
    return run_steps(kPreparation, context);
}

// Makes the process that stays, as a child of our parent's, and says which it is.
Result<> make_sibling(Context& context) {
    const sys::Clone made = TRY(sys::clone_process(CLONE_PARENT));
    if (made.pid == 0)
        run_phases(context,
                   {prepare_joined, become_the_user, wait_for_start, become_the_container});
    TRY(context.channel.send(wire::Message::Joined, std::to_string(made.pid), {made.pidfd.get()}));
    ::_exit(0);
}

}  // namespace

void joiner_main(const plan::InitPlan& plan, wire::Channel channel, const Fd& container) noexcept {
    Context context{plan, std::move(channel)};
    auto copy = sys::duplicate(container.get());
    if (!copy)
        fail_and_exit(context.channel, copy.error());
    context.container = *std::move(copy);
    run_phases(context, {join, make_sibling});
}

}  // namespace unitc::init
