// SPDX-License-Identifier: Apache-2.0
// The container's first process as its parent sees it.
#pragma once

#include <sys/types.h>

#include <optional>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "base/stopwatch.hpp"
#include "plan/plan.hpp"
#include "wire/channel.hpp"

namespace unitc::launch {

// Killed and reaped on destruction unless released.
class Child {
public:
    Child(pid_t pid, Fd pidfd, wire::Channel channel);
    Child(Child&& other) noexcept;
    Child& operator=(Child&&) = delete;
    ~Child();

    pid_t pid() const { return pid_; }
    const Fd& pidfd() const { return pidfd_; }
    wire::Channel& channel() { return channel_; }
    const wire::Channel& channel() const { return channel_; }
    // Of its user namespace; nothing if that is ours.
    const std::optional<sys::IdMaps>& id_maps() const { return id_maps_; }
    void set_id_maps(std::optional<sys::IdMaps> maps) { id_maps_ = std::move(maps); }

    // Ends it now, if it is not released; afterwards it is gone, and reaped if
    // it is our child.
    void kill();
    void release() { released_ = true; }

private:
    pid_t pid_;
    Fd pidfd_;
    wire::Channel channel_;
    std::optional<sys::IdMaps> id_maps_;
    bool released_ = false;
};

// Whose child the first process is.
enum class Parent {
    Us,
    Ours,  // our parent's, who reaps it; where an usher is needed, ours until we end
};

// Makes the container's first process, in its namespaces and with all that it
// needs of the host. The caller must be single-threaded (checked).
// `gifts` go to the child.
struct Gifts {
    Fd start_listener;  // create: where `start` will knock; run: none
    Fd output;          // its standard output and error; none: ours
};
Result<Child> spawn(const plan::InitPlan& plan, Gifts gifts, Parent parent = Parent::Us);

// The process that enters a running container and makes there the one that
// stays (Message::Joined). `container` is the pidfd of the container's first
// process; the joiner is born in `cgroup` (EBUSY: it takes no processes; EACCES:
// we may not), or, without, waits until it is told that it is there.
Result<Child> spawn_joiner(const plan::InitPlan& plan, const Fd& container,
                           const Fd* cgroup = nullptr);

// After Joined: the process that stays takes over the joiner's channel. The
// joiner has nothing more to say or do; its Child reaps it.
Child replace_joiner(Child& joiner, pid_t pid, Fd pidfd);

}  // namespace unitc::launch
