// SPDX-License-Identifier: Apache-2.0
#include "oci/validate_namespaces.hpp"

#include <algorithm>
#include <string>

#include "oci/validate.hpp"

namespace unitc::oci {
namespace {

using Mappings = std::vector<IdMapping>;

// The kernel's UID_GID_MAP_MAX_EXTENTS.
constexpr size_t kMaxMappings = 340;

bool overlap(uint32_t one, uint32_t one_size, uint32_t other, uint32_t other_size) {
    return uint64_t{one} < uint64_t{other} + other_size &&
           uint64_t{other} < uint64_t{one} + one_size;
}

Result<> do_not_overlap(const Mappings& mappings, const std::string& where) {
    if (mappings.size() > kMaxMappings)
        return fail(where + ": has " + std::to_string(mappings.size()) +
                    " entries, the kernel takes 340");
    for (size_t i = 0; i < mappings.size(); ++i)
        for (size_t j = 0; j < i; ++j) {
            const IdMapping& a = mappings[i];
            const IdMapping& b = mappings[j];
            if (overlap(a.container_id, a.size, b.container_id, b.size) ||
                overlap(a.host_id, a.size, b.host_id, b.size))
                return fail(where + "[" + std::to_string(i) + "]: overlaps " + where + "[" +
                            std::to_string(j) + "]");
        }
    return {};
}

Result<> is_mapped(const Mappings& mappings, uint32_t id, const std::string& field,
                   const char* map) {
    for (const IdMapping& mapping : mappings)
        if (id >= mapping.container_id && id - mapping.container_id < mapping.size)
            return {};
    return fail(field + ": is " + std::to_string(id) + ", which " + map + " does not map");
}

Result<> ids_are_mapped(const Config& config) {
    constexpr const char* kUids = "linux.uidMappings";
    constexpr const char* kGids = "linux.gidMappings";
    const Linux& part = *config.linux_;
    // The container is set up by its own root.
    for (const auto& [mappings, name] :
         {std::pair{&part.uid_mappings, kUids}, std::pair{&part.gid_mappings, kGids}})
        TRY(is_mapped(*mappings, 0, "the container's root", name));
    if (config.process) {
        const User& user = config.process->user;
        TRY(is_mapped(part.uid_mappings, user.uid, "process.user.uid", kUids));
        TRY(is_mapped(part.gid_mappings, user.gid, "process.user.gid", kGids));
        for (size_t i = 0; i < user.additional_gids.size(); ++i)
            TRY(is_mapped(part.gid_mappings, user.additional_gids[i],
                          "process.user.additionalGids[" + std::to_string(i) + "]", kGids));
    }
    for (size_t i = 0; i < part.devices.size(); ++i) {
        const std::string where = "linux.devices[" + std::to_string(i) + "]";
        TRY(is_mapped(part.uid_mappings, part.devices[i].uid.value_or(0), where + ".uid", kUids));
        TRY(is_mapped(part.gid_mappings, part.devices[i].gid.value_or(0), where + ".gid", kGids));
    }
    return {};
}

Result<> user_namespace_has_mappings(const Config& config) {
    const Linux& part = *config.linux_;
    TRY(do_not_overlap(part.uid_mappings, "linux.uidMappings"));
    TRY(do_not_overlap(part.gid_mappings, "linux.gidMappings"));
    const Namespace* space = find_namespace(config, NamespaceType::User);
    for (const auto& [mappings, name] : {std::pair{&part.uid_mappings, "linux.uidMappings"},
                                         std::pair{&part.gid_mappings, "linux.gidMappings"}}) {
        if (space == nullptr && !mappings->empty())
            return fail(std::string{name} + ": needs an entry of type 'user' in linux.namespaces");
        if (space != nullptr && space->path.empty() && mappings->empty())
            return fail(std::string{name} +
                        ": is missing, a new user namespace needs it (user namespaces enabled, but"
                        " no namespace path to join nor mappings to apply specified)");
    }
    if (part.uid_mappings.empty() != part.gid_mappings.empty())
        return fail("linux.uidMappings and linux.gidMappings: one is given without the other");
    return part.uid_mappings.empty() ? Result<>{} : ids_are_mapped(config);
}

Result<> time_offsets_have_namespace(const Config& config) {
    if (config.linux_->time_offsets.empty())
        return {};
    const Namespace* space = find_namespace(config, NamespaceType::Time);
    if (space == nullptr)
        return fail("linux.timeOffsets: needs an entry of type 'time' in linux.namespaces");
    if (!space->path.empty())
        return fail("linux.timeOffsets: the time namespace has a path, its offsets are set");
    return {};
}

Result<> mount_can_be_mapped(const Config& config, size_t index) {
    const Mount& mount = config.mounts[index];
    const std::string where = "mounts[" + std::to_string(index) + "]";
    const auto has = [&](const char* option) {
        return std::find(mount.options.begin(), mount.options.end(), option) != mount.options.end();
    };
    const bool given = !mount.uid_mappings.empty() || !mount.gid_mappings.empty();
    if (!given && !has("idmap") && !has("ridmap"))
        return {};
    if (mount.type != "bind" && !has("bind") && !has("rbind"))
        return fail(where + ": id-mapped mounts are only supported for bind-mounts");
    TRY(do_not_overlap(mount.uid_mappings, where + ".uidMappings"));
    TRY(do_not_overlap(mount.gid_mappings, where + ".gidMappings"));
    if (given && (mount.uid_mappings.empty() || mount.gid_mappings.empty()))
        return fail(where + ": id-mapped mounts must have both uid and gid mappings specified");
    if (!given && find_namespace(config, NamespaceType::User) == nullptr)
        return fail(where +
                    ": id-mapped mounts must have both uid and gid mappings specified,"
                    " there is no user namespace whose they could be");
    return {};
}

}  // namespace

Result<> namespaces_are_consistent(const Config& config) {
    for (size_t i = 0; i < config.mounts.size(); ++i)
        TRY(mount_can_be_mapped(config, i));
    if (!config.linux_)
        return {};
    TRY(user_namespace_has_mappings(config));
    return time_offsets_have_namespace(config);
}

}  // namespace unitc::oci
