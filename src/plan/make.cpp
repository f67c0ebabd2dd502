// SPDX-License-Identifier: Apache-2.0
#include "plan/make.hpp"

#include <sched.h>

#include "base/text.hpp"
#include "oci/sysctl.hpp"
#include "plan/parts.hpp"

namespace unitc::plan {
namespace {

struct NamespaceRow {
    oci::NamespaceType type;
    uint64_t flag;
    const char* name;
};

constexpr NamespaceRow kNamespaces[] = {
    {oci::NamespaceType::Pid, CLONE_NEWPID, "pid"},
    {oci::NamespaceType::Network, CLONE_NEWNET, "network"},
    {oci::NamespaceType::Mount, CLONE_NEWNS, "mount"},
    {oci::NamespaceType::Ipc, CLONE_NEWIPC, "ipc"},
    {oci::NamespaceType::Uts, CLONE_NEWUTS, "uts"},
    {oci::NamespaceType::Cgroup, CLONE_NEWCGROUP, "cgroup"},
};

Result<> add_namespaces(const oci::Linux& linux_part, InitPlan& init) {
    for (const oci::Namespace& wanted : linux_part.namespaces) {
        const NamespaceRow* row = nullptr;
        for (const NamespaceRow& candidate : kNamespaces)
            if (candidate.type == wanted.type)
                row = &candidate;
        if (row == nullptr)
            return fail("linux.namespaces: user and time namespaces are not supported yet");
        if (!wanted.path.empty())
            init.joins.push_back({static_cast<int>(row->flag), row->name, wanted.path});
        else if (row->flag == CLONE_NEWCGROUP)
            // Entered once the unit's membership is verified, so that its
            // root is the unit's cgroup.
            init.new_cgroup_namespace = true;
        else
            init.new_namespaces |= row->flag;
    }
    if ((init.new_namespaces & CLONE_NEWNS) == 0)
        return fail("linux.namespaces: a new 'mount' namespace is required");
    return {};
}

void add_hooks(const oci::Config& config, Plan& plan) {
    InitPlan& init = plan.init;
    init.state = {config.oci_version, plan.id, plan.bundle, config.annotations};
    if (!config.hooks)
        return;
    plan.hooks = *config.hooks;
    init.parent_has_hooks = !plan.hooks.prestart.empty() || !plan.hooks.create_runtime.empty();
    init.create_container_hooks = std::move(plan.hooks.create_container);
    init.start_container_hooks = std::move(plan.hooks.start_container);
    // runc gives these the program's environment even where `env` is empty.
    for (oci::Hook& hook : init.start_container_hooks)
        if (hook.env && hook.env->empty())
            hook.env.reset();
}

bool bind_on_dev(const std::vector<MountStep>& mounts) {
    for (const MountStep& step : mounts)
        if (step.kind == MountStep::Kind::Bind && step.destination == "/dev")
            return true;
    return false;
}

}  // namespace

Result<Plan> make(const oci::Config& config, const ContainerId& id, const Request& request,
                  const host::Facts& facts) {
    if (!config.linux_ || !config.root || !config.process)
        return fail("config.json: 'linux', 'root' and 'process' are required");
    const oci::Linux& linux_part = *config.linux_;

    Plan plan;
    plan.id = id.str();
    plan.bundle = request.bundle;
    plan.unit = TRY(unit::translate(config, id, facts));

    InitPlan& init = plan.init;
    TRY(add_namespaces(linux_part, init));
    init.rootfs = config.root->path.starts_with('/')
                      ? text::clean_path(config.root->path)
                      : text::clean_path(request.bundle + "/" + config.root->path);
    init.readonly_root = config.root->readonly;
    init.root_propagation = propagation_flag(linux_part.rootfs_propagation).value_or(0);
    init.mounts = TRY(make_mounts(config, request));
    init.set_up_dev = !bind_on_dev(init.mounts);
    init.devices = make_devices(linux_part);
    init.masked_paths = linux_part.masked_paths;
    init.readonly_paths = linux_part.readonly_paths;
    init.hostname = config.hostname;
    init.domainname = config.domainname;
    for (const auto& [key, value] : linux_part.sysctl) {
        const auto file = oci::sysctl_path(key);
        if (!file)
            return fail("linux.sysctl: '" + text::printable(key) + "' names no file of /proc/sys");
        init.sysctls.emplace_back(*file, value);
    }
    init.new_keyring = request.new_keyring;
    init.keyring_name = "_ses." + id.str();
    init.pivot = request.pivot;
    init.process = make_process(*config.process, request, facts);
    add_hooks(config, plan);
    put_off_cgroup_mounts(init);
    return plan;
}

}  // namespace unitc::plan
