// SPDX-License-Identifier: Apache-2.0
// Ending what systemd holds of a container: its processes, its cgroup, its
// unit. Nothing is touched that is not proved to be the container's own.
#pragma once

#include <optional>
#include <string>

#include "base/container_id.hpp"
#include "base/fd.hpp"
#include "base/result.hpp"
#include "base/stopwatch.hpp"
#include "state/record.hpp"

namespace unitc::ops {

// A unit's cgroup, proved to be the container's.
struct Group {
    Fd fd;
    std::string path;  // "/system.slice/unitc-web.scope"
    std::string unit;
    bool inside = false;  // no unit: a group in the cgroup of a service
};

// The proof is systemd's invocation id on the cgroup; where there is none
// (only the intent was recorded, no extended attributes), the unit's
// Description and ControlGroup. Nothing: it is gone, or it is another's.
Result<std::optional<Group>> find_group(const state::Record& record, Deadline deadline);

// The same from the id alone, for a record that cannot be read: the unit of
// the name that an id has by default, if its Description is the container's.
Result<std::optional<Group>> find_group(const ContainerId& id, Deadline deadline);

// Ends the unit of a container that is a service, whatever it is doing; of
// others it is none of this function's business.
Result<> end_service(const state::Record& record, Deadline deadline);

// All that lives of the container and its unit: end_group() of what find_group()
// finds, or end_service().
Result<> end_container(const state::Record& record, Deadline deadline);

// Resets the container's unit if it has failed and is still loaded.
Result<> forget_unit(const state::Record& record, Deadline deadline);

// The group of Intel RDT that was made for the container alone.
Result<> remove_rdt_group(const state::Record& record);

// Kills all in it and waits until systemd has removed it; asks systemd to
// stop the unit when it does not go by itself.
Result<> end_group(const Group& group, Deadline deadline);

// Removes what systemd has left of the cgroup of a unit that it has forgotten.
Result<> remove_leftover(const state::Record& record, Deadline deadline);

}  // namespace unitc::ops
