// SPDX-License-Identifier: Apache-2.0
#include "oci/features.hpp"

#include <algorithm>
#include <span>

#include <nlohmann/json.hpp>

#include "oci/capabilities.hpp"
#include "oci/names.hpp"

namespace unitc::oci {
namespace {

using Json = nlohmann::ordered_json;  // in the order of features.md

Json enabled() {
    return {{"enabled", true}};
}

Json words(std::span<const std::string_view> list) {
    Json array = Json::array();
    for (const std::string_view name : list)
        array.push_back(name);
    return array;
}

// The names of a table but for the values that validate() refuses.
template <typename T, size_t N>
Json names_without(const Named<T> (&table)[N], std::initializer_list<T> refused) {
    Json array = Json::array();
    for (const Named<T>& row : table)
        if (std::find(refused.begin(), refused.end(), row.value) == refused.end())
            array.push_back(row.name);
    return array;
}

Json capabilities(int last) {
    Json array = Json::array();
    for (int number = 0; number <= last && number < kCapabilities; ++number)
        array.push_back(capability_name(number));
    return array;
}

Json seccomp() {
    const std::span known{kSeccompFlags};
    return {
        {"enabled", true},
        {"actions", names_without(kSeccompActions, {})},
        {"operators", names_without(kSeccompOperators, {})},
        {"archs", words(std::span{kSeccompArchitectures}.first(kCommonArchitectures))},
        {"knownFlags", words(known)},
        {"supportedFlags", words(known)},
    };
}

Json linux_part(int last_capability) {
    return {
        {"namespaces", names_without(kNamespaceTypes, {})},
        {"capabilities", capabilities(last_capability)},
        {"cgroup",
         {{"v1", false}, {"v2", true}, {"systemd", true}, {"systemdUser", false}, {"rdma", true}}},
        {"seccomp", seccomp()},
        {"apparmor", enabled()},
        {"selinux", enabled()},
        {"memoryPolicy",
         {{"modes", names_without(kMemoryPolicyModes, {})},
          {"flags", names_without(kMemoryPolicyFlags, {})}}},
        {"intelRdt", {{"enabled", true}, {"schemata", true}, {"monitoring", true}}},
        {"mountExtensions", {{"idmap", enabled()}}},
        {"netDevices", enabled()},
    };
}

}  // namespace

std::string features_document(int last_capability, const StringMap& annotations) {
    Json extra = Json::object();
    for (const auto& [key, value] : annotations)
        extra[key] = value;
    const Json document = {
        {"ociVersionMin", kOciVersionMin},
        {"ociVersionMax", kOciVersionMax},
        {"hooks", words(kHookNames)},
        {"mountOptions", words(kMountOptions)},
        {"linux", linux_part(last_capability)},
        {"annotations", extra},
        {"potentiallyUnsafeConfigAnnotations",
         Json::array({"org.systemd.property.", "org.unitc."})},
    };
    return document.dump(4, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace unitc::oci
