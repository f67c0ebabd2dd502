// SPDX-License-Identifier: Apache-2.0
#include "sys/id_map.hpp"

#include <fcntl.h>

#include <algorithm>

#include "base/text.hpp"
#include "sys/procfs.hpp"

namespace unitc::sys {

std::optional<uint32_t> to_outside(const IdMap& map, uint32_t inside) {
    for (const IdRange& range : map)
        if (inside >= range.inside && inside - range.inside < range.size)
            return range.outside + (inside - range.inside);
    return std::nullopt;
}

bool is_same_map(IdMap one, IdMap other) {
    const auto by_inside = [](const IdRange& a, const IdRange& b) { return a.inside < b.inside; };
    std::sort(one.begin(), one.end(), by_inside);
    std::sort(other.begin(), other.end(), by_inside);
    return one == other;
}

std::string format_id_map(const IdMap& map) {
    std::string text;
    for (const IdRange& range : map)
        text.append(std::to_string(range.inside))
            .append(" ")
            .append(std::to_string(range.outside))
            .append(" ")
            .append(std::to_string(range.size))
            .append("\n");
    return text;
}

Result<IdMap> parse_id_map(std::string_view text) {
    IdMap map;
    for (const std::string_view line : text::split(text, '\n')) {
        std::vector<uint32_t> numbers;
        for (const std::string_view word : text::split(line, ' ')) {
            if (word.empty())
                continue;
            const auto number = text::parse_int<uint32_t>(word);
            if (!number)
                return fail("'" + text::printable(line) + "' is no line of an id map");
            numbers.push_back(*number);
        }
        if (numbers.empty())
            continue;
        if (numbers.size() != 3)
            return fail("'" + text::printable(line) + "' is no line of an id map");
        map.push_back({numbers[0], numbers[1], numbers[2]});
    }
    return map;
}

bool maps_only(const IdMap& map, uint32_t outside) {
    return map.size() == 1 && map.front().outside == outside && map.front().size == 1;
}

Result<> write_id_maps(pid_t pid, const IdMaps& maps) {
    // setgroups stays allowed: the writer is privileged.
    TRY(write_gid_map(pid, maps.gids));
    return write_uid_map(pid, maps.uids);
}

Result<> write_uid_map(pid_t pid, const IdMap& map) {
    const Procfs proc = TRY(Procfs::host());
    return proc.write(std::to_string(pid) + "/uid_map", format_id_map(map));
}

Result<> write_gid_map(pid_t pid, const IdMap& map) {
    const Procfs proc = TRY(Procfs::host());
    return proc.write(std::to_string(pid) + "/gid_map", format_id_map(map));
}

Result<> deny_setgroups(pid_t pid) {
    const Procfs proc = TRY(Procfs::host());
    return proc.write(std::to_string(pid) + "/setgroups", "deny");
}

Result<IdMaps> read_id_maps(pid_t pid) {
    const Procfs proc = TRY(Procfs::host());
    const std::string directory = std::to_string(pid);
    const std::string uids = TRY(proc.read(directory + "/uid_map"));
    const std::string gids = TRY(proc.read(directory + "/gid_map"));
    IdMaps maps;
    maps.uids = TRY(parse_id_map(uids));
    maps.gids = TRY(parse_id_map(gids));
    return maps;
}

}  // namespace unitc::sys
