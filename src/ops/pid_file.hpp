// SPDX-License-Identifier: Apache-2.0
// --pid-file of create, run and exec.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::ops {

// The directory is opened before anything is made: a wrong path is to cost
// nothing, and a path that changes its meaning meanwhile cannot mislead.
class PidFile {
public:
    // An empty path means none is wanted.
    Result<> open(const std::string& path);

    bool is_wanted() const { return static_cast<bool>(directory_); }

    // Replaced atomically: systemd's PIDFile= reads the old or the new one.
    Result<> write(pid_t pid) const;
    void remove() const;

private:
    Fd directory_;
    std::string name_;
};

}  // namespace unitc::ops
