// SPDX-License-Identifier: Apache-2.0
// Files by descriptor: thin wrappers that own what they open (always
// close-on-exec), retry EINTR and name the call in their error.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::sys {

template <typename Call>
auto retry_eintr(Call call) {
    auto rc = call();
    while (rc < 0 && errno == EINTR)
        rc = call();
    return rc;
}

// `dir` is a directory descriptor or AT_FDCWD.
Result<Fd> open_at(int dir, const char* path, int flags, mode_t mode = 0);
inline Result<Fd> open_at(const Fd& dir, const char* path, int flags, mode_t mode = 0) {
    return open_at(dir.get(), path, flags, mode);
}

// All there is up to `limit` bytes; more is EFBIG. Works on procfs.
Result<std::string> read_all(const Fd& fd, size_t limit);
Result<std::string> read_file(int dir, const char* path, size_t limit = size_t{1} << 20);

Result<> write_all(const Fd& fd, std::string_view bytes);
// Opens an existing file for writing and writes in one write(2): what
// procfs and cgroupfs need.
Result<> write_file(int dir, const char* path, std::string_view bytes);

// A new file `name` beside its place, synced, renamed over it, directory
// synced: readers see the old content or the new, after a power cut too.
Result<> replace_file(const Fd& dir, const std::string& name, std::string_view bytes, mode_t mode);

// Where a symbolic link leads, as it is written; `dir` as above.
Result<std::string> read_link(int dir, const char* path);

Result<struct stat> stat_fd(const Fd& fd);
Result<Fd> duplicate(int fd);  // with close-on-exec

// Gives descriptors 0, 1 and 2, or up to `last`, to a user, who may then reopen them by
// /dev/stdout: pipes and files of the caller's, as runc does; a device that is
// not the container's alone (/dev/null, a terminal) keeps its owner.
void hand_over_streams(uid_t uid, int last = 2);

enum class Lock { Shared, Exclusive };
enum class Wait { Yes, No };
// flock(2). Lock::No-wait failure carries EWOULDBLOCK.
Result<> lock(const Fd& fd, Lock kind, Wait wait);

}  // namespace unitc::sys
