// SPDX-License-Identifier: Apache-2.0
#include "daemon/interface.hpp"

namespace unitc::daemon {
namespace {

constexpr Argument kRows[] = {{"containers", "a(ssuso)"}};
constexpr Argument kId[] = {{"id", "s"}};
constexpr Argument kPath[] = {{"container", "o"}};
constexpr Argument kIdAndPath[] = {{"id", "s"}, {"container", "o"}};
constexpr Argument kStateChange[] = {{"id", "s"}, {"container", "o"}, {"status", "s"}};
constexpr Argument kOomKills[] = {{"id", "s"}, {"container", "o"}, {"kills", "t"}};

constexpr Method kManagerMethods[] = {
    {"List", {}, kRows},
    {"Get", kId, kPath},
    {"Subscribe", {}, {}},
    {"Unsubscribe", {}, {}},
};
constexpr Property kManagerProperties[] = {
    {"Version", "s", Tells::Never},
    {"NContainers", "u", Tells::Nothing},
};
constexpr Signal kManagerSignals[] = {
    {"ContainerNew", kIdAndPath}, {"ContainerRemoved", kIdAndPath}, {"StateChanged", kStateChange},
    {"Oom", kOomKills},           {"Exited", kIdAndPath},
};

constexpr Argument kSignalNumber[] = {{"signal", "i"}};
constexpr Argument kTimeout[] = {{"timeout_usec", "t"}};
constexpr Argument kSettings[] = {{"properties", "a{sv}"}};

constexpr Method kContainerMethods[] = {
    {"Kill", kSignalNumber, {}}, {"Freeze", {}, {}},        {"Thaw", {}, {}},
    {"Stop", kTimeout, {}},      {"Update", kSettings, {}},
};
constexpr Property kContainerProperties[] = {
    {"Id", "s", Tells::Never},
    {"Bundle", "s", Tells::Never},
    {"Created", "t", Tells::Never},
    {"Annotations", "a{ss}", Tells::Never},
    {"Unit", "s", Tells::Never},
    {"Status", "s", Tells::Changes},
    {"Pid", "u", Tells::Changes},
    {"ControlGroup", "s", Tells::Changes},
    // limits
    {"MemoryMax", "t", Tells::Changes},
    {"MemoryHigh", "t", Tells::Changes},
    {"MemoryLow", "t", Tells::Changes},
    {"MemorySwapMax", "t", Tells::Changes},
    {"TasksMax", "t", Tells::Changes},
    {"CPUWeight", "t", Tells::Changes},
    {"CPUQuotaPerSecUSec", "t", Tells::Changes},
    // usage
    {"MemoryCurrent", "t", Tells::Nothing},
    {"TasksCurrent", "t", Tells::Nothing},
    {"CPUUsageNSec", "t", Tells::Nothing},
    {"IOReadBytes", "t", Tells::Nothing},
    {"IOWriteBytes", "t", Tells::Nothing},
};

void add_arguments(std::span<const Argument> arguments, const char* direction, std::string& xml) {
    for (const Argument& argument : arguments) {
        xml.append("   <arg type=\"").append(argument.type);
        xml.append("\" name=\"").append(argument.name).append("\"");
        if (*direction != '\0')
            xml.append(" direction=\"").append(direction).append("\"");
        xml.append("/>\n");
    }
}

void add_method(const Method& method, std::string& xml) {
    xml.append("  <method name=\"").append(method.name).append("\"");
    if (method.in.empty() && method.out.empty()) {
        xml.append("/>\n");
        return;
    }
    xml.append(">\n");
    add_arguments(method.in, "in", xml);
    add_arguments(method.out, "out", xml);
    xml.append("  </method>\n");
}

void add_property(const Property& property, std::string& xml) {
    xml.append("  <property name=\"").append(property.name);
    xml.append("\" type=\"").append(property.type).append("\" access=\"read\"");
    if (property.tells == Tells::Changes) {  // the default, says the D-Bus specification
        xml.append("/>\n");
        return;
    }
    xml.append(
        ">\n   <annotation name=\"org.freedesktop.DBus.Property.EmitsChangedSignal\" value=\"");
    xml.append(property.tells == Tells::Never ? "const" : "false").append("\"/>\n  </property>\n");
}

}  // namespace

constexpr Interface kManager = {"org.unitc1.Manager", kManagerMethods, kManagerProperties,
                                kManagerSignals};
constexpr Interface kContainer = {
    "org.unitc1.Container", kContainerMethods, kContainerProperties, {}};

std::string signature(std::span<const Argument> arguments) {
    std::string types;
    for (const Argument& argument : arguments)
        types += argument.type;
    return types;
}

std::string introspection(const Interface& interface) {
    std::string xml =
        "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"
        "\"https://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n"
        "<!-- SPDX-License-Identifier: Apache-2.0 -->\n<node>\n <interface name=\"";
    xml.append(interface.name).append("\">\n");
    for (const Method& method : interface.methods)
        add_method(method, xml);
    for (const Property& property : interface.properties)
        add_property(property, xml);
    for (const Signal& signal : interface.signals) {
        xml.append("  <signal name=\"").append(signal.name).append("\">\n");
        add_arguments(signal.arguments, "", xml);
        xml.append("  </signal>\n");
    }
    return xml.append(" </interface>\n</node>\n");
}

}  // namespace unitc::daemon
