// SPDX-License-Identifier: Apache-2.0
#include "oci/validate_process.hpp"

#include <algorithm>
#include <climits>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "oci/validate.hpp"

namespace unitc::oci {
namespace {

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> list) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

// As sched_setattr(2) wants them; 0 is for the period: it equals the deadline.
Result<> deadline_is_in_order(const Scheduler& wanted) {
    if (wanted.runtime == 0)
        return fail("process.scheduler.runtime: is missing, SCHED_DEADLINE needs it");
    if (wanted.deadline < wanted.runtime)
        return fail("process.scheduler.deadline: is " + std::to_string(wanted.deadline) +
                    ", must be at least process.scheduler.runtime, which is " +
                    std::to_string(wanted.runtime));
    if (wanted.period != 0 && wanted.period < wanted.deadline)
        return fail("process.scheduler.period: is " + std::to_string(wanted.period) +
                    ", must be at least process.scheduler.deadline, which is " +
                    std::to_string(wanted.deadline));
    return {};
}

// Of a list that parse() has taken; a node that stands twice is one.
size_t count_nodes(std::string_view list) {
    std::vector<bool> nodes;
    for (const std::string_view part : text::split(list, ',')) {
        const auto first = text::parse_int<size_t>(part.substr(0, part.find('-'))).value_or(0);
        const auto last = text::parse_int<size_t>(part.substr(part.find('-') + 1)).value_or(first);
        nodes.resize(std::max(nodes.size(), last + 1));
        std::fill(nodes.begin() + static_cast<ptrdiff_t>(first),
                  nodes.begin() + static_cast<ptrdiff_t>(last) + 1, true);
    }
    return static_cast<size_t>(std::count(nodes.begin(), nodes.end(), true));
}

// Which of these calls is made while the filter is on and nobody listens yet.
constexpr std::string_view kOwnCalls[] = {"sendmsg", "recvmsg"};

Result<> rule_leaves_own_calls(const SeccompSyscalls& rule, size_t index) {
    for (const std::string_view call : kOwnCalls)
        if (std::find(rule.names.begin(), rule.names.end(), call) != rule.names.end())
            return fail("linux.seccomp.syscalls[" + std::to_string(index) +
                        "]: SCMP_ACT_NOTIFY cannot be used for the " + std::string{call} +
                        " syscall, by which the listener is handed over");
    return {};
}

}  // namespace

Result<> scheduler_is_complete(const Config& config) {
    if (!config.process || !config.process->scheduler)
        return {};
    const Scheduler& wanted = *config.process->scheduler;
    const bool real_time = is_one_of(wanted.policy, {"SCHED_FIFO", "SCHED_RR"});
    if (wanted.policy == "SCHED_ISO")
        return fail("process.scheduler.policy: 'SCHED_ISO' was never part of Linux");
    if (wanted.priority != 0 && !real_time)
        return fail("process.scheduler.priority: is for SCHED_FIFO and SCHED_RR only");
    if (wanted.priority == 0 && real_time)
        return fail("process.scheduler.priority: is 0, must be 1 to 99 for " + wanted.policy);
    if (wanted.policy == "SCHED_DEADLINE")
        return deadline_is_in_order(wanted);
    if (wanted.runtime != 0 || wanted.deadline != 0 || wanted.period != 0)
        return fail("process.scheduler: runtime, deadline and period are for SCHED_DEADLINE only");
    return {};
}

