// SPDX-License-Identifier: Apache-2.0
// `mounts` of config.json (config.md "Mounts") and the id mappings they share
// with user namespaces (config-linux.md).
#include "oci/parse_reader.hpp"

namespace unitc::oci {

Result<> read(const JsonValue& value, IdMapping& out) {
    static constexpr Field<IdMapping> kFields[] = {
        {"containerID", into<&IdMapping::container_id, id>, Presence::Required},
        {"hostID", into<&IdMapping::host_id, id>, Presence::Required},
        {"size", into<&IdMapping::size, ranged<uint32_t, 1, UINT32_MAX>>, Presence::Required},
    };
    TRY(read_fields(value, kFields, out));
    // The last id of a range may be 4294967294 (CVE-2024-40635's overflow).
    const uint64_t first = std::max(out.container_id, out.host_id);
    if (first + out.size > UINT32_MAX)
        return complain(value, "reaches beyond id 4294967294");
    return {};
}

Result<> read(const JsonValue& value, Mount& out) {
    static constexpr Field<Mount> kFields[] = {
        // Relative is deprecated, not forbidden: it counts from "/".
        {"destination", into<&Mount::destination, filled_path>, Presence::Required},
        {"type", into<&Mount::type, path>},
        {"source", into<&Mount::source, path>},
        {"options", into<&Mount::options>},
        {"uidMappings", into<&Mount::uid_mappings>},
        {"gidMappings", into<&Mount::gid_mappings>},
    };
    return read_fields(value, kFields, out);
}

}  // namespace unitc::oci
