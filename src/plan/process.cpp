// SPDX-License-Identifier: Apache-2.0
// `process` of config.json → what the first process is to become.
#include <algorithm>

#include "oci/names.hpp"
#include "plan/parts.hpp"

namespace unitc::plan {
namespace {

std::string_view name_of(std::string_view variable) {
    return variable.substr(0, variable.find('='));
}

std::string_view rlimit_name(int resource) {
    for (const auto& row : oci::kRlimits)
        if (row.value == resource)
            return row.name;
    return "RLIMIT_?";
}

// Of a variable given twice the last value counts, at the place of the first:
// what getenv() finds must not depend on who reads the list.
void add_variable(std::vector<std::string>& env, const std::string& variable) {
    const auto same = std::find_if(env.begin(), env.end(), [&](const std::string& other) {
        return name_of(other) == name_of(variable);
    });
    if (same != env.end())
        *same = variable;
    else
        env.push_back(variable);
}

}  // namespace

ProcessPlan make_process(const oci::Process& process, const Request& request,
                         const host::Facts& facts) {
    ProcessPlan plan;
    plan.args = process.args;
    for (const std::string& variable : process.env)
        add_variable(plan.env, variable);
    for (const std::string& variable : request.extra_env)
        add_variable(plan.env, variable);
    plan.cwd = process.cwd;
    plan.uid = process.user.uid;
    plan.gid = process.user.gid;
    plan.groups = process.user.additional_gids;
    plan.umask = static_cast<mode_t>(process.user.umask.value_or(0022));
    for (const oci::Rlimit& limit : process.rlimits)
        plan.rlimits.push_back(
            {rlimit_name(limit.resource), limit.resource, limit.soft, limit.hard});
    if (process.capabilities) {
        // Those the kernel does not know cannot be had; runc leaves them out.
        const uint64_t known = facts.last_capability >= 63
                                   ? ~uint64_t{0}
                                   : (uint64_t{1} << (facts.last_capability + 1)) - 1;
        const oci::Capabilities& sets = *process.capabilities;
        plan.capabilities = sys::CapabilitySets{sets.bounding & known, sets.effective & known,
                                                sets.inheritable & known, sets.permitted & known,
                                                sets.ambient & known};
    }
    plan.no_new_privileges = process.no_new_privileges;
    plan.oom_score_adj = process.oom_score_adj;
    plan.terminal = process.terminal;
    plan.console_size = process.console_size;
    plan.preserve_fds = request.preserve_fds;
    return plan;
}

}  // namespace unitc::plan
