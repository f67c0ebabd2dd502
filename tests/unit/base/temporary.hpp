// SPDX-License-Identifier: Apache-2.0
// A directory that a test has for itself, gone at its end.
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/fd.hpp"

namespace unitc {

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        if (::mkdtemp(path_.data()) == nullptr)
            std::abort();
        fd_ = Fd{::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() {
        const auto remove_one = [](const char* path, const struct stat*, int, FTW*) {
            return std::remove(path);
        };
        ::nftw(path_.c_str(), remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }

    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    const Fd& fd() const { return fd_; }

private:
    // In memory, as /run is: fsync(2) costs nothing.
    std::string path_ = "/dev/shm/unitc-test-XXXXXX";
    Fd fd_;
};

}  // namespace unitc
