// SPDX-License-Identifier: Apache-2.0
// linux.resources that systemd has no property for: hugetlb and rdma go to the
// unit's own cgroup, net_cls and net_prio do not exist in cgroup v2.
#include "base/text.hpp"
#include "unit/builder.hpp"

namespace unitc::unit {
namespace {

constexpr char kField[] = "linux.resources.";

// hugetlb.<size>.max of the kernel's cgroup-v2.rst: "64KB", "2MB", "1GB".
bool is_page_size(std::string_view size) {
    const size_t digits = size.find_first_not_of("0123456789");
    if (digits == 0 || digits == std::string_view::npos || size.front() == '0' || digits > 10)
        return false;
    const std::string_view unit = size.substr(digits);
    return unit == "KB" || unit == "MB" || unit == "GB";
}

// A device name as it stands in a line of rdma.max: one word.
bool is_device_name(std::string_view name) {
    if (name.empty() || name.size() > 64)
        return false;
    for (const char c : name)
        if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == '/')
            return false;
    return true;
}

Result<> add_rdma(const std::vector<std::pair<std::string, oci::Rdma>>& rdma, Builder& builder) {
    std::string lines;
    for (const auto& [device, limit] : rdma) {
        if (!is_device_name(device))
            return fail(std::string{kField} + "rdma: '" + text::printable(device) +
                        "' is no device name");
        lines += device;
        if (limit.hca_handles)
            lines += " hca_handle=" + std::to_string(*limit.hca_handles);
        if (limit.hca_objects)
            lines += " hca_object=" + std::to_string(*limit.hca_objects);
        lines += "\n";
    }
    if (!lines.empty())
        builder.file(std::string{kField} + "rdma", "rdma.max", lines);
    return {};
}

}  // namespace

Result<> add_unmapped(const oci::Resources& resources, Builder& builder) {
    if (resources.network &&
        (resources.network->class_id.value_or(0) != 0 || !resources.network->priorities.empty()))
        return fail(std::string{kField} + "network: cgroup v2 has no net_cls and no net_prio");
    for (const oci::HugepageLimit& limit : resources.hugepage_limits) {
        const std::string field = std::string{kField} + "hugepageLimits";
        if (!is_page_size(limit.page_size))
            return fail(field + ": page size '" + text::printable(limit.page_size) +
                        "' must be a number and KB, MB or GB, such as '2MB'");
        const std::string file = "hugetlb." + limit.page_size;
        // What is in use, and what is reserved for use (Linux 5.7).
        builder.file(field, file + ".max", std::to_string(limit.limit));
        builder.file(field, file + ".rsvd.max", std::to_string(limit.limit));
    }
    return add_rdma(resources.rdma, builder);
}

}  // namespace unitc::unit
