// SPDX-License-Identifier: Apache-2.0
// The id maps of user namespaces (user_namespaces(7)).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::sys {

// `size` ids from `inside` on are the ids from `outside` on.
struct IdRange {
    uint32_t inside = 0;
    uint32_t outside = 0;
    uint32_t size = 0;
    bool operator==(const IdRange&) const = default;
};
using IdMap = std::vector<IdRange>;

struct IdMaps {
    IdMap uids;
    IdMap gids;
    bool operator==(const IdMaps&) const = default;
};

// What id `inside` is outside; nothing if it is not mapped.
std::optional<uint32_t> to_outside(const IdMap& map, uint32_t inside);

// Whether both say the same, in whatever order.
bool is_same_map(IdMap one, IdMap other);

// The lines of /proc/PID/uid_map, and back.
std::string format_id_map(const IdMap& map);
Result<IdMap> parse_id_map(std::string_view text);

// One id, namely this one: what the kernel lets its owner map.
bool maps_only(const IdMap& map, uint32_t outside);

// Of the user namespace of a process; they can be written once. Outside is
// the caller's own user namespace.
Result<> write_id_maps(pid_t pid, const IdMaps& maps);
Result<> write_uid_map(pid_t pid, const IdMap& map);
Result<> write_gid_map(pid_t pid, const IdMap& map);
// Takes setgroups(2) away from it for good: without privileges the kernel
// takes no map of gids before that (user_namespaces(7)).
Result<> deny_setgroups(pid_t pid);
Result<IdMaps> read_id_maps(pid_t pid);

}  // namespace unitc::sys
