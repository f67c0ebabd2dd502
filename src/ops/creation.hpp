// SPDX-License-Identifier: Apache-2.0
// Making a container up to the moment its process waits for start: the part
// that create and run share.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "base/stopwatch.hpp"
#include "launch/child.hpp"
#include "ops/ops.hpp"
#include "ops/prepare.hpp"
#include "state/record.hpp"
#include "state/store.hpp"

namespace unitc::ops {

// Everything made so far; unless kept, its end undoes it all: no process, no
// unit, no cgroup, no directory remains.
class Creation {
public:
    Creation(Deadline deadline, state::Entry entry, state::Record record)
        : deadline_(deadline), entry_(std::move(entry)), record_(std::move(record)) {}
    Creation(Creation&& other) noexcept;
    Creation& operator=(Creation&&) = delete;
    ~Creation();

    // The container stays: neither process nor record is undone any more.
    void keep();

    launch::Child& child() { return *child_; }
    const state::Record& record() const { return record_; }
    const Fd& directory() const { return entry_->dir(); }  // until kept
    // The terminal's master, where there is a terminal and no console socket.
    Fd& master() { return master_; }

private:
    friend class Maker;
    Result<> end_unit() const;
    Deadline deadline_;
    std::optional<state::Entry> entry_;
    state::Record record_;
    std::optional<launch::Child> child_;
    Fd master_;
    std::string expected_cgroup_;  // of the unit once it was asked for
    // In the container's own service: unit and record are not ours to undo.
    bool within_ = false;
    bool kept_ = false;
};

// What is questionable about a config, and what of it has no effect here.
void warn_of(const Prepared& prepared);

// What there is to remember before anything is made.
state::Record make_record(const Prepared& prepared);

enum class StartBy { Parent, Socket };

// Afterwards the child waits for Start (StartBy::Parent) or Detach, the
// record says Created and the pid file is written.
Result<Creation> make_container(const Globals& globals, const CreateRequest& request,
                                Prepared prepared, StartBy start_by, Deadline deadline);

// The same in the cgroup of the service that we and the container are in:
// `record` says which one, and `entry` is the container's. What fails leaves
// unit and record to others. With Turn::Again the limits are what has become of
// them since (`unitc update`, systemctl set-property).
enum class Turn { First, Again };
Result<Creation> make_container_within(const CreateRequest& request, Prepared prepared,
                                       state::Entry entry, const state::Record& record, Turn turn,
                                       Deadline deadline);

}  // namespace unitc::ops
