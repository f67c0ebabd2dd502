// SPDX-License-Identifier: Apache-2.0
// /dev: nodes and symlinks, all relative to one descriptor of a real
// directory (CVE-2026-41579 and CVE-2026-47766 worked on a symlinked /dev).
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "init/steps.hpp"
#include "sys/file.hpp"
#include "sys/mount.hpp"
#include "sys/path.hpp"

namespace unitc::init {
namespace {

using plan::DeviceNode;

struct Link {
    const char* name;
    const char* target;
};

// runtime-spec runtime-linux.md, "Dev symbolic links".
constexpr Link kLinks[] = {{"fd", "/proc/self/fd"},
                           {"stdin", "/proc/self/fd/0"},
                           {"stdout", "/proc/self/fd/1"},
                           {"stderr", "/proc/self/fd/2"}};

Result<Fd> open_dev(Context& context) {
    auto dev = sys::open_in_root(context.root, "/dev", O_PATH | O_NOFOLLOW);
    if (!dev && dev.error().code == ENOENT)
        dev = sys::make_directory_in_root(context.root, "/dev", 0755);
    if (!dev)
        return dev;
    if (!S_ISDIR(TRY(sys::stat_fd(*dev)).st_mode))
        return fail("'/dev' of the root is not a directory");
    return dev;
}

bool is_same_node(const struct stat& status, const DeviceNode& node) {
    return (status.st_mode & S_IFMT) == (node.mode & S_IFMT) &&
           (S_ISFIFO(node.mode) || status.st_rdev == makedev(node.major, node.minor));
}

// One that the parent has made, where it could; else the host's of that name,
// if that is the very device.
Result<Fd> copy_node(const Context& context, size_t index) {
    if (context.device_store)
        return sys::open_tree_clone(context.device_store.get(), std::to_string(index).c_str(),
                                    false);
    const DeviceNode& node = context.plan.devices[index];
    const Fd host = TRY_IN("the host's node, in place of which none can be made",
                           sys::open_at(AT_FDCWD, node.path.c_str(), O_PATH | O_NOFOLLOW));
    if (!is_same_node(TRY(sys::stat_fd(host)), node))
        return fail("the host's '" + node.path +
                    "' is another device, and in a user namespace none can be made");
    return sys::open_tree_clone(host.get(), "", false);
}

// In a user namespace no node can be made: one of the host's is bound.
Result<> bind_node(const Context& context, const Fd& directory, const char* name, size_t index) {
    const DeviceNode& node = context.plan.devices[index];
    auto target = sys::open_below(directory, name, O_PATH | O_NOFOLLOW, sys::kBelowNoLinks);
    if (!target && target.error().code == ENOENT)
        target = sys::open_below(directory, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDONLY,
                                 sys::kBelowNoLinks, 0644);
    const Fd place = TRY(std::move(target));
    const Fd copy = TRY(copy_node(context, index));
    TRY(sys::move_mount_onto(copy, place));
    const Fd there = TRY(sys::open_at(directory, name, O_PATH | O_NOFOLLOW));
    if (!is_same_node(TRY(sys::stat_fd(there)), node))
        return fail("'" + node.path + "' of the root does not show that device");
    return {};
}

Result<> make_node(const Fd& directory, const char* name, const DeviceNode& node) {
    const dev_t device = S_ISFIFO(node.mode) ? 0 : makedev(node.major, node.minor);
    // umask is 0 in this phase: the mode is the config's.
    const bool made = ::mknodat(directory.get(), name, node.mode, device) == 0;
    if (!made && errno != EEXIST)
        return fail_sys("mknodat", node.path);
    // What was there, or was swapped in, must be the very node.
    const Fd there = TRY(sys::open_at(directory, name, O_PATH | O_NOFOLLOW));
    if (!is_same_node(TRY(sys::stat_fd(there)), node))
        return fail("'" + node.path + "' exists in the root and is not that device");
    if (::fchownat(there.get(), "", node.uid, node.gid, AT_EMPTY_PATH) < 0)
        return fail_sys("fchownat", node.path);
    return {};
}

Result<> make_or_bind(const Context& context, const Fd& directory, const char* name, size_t index) {
    const DeviceNode& node = context.plan.devices[index];
    const bool bound = context.device_store || (context.plan.rootless && !S_ISFIFO(node.mode));
    return bound ? bind_node(context, directory, name, index) : make_node(directory, name, node);
}

Result<> make_device(Context& context, const Fd& dev, size_t index) {
    const DeviceNode& node = context.plan.devices[index];
    constexpr std::string_view kDev = "/dev/";
    const std::string_view path = node.path;
    const size_t slash = path.rfind('/');
    const std::string name{path.substr(slash + 1)};
    if (path.starts_with(kDev) && slash == kDev.size() - 1)
        return make_or_bind(context, dev, name.c_str(), index);
    // Deeper, or outside of /dev: its directory is resolved inside the root,
    // below /dev inside /dev.
    const bool below_dev = path.starts_with(kDev);
    const std::string directory{below_dev ? path.substr(kDev.size() - 1, slash - kDev.size() + 1)
                                          : path.substr(0, slash + 1)};
    const Fd parent =
        TRY(sys::make_directory_in_root(below_dev ? dev : context.root, directory, 0755));
    return make_or_bind(context, parent, name.c_str(), index);
}

// What the image has under that name stays: it concerns the image alone.
Result<> make_link(const Fd& dev, const char* name, const char* target) {
    if (::symlinkat(target, dev.get(), name) == 0)
        return {};
    if (errno != EEXIST)
        return fail_sys("symlinkat", name);
    return {};
}

// Always pts/ptmx: a ptmx node would reach the host's instance.
Result<> make_ptmx(const Fd& dev) {
    if (::unlinkat(dev.get(), "ptmx", 0) < 0 && errno != ENOENT)
        return fail_sys("unlinkat", "/dev/ptmx");
    if (::symlinkat("pts/ptmx", dev.get(), "ptmx") < 0)
        return fail_sys("symlinkat", "/dev/ptmx");
    return {};
}

}  // namespace

Result<> fill_dev(Context& context) {
    const Fd dev = TRY(open_dev(context));
    if (context.device_store) {
        // Only what is attached can be copied.
        const Fd top = TRY(sys::open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY));
        TRY_IN("device store", sys::move_mount_onto(context.device_store, top));
    }
    for (size_t i = 0; i < context.plan.devices.size(); ++i)
        TRY_IN("device '" + context.plan.devices[i].path + "'", make_device(context, dev, i));
    if (context.device_store)
        // Or it would be the root that others find who enter our namespace.
        TRY_IN("device store", sys::detach(std::exchange(context.device_store, {})));
    for (const Link& link : kLinks)
        TRY(make_link(dev, link.name, link.target));
    if (const auto kcore = sys::open_in_root(context.root, "/proc/kcore", O_PATH | O_NOFOLLOW))
        TRY(make_link(dev, "core", "/proc/kcore"));
    return make_ptmx(dev);
}

}  // namespace unitc::init
