// SPDX-License-Identifier: Apache-2.0
// Small configs around the part a test is about.
#pragma once

#include <string>

namespace unitc::oci {

inline std::string config(const std::string& members) {
    return R"({"ociVersion": "1.3.0")" + (members.empty() ? "" : ", " + members) + "}";
}

inline std::string process(const std::string& members) {
    return config(R"("process": {"cwd": "/")" + (members.empty() ? "" : ", " + members) + "}");
}

inline std::string linux_part(const std::string& members) {
    return config(R"("linux": {)" + members + "}");
}

inline std::string resources(const std::string& members) {
    return linux_part(R"("resources": {)" + members + "}");
}

inline std::string seccomp(const std::string& members) {
    return linux_part(R"("seccomp": {"defaultAction": "SCMP_ACT_ERRNO")" +
                      (members.empty() ? "" : ", " + members) + "}");
}

}  // namespace unitc::oci
