// SPDX-License-Identifier: Apache-2.0
#include "sys/mount.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.hpp"

namespace unitc::sys {
namespace {

// "e tmpfs: Bad value for 'size'" → the last error the file system left in
// its context (fsopen(2), "Retrieving messages").
std::string message_of(const Fd& context) {
    char text[256];
    std::string last;
    for (;;) {
        const ssize_t length = ::read(context.get(), text, sizeof text);
        if (length <= 0)
            return last;
        const std::string_view line{text, static_cast<size_t>(length)};
        if (line.starts_with("e "))
            last = text::trim(line.substr(2));
    }
}

Failure fail_context(const Fd& context, std::string_view call, std::string_view object) {
    const int code = errno;
    Failure failure = fail_code(code, call, object);
    const std::string message = message_of(context);
    if (!message.empty())
        failure.value().message += " (" + text::printable(message) + ")";
    return failure;
}

}  // namespace

Result<Fd> fs_open(const char* type) {
    const int fd = ::fsopen(type, FSOPEN_CLOEXEC);
    if (fd < 0)
        return fail_sys("fsopen", type);
    return Fd{fd};
}

Result<> fs_set_string(const Fd& context, const char* key, const char* value) {
    if (::fsconfig(context.get(), FSCONFIG_SET_STRING, key, value, 0) < 0)
        return fail_context(context, "fsconfig", std::string{key} + "=" + value);
    return {};
}

Result<> fs_set_flag(const Fd& context, const char* key) {
    if (::fsconfig(context.get(), FSCONFIG_SET_FLAG, key, nullptr, 0) < 0)
        return fail_context(context, "fsconfig", key);
    return {};
}

Result<> fs_create(const Fd& context) {
    if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0)
        return fail_context(context, "fsconfig create", {});
    return {};
}

Result<Fd> fs_mount(const Fd& context, uint32_t attributes) {
    const int fd = ::fsmount(context.get(), FSMOUNT_CLOEXEC, attributes);
    if (fd < 0)
        return fail_context(context, "fsmount", {});
    return Fd{fd};
}

Result<Fd> open_tree_clone(int dir, const char* path, bool recursive, bool follow) {
    const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH |
                           (recursive ? static_cast<unsigned>(AT_RECURSIVE) : 0U) |
                           (follow ? 0U : static_cast<unsigned>(AT_SYMLINK_NOFOLLOW));
    const int fd = ::open_tree(dir, path, flags);
    if (fd < 0)
        return fail_sys("open_tree", path);
    return Fd{fd};
}

Result<> mount_set(const Fd& mount, const MountAttributes& attributes, bool recursive) {
    mount_attr attr{};
    attr.attr_set = attributes.set;
    attr.attr_clr = attributes.clear;
    attr.propagation = attributes.propagation;
    const unsigned flags = AT_EMPTY_PATH | (recursive ? static_cast<unsigned>(AT_RECURSIVE) : 0U);
    if (::mount_setattr(mount.get(), "", flags, &attr, sizeof attr) < 0)
        return fail_sys("mount_setattr");
    return {};
}

Result<> mount_idmap(const Fd& mount, const Fd& space, bool recursive) {
    mount_attr attr{};
    attr.attr_set = MOUNT_ATTR_IDMAP;
    attr.userns_fd = static_cast<uint64_t>(space.get());
    const unsigned flags = AT_EMPTY_PATH | (recursive ? static_cast<unsigned>(AT_RECURSIVE) : 0U);
    if (::mount_setattr(mount.get(), "", flags, &attr, sizeof attr) < 0)
        return fail_sys("mount_setattr");
    return {};
}

Result<> move_mount_onto(const Fd& mount, const Fd& target) {
    if (::move_mount(mount.get(), "", target.get(), "",
                     MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
        return fail_sys("move_mount");
    return {};
}

Result<> detach(const Fd& mount) {
    // By descriptor: umount2(2) takes a path alone, and "." is no name.
    if (::fchdir(mount.get()) < 0)
        return fail_sys("fchdir");
    if (::umount2(".", MNT_DETACH) < 0)
        return fail_sys("umount2", ".");
    if (::chdir("/") < 0)
        return fail_sys("chdir", "/");
    return {};
}

Result<> pivot_to(const Fd& root) {
    if (::fchdir(root.get()) < 0)
        return fail_sys("fchdir");
    // pivot_root(2), "pivot_root(".", ".")": the old root ends up stacked on
    // the new one and is taken away from there.
    if (::syscall(SYS_pivot_root, ".", ".") < 0)
        return fail_sys("pivot_root");
    if (::umount2(".", MNT_DETACH) < 0)
        return fail_sys("umount2", ".");
    if (::chdir("/") < 0)
        return fail_sys("chdir", "/");
    return {};
}

Result<> move_over_root(const Fd& root) {
    if (::fchdir(root.get()) < 0)
        return fail_sys("fchdir");
    if (::mount(".", "/", nullptr, MS_MOVE, nullptr) < 0)
        return fail_sys("mount MS_MOVE", "/");
    return {};
}

Result<> chroot_to(const Fd& root) {
    if (::fchdir(root.get()) < 0)
        return fail_sys("fchdir");
    if (::chroot(".") < 0)
        return fail_sys("chroot");
    if (::chdir("/") < 0)
        return fail_sys("chdir", "/");
    return {};
}

}  // namespace unitc::sys
