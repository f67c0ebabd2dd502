// SPDX-License-Identifier: Apache-2.0
#include "unit/builder.hpp"

#include <algorithm>

namespace unitc::unit {
namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

void replace(Files& files, std::string_view name, std::string content) {
    for (auto& [known, old] : files)
        if (known == name) {
            old = std::move(content);
            return;
        }
    files.emplace_back(name, std::move(content));
}

}  // namespace

void Builder::set(std::string_view name, Value value) {
    for (Property& property : plan_.properties)
        if (property.name == name) {
            property.value = std::move(value);
            return;
        }
    plan_.properties.push_back({std::string{name}, std::move(value)});
}

void Builder::unset(std::string_view name) {
    std::erase_if(plan_.properties, [&](const Property& known) { return known.name == name; });
}

void Builder::add_to_list(std::string_view name, const std::string& unit) {
    Strings units;
    if (const Property* known = find(name); known != nullptr)
        if (const Strings* old = std::get_if<Strings>(&known->value); old != nullptr)
            units = *old;
    if (std::find(units.begin(), units.end(), unit) != units.end())
        return;
    units.push_back(unit);
    set(name, std::move(units));
}

const Property* Builder::find(std::string_view name) const {
    for (const Property& property : plan_.properties)
        if (property.name == name)
            return &property;
    return nullptr;
}

void Builder::file(std::string_view field, std::string_view name, std::string content) {
    // cgroup.* belongs to the core, every other prefix is a controller.
    const std::string_view controller = name.substr(0, name.find('.'));
    if (controller == "cgroup" || has_controller(controller, field))
        replace(plan_.cgroup_files, name, std::move(content));
}

void Builder::no_file(std::string_view name) {
    std::erase_if(plan_.cgroup_files, [&](const auto& file) { return file.first == name; });
}

void Builder::expect(std::string_view name, std::string content) {
    replace(plan_.expected_files, name, std::move(content));
}

void Builder::expect_nothing(std::string_view name) {
    std::erase_if(plan_.expected_files, [&](const auto& file) { return file.first == name; });
}

void Builder::fallback(std::string_view property, std::string_view file, std::string content) {
    plan_.fallbacks.push_back({std::string{property}, std::string{file}, std::move(content)});
}

void Builder::warn(std::string message) {
    plan_.warnings.push_back(std::move(message));
}

bool Builder::has_controller(std::string_view controller, std::string_view field) {
    const auto& here = facts_.cgroup_controllers;
    if (std::find(here.begin(), here.end(), controller) != here.end())
        return true;
    if (std::find(missing_.begin(), missing_.end(), controller) == missing_.end()) {
        missing_.emplace_back(controller);
        warn(std::string{field} + ": " +
             (facts_.user_manager
                  ? "the cgroup2 controller '" + std::string{controller} +
                        "' is not delegated to your service manager (Delegate= of user@.service)"
                  : "this machine has no cgroup2 controller '" + std::string{controller} + "'") +
             ", the limit has no effect");
    }
    return false;
}

}  // namespace unitc::unit
