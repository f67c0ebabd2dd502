// SPDX-License-Identifier: Apache-2.0
// unitc ps.
#include <algorithm>
#include <cerrno>

#include "base/text.hpp"
#include "cgroup/cgroup.hpp"
#include "ops/ending.hpp"
#include "ops/locate.hpp"
#include "ops/ops.hpp"
#include "ops/ps_rows.hpp"
#include "sys/command.hpp"

namespace unitc::ops {
namespace {

Result<std::vector<pid_t>> pids_of(const Globals& globals, const std::string& id) {
    const Known known = TRY(find_record(globals, id));
    std::vector<pid_t> pids;
    const auto group = TRY(find_group(known.record, deadline_of(globals)));
    if (!group)
        return pids;
    auto found = cgroup::processes(group->fd);
    // Removed meanwhile.
    if (!found && (found.error().code == ENOENT || found.error().code == ENODEV))
        return pids;
    if (!found)
        return Failure{std::move(found).error()};
    pids = *std::move(found);
    std::sort(pids.begin(), pids.end());
    return pids;
}

}  // namespace

Result<std::string> ps(const Globals& globals, const std::string& id, PsFormat format,
                       const std::vector<std::string>& options) {
    const std::vector<pid_t> pids = TRY(pids_of(globals, id));
    if (format == PsFormat::Json)
        return pids_json(pids);
    std::vector<std::string> argv{"ps"};
    argv.insert(argv.end(), options.begin(), options.end());
    if (options.empty())
        argv.emplace_back("-ef");
    const sys::CommandResult result = TRY(sys::run_command(argv));
    if (result.status != 0)
        return fail("ps: exit status " + std::to_string(result.status) + ": " +
                    text::printable(text::trim(result.output)));
    return rows_of(result.output, pids);
}

}  // namespace unitc::ops
