// SPDX-License-Identifier: Apache-2.0
// The verbs, each in a process of its own: `ops` waits for locks, for systemd
// and for processes to end, and the bus must not wait with it. A fork and no
// execution of `unitc`: what a verb is given and says stays typed, its errno
// becomes the D-Bus error, and no command line is made of what a caller sent.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "daemon/loop.hpp"

namespace unitc::daemon {

class Workers {
public:
    explicit Workers(Loop& loop) : loop_(loop) {}
    ~Workers() { abandon(); }
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    using Verb = std::function<Result<>()>;
    using Done = std::function<void(Result<>)>;

    // Runs `verb` in a child that has none of our descriptors but the standard
    // ones; `done` is called from the loop, once.
    Result<> run(const Verb& verb, Done done);

    // Forgets all of them and what was to be called then; they go on.
    void abandon();

    size_t count() const { return running_.size(); }

private:
    struct Worker {
        pid_t pid;
        Fd answer;
        std::string text;
        Done done;
    };
    void hear(int fd);
    Loop& loop_;
    std::map<int, Worker> running_;  // by descriptor
};

}  // namespace unitc::daemon
