// SPDX-License-Identifier: Apache-2.0
// The tables, the files in dbus/ and the manual name the same things.
#include "daemon/interface.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "daemon/snapshot.hpp"
#include "sys/file.hpp"

namespace unitc::daemon {
namespace {

constexpr const char* kTop = UNITC_TESTS_DIR "/../";

std::string content(const std::string& name) {
    return sys::read_file(AT_FDCWD, (kTop + name).c_str()).value_or("");
}

// UPDATE_GOLDEN=1 writes the file instead.
void expect_file(const Interface& interface) {
    const std::string name = std::string{"dbus/"} + interface.name + ".xml";
    if (std::getenv("UPDATE_GOLDEN") != nullptr) {
        const auto file =
            sys::open_at(AT_FDCWD, (kTop + name).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
        ASSERT_TRUE(file) << file.error().message;
        ASSERT_TRUE(sys::write_all(*file, introspection(interface)));
        return;
    }
    EXPECT_EQ(introspection(interface), content(name)) << "differs from " << name;
}

TEST(Interface, IsWhatItsFileSays) {
    expect_file(kManager);
    expect_file(kContainer);
}

TEST(Interface, IsDescribedInTheManual) {
    const std::string page = content("man/org.unitc1.5");
    const auto expect = [&page](const char* name) {
        EXPECT_NE(page.find(std::string{".BR "} + name + " \" ("), std::string::npos) << name;
    };
    for (const Interface* interface : {&kManager, &kContainer}) {
        for (const Method& method : interface->methods)
            expect(method.name);
        for (const Property& property : interface->properties)
            expect(property.name);
        for (const Signal& signal : interface->signals)
            expect(signal.name);
    }
}

TEST(Interface, IsOpenToEverybodyMethodByMethod) {
    const std::string policy = content("dbus/org.unitc1.conf");
    for (const Interface* interface : {&kManager, &kContainer})
        for (const Method& method : interface->methods) {
            const std::string row = std::string{"send_interface=\""} + interface->name +
                                    "\" send_member=\"" + method.name + "\"";
            EXPECT_NE(policy.find(row), std::string::npos) << row;
        }
}

TEST(Interface, HasAValueOfTheRightTypeForEveryProperty) {
    const Snapshot snapshot{};
    for (const Property& property : kContainer.properties) {
        const Value value = property_of(snapshot, property.name);
        const std::string type = property.type;
        const bool right = type == "s"   ? std::holds_alternative<std::string>(value)
                           : type == "t" ? std::holds_alternative<uint64_t>(value)
                           : type == "u" ? std::holds_alternative<uint32_t>(value)
                                         : std::holds_alternative<StringMap>(value);
        EXPECT_TRUE(right) << property.name;
    }
}

}  // namespace
}  // namespace unitc::daemon
