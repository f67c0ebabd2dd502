// SPDX-License-Identifier: Apache-2.0
#include "sys/mount_table.hpp"

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"

namespace unitc::sys {
namespace {

// Blanks, line ends and backslashes of a path are written as "\040".
std::string unescaped(std::string_view path) {
    constexpr int kOctal = 8;
    std::string plain;
    for (size_t i = 0; i < path.size(); ++i) {
        const auto code = path[i] == '\\' ? text::parse_int<uint8_t>(path.substr(i + 1, 3), kOctal)
                                          : std::nullopt;
        plain += code ? static_cast<char>(*code) : path[i];
        i += code ? 3 : 0;
    }
    return plain;
}

}  // namespace

std::vector<MountEntry> parse_mount_table(std::string_view mountinfo) {
    // Fields, counted from 0; optional ones follow up to the dash.
    constexpr size_t kId = 0;
    constexpr size_t kParent = 1;
    constexpr size_t kRoot = 3;
    constexpr size_t kPoint = 4;
    std::vector<MountEntry> table;
    for (const std::string_view line : text::split(mountinfo, '\n')) {
        const auto fields = text::split(line, ' ');
        const auto dash = std::find(fields.begin(), fields.end(), "-");
        if (dash - fields.begin() <= static_cast<ptrdiff_t>(kPoint) || dash == fields.end() ||
            dash + 1 == fields.end())
            continue;
        const auto id = text::parse_int<uint64_t>(fields[kId]);
        const auto parent = text::parse_int<uint64_t>(fields[kParent]);
        if (id && parent)
            table.push_back({*id, *parent, unescaped(fields[kRoot]), unescaped(fields[kPoint]),
                             std::string{dash[1]}});
    }
    return table;
}

std::vector<MountEntry> outside_of(uint64_t top, std::vector<MountEntry> table) {
    std::map<uint64_t, uint64_t> parents;
    for (const MountEntry& entry : table)
        parents[entry.id] = entry.parent;
    const auto is_inside = [&](const MountEntry& entry) {
        uint64_t id = entry.id;
        // No further than there are mounts: the root is its own parent at times.
        for (size_t i = 0; i < parents.size() && id != top; ++i) {
            const auto above = parents.find(id);
            if (above == parents.end())
                return false;
            id = above->second;
        }
        return id == top;
    };
    table.erase(std::remove_if(table.begin(), table.end(), is_inside), table.end());
    return table;
}

Result<uint64_t> mount_id(const Fd& fd) {
    struct statx status {};
    if (::statx(fd.get(), "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &status) < 0)
        return fail_sys("statx");
    if ((status.stx_mask & STATX_MNT_ID) == 0)
        return fail("statx does not tell the mount's id");
    return status.stx_mnt_id;
}

}  // namespace unitc::sys
