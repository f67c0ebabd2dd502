// SPDX-License-Identifier: Apache-2.0
// The D-Bus interfaces as tables. What is registered on the bus is made of
// them, and so are the files in dbus/, which a test compares.
#pragma once

#include <span>
#include <string>

namespace unitc::daemon {

struct Argument {
    const char* name;
    const char* type;
};
struct Method {
    const char* name;
    std::span<const Argument> in;
    std::span<const Argument> out;
};
struct Signal {
    const char* name;
    std::span<const Argument> arguments;
};
// What PropertiesChanged tells of a property.
enum class Tells { Nothing, Changes, Never };  // Never: it has one value for ever
struct Property {
    const char* name;
    const char* type;
    Tells tells;
};
struct Interface {
    const char* name;
    std::span<const Method> methods;
    std::span<const Property> properties;
    std::span<const Signal> signals;
};

extern const Interface kManager;
extern const Interface kContainer;

// The types of all arguments in a row.
std::string signature(std::span<const Argument> arguments);

// The interface's document, as `gdbus introspect --xml` shows it.
std::string introspection(const Interface& interface);

}  // namespace unitc::daemon
