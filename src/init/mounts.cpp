// SPDX-License-Identifier: Apache-2.0
// The config's mounts: each is made detached and complete, attributes
// included, before it appears anywhere; its place is resolved once, inside
// the root, to a descriptor; and it is put there by descriptor alone.
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstring>

#include "init/child.hpp"
#include "init/steps.hpp"
#include "sys/file.hpp"
#include "sys/mount.hpp"
#include "sys/path.hpp"
#include "sys/procfs.hpp"

namespace unitc::init {
namespace {

using plan::MountStep;

constexpr mode_t kDirectoryMode = 0755;
constexpr mode_t kFileMode = 0644;

Result<long> file_system_of(const Fd& fd) {
    struct statfs fs {};
    if (::fstatfs(fd.get(), &fs) < 0)
        return fail_sys("fstatfs");
    return static_cast<long>(fs.f_type);
}

Result<uint64_t> mount_id(const Fd& fd, const char* path, int flags) {
    struct statx status {};
    if (::statx(fd.get(), path, flags, STATX_MNT_ID, &status) < 0)
        return fail_sys("statx");
    return status.stx_mnt_id;
}

bool is_read_only(const MountStep& step) {
    return (step.attributes.set & MOUNT_ATTR_RDONLY) != 0;
}

// What later mounts and device nodes still have to be made in.
bool stays_writable_for_now(const MountStep& step) {
    return is_read_only(step) && (step.type == "tmpfs" || step.destination == "/dev");
}

bool sets(const MountStep& step, std::string_view key) {
    return std::any_of(step.data.begin(), step.data.end(),
                       [&](const auto& option) { return option.first == key; });
}

// A tmpfs without a mode of its own takes that of the directory it covers:
// runc's rule, which images with a 1777 /tmp rely on.
Result<> copy_mode(const Fd& fs, const Fd& root, const MountStep& step) {
    const auto covered = sys::open_in_root(root, step.destination, O_PATH | O_DIRECTORY);
    if (!covered)
        return {};
    char mode[8];
    const auto end =
        std::to_chars(mode, mode + sizeof mode, TRY(sys::stat_fd(*covered)).st_mode & 07777U, 8)
            .ptr;
    return sys::fs_set_string(fs, "mode", std::string{mode, end}.c_str());
}

// fsconfig takes 255 bytes, and an image has many layers: overlayfs takes them
// one at a time, too (Linux 6.7). There a colon is not special, so what
// escaped it goes. Behind two colons are layers of data alone.
Result<> set_lower_layers(const Fd& fs, std::string_view layers) {
    const char* key = "lowerdir+";
    std::string layer;
    for (size_t at = 0; at <= layers.size(); ++at) {
        const bool escaped = at + 1 < layers.size() && layers[at] == '\\';
        if (escaped)
            layer += layers[++at];
        else if (at < layers.size() && layers[at] != ':')
            layer += layers[at];
        else if (layer.empty())
            key = "datadir+";
        else {
            TRY(sys::fs_set_string(fs, key, layer.c_str()));
            layer.clear();
        }
    }
    return {};
}

Result<> set_option(const Fd& fs, const std::string& type, const std::string& key,
                    const std::optional<std::string>& value) {
    constexpr size_t kMaxValue = 255;
    if (!value)
        return sys::fs_set_flag(fs, key.c_str());
    if (type == "overlay" && key == "lowerdir" && value->size() > kMaxValue)
        return set_lower_layers(fs, *value);
    return sys::fs_set_string(fs, key.c_str(), value->c_str());
}

Result<Fd> make_new(const Context& child, const MountStep& step, uint64_t attributes) {
    const Fd context = TRY(sys::fs_open(step.type.c_str()));
    if (!step.source.empty())
        TRY(sys::fs_set_string(context, "source", step.source.c_str()));
    for (const auto& [key, value] : step.data)
        TRY(set_option(context, step.type, key, value));
    if (step.type == "tmpfs" && !sets(step, "mode"))
        TRY(copy_mode(context, child.root, step));
    TRY(sys::fs_create(context));
    return sys::fs_mount(context, static_cast<uint32_t>(attributes));
}

// The cgroup's view: of a namespace of its own, or one it joined, a fresh
// instance, which the kernel roots there; of the host's what the host sees, as
// the paths in /proc/self/cgroup have it. There a fresh instance would take the
// hierarchy's options (nsdelegate, memory_recursiveprot) away from the host.
Result<Fd> make_cgroup(Context& context, const MountStep& step) {
    const auto& joins = context.plan.joins;
    const bool joined = std::any_of(joins.begin(), joins.end(), [](const plan::Join& join) {
        return join.type == CLONE_NEWCGROUP;
    });
    if (context.plan.new_cgroup_namespace || joined) {
        TRY(await_cgroup(context));
        if (!joined)
            TRY(enter_cgroup_namespace(context));
        MountStep cgroup2 = step;
        cgroup2.type = "cgroup2";
        cgroup2.source = "cgroup";
        cgroup2.data.clear();  // hierarchy-wide options are the host's to choose
        return make_new(context, cgroup2, step.attributes.set);
    }
    Fd copy = TRY(sys::open_tree_clone(AT_FDCWD, "/sys/fs/cgroup", true));
    TRY(sys::mount_set(copy, step.attributes, false));
    return copy;
}

// Resolved as the image sees it, not the host. What is mounted there by now is
// meant where the config names it, while a symlink of the image's may lead
// about in the image alone: not to a writable copy of /proc/sys, nor of what the
// config mounts read-only.
Result<Fd> open_source_in_root(const Context& context, const MountStep& step) {
    const bool follow = !step.source_nofollow && !step.copy_symlink;
    const int flags = O_PATH | (follow ? 0 : O_NOFOLLOW);
    auto plain =
        sys::open_below(context.root, "." + step.source_in_root, flags, sys::kBelowNoLinks);
    if (plain || plain.error().code != ELOOP)
        return plain;
    Fd linked = TRY(sys::open_in_root(context.root, step.source_in_root, flags));
    if (TRY(mount_id(linked, "", AT_EMPTY_PATH)) != TRY(mount_id(context.root, "", AT_EMPTY_PATH)))
        return fail("'" + step.source_in_root + "' of the root leads onto another mount");
    return linked;
}

Result<Fd> copy_from_root(Context& context, const MountStep& step, size_t index) {
    const Fd source = TRY_IN("source", open_source_in_root(context, step));
    Fd copy = TRY_IN("source", sys::open_tree_clone(source.get(), "", step.recursive));
    if (!step.idmap)
        return copy;
    // Only the parent may map ids. It listens once the unit is there.
    TRY(await_cgroup(context));
    TRY(context.channel.send(wire::Message::Unmapped, std::to_string(index), {copy.get()}));
    TRY(context.channel.expect(wire::Message::Mapped));
    return copy;
}

// Those that a user namespace must not take away are there to stay unless
// taking them away was asked for by name: then it is an error.
Result<uint64_t> locked_flags(const Fd& mount) {
    struct Row {
        unsigned long flag;
        uint64_t attribute;
    };
    constexpr Row kRows[] = {{ST_RDONLY, MOUNT_ATTR_RDONLY},
                             {ST_NOSUID, MOUNT_ATTR_NOSUID},
                             {ST_NODEV, MOUNT_ATTR_NODEV},
                             {ST_NOEXEC, MOUNT_ATTR_NOEXEC}};
    struct statvfs status {};
    if (::fstatvfs(mount.get(), &status) < 0)
        return fail_sys("fstatvfs");
    uint64_t found = 0;
    for (const Row& row : kRows)
        if ((status.f_flag & row.flag) != 0)
            found |= row.attribute;
    return found;
}

Result<> set_bind_attributes(const Context& context, const MountStep& step, const Fd& copy) {
    sys::MountAttributes wanted = step.attributes;
    wanted.clear |= step.implied_clear;
    if (wanted.empty())
        return {};
    auto set = sys::mount_set(copy, wanted, false);
    if (set || set.error().code != EPERM || !(context.plan.user_namespace || context.plan.rootless))
        return set;
    const uint64_t locked = TRY(locked_flags(copy));
    wanted.clear &= ~(locked & step.implied_clear);
    return wanted.empty() ? Result<>{} : sys::mount_set(copy, wanted, false);
}

Result<Fd> make_bind(Context& context, const MountStep& step, size_t index) {
    Fd copy = std::move(context.early_sources[index]);
    if (!step.source_in_root.empty())
        copy = TRY(copy_from_root(context, step, index));
    else if (!copy)
        copy = TRY(copy_source(step));
    TRY(set_bind_attributes(context, step, copy));
    return copy;
}

bool has_pid_namespace(const plan::InitPlan& plan) {
    return (plan.new_namespaces & CLONE_NEWPID) != 0 ||
           std::any_of(plan.joins.begin(), plan.joins.end(),
                       [](const plan::Join& join) { return join.type == CLONE_NEWPID; });
}

// Where a user namespace does not own what the file system shows, the kernel
// gives it no instance: it sees the host's, as every process of the host does.
bool shows_the_hosts(const plan::InitPlan& plan, const MountStep& step) {
    if (!plan.user_namespace && !plan.rootless)
        return false;
    return step.type == "sysfs" || (step.type == "proc" && !has_pid_namespace(plan));
}

Result<Fd> copy_hosts(const MountStep& step) {
    constexpr uint64_t kRestrictions =
        MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    const bool is_sysfs = step.type == "sysfs";
    Fd copy = TRY(sys::open_tree_clone(AT_FDCWD, is_sysfs ? "/sys" : "/proc", true));
    const uint64_t read_only = is_sysfs ? MOUNT_ATTR_RDONLY : 0;
    TRY(sys::mount_set(copy, {.set = (step.attributes.set & kRestrictions) | read_only}, true));
    return copy;
}

Result<Fd> make_detached(Context& context, const MountStep& step, size_t index) {
    switch (step.kind) {
        case MountStep::Kind::Cgroup: return make_cgroup(context, step);
        case MountStep::Kind::Bind: return make_bind(context, step, index);
        case MountStep::Kind::New:
        case MountStep::Kind::Remount: break;
    }
    uint64_t attributes = step.attributes.set;
    if (stays_writable_for_now(step))
        attributes &= ~uint64_t{MOUNT_ATTR_RDONLY};
    auto made = make_new(context, step, attributes);
    if (!made && made.error().code == EPERM && shows_the_hosts(context.plan, step))
        return copy_hosts(step);
    return made;
}

// What tmpcopyup asks for: the content, and the owner unless options name one.
Result<> fill_tmpfs(Context& context, const MountStep& step, const Fd& covered, const Fd& mount) {
    const struct stat status = TRY(sys::stat_fd(covered));
    const uid_t uid = sets(step, "uid") ? static_cast<uid_t>(-1) : status.st_uid;
    const gid_t gid = sets(step, "gid") ? static_cast<gid_t>(-1) : status.st_gid;
    // EINVAL: the user namespace does not map them.
    if (::fchownat(mount.get(), "", uid, gid, AT_EMPTY_PATH) < 0 && errno != EINVAL)
        return fail_sys("fchownat");
    return copy_up(context, covered, mount);
}

// copy-symlink: what is there already may only be the same link.
Result<> make_symlink(Context& context, const MountStep& step, const Fd& source) {
    char target[PATH_MAX];
    const ssize_t length = ::readlinkat(source.get(), "", target, sizeof target - 1);
    if (length < 0)
        return fail_sys("readlinkat", step.source);
    target[length] = '\0';
    const size_t slash = step.destination.rfind('/');
    const std::string name = step.destination.substr(slash + 1);
    const Fd parent = TRY(sys::make_directory_in_root(
        context.root, step.destination.substr(0, slash + 1), kDirectoryMode));
    if (::symlinkat(target, parent.get(), name.c_str()) == 0)
        return {};
    if (errno != EEXIST)
        return fail_sys("symlinkat", name);
    char there[PATH_MAX];
    const ssize_t found = ::readlinkat(parent.get(), name.c_str(), there, sizeof there - 1);
    if (found != length || std::memcmp(there, target, static_cast<size_t>(length)) != 0)
        return fail("'copy-symlink': something else exists in the root");
    return {};
}

Result<Fd> open_target(Context& context, const MountStep& step, const Fd& mount) {
    if (step.destination_nofollow) {
        auto there = sys::open_in_root(context.root, step.destination, O_PATH | O_NOFOLLOW);
        if (there || there.error().code != ENOENT)
            return there;
    }
    const struct stat status = TRY(sys::stat_fd(mount));
    if (!S_ISDIR(status.st_mode))
        return sys::make_file_in_root(context.root, step.destination, kFileMode);
    // /proc and /sys must be real directories: a symlink there would put the
    // kernel's files where the image wants them (CVE-2019-19921, -2023-27561).
    if (step.destination == "/proc" || step.destination == "/sys") {
        auto real = sys::open_in_root(context.root, step.destination, O_PATH | O_NOFOLLOW);
        if (real) {
            if (!S_ISDIR(TRY(sys::stat_fd(*real)).st_mode))
                return fail("'" + step.destination + "' must be mounted on ordinary directory");
            return real;
        }
        if (real.error().code != ENOENT)
            return real;
    }
    return sys::make_directory_in_root(context.root, step.destination, kDirectoryMode);
}

// A symlink of the image must not lead a mount onto procfs, where the config
// names another place: plan/ has checked only what is written.
Result<> check_target(const MountStep& step, const Fd& target) {
    if (TRY(file_system_of(target)) == PROC_SUPER_MAGIC &&
        !step.destination.starts_with("/proc/") && step.destination != "/proc")
        return fail("'" + step.destination + "' of the root leads into /proc");
    return {};
}

Result<> check_source(const MountStep& step, const Fd& mount) {
    if (step.destination == "/proc" && TRY(file_system_of(mount)) != PROC_SUPER_MAGIC)
        return fail("only procfs may be mounted on /proc");
    return {};
}

Result<> apply_late(Context& context, const MountStep& step, Fd mount) {
    if (!step.all_attributes.empty())
        TRY(sys::mount_set(mount, step.all_attributes, true));
    if (step.propagation != 0)
        TRY(sys::mount_set(mount, {.propagation = step.propagation}, step.recursive_propagation));
    // The same file system may have to be found again, whatever a neighbour
    // does to its mount point meanwhile.
    if (step.destination == "/proc" || step.destination == "/sys")
        context.kernel_mounts.push_back({step.destination, TRY(sys::duplicate(mount.get()))});
    if (stays_writable_for_now(step))
        context.late_readonly.push_back(std::move(mount));
    return {};
}

// The mount that is at the destination by now.
Result<> remount(Context& context, const MountStep& step) {
    Fd there = TRY(sys::open_in_root(context.root, step.destination, O_PATH));
    TRY(check_target(step, there));
    TRY(sys::mount_set(there, step.attributes, false));
    return apply_late(context, step, std::move(there));
}

Result<> make_mount_point(Context& context, const MountStep& step) {
    [[maybe_unused]] const Fd made = TRY_IN(
        "destination", sys::make_directory_in_root(context.root, step.destination, kDirectoryMode));
    return {};
}

Result<> mount_one(Context& context, const MountStep& step, size_t index) {
    if (step.kind == MountStep::Kind::Remount)
        return remount(context, step);
    Fd mount = TRY(make_detached(context, step, index));
    TRY(check_source(step, mount));
    const bool is_link = S_ISLNK(TRY(sys::stat_fd(mount)).st_mode);
    if (is_link && step.copy_symlink)
        return make_symlink(context, step, mount);
    const Fd target = TRY_IN("destination", open_target(context, step, mount));
    TRY(check_target(step, target));
    if (step.copy_up)
        TRY_IN("tmpcopyup", fill_tmpfs(context, step, target, mount));
    // Where a link is mounted, or covered, the link itself is looked at again.
    const int links = is_link || step.destination_nofollow ? O_NOFOLLOW : 0;
    TRY(place(context, mount, target, step.destination, links));
    return apply_late(context, step, std::move(mount));
}

}  // namespace

Result<> check_in_place(const Context& context, const Fd& mount, const std::string& destination,
                        int flags) {
    const Fd seen = TRY(sys::open_in_root(context.root, destination, O_PATH | flags));
    if (TRY(mount_id(seen, "", AT_EMPTY_PATH)) != TRY(mount_id(mount, "", AT_EMPTY_PATH)))
        return fail("'" + destination + "' does not show what was mounted on it");
    return {};
}

Result<> place(Context& context, const Fd& mount, const Fd& target, const std::string& destination,
               int flags) {
    TRY(sys::move_mount_onto(mount, target));
    // Read back by the image's own path: a neighbour may have moved the place.
    return check_in_place(context, mount, destination, flags);
}

Result<> mount_all(Context& context) {
    for (size_t i = 0; i < context.plan.mounts.size(); ++i) {
        const MountStep& step = context.plan.mounts[i];
        TRY_IN("error mounting " + step.where + " on '" + step.destination + "'",
               step.at_last ? make_mount_point(context, step) : mount_one(context, step, i));
    }
    return {};
}

Result<> mount_last(Context& context) {
    for (size_t i = 0; i < context.plan.mounts.size(); ++i) {
        const MountStep& step = context.plan.mounts[i];
        if (step.at_last)
            TRY_IN("error mounting " + step.where + " on '" + step.destination + "'",
                   mount_one(context, step, i));
    }
    return {};
}

}  // namespace unitc::init
