// SPDX-License-Identifier: Apache-2.0
#include "ops/exec_process.hpp"

#include "base/text.hpp"
#include "oci/capabilities.hpp"
#include "oci/parse.hpp"

namespace unitc::ops {
namespace {

Result<oci::CapabilitySet> capability_set(const std::vector<std::string>& names) {
    oci::CapabilitySet set = 0;
    for (const std::string& name : names) {
        const auto number = oci::capability_number(name);
        if (!number)
            return fail("--cap '" + text::printable(name) +
                        "': must be a name of capabilities(7), 'CAP_CHOWN' to "
                        "'CAP_CHECKPOINT_RESTORE'");
        set |= oci::CapabilitySet{1} << *number;
    }
    return set;
}

// Never the inheritable set (CVE-2022-29162), and the ambient one only where
// the config has inheritable ones, as runc does it.
void add_capabilities(oci::Capabilities& sets, oci::CapabilitySet added) {
    sets.bounding |= added;
    sets.effective |= added;
    sets.permitted |= added;
    sets.ambient |= added & sets.inheritable;
}

Result<> check_env(const std::vector<std::string>& env) {
    for (const std::string& variable : env) {
        const size_t equals = variable.find('=');
        if (equals == std::string::npos || equals == 0)
            return fail("--env '" + text::printable(variable) + "': must be NAME=VALUE");
    }
    return {};
}

template <typename T>
void take_if_empty(T& out, const T& from) {
    if (out == T{})
        out = from;
}

template <typename T>
void take_if_absent(std::optional<T>& out, const std::optional<T>& from) {
    if (!out)
        out = from;
}

}  // namespace

oci::Process inherit(oci::Process file, const oci::Process& container) {
    take_if_absent(file.capabilities, container.capabilities);
    if (file.rlimits.empty())
        file.rlimits = container.rlimits;
    take_if_empty(file.apparmor_profile, container.apparmor_profile);
    take_if_empty(file.selinux_label, container.selinux_label);
    take_if_absent(file.oom_score_adj, container.oom_score_adj);
    take_if_absent(file.scheduler, container.scheduler);
    take_if_absent(file.io_priority, container.io_priority);
    take_if_absent(file.exec_cpu_affinity, container.exec_cpu_affinity);
    take_if_absent(file.user.umask, container.user.umask);
    return file;
}

Result<oci::Process> apply_request(oci::Process base, const ExecRequest& request) {
    if (!request.args.empty())
        base.args = request.args;
    else if (request.process_file.empty())
        return fail("exec args cannot be empty");
    if (!request.cwd.empty())
        base.cwd = request.cwd;
    if (!base.cwd.starts_with('/'))
        return fail("--cwd '" + text::printable(base.cwd) + "': must be an absolute path");
    TRY(check_env(request.env));
    base.env.insert(base.env.end(), request.env.begin(), request.env.end());
    if (request.uid)
        base.user.uid = *request.uid;
    if (request.gid)
        base.user.gid = *request.gid;
    base.user.additional_gids.insert(base.user.additional_gids.end(),
                                     request.additional_gids.begin(),
                                     request.additional_gids.end());
    const oci::CapabilitySet added = TRY(capability_set(request.capabilities));
    if (added != 0) {
        if (!base.capabilities)
            base.capabilities.emplace();
        add_capabilities(*base.capabilities, added);
    }
    if (request.no_new_privileges)
        base.no_new_privileges = *request.no_new_privileges;
    if (!request.process_label.empty())
        base.selinux_label = request.process_label;
    if (!request.apparmor.empty())
        base.apparmor_profile = request.apparmor;
    // The config's terminal is the first process's.
    const bool otherwise = !request.process_file.empty() && base.terminal;
    base.terminal = request.tty.value_or(otherwise);
    return base;
}

Result<std::string> sub_cgroup(const std::vector<std::string>& values) {
    if (values.empty() || (values.size() == 1 && values.front().empty()))
        return std::string{};
    for (const std::string& value : values)
        if (value.find(':') != std::string::npos)
            return fail("--cgroup '" + text::printable(value) +
                        "': must be a path alone, cgroup v2 has one hierarchy for all controllers");
    if (values.size() != 1)
        return fail("--cgroup: is given more than once, cgroup v2 has one hierarchy");
    // Relative to the container's group: a ".." that leads out of it stays in front.
    const std::string below = text::clean_path("./" + values.front());
    if (below == ".." || below.starts_with("../"))
        return fail("--cgroup: bad sub cgroup path: " + text::printable(values.front()));
    return below == "." ? "/" : "/" + below;
}

}  // namespace unitc::ops
