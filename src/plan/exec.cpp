// SPDX-License-Identifier: Apache-2.0
// The plan of a process that joins a running container.
#include <sched.h>

#include <array>

#include "plan/make.hpp"
#include "plan/parts.hpp"
#include "unit/cpuset.hpp"

namespace unitc::plan {
namespace {

// In the order of oci::NamespaceType.
constexpr std::array<uint64_t, 8> kFlags = {CLONE_NEWPID,    CLONE_NEWNET, CLONE_NEWNS,
                                            CLONE_NEWIPC,    CLONE_NEWUTS, CLONE_NEWUSER,
                                            CLONE_NEWCGROUP, CLONE_NEWTIME};
static_assert(static_cast<size_t>(oci::NamespaceType::Time) == kFlags.size() - 1);

// The container's first process is not bound by it (config.md).
Result<> add_cpu_affinity(const oci::Process& process, ProcessPlan& plan) {
    const oci::CpuAffinity wanted = process.exec_cpu_affinity.value_or(oci::CpuAffinity{});
    if (wanted.initial.empty() && wanted.final.empty())
        return {};
    plan.cpus.reset();
    if (!wanted.initial.empty())
        plan.initial_cpus =
            TRY_IN("process.execCPUAffinity.initial", unit::mask_of_list(wanted.initial));
    if (!wanted.final.empty())
        plan.cpus = TRY_IN("process.execCPUAffinity.final", unit::mask_of_list(wanted.final));
    return {};
}

}  // namespace

Result<InitPlan> make_exec(const oci::Config& config, const Request& request,
                           const host::Facts& facts) {
    InitPlan init;
    // New or joined by path: the container's first process is in it. In the
    // ones the config does not name it is where we are.
    if (config.linux_)
        for (const oci::Namespace& space : config.linux_->namespaces)
            init.enter_namespaces |= kFlags[static_cast<size_t>(space.type)];
    if (config.process) {
        init.process = make_process(*config.process, request, facts);
        TRY(add_cpu_affinity(*config.process, init.process));
        TRY(make_rootless(*config.process, facts, init));
    }
    // As when its user namespace was made.
    init.keeps_groups = facts.setgroups_denied;
    if (config.linux_ && facts.unprivileged && config.linux_->gid_mappings.size() == 1) {
        const oci::IdMapping& only = config.linux_->gid_mappings.front();
        init.keeps_groups = only.host_id == facts.gid && only.size == 1;
    }
    if (config.linux_)
        TRY(add_attributes(*config.linux_, init));
    init.new_keyring = request.new_keyring;
    init.set_up_dev = false;  // and no /dev/console: that is the first process's terminal
    return init;
}

}  // namespace unitc::plan
