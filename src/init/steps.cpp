// SPDX-License-Identifier: Apache-2.0
// THE tables of the container's first process; the last two are exec's as well.
#include "init/steps.hpp"

#include <sched.h>

#include <algorithm>

#include "init/table.hpp"

namespace unitc::init {
namespace {

using plan::InitPlan;

bool has_shared_root(const InitPlan& plan) {
    return (plan.root_propagation & MS_SHARED) != 0;
}
bool has_last_mount(const InitPlan& plan) {
    return std::any_of(plan.mounts.begin(), plan.mounts.end(),
                       [](const plan::MountStep& step) { return step.at_last; });
}
bool has_user_namespace(const InitPlan& plan) {
    return plan.user_namespace.has_value();
}
bool gets_mounts(const InitPlan& plan) {
    return plan.user_namespace ||
           std::any_of(plan.mounts.begin(), plan.mounts.end(),
                       [](const plan::MountStep& step) { return step.idmap.has_value(); });
}
bool has_names(const InitPlan& plan) {
    return !plan.hostname.empty() || !plan.domainname.empty();
}

// Top to bottom is the order of execution. A comment above a step says what
// must not move across it.
constexpr Step kPreparation[] = {
    // First: nothing may outlive a parent that is killed half-way.
    {"die with the parent", always, die_with_parent},
    {"take the output", [](const InitPlan& p) { return p.process.to_journal; }, take_output},
    // The parent's lock and bus connection must close when the parent does.
    {"close inherited descriptors", always, close_inherited},
    // What the host's privileges are needed for comes from the parent, which
    // keeps them: mounts, id maps, device nodes; later limits and streams.
    {"receive mounts", gets_mounts, receive_mounts},
    // Still as the user, to whom the bundle belongs, with the namespace's rights.
    {"copy mounts", [](const InitPlan& p) { return p.unprivileged; }, copy_mounts},
    // Whatever is made from here on belongs to the user namespace's root.
    {"become root of the user namespace", has_user_namespace, become_root},
    // Needs the host's /proc and the parent's privileges.
    {"set oom score",
     [](const InitPlan& p) { return p.process.oom_score_adj && !p.user_namespace; },
     adjust_oom_score},
    {"join namespaces", [](const InitPlan& p) { return !p.joins.empty() && !p.needs_usher; },
     join_namespaces},
    {"set loopback up", [](const InitPlan& p) { return p.loopback; }, bring_loopback_up},
    {"label the keyring", labels_keyring, label_keyring},
    {"join session keyring", [](const InitPlan& p) { return p.new_keyring; }, join_keyring},
    {"set host and domain name", has_names, set_names},
    {"open /dev/null", always, open_host_null},
    // Copies of shared mounts are peers of the host's only while ours are.
    {"copy bind sources", has_shared_root, copy_shared_sources},
    // From here on nothing mounted here reaches the host.
    {"isolate mounts", always, isolate_mounts},
    {"attach root", always, attach_root},
    // Waits for the unit in the middle if a cgroup is mounted that cannot be at last.
    {"mount", always, mount_all},
    {"fill /dev", [](const InitPlan& p) { return p.set_up_dev; }, fill_dev},
    {"wait for network devices", [](const InitPlan& p) { return p.has_net_devices; },
     await_net_devices},
    // Before sysctls, masks and read-only: hooks bring network interfaces and
    // files. The old root is still there for them.
    {"wait for the parent's hooks", [](const InitPlan& p) { return p.parent_has_hooks; },
     let_parent_run_hooks},
    {"run createContainer hooks",
     [](const InitPlan& p) { return !p.create_container_hooks.empty(); },
     run_create_container_hooks},
    {"open console", [](const InitPlan& p) { return p.process.terminal; }, open_console},
    // On a procfs of our own, before anything could cover the image's.
    {"write sysctls", [](const InitPlan& p) { return !p.sysctls.empty(); }, write_sysctls},
    // For the next execve: that of a startContainer hook or of the program. On
    // the host's procfs, which a user namespace could not mount once masked.
    {"set labels", has_labels, set_labels},
    {"make paths read-only", [](const InitPlan& p) { return !p.readonly_paths.empty(); },
     make_readonly_paths},
    {"mask paths", [](const InitPlan& p) { return !p.masked_paths.empty(); }, mask_paths},
    {"finish root", always, finish_root},
    {"enter root", always, enter_root},
    // pivot_root(2) takes no shared root.
    {"set root propagation",
     [](const InitPlan& p) { return (p.root_propagation & (MS_SHARED | MS_UNBINDABLE)) != 0; },
     share_root},
    // No foreign byte is run or read as a program before the unit holds us.
    {"wait for the unit", always, await_cgroup},
    {"enter cgroup namespace", [](const InitPlan& p) { return p.new_cgroup_namespace; },
     enter_cgroup_namespace},
    {"mount cgroup", has_last_mount, mount_last},
    {"set resource limits",
     [](const InitPlan& p) { return !p.process.rlimits.empty() && !p.user_namespace; }, set_limits},
    {"enter working directory", always, enter_directory},
};

// Of the first process and of exec's alike: the unit holds it, the root is
// around it.
constexpr Step kBecoming[] = {
    // With the privileges of the runtime; the cgroup's CPUs and nodes are in
    // force by now.
    {"set CPU affinity", [](const InitPlan& p) { return p.process.cpus.has_value(); },
     set_cpu_affinity},
    // A deadline is granted on all CPUs only.
    {"set scheduler", [](const InitPlan& p) { return p.process.scheduler.has_value(); },
     set_scheduler},
    {"set I/O priority", [](const InitPlan& p) { return p.process.io_priority.has_value(); },
     set_io_priority},
    {"set memory policy", [](const InitPlan& p) { return p.memory_policy.has_value(); },
     set_memory_policy},
    {"set personality", [](const InitPlan& p) { return p.personality.has_value(); },
     set_personality},
    {"set no_new_privs", [](const InitPlan& p) { return p.process.no_new_privileges; },
     set_no_new_privileges},
    {"drop privileges", always, drop_privileges},
    // As the final user: whether it may execute the file is the question.
    {"find executable", always, find_executable},
    // Whoever looks at a created container's process finds its word to the
    // starter, and nothing of the host.
    {"close descriptors of the setup", always, close_setup},
    // While the parent is there to hand the listener to the agent, which
    // answers for all that follows.
    {"load seccomp filter with listener", has_agent, load_seccomp},
};

constexpr Step kStart[] = {
    // Every call after it must be allowed by the filter.
    {"load seccomp filter",
     [](const InitPlan& p) { return p.seccomp.has_value() && !has_agent(p); }, load_seccomp},
    // Programs of the image: under the filter, as the user.
    {"run startContainer hooks", [](const InitPlan& p) { return !p.start_container_hooks.empty(); },
     run_start_container_hooks},
    {"execute", always, execute},
};

}  // namespace

Result<> prepare(Context& context) {
    return run_steps(kPreparation, context);
}

Result<> become_the_user(Context& context) {
    return run_steps(kBecoming, context);
}

Result<> become_the_container(Context& context) {
    return run_steps(kStart, context);
}

}  // namespace unitc::init
