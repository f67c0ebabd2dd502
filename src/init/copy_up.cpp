// SPDX-License-Identifier: Apache-2.0
// tmpcopyup: what the image has where a tmpfs is about to be mounted is copied
// into the tmpfs, as runc and crun do. The image is hostile: it is read by
// descriptors that never leave the covered directory's own mount, nothing but
// directories and regular files is opened, and no open can block. The tmpfs is
// still detached, so its names are safe to use.
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>
#include <vector>

#include "base/text.hpp"
#include "init/steps.hpp"
#include "sys/file.hpp"
#include "sys/path.hpp"

namespace unitc::init {
namespace {

// Two descriptors each are open on the way down; 1024 is the usual limit.
constexpr int kMaxDepth = 128;
constexpr uint64_t kInside = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
constexpr size_t kMaxChunk = size_t{1} << 30;

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

// One file on its way: where from, where to, and what it is called in both.
struct Entry {
    const Fd& from;
    const Fd& to;
    const char* name;
    struct stat status;
};

// By a descriptor or, where the file must not be opened, by its name.
Result<> set_owner(const Entry& entry) {
    // EINVAL: the user namespace does not map the owner; the copy is its root's.
    if (::fchownat(entry.to.get(), entry.name, entry.status.st_uid, entry.status.st_gid,
                   AT_SYMLINK_NOFOLLOW) < 0 &&
        errno != EINVAL)
        return fail_sys("fchownat", entry.name);
    return {};
}

Result<> set_mode_and_times(const Entry& entry) {
    // Symlinks have no mode. After the owner, whose change takes setuid away.
    if (!S_ISLNK(entry.status.st_mode) &&
        ::fchmodat(entry.to.get(), entry.name, entry.status.st_mode & 07777, 0) < 0)
        return fail_sys("fchmodat", entry.name);
    const timespec times[] = {entry.status.st_atim, entry.status.st_mtim};
    if (::utimensat(entry.to.get(), entry.name, times, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_sys("utimensat", entry.name);
    return {};
}

// As far as they go: a tmpfs does not take every name, and what was set by a
// greater privilege than ours cannot be set again.
Result<> copy_attributes(const Fd& from, const Fd& to) {
    const ssize_t length = ::flistxattr(from.get(), nullptr, 0);
    if (length <= 0)
        return {};
    std::vector<char> names(static_cast<size_t>(length));
    const ssize_t listed = ::flistxattr(from.get(), names.data(), names.size());
    std::vector<char> value(XATTR_SIZE_MAX);
    for (ssize_t at = 0; at < listed;) {
        const char* name = names.data() + at;
        at += static_cast<ssize_t>(std::strlen(name)) + 1;
        const ssize_t size = ::fgetxattr(from.get(), name, value.data(), value.size());
        if (size < 0 ||
            ::fsetxattr(to.get(), name, value.data(), static_cast<size_t>(size), 0) == 0)
            continue;
        if (errno != EOPNOTSUPP && errno != EPERM && errno != EINVAL)
            return fail_sys("fsetxattr", text::printable(name));
    }
    return {};
}

// No more than the file held when it was looked at; holes stay holes, so that
// a huge sparse file costs what it holds.
Result<> copy_content(const Fd& from, const Fd& to, off_t size) {
    if (::ftruncate(to.get(), size) < 0)
        return fail_sys("ftruncate");
    off_t at = 0;
    while (at < size) {
        const off_t data = ::lseek(from.get(), at, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            return {};  // nothing but a hole is left
        if (data < 0)
            return fail_sys("lseek");
        const off_t hole = ::lseek(from.get(), data, SEEK_HOLE);
        const off_t end = hole < 0 || hole > size ? size : hole;
        if (::lseek(to.get(), data, SEEK_SET) < 0)
            return fail_sys("lseek");
        for (at = data; at < end;) {
            const size_t chunk = std::min(static_cast<size_t>(end - at), kMaxChunk);
            const ssize_t sent =
                sys::retry_eintr([&] { return ::sendfile(to.get(), from.get(), &at, chunk); });
            if (sent < 0)
                return fail_sys("sendfile");
            if (sent == 0)
                return {};  // it shrank meanwhile
        }
    }
    return {};
}

// The very file that was looked at, or an error: a neighbour may have put a
// fifo or a device there. EXDEV: it is another mount's root, whose content is
// not the image's; its place alone is copied.
Result<Fd> open_same(const Entry& entry, int flags) {
    Fd fd = TRY(sys::open_below(entry.from, entry.name,
                                O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | flags, kInside));
    const struct stat now = TRY(sys::stat_fd(fd));
    if (now.st_dev != entry.status.st_dev || now.st_ino != entry.status.st_ino)
        return fail("changed while it was copied");
    return fd;
}

Result<> copy_file(const Entry& entry) {
    const auto from = open_same(entry, 0);
    if (!from && from.error().code != EXDEV)
        return Failure{from.error()};
    const Fd to = TRY(sys::open_at(entry.to, entry.name, O_WRONLY | O_CREAT | O_EXCL, 0600));
    if (from)
        TRY(copy_content(*from, to, entry.status.st_size));
    TRY(set_owner(entry));
    if (from)
        TRY(copy_attributes(*from, to));
    return set_mode_and_times(entry);
}

Result<> copy_link(const Entry& entry) {
    char target[PATH_MAX];
    const ssize_t length = ::readlinkat(entry.from.get(), entry.name, target, sizeof target - 1);
    if (length < 0)
        return fail_sys("readlinkat", entry.name);
    target[length] = '\0';
    if (::symlinkat(target, entry.to.get(), entry.name) < 0)
        return fail_sys("symlinkat", entry.name);
    TRY(set_owner(entry));
    return set_mode_and_times(entry);
}

// A device, fifo or socket is made anew and never opened.
Result<> copy_node(const Entry& entry) {
    if (::mknodat(entry.to.get(), entry.name, (entry.status.st_mode & S_IFMT) | 0600,
                  entry.status.st_rdev) < 0)
        return fail_sys("mknodat", entry.name);
    TRY(set_owner(entry));
    return set_mode_and_times(entry);
}

Result<> copy_children(const Fd& from, const Fd& to, int depth);

Result<> copy_directory(const Entry& entry, int depth) {
    if (::mkdirat(entry.to.get(), entry.name, 0700) < 0)
        return fail_sys("mkdirat", entry.name);
    const Fd to = TRY(sys::open_at(entry.to, entry.name, O_RDONLY | O_DIRECTORY));
    const auto from = open_same(entry, O_DIRECTORY);
    if (!from && from.error().code != EXDEV)
        return Failure{from.error()};
    if (from) {
        TRY(copy_children(*from, to, depth + 1));
        TRY(copy_attributes(*from, to));
    }
    TRY(set_owner(entry));
    return set_mode_and_times(entry);
}

Result<> copy_entry(const Fd& from, const Fd& to, const char* name, int depth) {
    Entry entry{from, to, name, {}};
    if (::fstatat(from.get(), name, &entry.status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0) {
        if (errno == ENOENT)
            return {};  // gone since the directory was read
        return fail_sys("fstatat");
    }
    switch (entry.status.st_mode & S_IFMT) {
        case S_IFDIR: return copy_directory(entry, depth);
        case S_IFREG: return copy_file(entry);
        case S_IFLNK: return copy_link(entry);
        default: return copy_node(entry);
    }
}

Result<> copy_children(const Fd& from, const Fd& to, int depth) {
    if (depth > kMaxDepth)
        return fail_code(ELOOP, "more than " + std::to_string(kMaxDepth) + " directories deep");
    const int copy = ::fcntl(from.get(), F_DUPFD_CLOEXEC, 3);
    if (copy < 0)
        return fail_sys("fcntl F_DUPFD_CLOEXEC");
    const std::unique_ptr<DIR, CloseDirectory> list{::fdopendir(copy)};
    if (!list)
        return fail_sys("fdopendir");
    for (;;) {
        errno = 0;
        const dirent* found = ::readdir(list.get());
        if (found == nullptr)
            return errno == 0 ? Result<>{} : fail_sys("readdir");
        const std::string_view name = found->d_name;
        if (name != "." && name != "..")
            TRY_IN("'" + text::printable(name) + "'", copy_entry(from, to, found->d_name, depth));
    }
}

}  // namespace

Result<> copy_up(Context& context, const Fd& covered, const Fd& mount) {
    // What it takes in memory is the container's to pay for.
    TRY(await_cgroup(context));
    const Fd from = TRY(sys::open_below(covered, ".", O_RDONLY | O_DIRECTORY, kInside));
    TRY(copy_children(from, mount, 1));
    return copy_attributes(from, mount);
}

}  // namespace unitc::init
