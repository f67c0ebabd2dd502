// SPDX-License-Identifier: Apache-2.0
// Is the container creating, created, running, paused or stopped? Asked of the
// kernel, with the record only saying what to ask about.
#pragma once

#include <string>
#include <utility>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "state/record.hpp"
#include "state/store.hpp"
#include "sys/procfs.hpp"

namespace unitc::state {

enum class Status { Creating, Created, Running, Paused, Stopped };

const char* to_string(Status status);

struct Truth {
    Status status = Status::Stopped;
    // pidfd of the container's init, when it lives; a Stopped one's is on its
    // way out, for who must wait until it is gone.
    Fd init;
};

// The kernel, opened once to be asked about any number of containers.
class Witness {
public:
    static Result<Witness> open();

    // For who holds no lock (state, list).
    //
    // Another boot, a gone process, a recycled pid (start time, pidfd inode) or a process that left
    // the recorded cgroup: Stopped. Alive and the start socket still accepts: Created.
    // cgroup.events frozen: Paused. Intent without process: Creating while the
    // claimer holds the lock, else Stopped.
    //
    // A container that disappears meanwhile is Stopped, never an error.
    Result<Truth> ask(const Store& store, const Record& record) const;

    // The same for who holds the lock: an Intent's claimer is gone then.
    Result<Truth> ask(const Entry& entry, const Record& record) const;

private:
    Witness(sys::Procfs proc, std::string boot_id)
        : proc_(std::move(proc)), boot_id_(std::move(boot_id)) {}
    Result<Truth> ask_kernel(const Fd& dir, const Record& record) const;
    sys::Procfs proc_;
    std::string boot_id_;
};

// About one container alone.
Result<Truth> ask(const Store& store, const Record& record);
Result<Truth> ask(const Entry& entry, const Record& record);

}  // namespace unitc::state