Result<> memory_policy_has_its_nodes(const Config& config) {
    if (!config.linux_ || !config.linux_->memory_policy)
        return {};
    const MemoryPolicy& policy = *config.linux_->memory_policy;
    const auto flag = [&](std::string_view name) {
        return std::find(policy.flags.begin(), policy.flags.end(), name) != policy.flags.end();
    };
    if (is_one_of(policy.mode, {"MPOL_DEFAULT", "MPOL_LOCAL"})) {
        if (!policy.nodes.empty())
            return fail("linux.memoryPolicy.nodes: is '" + policy.nodes + "': " + policy.mode +
                        " mode requires 0 nodes but got " +
                        std::to_string(count_nodes(policy.nodes)));
    } else if (policy.mode != "MPOL_PREFERRED" && policy.nodes.empty()) {
        return fail("linux.memoryPolicy.nodes: is empty, " + policy.mode +
                    " needs at least one node");
    }
    if (flag("MPOL_F_RELATIVE_NODES") && flag("MPOL_F_STATIC_NODES"))
        return fail(
            "linux.memoryPolicy.flags: MPOL_F_RELATIVE_NODES and MPOL_F_STATIC_NODES exclude "
            "each other");
    if (flag("MPOL_F_NUMA_BALANCING") &&
        !is_one_of(policy.mode, {"MPOL_BIND", "MPOL_PREFERRED_MANY"}))
        return fail(
            "linux.memoryPolicy.flags: MPOL_F_NUMA_BALANCING is for MPOL_BIND and "
            "MPOL_PREFERRED_MANY only");
    return {};
}

Result<> personality_has_no_flags(const Config& config) {
    if (config.linux_ && config.linux_->personality && !config.linux_->personality->flags.empty())
        return fail("linux.personality.flags: must be empty, the specification has no flags");
    return {};
}

Result<> net_devices_have_a_namespace(const Config& config) {
    if (!config.linux_ || config.linux_->net_devices.empty())
        return {};
    if (find_namespace(config, NamespaceType::Network) == nullptr)
        return fail("linux.netDevices: needs an entry of type 'network' in linux.namespaces");
    for (const auto& [host, inside] : config.linux_->net_devices)
        for (const auto& [other_host, other] : config.linux_->net_devices)
            if (host != other_host && inside == other && inside.find('%') == std::string::npos)
                return fail("linux.netDevices: '" + host + "' and '" + other_host +
                            "' would both be named '" + inside + "'");
    return {};
}

// A directory of resctrl's root that is not of the kernel's own, and lines of
// its schemata: config-linux.md.
Result<> intel_rdt_names_one_group(const Config& config) {
    if (!config.linux_ || !config.linux_->intel_rdt)
        return {};
    const IntelRdt& rdt = *config.linux_->intel_rdt;
    const std::string where = "linux.intelRdt.";
    if (rdt.clos_id != "/" &&
        (rdt.clos_id.find_first_of("/\n") != std::string::npos || rdt.clos_id.size() > NAME_MAX ||
         is_one_of(rdt.clos_id, {".", "..", "info", "mon_groups", "mon_data"})))
        return fail(where + "closID: is no name of a class, must be one name, or '/'");
    const auto one_line = [&](const std::string& line, const std::string& key) -> Result<> {
        if (line.find('\n') != std::string::npos)
            return fail(where + key + ": must be one line");
        return {};
    };
    TRY(one_line(rdt.l3_cache_schema, "l3CacheSchema"));
    TRY(one_line(rdt.mem_bw_schema, "memBwSchema"));
    for (size_t i = 0; i < rdt.schemata.size(); ++i)
        TRY(one_line(rdt.schemata[i], "schemata[" + std::to_string(i) + "]"));
    if (!rdt.mem_bw_schema.empty() && !rdt.mem_bw_schema.starts_with("MB:"))
        return fail(where + "memBwSchema: must begin with 'MB:'");
    return {};
}

Result<> seccomp_agent_can_be_told(const Config& config) {
    if (!config.linux_ || !config.linux_->seccomp)
        return {};
    const Seccomp& seccomp = *config.linux_->seccomp;
    if (seccomp.default_action == SeccompAction::Notify)
        return fail("linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the default action");
    for (size_t i = 0; i < seccomp.syscalls.size(); ++i) {
        if (seccomp.syscalls[i].action != SeccompAction::Notify)
            continue;
        TRY(rule_leaves_own_calls(seccomp.syscalls[i], i));
        if (seccomp.listener_path.empty())
            return fail("linux.seccomp.listenerPath: is missing, SCMP_ACT_NOTIFY needs it");
    }
    return {};
}

}  // namespace unitc::oci
