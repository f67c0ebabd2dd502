// SPDX-License-Identifier: Apache-2.0
#include "sys/file.hpp"

#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>

namespace unitc::sys {

Result<Fd> open_at(int dir, const char* path, int flags, mode_t mode) {
    const int fd = retry_eintr([&] { return ::openat(dir, path, flags | O_CLOEXEC, mode); });
    if (fd < 0)
        return fail_sys("openat", path);
    return Fd{fd};
}

Result<std::string> read_all(const Fd& fd, size_t limit) {
    std::string bytes;
    size_t filled = 0;
    for (;;) {
        if (filled == bytes.size())
            bytes.resize(filled < 4096 ? 4096 : filled * 2);
        const ssize_t got = retry_eintr(
            [&] { return ::read(fd.get(), bytes.data() + filled, bytes.size() - filled); });
        if (got < 0)
            return fail_sys("read");
        if (got == 0)
            break;
        filled += static_cast<size_t>(got);
        if (filled > limit)
            return fail_code(EFBIG, "read");
    }
    bytes.resize(filled);
    return bytes;
}

Result<std::string> read_file(int dir, const char* path, size_t limit) {
    const Fd fd = TRY(open_at(dir, path, O_RDONLY | O_NOCTTY));
    return TRY_IN(path, read_all(fd, limit));
}

Result<> write_all(const Fd& fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t put =
            retry_eintr([&] { return ::write(fd.get(), bytes.data(), bytes.size()); });
        if (put < 0)
            return fail_sys("write");
        bytes.remove_prefix(static_cast<size_t>(put));
    }
    return {};
}

Result<> write_file(int dir, const char* path, std::string_view bytes) {
    const Fd fd = TRY(open_at(dir, path, O_WRONLY | O_NOCTTY));
    const ssize_t put = retry_eintr([&] { return ::write(fd.get(), bytes.data(), bytes.size()); });
    if (put < 0)
        return fail_sys("write", path);
    if (static_cast<size_t>(put) != bytes.size())
        return fail_code(EIO, "write", path);
    return {};
}

Result<> replace_file(const Fd& dir, const std::string& name, std::string_view bytes, mode_t mode) {
    const std::string fresh = "." + name + ".new";
    // What a killed predecessor left under that name is nobody's.
    ::unlinkat(dir.get(), fresh.c_str(), 0);
    const auto written = [&]() -> Result<> {
        const Fd fd =
            TRY(open_at(dir, fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
        TRY(write_all(fd, bytes));
        if (::fsync(fd.get()) < 0)
            return fail_sys("fsync", fresh);
        if (::renameat(dir.get(), fresh.c_str(), dir.get(), name.c_str()) < 0)
            return fail_sys("renameat", name);
        if (::fsync(dir.get()) < 0)
            return fail_sys("fsync");
        return {};
    }();
    if (!written)
        ::unlinkat(dir.get(), fresh.c_str(), 0);
    return written;
}

Result<std::string> read_link(int dir, const char* path) {
    char target[PATH_MAX];
    const ssize_t size = ::readlinkat(dir, path, target, sizeof target);
    if (size < 0)
        return fail_sys("readlinkat", path);
    return std::string{target, static_cast<size_t>(size)};
}

Result<struct stat> stat_fd(const Fd& fd) {
    struct stat status {};
    if (::fstat(fd.get(), &status) < 0)
        return fail_sys("fstat");
    return status;
}

Result<Fd> duplicate(int fd) {
    const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0)
        return fail_sys("fcntl F_DUPFD_CLOEXEC");
    return Fd{copy};
}

void hand_over_streams(uid_t uid, int last) {
    for (int fd = STDIN_FILENO; fd <= last; ++fd) {
        struct stat status {};
        if (::fstat(fd, &status) < 0 || status.st_uid == uid || S_ISCHR(status.st_mode))
            continue;
        // Some files have no owner to change (EINVAL, EPERM, EROFS): a
        // convenience, and no reason to fail.
        [[maybe_unused]] const int changed = ::fchown(fd, uid, static_cast<gid_t>(-1));
    }
}

Result<> lock(const Fd& fd, Lock kind, Wait wait) {
    const int operation =
        (kind == Lock::Shared ? LOCK_SH : LOCK_EX) | (wait == Wait::No ? LOCK_NB : 0);
    if (retry_eintr([&] { return ::flock(fd.get(), operation); }) < 0)
        return fail_sys("flock");
    return {};
}

}  // namespace unitc::sys
