// SPDX-License-Identifier: Apache-2.0
// The systemd manager as unitc uses it: start a transient scope around a
// process, ask about a unit, stop it. One connection per verb, one deadline,
// and after any doubt the truth is read from the manager itself.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "base/stopwatch.hpp"
#include "unit/translate.hpp"

namespace unitc::systemd {

// What GetUnit + properties say. `loaded` false: no such unit.
struct UnitState {
    bool loaded = false;
    std::string active_state;  // active, inactive, failed, activating, deactivating
    std::string sub_state;
    std::string control_group;  // "/system.slice/unitc-web.scope", empty when dead
    std::string invocation_id;  // 32 hex digits
    std::string description;
    std::string result;
    // Of a service:
    std::string working_directory;
    int main_code = 0;    // how the main process ended, as si_code of waitid(2); 0: it has not
    int main_status = 0;  // its exit status or signal
};

// What became of a service that was asked for.
enum class ServiceNews {
    Word,   // the other descriptor has something to read
    Up,     // its start is complete
    Ended,  // its start has failed, or it has ended by now
    Late,   // nothing of all this in time
};

// What systemd-machined is told of a container.
struct Machine {
    std::string name;            // unit/machine.hpp
    std::string root;            // the host's path of its root, absolute
    pid_t leader = 0;            // its first process
    bool start_service = false;  // have the bus start machined where it does not run
};

// Called again and again while the manager's answer is awaited, until it says
// true: there is nothing left to do for it.
using Meanwhile = std::function<bool()>;

class Manager {
public:
    // Opens the bus of our manager. Authentication and Hello are sent, not awaited:
    // the caller clones its child meanwhile. Errors say what is missing
    // ("no D-Bus system bus at …: is dbus running?") within a second.
    static Result<Manager> connect(Deadline deadline);
    Manager(Manager&&) noexcept;
    Manager& operator=(Manager&&) noexcept;
    ~Manager();

    // The connection's descriptor, for a child to close.
    int fd() const;

    // Sends the JobRemoved match (for exactly this unit) and then
    // StartTransientUnit, mode "fail", with the plan's properties and PIDFDs;
    // both pipelined, neither awaited.
    Result<> begin_start(const unit::UnitPlan& plan, pid_t pid, const Fd& pidfd);

    // Awaits reply and job. PIDFDs or a fallback property refused as unknown
    // or read-only: again without (PIDs; plan.fallbacks). UnitExists: ours
    // (its Description is the plan's) and dead → ResetFailedUnit and once more; alive → error
    // naming it. Deadline, disconnect, daemon-reexec: reconnects and reads the
    // truth; an active unit that holds `pid` is success.
    // Returns the names of the plan.fallbacks that went to files.
    Result<std::vector<std::string>> finish_start();

    // StartTransientUnit of a service: the plan's properties and `own` ones.
    // Returns when the manager has taken it; unknown properties and an old unit
    // of that name as above.
    Result<> start_service(const unit::UnitPlan& plan, const unit::Properties& own);
    // Waits for the end of its start, or for a word on another descriptor (if
    // there is one), whichever comes first. A start whose end was not seen is asked about.
    Result<ServiceNews> await_service(const Fd* other, Deadline deadline);
    // Moves a process of ours into the group of a running unit, or the one
    // below it that `group` ("/x") names. The manager may do what we may not.
    Result<> attach(const std::string& name, const std::string& group, pid_t pid);

    Result<UnitState> unit_state(const std::string& name);
    // StopUnit "replace" and its job awaited; no such unit is success.
    Result<> stop_unit(const std::string& name);
    // No such unit is success.
    Result<> reset_failed(const std::string& name);

    // FreezeUnit and ThawUnit; both come back when the cgroup has got there.
    // A unit that is frozen or thawed already is success. A freeze that fails
    // or takes too long is taken back. `meanwhile` may make systemd look at
    // the cgroup sooner than the kernel tells it (cgroup::announce_frozen).
    Result<> freeze_unit(const std::string& name, const Meanwhile& meanwhile = {});
    Result<> thaw_unit(const std::string& name, const Meanwhile& meanwhile = {});

    // What the unit's properties say of the limits that come in pairs.
    Result<unit::CurrentLimits> current_limits(const std::string& name);
    // SetUnitProperties for this boot, with the changes' properties: all or
    // none. A fallback whose property is refused is left out; the names of
    // those that go to files are returned.
    Result<std::vector<std::string>> set_properties(const std::string& name,
                                                    const unit::UnitPlan& changes);

    // The container's unit, where it was not asked for here: for begin_register.
    void adopt(const unit::UnitPlan& plan);
    // Registers a container with systemd-machined, so that
    // machinectl(1) knows it. Sent here and answered while other things happen;
    // machined asks who sends, so the connection must last until
    // finish_register, which waits for the answer. A machine of that name that
    // an earlier unit of the same name has left is replaced.
    Result<> begin_register(const Machine& machine);
    Result<> finish_register(Deadline deadline);

    struct Impl;  // impl.hpp, for this room only

private:
    explicit Manager(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace unitc::systemd
