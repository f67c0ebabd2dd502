// SPDX-License-Identifier: Apache-2.0
// linux.resources.cpu.cpus and .mems → AllowedCPUs, AllowedMemoryNodes: bit N
// of the bytes, lowest first, is CPU or node N (org.freedesktop.systemd1(5)).
#include "unit/cpuset.hpp"

#include "base/text.hpp"
#include "unit/builder.hpp"

namespace unitc::unit {
namespace {

// Beyond every kernel's NR_CPUS and MAX_NUMNODES; bounds the mask's size.
constexpr uint32_t kHighest = 8191;

Result<uint32_t> parse_number(std::string_view number) {
    const auto value = text::parse_int<uint32_t>(number);
    if (!value || *value > kHighest)
        return fail("'" + text::printable(number.substr(0, 64)) + "' is not a number up to " +
                    std::to_string(kHighest));
    return *value;
}

}  // namespace

Result<Bytes> mask_of_list(std::string_view list) {
    Bytes mask;
    for (std::string_view item : text::split(list, ',')) {
        item = text::trim(item);
        if (item.empty())
            continue;
        const size_t dash = item.find('-');
        const uint32_t first = TRY(parse_number(text::trim(item.substr(0, dash))));
        const uint32_t last = dash == std::string_view::npos
                                  ? first
                                  : TRY(parse_number(text::trim(item.substr(dash + 1))));
        if (last < first)
            return fail("range '" + std::string{item} + "' runs backwards");
        if (mask.size() <= last / 8)
            mask.resize(last / 8 + 1);
        for (uint32_t bit = first; bit <= last; ++bit)
            mask[bit / 8] = static_cast<uint8_t>(mask[bit / 8] | (1u << (bit % 8)));
    }
    if (mask.empty())
        return fail("names nothing, must be a list such as '0-3,7'");
    return mask;
}

std::string list_of_mask(const Bytes& mask) {
    const auto has = [&](size_t bit) {
        return bit / 8 < mask.size() && ((mask[bit / 8] >> (bit % 8)) & 1) != 0;
    };
    std::string list;
    for (size_t bit = 0; bit < mask.size() * 8; ++bit) {
        if (!has(bit))
            continue;
        const size_t first = bit;
        while (has(bit + 1))
            ++bit;
        list.append(list.empty() ? "" : ",").append(std::to_string(first));
        if (bit > first)
            list.append("-").append(std::to_string(bit));
    }
    return list;
}

Result<> set_cpuset(std::string_view field, std::string_view list, bool memory_nodes,
                    Builder& builder) {
    const Bytes mask = TRY_IN(field, mask_of_list(list));
    builder.set(memory_nodes ? "AllowedMemoryNodes" : "AllowedCPUs", mask);
    if (builder.has_controller("cpuset", field))
        builder.expect(memory_nodes ? "cpuset.mems" : "cpuset.cpus", list_of_mask(mask));
    return {};
}

Result<> add_cpuset(const oci::Cpu& cpu, Builder& builder) {
    if (!cpu.cpus.empty())
        TRY(set_cpuset("linux.resources.cpu.cpus", cpu.cpus, false, builder));
    if (!cpu.mems.empty())
        TRY(set_cpuset("linux.resources.cpu.mems", cpu.mems, true, builder));
    return {};
}

}  // namespace unitc::unit
