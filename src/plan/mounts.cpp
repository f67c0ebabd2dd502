// SPDX-License-Identifier: Apache-2.0
// `mounts` of config.json → mount steps: mount(8)-like options become
// attributes, propagation and fsconfig keys.
#include <linux/mount.h>

#include <algorithm>

#include "base/text.hpp"
#include "plan/parts.hpp"

namespace unitc::plan {
namespace {

// Options of one mount: runtime-spec config.md, "Linux mount options".
struct AttributeOption {
    std::string_view name;
    uint64_t flag;  // MOUNT_ATTR_*
    bool clears;
};

// Without the leading "r" of the recursive forms, which take the same list.
constexpr AttributeOption kAttributes[] = {
    {"ro", MOUNT_ATTR_RDONLY, false},
    {"rw", MOUNT_ATTR_RDONLY, true},
    {"nosuid", MOUNT_ATTR_NOSUID, false},
    {"suid", MOUNT_ATTR_NOSUID, true},
    {"nodev", MOUNT_ATTR_NODEV, false},
    {"dev", MOUNT_ATTR_NODEV, true},
    {"noexec", MOUNT_ATTR_NOEXEC, false},
    {"exec", MOUNT_ATTR_NOEXEC, true},
    {"nodiratime", MOUNT_ATTR_NODIRATIME, false},
    {"diratime", MOUNT_ATTR_NODIRATIME, true},
    {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, false},
    {"symfollow", MOUNT_ATTR_NOSYMFOLLOW, true},
};

// How access times are kept is one choice of three, not three bits.
struct AccessTimeOption {
    std::string_view name;
    uint64_t value;
    bool leaves;  // names the choice that is not to be
};
constexpr AccessTimeOption kAccessTimes[] = {
    {"relatime", MOUNT_ATTR_RELATIME, false},       {"norelatime", MOUNT_ATTR_RELATIME, true},
    {"noatime", MOUNT_ATTR_NOATIME, false},         {"atime", MOUNT_ATTR_NOATIME, true},
    {"strictatime", MOUNT_ATTR_STRICTATIME, false}, {"nostrictatime", MOUNT_ATTR_STRICTATIME, true},
};

// Properties of the file system, not of the mount: flags of fsconfig(2).
constexpr std::string_view kSuperblockFlags[] = {"sync", "dirsync", "lazytime", "mand"};
// Their defaults, spelled out, and what concerns the kernel's log alone.
// ("iversion" goes to the file system, as the kernel's mount API has it.)
constexpr std::string_view kNoEffect[] = {"async",      "defaults", "loud",  "nolazytime",
                                          "noiversion", "nomand",   "silent"};

// What is done about one mount beyond its attributes.
struct ActionOption {
    std::string_view name;
    bool MountStep::*wanted;
    MountStep::Kind kind;  // of the only mounts that can have it
};
constexpr ActionOption kActions[] = {
    {"tmpcopyup", &MountStep::copy_up, MountStep::Kind::New},
    {"src-nofollow", &MountStep::source_nofollow, MountStep::Kind::Bind},
    {"copy-symlink", &MountStep::copy_symlink, MountStep::Kind::Bind},
    {"dest-nofollow", &MountStep::destination_nofollow, MountStep::Kind::Bind},
};

// What runc lets a mount cover below /proc: fakes that lxcfs provides, and
// nothing a process would trust with its label (CVE-2015-3631,
// CVE-2019-16884).
constexpr std::string_view kAllowedBelowProc[] = {
    "/proc/cpuinfo",
    "/proc/diskstats",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/swaps",
    "/proc/uptime",
    "/proc/loadavg",
    "/proc/slabinfo",
    "/proc/sys/kernel/ns_last_pid",
    "/proc/sys/crypto/fips_enabled",
};

template <typename Table>
bool contains(const Table& table, std::string_view name) {
    return std::find(std::begin(table), std::end(table), name) != std::end(table);
}

bool apply_attribute(std::string_view name, sys::MountAttributes& attributes) {
    for (const auto& row : kAttributes)
        if (row.name == name) {
            (row.clears ? attributes.clear : attributes.set) |= row.flag;
            (row.clears ? attributes.set : attributes.clear) &= ~row.flag;
            return true;
        }
    for (const auto& row : kAccessTimes)
        if (row.name == name) {
            // mount_setattr(2): the choice is cleared as a whole, then set.
            // Leaving one without naming another means the default, relatime.
            attributes.clear |= MOUNT_ATTR__ATIME;
            attributes.set = (attributes.set & ~uint64_t{MOUNT_ATTR__ATIME}) |
                             (row.leaves ? uint64_t{MOUNT_ATTR_RELATIME} : row.value);
            return true;
        }
    return false;
}

// The same for the attributes of one mount, as mount(2) has its flags: leaving
// a choice takes back that it was made, and is none itself.
bool apply_own_attribute(std::string_view name, sys::MountAttributes& attributes) {
    for (const auto& row : kAccessTimes)
        if (row.name == name && row.leaves) {
            if ((attributes.set & MOUNT_ATTR__ATIME) == row.value)
                attributes.clear &= ~uint64_t{MOUNT_ATTR__ATIME};
            if ((attributes.clear & MOUNT_ATTR__ATIME) == 0)
                attributes.set &= ~uint64_t{MOUNT_ATTR__ATIME};
            return true;
        }
    return apply_attribute(name, attributes);
}

bool names_attribute(std::string_view option) {
    sys::MountAttributes none;
    return apply_attribute(option, none);
}

Result<> apply_option(std::string_view option, MountStep& step) {
    if (option == "bind" || option == "rbind") {
        step.kind = MountStep::Kind::Bind;
        step.recursive |= option == "rbind";
        return {};
    }
    if (option == "remount") {
        step.kind = MountStep::Kind::Remount;
        return {};
    }
    if (const auto flag = propagation_flag(option)) {
        step.propagation = *flag & ~uint64_t{MS_REC};
        step.recursive_propagation = (*flag & MS_REC) != 0;
        return {};
    }
    // mount(2) takes an empty one for none, and podman writes them.
    if (option.empty() || apply_own_attribute(option, step.attributes) ||
        contains(kNoEffect, option))
        return {};
    if (option.starts_with('r') && apply_attribute(option.substr(1), step.all_attributes))
        return {};
    for (const ActionOption& row : kActions)
        if (row.name == option) {
            step.*row.wanted = true;
            return {};
        }
    if (option == "idmap" || option == "ridmap") {
        step.idmap.emplace();  // whose map: map_mounts
        step.recursive_idmap |= option == "ridmap";
        return {};
    }
    if (contains(kSuperblockFlags, option)) {
        step.data.emplace_back(option, std::nullopt);
        return {};
    }
    const size_t equals = option.find('=');
    if (equals == std::string_view::npos)
        step.data.emplace_back(option, std::nullopt);
    else
        step.data.emplace_back(option.substr(0, equals), std::string{option.substr(equals + 1)});
    return {};
}

Result<> check_destination(const MountStep& step) {
    const std::string& destination = step.destination;
    if (destination == "/")
        return fail(step.where + ".destination: is '/', must be below it");
    if (!destination.starts_with("/proc"))
        return {};
    if (destination == "/proc") {
        // Anything but procfs there would let an image fake what labels and
        // sysctls are written to; a bind's file system is checked by the child.
        if (step.kind == MountStep::Kind::New && step.type != "proc")
            return fail(step.where + ": only 'proc' may be mounted on /proc, not '" + step.type +
                        "'");
        return {};
    }
    if (destination.starts_with("/proc/") && !contains(kAllowedBelowProc, destination))
        return fail(step.where + ".destination: '" + destination +
                    "' cannot be mounted because it is inside /proc");
    return {};
}

Result<> check_actions(const MountStep& step) {
    for (const ActionOption& row : kActions)
        if (step.*row.wanted && step.kind != row.kind)
            return fail(step.where + ".options: '" + std::string{row.name} + "' is an option of " +
                        (row.kind == MountStep::Kind::Bind ? "bind mounts" : "tmpfs mounts") +
                        " alone");
    if (step.copy_up && step.type != "tmpfs")
        return fail(step.where + ".options: 'tmpcopyup' is an option of tmpfs mounts alone, not '" +
                    step.type + "'");
    return {};
}

Result<> check_bind(MountStep& step, const std::string& bundle) {
    if (step.source.empty())
        return fail(step.where + ".source: is missing, a bind mount needs one");
    if (!step.source.starts_with('/'))
        step.source = text::clean_path(bundle + "/" + step.source);
    if (!step.data.empty())
        return fail(step.where + ".options: '" + step.data.front().first +
                    "' is no option of a bind mount");
    return {};
}

// Like mount --bind -o: what is named is set, and what is not is cleared;
// nothing named keeps the source's.
void complete_bind(MountStep& step, const std::vector<std::string>& options) {
    sys::MountAttributes& own = step.attributes;
    // Access times stay the source's unless a way of keeping them is chosen,
    // and then nothing of the source's is left.
    const bool chosen = (own.clear & MOUNT_ATTR__ATIME) != 0;
    if (chosen || (own.set & MOUNT_ATTR_NODIRATIME) != 0)
        own.clear |= MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME;
    else
        own.clear &= ~uint64_t{MOUNT_ATTR_NODIRATIME};
    constexpr uint64_t kFlags = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                                MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW;
    if (std::any_of(options.begin(), options.end(), names_attribute))
        step.implied_clear = kFlags & ~(own.set | own.clear);
}

bool is_at_or_below(std::string_view path, std::string_view place) {
    return path.starts_with(place) && (path.size() == place.size() || path[place.size()] == '/');
}

// Of a path of the host at or below the container's root: the image's view.
std::optional<std::string> inside_root(const std::string& rootfs, const std::string& path) {
    if (rootfs == "/" || !is_at_or_below(path, rootfs))
        return std::nullopt;
    return path.size() == rootfs.size() ? "/" : path.substr(rootfs.size());
}

// Whether nothing else of the plan is to be at or below the place of
// `mounts[index]` later than itself.
bool nothing_follows(const InitPlan& init, size_t index) {
    const std::string& place = init.mounts[index].destination;
    const auto inside = [&](const std::string& path) { return is_at_or_below(path, place); };
    return std::none_of(init.mounts.begin() + static_cast<ptrdiff_t>(index) + 1, init.mounts.end(),
                        [&](const MountStep& step) { return inside(step.destination); }) &&
           std::none_of(init.devices.begin(), init.devices.end(),
                        [&](const DeviceNode& node) { return inside(node.path); }) &&
           std::none_of(init.masked_paths.begin(), init.masked_paths.end(), inside) &&
           std::none_of(init.readonly_paths.begin(), init.readonly_paths.end(), inside);
}

// A context of the mount's own goes first; the kernel's own file systems label
// their files themselves.
void add_label(const std::string& label, MountStep& step) {
    constexpr std::string_view kContexts[] = {"context", "fscontext", "defcontext", "rootcontext"};
    constexpr std::string_view kLabelled[] = {"proc", "sysfs", "mqueue"};
    if (step.kind != MountStep::Kind::New || contains(kLabelled, step.type))
        return;
    for (const auto& [key, value] : step.data)
        if (contains(kContexts, key))
            return;
    step.data.emplace_back("context", label);
}

}  // namespace

std::optional<uint64_t> propagation_flag(std::string_view option) {
    struct Row {
        std::string_view name;
        uint64_t flag;
    };
    constexpr Row kRows[] = {{"private", MS_PRIVATE},
                             {"shared", MS_SHARED},
                             {"slave", MS_SLAVE},
                             {"unbindable", MS_UNBINDABLE}};
    for (const Row& row : kRows) {
        if (option == row.name)
            return row.flag;
        if (option.starts_with('r') && option.substr(1) == row.name)
            return row.flag | MS_REC;
    }
    return std::nullopt;
}

Result<MountStep> make_mount(const oci::Mount& mount, size_t index, const std::string& bundle) {
    MountStep step;
    step.where = "mounts[" + std::to_string(index) + "]";
    step.destination = text::clean_path("/" + mount.destination);
    step.type = mount.type;
    step.source = mount.source;
    if (step.type == "bind")
        step.kind = MountStep::Kind::Bind;
    for (const std::string& option : mount.options)
        TRY(apply_option(option, step));
    if (step.kind == MountStep::Kind::New && (step.type == "cgroup" || step.type == "cgroup2"))
        step.kind = MountStep::Kind::Cgroup;
    TRY(check_destination(step));
    TRY(check_actions(step));
    if (step.kind == MountStep::Kind::Bind) {
        TRY(check_bind(step, bundle));
        complete_bind(step, mount.options);
    }
    if (step.kind == MountStep::Kind::New && step.type.empty())
        return fail(step.where + ".type: is missing and no bind option is given");
    if (step.kind == MountStep::Kind::Remount && !step.data.empty())
        return fail(step.where + ".options: '" + step.data.front().first +
                    "' cannot be changed by a remount");
    return step;
}

Result<std::vector<MountStep>> make_mounts(const oci::Config& config, const Request& request,
                                           const std::string& rootfs) {
    std::vector<MountStep> steps;
    steps.reserve(config.mounts.size());
    for (size_t i = 0; i < config.mounts.size(); ++i) {
        oci::Mount mount = config.mounts[i];
        // Some callers write the host's path (runc's rule).
        if (const auto inside = inside_root(rootfs, text::clean_path("/" + mount.destination)))
            mount.destination = *inside;
        steps.push_back(TRY(make_mount(mount, i, request.bundle)));
        if (steps.back().kind == MountStep::Kind::Bind)
            steps.back().source_in_root =
                inside_root(rootfs, text::clean_path(steps.back().source)).value_or("");
        if (config.linux_ && !config.linux_->mount_label.empty())
            add_label(config.linux_->mount_label, steps.back());
    }
    return steps;
}

void put_off_cgroup_mounts(InitPlan& init) {
    const bool wanted_by_hooks = init.parent_has_hooks || !init.create_container_hooks.empty();
    if (!init.new_cgroup_namespace || wanted_by_hooks ||
        (init.root_propagation & (MS_SHARED | MS_UNBINDABLE)) != 0)
        return;
    for (size_t i = 0; i < init.mounts.size(); ++i)
        init.mounts[i].at_last =
            init.mounts[i].kind == MountStep::Kind::Cgroup && nothing_follows(init, i);
}

}  // namespace unitc::plan
