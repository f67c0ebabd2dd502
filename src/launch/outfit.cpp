// SPDX-License-Identifier: Apache-2.0
#include "launch/outfit.hpp"

#include <sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.hpp"
#include "init/child.hpp"
#include "launch/helper.hpp"
#include "launch/id_maps.hpp"
#include "launch/namespaces.hpp"
#include "sys/file.hpp"
#include "sys/mount.hpp"
#include "sys/procfs.hpp"

namespace unitc::launch {
namespace {

using plan::InitPlan;
using plan::MountStep;

bool is_sent(const InitPlan& plan, const MountStep& step) {
    return step.kind == MountStep::Kind::Bind && step.source_in_root.empty() &&
           (plan.user_namespace || step.idmap);
}

// The user namespaces that mounts are mapped by, one for all with the same map.
class IdMapNamespaces {
public:
    static Result<IdMapNamespaces> open(const InitPlan& plan) {
        IdMapNamespaces opened;
        for (const MountStep& step : plan.mounts)
            if (step.idmap && opened.find(step) == nullptr)
                opened.spaces_.emplace_back(*step.idmap,
                                            TRY_IN(step.where, open_user_namespace(*step.idmap)));
        return opened;
    }

    const Fd* find(const MountStep& step) const {
        for (const auto& [space, fd] : spaces_)
            if (space == *step.idmap)
                return &fd;
        return nullptr;
    }

private:
    std::vector<std::pair<plan::UserNamespace, Fd>> spaces_;
};

Result<> map_ids(const MountStep& step, const Fd& copy, const Fd& space) {
    auto mapped = sys::mount_idmap(copy, space, step.recursive_idmap);
    if (!mapped && mapped.error().code == EINVAL)
        return Failure{Error{EINVAL, "failed to set MOUNT_ATTR_IDMAP on " + step.source + ": " +
                                         errno_text(EINVAL) +
                                         " (maybe the filesystem used doesn't support idmap"
                                         " mounts on this kernel?)"}};
    if (!mapped)
        return Failure{std::move(mapped).error().in("set MOUNT_ATTR_IDMAP on " + step.source)};
    return {};
}

// In the child's mount namespace, with our own privileges: what the host's
// mounts forbid stays locked there, and what the child may not look up is found.
Result<> send_mounts(const Child& child, const InitPlan& plan, const IdMapNamespaces& spaces) {
    const sys::Procfs proc = TRY(sys::Procfs::host());
    const std::string path = std::to_string(child.pid()) + "/ns/mnt";
    const Fd space = TRY(sys::open_at(proc.fd(), path.c_str(), O_RDONLY));
    if (::setns(space.get(), CLONE_NEWNS) < 0)
        return fail_sys("setns", path);
    const auto send = [&](const std::string& name, const Fd& copy) -> Result<> {
        // The host's peers would get the container's mounts.
        if ((plan.root_propagation & MS_SHARED) == 0 || plan.user_namespace)
            TRY(sys::mount_set(copy, {.propagation = MS_SLAVE}, true));
        return child.channel().send(wire::Message::Source, name, {copy.get()});
    };
    if (plan.user_namespace) {
        const Fd root =
            TRY_IN("root.path", sys::open_tree_clone(AT_FDCWD, plan.rootfs.c_str(), true));
        TRY(send("root", root));
    }
    for (size_t i = 0; i < plan.mounts.size(); ++i) {
        const MountStep& step = plan.mounts[i];
        if (!is_sent(plan, step))
            continue;
        const std::string where = "error mounting " + step.where + " on '" + step.destination + "'";
        const Fd copy = TRY_IN(where, init::copy_source(step));
        if (step.idmap)
            TRY_IN(where, map_ids(step, copy, *spaces.find(step)));
        TRY(send(std::to_string(i), copy));
    }
    return {};
}

Result<> make_stored_node(const Fd& store, const std::string& name, const plan::DeviceNode& node,
                          const sys::IdMaps& maps) {
    const auto uid = sys::to_outside(maps.uids, node.uid);
    const auto gid = sys::to_outside(maps.gids, node.gid);
    if (!uid || !gid)
        return fail("its owner is not mapped");
    if (::mknodat(store.get(), name.c_str(), node.mode, makedev(node.major, node.minor)) < 0)
        return fail_sys("mknodat");
    if (::fchownat(store.get(), name.c_str(), *uid, *gid, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_sys("fchownat");
    // mknod's mode went through the umask.
    if (::fchmodat(store.get(), name.c_str(), node.mode & 07777, 0) < 0)
        return fail_sys("fchmodat");
    return {};
}

}  // namespace

bool needs_outfit(const InitPlan& plan) {
    return plan.user_namespace ||
           std::any_of(plan.mounts.begin(), plan.mounts.end(),
                       [](const MountStep& step) { return step.idmap.has_value(); });
}

Result<Fd> make_device_store(const InitPlan& plan, const std::optional<sys::IdMaps>& maps) {
    if (!maps || !plan.set_up_dev || plan.rootless)
        return Fd{};
    const Fd fs = TRY(sys::fs_open("tmpfs"));
    TRY(sys::fs_set_string(fs, "source", "devices"));
    TRY(sys::fs_set_string(fs, "size", "4k"));
    TRY(sys::fs_set_string(fs, "mode", "755"));
    TRY(sys::fs_create(fs));
    Fd store = TRY(sys::fs_mount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC));
    for (size_t i = 0; i < plan.devices.size(); ++i)
        TRY_IN("device '" + plan.devices[i].path + "'",
               make_stored_node(store, std::to_string(i), plan.devices[i], *maps));
    return store;
}

Result<> map_source(const Child& child, const InitPlan& plan, const wire::Packet& request) {
    const auto index = text::parse_int<size_t>(request.payload);
    if (!index || *index >= plan.mounts.size() || request.fds.size() != 1 ||
        !plan.mounts[*index].idmap)
        return fail("the container's process sent a mount that is not to be mapped");
    const MountStep& step = plan.mounts[*index];
    const Fd space = TRY_IN(step.where, open_user_namespace(*step.idmap));
    TRY_IN(step.where, map_ids(step, request.fds.front(), space));
    return child.channel().send(wire::Message::Mapped);
}

Result<> outfit(Child& child, const InitPlan& plan) {
    if (!needs_outfit(plan))
        return {};
    const std::string pid = std::to_string(child.pid());
    if (plan.user_namespace && plan.user_namespace->path.empty())
        TRY(write_id_maps(child.pid(), plan));
    if (plan.user_namespace && plan.process.oom_score_adj) {
        const sys::Procfs proc = TRY(sys::Procfs::host());
        TRY_IN("process.oomScoreAdj",
               proc.write(pid + "/oom_score_adj", std::to_string(*plan.process.oom_score_adj)));
    }
    // It makes its copies itself: outside, nobody has more rights than it has.
    if (plan.unprivileged)
        return child.channel().send(wire::Message::Outfitted);
    const IdMapNamespaces spaces = TRY(IdMapNamespaces::open(plan));
    const auto send = [&](const wire::Channel&) -> Result<std::string> {
        TRY(send_mounts(child, plan, spaces));
        return std::string{};
    };
    Child helper = TRY(start_helper(0, send));
    TRY(helper.channel().expect(wire::Message::Ready));
    return child.channel().send(wire::Message::Outfitted);
}

}  // namespace unitc::launch
