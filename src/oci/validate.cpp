// SPDX-License-Identifier: Apache-2.0
#include "oci/validate.hpp"

#include <algorithm>
#include <bit>

#include "oci/capabilities.hpp"
#include "oci/sysctl.hpp"
#include "oci/validate_namespaces.hpp"
#include "oci/validate_process.hpp"
#include "oci/validate_supported.hpp"

namespace unitc::oci {
namespace {

using Rule = Result<> (*)(const Config& config);

const Memory* memory_of(const Config& config) {
    const auto& linux_part = config.linux_;
    if (!linux_part || !linux_part->resources || !linux_part->resources->memory)
        return nullptr;
    return &*linux_part->resources->memory;
}

const Cpu* cpu_of(const Config& config) {
    const auto& linux_part = config.linux_;
    if (!linux_part || !linux_part->resources || !linux_part->resources->cpu)
        return nullptr;
    return &*linux_part->resources->cpu;
}

bool is_absolute(const std::string& path) {
    return path.starts_with('/');
}

// config.md: "This property is REQUIRED when start is called."
Result<> process_is_complete(const Config& config) {
    if (!config.process)
        return fail("process: is missing");
    if (config.process->args.empty())
        return fail("process.args: is empty, must name the program to run");
    if (!is_absolute(config.process->cwd))
        return fail("process.cwd: must be an absolute path");
    return {};
}

Result<> root_is_given(const Config& config) {
    if (!config.root)
        return fail("root: is missing");
    if (config.root->path.empty())
        return fail("root.path: is empty, must be a path");
    return {};
}

// Without one, every mount, the root's and the masks' included, would be made
// on the host.
Result<> mount_namespace_is_new(const Config& config) {
    const Namespace* space = find_namespace(config, NamespaceType::Mount);
    if (space == nullptr)
        return fail("linux.namespaces: has no entry of type 'mount', must have one");
    if (!space->path.empty())
        return fail("linux.namespaces: the mount namespace has a path, must be a new one");
    return {};
}

Result<> names_have_uts_namespace(const Config& config) {
    if (find_namespace(config, NamespaceType::Uts) != nullptr)
        return {};
    if (!config.hostname.empty())
        return fail("hostname: needs an entry of type 'uts' in linux.namespaces");
    if (!config.domainname.empty())
        return fail("domainname: needs an entry of type 'uts' in linux.namespaces");
    return {};
}

// What in /proc/sys belongs to a namespace; everything else is the host's
// (CVE-2022-0532). An entry that ends with '/' stands for all below it.
struct SysctlOwner {
    std::string_view file;
    NamespaceType owner;
    std::string_view type;
};
constexpr SysctlOwner kSysctlOwners[] = {
    {"fs/mqueue/", NamespaceType::Ipc, "ipc"},
    {"kernel/msgmax", NamespaceType::Ipc, "ipc"},
    {"kernel/msgmnb", NamespaceType::Ipc, "ipc"},
    {"kernel/msgmni", NamespaceType::Ipc, "ipc"},
    {"kernel/sem", NamespaceType::Ipc, "ipc"},
    {"kernel/shm_rmid_forced", NamespaceType::Ipc, "ipc"},
    {"kernel/shmall", NamespaceType::Ipc, "ipc"},
    {"kernel/shmmax", NamespaceType::Ipc, "ipc"},
    {"kernel/shmmni", NamespaceType::Ipc, "ipc"},
    {"kernel/domainname", NamespaceType::Uts, "uts"},
    {"net/", NamespaceType::Network, "network"},
    {"user/", NamespaceType::User, "user"},
};

Result<> sysctl_is_namespaced(const Config& config, const std::string& key) {
    const std::string where = "linux.sysctl[\"" + key + "\"]: ";
    const auto file = sysctl_path(key);
    if (!file)
        return fail(where + "is not a sysctl, must be like 'net.ipv4.ip_forward'");
    if (*file == "kernel/hostname")
        return fail(where + "is set by hostname");
    for (const SysctlOwner& row : kSysctlOwners) {
        if (row.file.ends_with('/') ? !file->starts_with(row.file) : *file != row.file)
            continue;
        if (find_namespace(config, row.owner) == nullptr)
            return fail(where + "needs an entry of type '" + std::string{row.type} +
                        "' in linux.namespaces");
        return {};
    }
    return fail(where + "belongs to the host, not to a namespace");
}

Result<> sysctls_are_namespaced(const Config& config) {
    if (config.linux_)
        for (const auto& entry : config.linux_->sysctl)
            TRY(sysctl_is_namespaced(config, entry.first));
    return {};
}

// cgroup v2 limits swap alone, the spec memory and swap together.
Result<> swap_includes_memory(const Config& config) {
    const Memory* memory = memory_of(config);
    if (memory == nullptr || !memory->swap || *memory->swap == -1)
        return {};
    if (!memory->limit)
        return fail("linux.resources.memory.swap: needs linux.resources.memory.limit");
    if (*memory->limit != -1 && *memory->swap < *memory->limit)
        return fail("linux.resources.memory.swap: is " + std::to_string(*memory->swap) +
                    ", must be at least linux.resources.memory.limit, which is " +
                    std::to_string(*memory->limit));
    return {};
}

Result<> burst_is_within_quota(const Config& config) {
    const Cpu* cpu = cpu_of(config);
    if (cpu == nullptr || !cpu->burst || !cpu->quota || *cpu->quota <= 0)
        return {};
    if (*cpu->burst > static_cast<uint64_t>(*cpu->quota))
        return fail("linux.resources.cpu.burst: is " + std::to_string(*cpu->burst) +
                    ", must be at most linux.resources.cpu.quota, which is " +
                    std::to_string(*cpu->quota));
    return {};
}

std::string_view first_name(CapabilitySet set) {
    return capability_name(std::countr_zero(set));
}

// capset(2) answers EPERM to anything else.
Result<> capability_sets_are_nested(const Config& config) {
    if (!config.process || !config.process->capabilities)
        return {};
    const Capabilities& sets = *config.process->capabilities;
    if (const CapabilitySet rest = sets.effective & ~sets.permitted; rest != 0)
        return fail("process.capabilities.effective: has '" + std::string{first_name(rest)} +
                    "', which is not in process.capabilities.permitted");
    if (const CapabilitySet rest = sets.inheritable & ~sets.bounding; rest != 0)
        return fail("process.capabilities.inheritable: has '" + std::string{first_name(rest)} +
                    "', which is not in process.capabilities.bounding");
    return {};
}

constexpr Rule kRules[] = {
    process_is_complete,          root_is_given,
    mount_namespace_is_new,       is_supported,
    names_have_uts_namespace,     sysctls_are_namespaced,
    swap_includes_memory,         burst_is_within_quota,
    capability_sets_are_nested,   scheduler_is_complete,
    memory_policy_has_its_nodes,  personality_has_no_flags,
    net_devices_have_a_namespace, intel_rdt_names_one_group,
    seccomp_agent_can_be_told,    namespaces_are_consistent,
};

}  // namespace

const Namespace* find_namespace(const Config& config, NamespaceType type) {
    if (!config.linux_)
        return nullptr;
    const auto& spaces = config.linux_->namespaces;
    const auto found = std::find_if(spaces.begin(), spaces.end(),
                                    [&](const Namespace& space) { return space.type == type; });
    return found == spaces.end() ? nullptr : &*found;
}

Result<> validate(const Config& config) {
    for (const Rule rule : kRules)
        TRY(rule(config));
    return {};
}

Result<> validate_resources(const Resources& resources) {
    Config config;
    config.linux_.emplace().resources = resources;
    TRY(is_supported(config));
    return burst_is_within_quota(config);
}

std::vector<std::string> warnings(const Config& config) {
    std::vector<std::string> found;
    for (size_t i = 0; i < config.mounts.size(); ++i)
        if (!is_absolute(config.mounts[i].destination))
            found.push_back("mounts[" + std::to_string(i) +
                            "].destination: is relative, which is deprecated; it counts from '/'");
    if (const Memory* memory = memory_of(config)) {
        if (memory->kernel)
            found.emplace_back("linux.resources.memory.kernel: has no effect with cgroup v2");
        if (memory->kernel_tcp)
            found.emplace_back("linux.resources.memory.kernelTCP: has no effect with cgroup v2");
    }
    if (config.process)
        for (std::string& warning : warnings(*config.process))
            found.push_back(std::move(warning));
    return found;
}

std::vector<std::string> warnings(const Process& process) {
    std::vector<std::string> found;
    if (process.capabilities) {
        for (const std::string& name : process.capabilities->unknown)
            found.push_back("process.capabilities: ignoring unknown or unavailable capability " +
                            name);
        for (CapabilitySet left = process.capabilities->impossible_ambient; left != 0;
             left &= left - 1)
            found.push_back("process.capabilities.ambient: can't raise ambient capability " +
                            std::string{first_name(left)} +
                            ": it is not both permitted and inheritable");
    }
    if (process.scheduler && process.scheduler->nice != 0 &&
        process.scheduler->policy != "SCHED_OTHER" && process.scheduler->policy != "SCHED_BATCH")
        found.push_back("process.scheduler.nice: has no effect with " + process.scheduler->policy);
    return found;
}

}  // namespace unitc::oci
