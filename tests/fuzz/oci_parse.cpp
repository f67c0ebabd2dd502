// SPDX-License-Identifier: Apache-2.0
// Any bytes as config.json: parse and validate end, with a value or one
// printable error that names a place; what they accept is within its limits.
#include <climits>
#include <cstdint>
#include <cstdlib>

#include "base/text.hpp"
#include "oci/parse.hpp"
#include "oci/sysctl.hpp"
#include "oci/validate.hpp"

namespace {

using namespace unitc;

void expect(bool truth) {
    if (!truth)
        std::abort();
}

void expect_error(const Error& error) {
    constexpr size_t kLongest = 2000;
    expect(!error.message.empty() && error.message.size() < kLongest);
    expect(text::printable(error.message) == error.message);
}

bool is_clean(const std::string& text, size_t longest) {
    return text.size() <= longest && text.find('\0') == std::string::npos && text::is_utf8(text);
}

void expect_invariants(const oci::Config& config) {
    expect(config.oci_version.starts_with("1."));
    if (config.process) {
        expect(config.process->cwd.starts_with('/'));
        expect(config.process->user.uid != UINT32_MAX && config.process->user.gid != UINT32_MAX);
        for (const std::string& argument : config.process->args)
            expect(is_clean(argument, oci::kMaxArgument));
        for (const std::string& variable : config.process->env)
            expect(variable.find('=') != std::string::npos &&
                   is_clean(variable, oci::kMaxArgument));
    }
    for (const oci::Mount& mount : config.mounts)
        expect(!mount.destination.empty() && is_clean(mount.destination, PATH_MAX - 1));
    if (!config.linux_)
        return;
    for (const oci::Namespace& space : config.linux_->namespaces)
        expect(space.path.empty() || space.path.front() == '/');
    for (const auto& [key, value] : config.linux_->sysctl) {
        const auto path = oci::sysctl_path(key);
        expect(path && path->front() != '/' && path->find("..") == std::string::npos);
        expect(value.find('\n') == std::string::npos);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto config = oci::parse({reinterpret_cast<const char*>(data), size});
    if (!config) {
        expect_error(config.error());
        return 0;
    }
    expect_invariants(*config);
    if (const auto valid = oci::validate(*config); !valid)
        expect_error(valid.error());
    for (const std::string& warning : oci::warnings(*config))
        expect(text::printable(warning) == warning);
    return 0;
}
