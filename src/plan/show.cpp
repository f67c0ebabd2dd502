// SPDX-License-Identifier: Apache-2.0
// The plan as text: what `unitc plan` prints and the golden files hold.
#include <linux/mount.h>
#include <sched.h>
#include <sys/stat.h>

#include "base/text.hpp"
#include "plan/make.hpp"
#include "unit/cpuset.hpp"

namespace unitc::plan {
namespace {

struct Flag {
    uint64_t bit;
    const char* name;
};

constexpr Flag kNamespaceNames[] = {{CLONE_NEWPID, "pid"},  {CLONE_NEWNET, "network"},
                                    {CLONE_NEWNS, "mount"}, {CLONE_NEWIPC, "ipc"},
                                    {CLONE_NEWUTS, "uts"},  {CLONE_NEWUSER, "user"}};
constexpr Flag kAttributeNames[] = {{MOUNT_ATTR_RDONLY, "ro"},
                                    {MOUNT_ATTR_NOSUID, "nosuid"},
                                    {MOUNT_ATTR_NODEV, "nodev"},
                                    {MOUNT_ATTR_NOEXEC, "noexec"},
                                    {MOUNT_ATTR_NOATIME, "noatime"},
                                    {MOUNT_ATTR_STRICTATIME, "strictatime"},
                                    {MOUNT_ATTR_NODIRATIME, "nodiratime"},
                                    {MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow"}};
constexpr Flag kPropagationNames[] = {{MS_PRIVATE, "private"},
                                      {MS_SHARED, "shared"},
                                      {MS_SLAVE, "slave"},
                                      {MS_UNBINDABLE, "unbindable"}};

template <size_t N>
void add_flags(const Flag (&table)[N], uint64_t bits, const std::string& prefix,
               std::vector<std::string>& words) {
    for (const Flag& flag : table)
        if ((bits & flag.bit) != 0)
            words.push_back(prefix + flag.name);
}

// One line: a subject, then its words; strings of the config made printable.
void line(std::string& out, std::string_view subject, const std::vector<std::string>& words) {
    out.append(subject);
    for (const std::string& word : words)
        out.append(" ").append(text::printable(word));
    out.append("\n");
}

std::string octal(mode_t mode) {
    char digits[16];
    const auto end = std::to_chars(digits, digits + sizeof digits, mode, 8).ptr;
    return "0" + std::string{digits, end};
}

std::string hex(uint64_t bits) {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, bits, 16).ptr;
    return "0x" + std::string{digits, end};
}

std::string propagation(uint64_t flags, bool recursive) {
    std::vector<std::string> words;
    add_flags(kPropagationNames, flags, recursive ? "r" : "", words);
    return text::join(words, ",");
}

std::string ranges(const sys::IdMap& map) {
    std::vector<std::string> words;
    for (const sys::IdRange& range : map)
        words.push_back(std::to_string(range.inside) + ":" + std::to_string(range.outside) + ":" +
                        std::to_string(range.size));
    return text::join(words, ",");
}

std::vector<std::string> map_words(const UserNamespace& space) {
    if (!space.path.empty())
        return {"of", space.path};
    return {"uids=" + ranges(space.maps.uids), "gids=" + ranges(space.maps.gids)};
}

void show_namespaces(std::string& out, const InitPlan& init) {
    std::vector<std::string> namespaces;
    add_flags(kNamespaceNames, init.new_namespaces, "", namespaces);
    if (init.new_cgroup_namespace)
        namespaces.emplace_back("cgroup");
    if (init.new_time_namespace)
        namespaces.emplace_back("time");
    line(out, "new-namespaces", namespaces);
    for (const Join& join : init.joins)
        line(out, "join-namespace", {join.name, join.path});
    if (init.needs_usher)
        line(out, "enters-by-usher", {});
    if (init.user_namespace)
        line(out, "id-map", map_words(*init.user_namespace));
    for (const ClockOffset& offset : init.time_offsets)
        line(out, "time-offset",
             {offset.clock, std::to_string(offset.seconds), std::to_string(offset.nanoseconds)});
    if (init.rootless)
        line(out, "rootless", {init.unprivileged ? "as a user" : "in a user namespace"});
    if (init.keeps_groups)
        line(out, "keep-groups", {});
    if (init.hand_over_cgroup)
        line(out, "hand-over-cgroup", {std::to_string(init.process.uid)});
}

struct Action {
    bool MountStep::*wanted;
    const char* name;
};

constexpr Action kActionNames[] = {{&MountStep::copy_up, "tmpcopyup"},
                                   {&MountStep::source_nofollow, "src-nofollow"},
                                   {&MountStep::copy_symlink, "copy-symlink"},
                                   {&MountStep::destination_nofollow, "dest-nofollow"}};

void show_mount(std::string& out, const MountStep& step) {
    constexpr const char* kKinds[] = {"new", "bind", "cgroup", "remount"};
    std::vector<std::string> words{step.destination, kKinds[static_cast<int>(step.kind)]};
    if (step.kind == MountStep::Kind::New)
        words.push_back(step.type);
    if (!step.source.empty() && step.kind != MountStep::Kind::Cgroup)
        words.push_back(
            "from " +
            (step.source_in_root.empty() ? step.source : step.source_in_root + " of the root") +
            (step.recursive ? " recursively" : ""));
    std::vector<std::string> options;
    add_flags(kAttributeNames, step.attributes.set, "", options);
    add_flags(kAttributeNames, step.all_attributes.set, "r", options);
    for (const Action& action : kActionNames)
        if (step.*action.wanted)
            options.emplace_back(action.name);
    for (const auto& [key, value] : step.data)
        options.push_back(value ? key + "=" + *value : key);
    if (step.propagation != 0)
        options.push_back(propagation(step.propagation, step.recursive_propagation));
    if (!options.empty())
        words.push_back(text::join(options, ","));
    if (step.idmap) {
        words.emplace_back(step.recursive_idmap ? "ridmap" : "idmap");
        for (std::string& word : map_words(*step.idmap))
            words.push_back(std::move(word));
    }
    if (step.at_last)
        words.emplace_back("at last");
    line(out, "mount", words);
}

void show_unit(std::string& out, const unit::UnitPlan& unit) {
    if (unit.service.empty())
        line(out, "unit", {unit.name, "in", unit.slice});
    else
        line(out, "cgroup", {unit.name, "in", unit.parent, "of", unit.service});
    if (unit.devices)
        for (const auto& [node, access] : unit.devices->entries())
            line(out, "device", {node, access});
    for (const unit::Property& property : unit.properties)
        line(out, "property", {unit::to_text(property)});
    for (const auto& [file, content] : unit.cgroup_files)
        line(out, "cgroup-file", {file, content});
    for (const unit::Fallback& fallback : unit.fallbacks)
        line(out, "fallback", {fallback.property, "→", fallback.file, fallback.content});
    for (const auto& [file, content] : unit.expected_files)
        line(out, "expect", {file, content});
    for (const std::string& warning : unit.warnings)
        line(out, "warning", {warning});
}

void show_hooks(std::string& out, const char* name, const std::vector<oci::Hook>& list) {
    for (const oci::Hook& hook : list) {
        std::vector<std::string> words{name, hook.path};
        if (hook.timeout)
            words.push_back("timeout=" + std::to_string(*hook.timeout) + "s");
        if (!hook.args.empty())
            words.push_back("args=" + text::join(hook.args, " "));
        if (hook.env)
            words.push_back("env=" + text::join(*hook.env, " "));
        line(out, "hook", words);
    }
}

void show_process(std::string& out, const InitPlan& init) {
    const ProcessPlan& process = init.process;
    for (const Limit& limit : process.rlimits)
        line(out, "rlimit",
             {std::string{limit.name}, std::to_string(limit.soft), std::to_string(limit.hard)});
    if (process.oom_score_adj)
        line(out, "oom-score-adj", {std::to_string(*process.oom_score_adj)});
    if (process.scheduler)
        line(out, "scheduler",
             {"policy=" + std::to_string(process.scheduler->policy),
              "flags=" + hex(process.scheduler->flags),
              "nice=" + std::to_string(process.scheduler->nice),
              "priority=" + std::to_string(process.scheduler->priority),
              "runtime=" + std::to_string(process.scheduler->runtime),
              "deadline=" + std::to_string(process.scheduler->deadline),
              "period=" + std::to_string(process.scheduler->period)});
    if (process.io_priority)
        line(out, "io-priority", {hex(static_cast<uint64_t>(*process.io_priority))});
    if (init.personality)
        line(out, "personality", {hex(*init.personality)});
    if (init.memory_policy)
        line(out, "memory-policy",
             {hex(static_cast<uint64_t>(init.memory_policy->mode)),
              "nodes=" + unit::list_of_mask(init.memory_policy->nodes)});
    if (!process.apparmor_profile.empty())
        line(out, "apparmor-profile", {process.apparmor_profile});
    if (!process.selinux_label.empty())
        line(out, "selinux-label", {process.selinux_label});
    if (process.terminal)
        line(out, "terminal",
             {process.console_size ? std::to_string(process.console_size->height) + "x" +
                                         std::to_string(process.console_size->width)
                                   : "new"});
    std::vector<std::string> groups;
    for (const gid_t group : process.groups)
        groups.push_back(std::to_string(group));
    line(out, "user",
         {std::to_string(process.uid) + ":" + std::to_string(process.gid),
          "groups=" + text::join(groups, ","), "umask=" + octal(process.umask)});
    const sys::CapabilitySets sets = process.capabilities.value_or(sys::CapabilitySets{});
    line(out, "capabilities",
         {"bounding=" + hex(sets.bounding), "effective=" + hex(sets.effective),
          "inheritable=" + hex(sets.inheritable), "permitted=" + hex(sets.permitted),
          "ambient=" + hex(sets.ambient)});
    if (process.no_new_privileges)
        line(out, "no-new-privileges", {});
    if (init.seccomp)
        line(out, "seccomp",
             {std::to_string(init.seccomp->bpf.size() / 8), "instructions", "flags",
              hex(init.seccomp->flags)});
    if (process.to_journal)
        line(out, "output", {"journal"});
    if (process.preserve_fds > 0)
        line(out, "preserve-fds", {std::to_string(process.preserve_fds)});
    line(out, "cwd", {process.cwd});
    for (const std::string& variable : process.env)
        line(out, "env", {variable});
    line(out, "args", process.args);
}

}  // namespace

std::string show(const Plan& plan) {
    const InitPlan& init = plan.init;
    std::string out;
    line(out, "container", {plan.id, "bundle", plan.bundle});
    show_unit(out, plan.unit);

    show_namespaces(out, init);
    for (const auto& [host, inside] : plan.net_devices)
        line(out, "network-device", {host, "→", inside});
    if (!init.seccomp_agent.empty())
        line(out, "seccomp-agent", {init.seccomp_agent});
    if (init.new_keyring)
        line(out, "session-keyring", {init.keyring_name});
    if (!init.hostname.empty())
        line(out, "hostname", {init.hostname});
    if (!init.domainname.empty())
        line(out, "domainname", {init.domainname});
    std::vector<std::string> root{init.rootfs, init.readonly_root ? "ro" : "rw"};
    if (init.root_propagation != 0)
        root.push_back(propagation(init.root_propagation, (init.root_propagation & MS_REC) != 0));
    if (!init.pivot)
        root.emplace_back("no-pivot");
    line(out, "root", root);
    for (const MountStep& step : init.mounts)
        show_mount(out, step);
    if (init.set_up_dev)
        for (const DeviceNode& node : init.devices)
            line(out, "device",
                 {node.path,
                  S_ISBLK(node.mode)    ? "b"
                  : S_ISFIFO(node.mode) ? "p"
                                        : "c",
                  std::to_string(node.major) + ":" + std::to_string(node.minor),
                  octal(node.mode & 07777),
                  std::to_string(node.uid) + ":" + std::to_string(node.gid)});
    for (const auto& [path, value] : init.sysctls)
        line(out, "sysctl", {path, value});
    for (const std::string& path : init.readonly_paths)
        line(out, "read-only", {path});
    for (const std::string& path : init.masked_paths)
        line(out, "mask", {path});
    show_hooks(out, "prestart", plan.hooks.prestart);
    show_hooks(out, "createRuntime", plan.hooks.create_runtime);
    show_hooks(out, "createContainer", init.create_container_hooks);
    show_process(out, init);
    show_hooks(out, "startContainer", init.start_container_hooks);
    show_hooks(out, "poststart", plan.hooks.poststart);
    show_hooks(out, "poststop", plan.hooks.poststop);
    return out;
}

}  // namespace unitc::plan
