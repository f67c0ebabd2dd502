// SPDX-License-Identifier: Apache-2.0
// `process` of config.json → what the first process is to become.
#include <sys/personality.h>

#include <algorithm>

#include "oci/names.hpp"
#include "plan/parts.hpp"
#include "unit/cpuset.hpp"

namespace unitc::plan {
namespace {

std::string_view name_of(std::string_view variable) {
    return variable.substr(0, variable.find('='));
}

std::string_view rlimit_name(int resource) {
    for (const auto& row : oci::kRlimits)
        if (row.value == resource)
            return row.name;
    return "RLIMIT_?";
}

// Of a variable given twice the last value counts, at the place of the first:
// what getenv() finds must not depend on who reads the list.
void add_variable(std::vector<std::string>& env, const std::string& variable) {
    const auto same = std::find_if(env.begin(), env.end(), [&](const std::string& other) {
        return name_of(other) == name_of(variable);
    });
    if (same != env.end())
        *same = variable;
    else
        env.push_back(variable);
}

sys::SchedulerAttributes make_scheduler(const oci::Scheduler& wanted) {
    sys::SchedulerAttributes attributes;
    attributes.policy = oci::value_of(oci::kSchedulerPolicies, wanted.policy);
    for (const std::string& flag : wanted.flags)
        attributes.flags |= oci::value_of(oci::kSchedulerFlags, flag);
    attributes.nice = wanted.nice;
    attributes.priority = static_cast<uint32_t>(wanted.priority);
    attributes.runtime = wanted.runtime;
    attributes.deadline = wanted.deadline;
    attributes.period = wanted.period;
    return attributes;
}

Result<sys::MemoryPolicy> make_memory_policy(const oci::MemoryPolicy& wanted) {
    sys::MemoryPolicy policy;
    policy.mode = oci::value_of(oci::kMemoryPolicyModes, wanted.mode);
    for (const std::string& flag : wanted.flags)
        policy.mode |= oci::value_of(oci::kMemoryPolicyFlags, flag);
    if (!wanted.nodes.empty())
        policy.nodes = TRY_IN("linux.memoryPolicy.nodes", unit::mask_of_list(wanted.nodes));
    return policy;
}

}  // namespace

Result<> add_attributes(const oci::Linux& linux_part, InitPlan& init) {
    const auto& resources = linux_part.resources;
    init.has_allowed_cpus = resources && resources->cpu && !resources->cpu->cpus.empty();
    if (linux_part.personality)
        init.personality = linux_part.personality->domain == "LINUX32" ? PER_LINUX32 : PER_LINUX;
    if (linux_part.memory_policy)
        init.memory_policy = TRY(make_memory_policy(*linux_part.memory_policy));
    if (linux_part.seccomp) {
        init.seccomp_agent = linux_part.seccomp->listener_path;
        init.seccomp_metadata = linux_part.seccomp->listener_metadata;
    }
    return {};
}

ProcessPlan make_process(const oci::Process& process, const Request& request,
                         const host::Facts& facts) {
    ProcessPlan plan;
    plan.args = process.args;
    for (const std::string& variable : process.env)
        add_variable(plan.env, variable);
    for (const std::string& variable : request.extra_env)
        add_variable(plan.env, variable);
    if (!request.notify_directory.empty() || !request.notify_socket.empty())
        add_variable(plan.env, std::string{"NOTIFY_SOCKET="} + kNotifySocket);
    plan.cwd = process.cwd;
    plan.uid = process.user.uid;
    plan.gid = process.user.gid;
    plan.groups = process.user.additional_gids;
    plan.umask = static_cast<mode_t>(process.user.umask.value_or(0022));
    for (const oci::Rlimit& limit : process.rlimits)
        plan.rlimits.push_back(
            {rlimit_name(limit.resource), limit.resource, limit.soft, limit.hard});
    if (process.capabilities) {
        // Those the kernel does not know cannot be had; runc leaves them out.
        const uint64_t known = facts.last_capability >= 63
                                   ? ~uint64_t{0}
                                   : (uint64_t{1} << (facts.last_capability + 1)) - 1;
        const oci::Capabilities& sets = *process.capabilities;
        plan.capabilities = sys::CapabilitySets{sets.bounding & known, sets.effective & known,
                                                sets.inheritable & known, sets.permitted & known,
                                                sets.ambient & known};
    }
    plan.no_new_privileges = process.no_new_privileges;
    plan.oom_score_adj = process.oom_score_adj;
    plan.terminal = process.terminal;
    plan.console_size = process.console_size;
    if (process.scheduler)
        plan.scheduler = make_scheduler(*process.scheduler);
    if (process.io_priority) {
        constexpr int kClassShift = 13;  // linux/ioprio.h
        plan.io_priority = oci::value_of(oci::kIoClasses, process.io_priority->io_class)
                               << kClassShift |
                           process.io_priority->priority;
    }
    // Not those that the caller happens to be bound to.
    plan.cpus = sys::all_cpus();
    plan.apparmor_profile = process.apparmor_profile;
    plan.selinux_label = process.selinux_label;
    plan.listen_pidfd_id = request.listen_pidfd_id;
    plan.to_journal = request.to_journal;
    plan.preserve_fds = request.preserve_fds;
    return plan;
}

}  // namespace unitc::plan
