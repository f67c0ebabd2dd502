// SPDX-License-Identifier: Apache-2.0
// How the kernel treats the program besides its identity: scheduler, CPUs, I/O and
// memory policy, execution domain, labels, loopback.
#include <cerrno>

#include "init/steps.hpp"
#include "sys/label.hpp"
#include "sys/net_device.hpp"
#include "sys/scheduling.hpp"

namespace unitc::init {

Result<> set_cpu_affinity(Context& context) {
    TRY_IN("process.execCPUAffinity.final", sys::set_cpu_affinity(*context.plan.process.cpus));
    return {};
}

Result<> set_scheduler(Context& context) {
    auto set = sys::set_scheduler(*context.plan.process.scheduler);
    // SCHED_DEADLINE wants every CPU (sched_setattr(2)).
    if (!set && set.error().code == EPERM && context.plan.has_allowed_cpus)
        return Failure{std::move(set).error().in(
            "process.scheduler: process scheduler can't be used together with AllowedCPUs")};
    if (!set)
        return Failure{std::move(set).error().in("process.scheduler")};
    return {};
}

Result<> set_io_priority(Context& context) {
    TRY_IN("process.ioPriority", sys::set_io_priority(*context.plan.process.io_priority));
    return {};
}

Result<> set_personality(Context& context) {
    TRY_IN("linux.personality", sys::set_personality(*context.plan.personality));
    return {};
}

Result<> set_memory_policy(Context& context) {
    TRY_IN("linux.memoryPolicy", sys::set_memory_policy(*context.plan.memory_policy));
    return {};
}

Result<> label_keyring(Context& context) {
    const sys::Procfs proc = TRY(sys::Procfs::host());
    TRY_IN("process.selinuxLabel",
           sys::set_selinux_key_label(proc, context.plan.process.selinux_label));
    return {};
}

Result<> set_labels(Context& context) {
    const plan::ProcessPlan& process = context.plan.process;
    const sys::Procfs proc = TRY(sys::Procfs::host());
    if (!process.apparmor_profile.empty())
        TRY_IN("process.apparmorProfile",
               sys::set_apparmor_profile(proc, process.apparmor_profile));
    if (!process.selinux_label.empty())
        TRY_IN("process.selinuxLabel", sys::set_selinux_label(proc, process.selinux_label));
    return {};
}

Result<> bring_loopback_up(Context&) {
    return sys::set_loopback_up();
}

// Sysctls and hooks want to find them.
Result<> await_net_devices(Context& context) {
    return await_cgroup(context);
}

}  // namespace unitc::init
