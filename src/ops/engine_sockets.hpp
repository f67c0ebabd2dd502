// SPDX-License-Identifier: Apache-2.0
// The sockets on which an engine is sent descriptors: --console-socket and
// --pidfd-socket of create, run and exec.
#pragma once

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::ops {

class EngineSockets {
public:
    // An empty path means there is none. Before anything is made: a wrong path
    // is to cost nothing.
    Result<> connect(const std::string& console_path, const std::string& pidfd_path);

    bool has_pidfd() const { return static_cast<bool>(pidfd_); }

    // The terminal's master goes to the engine; without a console socket it
    // gets the user's window size and becomes `kept`.
    Result<> pass_terminal(Fd master, Fd& kept);
    // `name` is runc's word for what the pidfd is of, once and no more.
    Result<> pass_pidfd(const char* name, const Fd& pidfd);

private:
    Fd console_;
    Fd pidfd_;
};

}  // namespace unitc::ops
