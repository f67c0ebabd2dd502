// SPDX-License-Identifier: Apache-2.0
#include "plan/make.hpp"

#include <linux/mount.h>
#include <sched.h>

#include <algorithm>

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

constexpr uint64_t kNewTime = 0x80;  // CLONE_NEWTIME of linux/sched.h

constexpr NamespaceRow kNamespaces[] = {
    {oci::NamespaceType::Pid, CLONE_NEWPID, "pid"},
    {oci::NamespaceType::Network, CLONE_NEWNET, "network"},
    {oci::NamespaceType::Mount, CLONE_NEWNS, "mount"},
    {oci::NamespaceType::Ipc, CLONE_NEWIPC, "ipc"},
    {oci::NamespaceType::Uts, CLONE_NEWUTS, "uts"},
    {oci::NamespaceType::Cgroup, CLONE_NEWCGROUP, "cgroup"},
    {oci::NamespaceType::User, CLONE_NEWUSER, "user"},
    {oci::NamespaceType::Time, kNewTime, "time"},
};

sys::IdMap id_map(const std::vector<oci::IdMapping>& mappings) {
    sys::IdMap map;
    for (const oci::IdMapping& mapping : mappings)
        map.push_back({mapping.container_id, mapping.host_id, mapping.size});
    return map;
}

bool is_for_children(const Join& join) {
    return join.type == CLONE_NEWPID || join.type == static_cast<int>(kNewTime);
}

Result<> add_namespaces(const oci::Linux& linux_part, InitPlan& init) {
    for (const oci::Namespace& wanted : linux_part.namespaces) {
        const NamespaceRow* row = nullptr;
        for (const NamespaceRow& candidate : kNamespaces)
            if (candidate.type == wanted.type)
                row = &candidate;
        if (row == nullptr)
            return fail("linux.namespaces: has an entry of unknown type");
        if (wanted.type == oci::NamespaceType::User)
            init.user_namespace = UserNamespace{
                wanted.path, {id_map(linux_part.uid_mappings), id_map(linux_part.gid_mappings)}};
        if (!wanted.path.empty())
            init.joins.push_back({static_cast<int>(row->flag), row->name, wanted.path});
        else if (row->flag == CLONE_NEWCGROUP)
            // Entered once the unit's membership is verified, so that its
            // root is the unit's cgroup.
            init.new_cgroup_namespace = true;
        else if (row->flag == kNewTime)
            init.new_time_namespace = true;
        else
            init.new_namespaces |= row->flag;
    }
    if ((init.new_namespaces & CLONE_NEWNS) == 0)
        return fail("linux.namespaces: a new 'mount' namespace is required");
    std::stable_partition(init.joins.begin(), init.joins.end(),
                          [](const Join& join) { return join.type != CLONE_NEWUSER; });
    for (const auto& [clock, offset] : linux_part.time_offsets)
        init.time_offsets.push_back({clock, offset.secs, offset.nanosecs});
    init.needs_usher = init.new_time_namespace || (init.user_namespace && !init.joins.empty()) ||
                       std::any_of(init.joins.begin(), init.joins.end(), is_for_children);
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
    // These find all mounts made, and wait for the unit themselves.
    if (init.parent_has_hooks || !init.create_container_hooks.empty())
        for (MountStep& step : init.mounts)
            step.at_last = false;
    init.start_container_hooks = std::move(plan.hooks.start_container);
    // runc gives these the program's environment even where `env` is empty.
    for (oci::Hook& hook : init.start_container_hooks)
        if (hook.env && hook.env->empty())
            hook.env.reset();
}

// runc's rule: of a cgroup namespace of its own, where the config lets it write.
bool may_write_cgroup(const InitPlan& init) {
    return init.user_namespace && init.new_cgroup_namespace &&
           std::any_of(init.mounts.begin(), init.mounts.end(), [](const MountStep& step) {
               return step.kind == MountStep::Kind::Cgroup &&
                      (step.attributes.set & MOUNT_ATTR_RDONLY) == 0;
           });
}

// Ids in a file system's options are the container's: the kernel refuses one
// that is not mapped with a mere "invalid argument".
Result<> check_mount_ids(const InitPlan& init) {
    if (!init.user_namespace || init.user_namespace->maps.uids.empty())
        return {};
    const sys::IdMaps& maps = init.user_namespace->maps;
    for (const MountStep& step : init.mounts)
        for (const auto& [key, value] : step.data) {
            const auto id = text::parse_int<uint32_t>(value.value_or(""));
            const sys::IdMap* map = key == "uid" ? &maps.uids : key == "gid" ? &maps.gids : nullptr;
            if (map != nullptr && id && !sys::to_outside(*map, *id))
                return fail(step.where + ".options: '" + key + "=" + *value +
                            "' is not mapped by linux." + key + "Mappings");
        }
    return {};
}

// idmap and ridmap with the mount's own maps, or the container's.
void map_mounts(const oci::Config& config, InitPlan& init) {
    for (size_t i = 0; i < init.mounts.size(); ++i) {
        const oci::Mount& mount = config.mounts[i];
        MountStep& step = init.mounts[i];
        if (!mount.uid_mappings.empty())
            step.idmap =
                UserNamespace{{}, {id_map(mount.uid_mappings), id_map(mount.gid_mappings)}};
        else if (step.idmap)
            step.idmap = init.user_namespace;
    }
}

bool bind_on_dev(const std::vector<MountStep>& mounts) {
    for (const MountStep& step : mounts)
        if (step.kind == MountStep::Kind::Bind && step.destination == "/dev")
            return true;
    return false;
}

// Last, over whatever the config has there, as in runc: the variable names it.
void add_notify_mount(const std::string& source, const char* destination, InitPlan& init) {
    MountStep step;
    step.kind = MountStep::Kind::Bind;
    step.where = "NOTIFY_SOCKET";
    step.destination = destination;
    step.source = source;
    step.attributes.set =
        MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    init.mounts.push_back(std::move(step));
}

// A second mount at the same place would hide nothing more.
std::vector<std::string> once_each(const std::vector<std::string>& paths) {
    std::vector<std::string> kept;
    for (const std::string& path : paths)
        if (std::string clean = text::clean_path(path);
            std::find(kept.begin(), kept.end(), clean) == kept.end())
            kept.push_back(std::move(clean));
    return kept;
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
    init.mounts = TRY(make_mounts(config, request, init.rootfs));
    init.set_up_dev = !bind_on_dev(init.mounts);
    init.devices = make_devices(linux_part);
    init.masked_paths = once_each(linux_part.masked_paths);
    init.readonly_paths = once_each(linux_part.readonly_paths);
    map_mounts(config, init);
    if (!request.notify_directory.empty())
        add_notify_mount(request.notify_directory, kNotifyDirectory, init);
    if (!request.notify_socket.empty())
        add_notify_mount(request.notify_socket, kNotifySocket, init);
    init.hand_over_cgroup = may_write_cgroup(init);
    TRY(check_mount_ids(init));
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
    TRY(add_attributes(linux_part, init));
    init.loopback = (init.new_namespaces & CLONE_NEWNET) != 0;
    init.has_net_devices = !linux_part.net_devices.empty();
    plan.net_devices = linux_part.net_devices;
    TRY(make_rootless(config, facts, init));
    add_hooks(config, plan);
    put_off_cgroup_mounts(init);
    return plan;
}

}  // namespace unitc::plan
