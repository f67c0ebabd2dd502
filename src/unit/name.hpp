// SPDX-License-Identifier: Apache-2.0
// linux.cgroupsPath → the names of the scope and of its slice, and the rules
// that any unit name meets before it is sent: hostile names have crashed PID 1
// (CVE-2021-33910, CVE-2026-29111).
#pragma once

#include <string>
#include <string_view>

#include "base/container_id.hpp"
#include "base/result.hpp"

namespace unitc::unit {

struct UnitName {
    std::string scope;
    std::string slice;
};

// What engines write, and what becomes of it ("ID" is the container's id):
//
//   (unset)                          unitc-ID.scope      in DEFAULT
//   a.slice:p:n                      p-n.scope           in a.slice; runc's form
//   :p:n                             p-n.scope           in DEFAULT
//   a.slice:p:a-b.slice, a-b.slice   unitc-ID.scope      in a-b.slice
//   /x/y/z                           z.scope             in x-y.slice
//   /kubepods/burstable/podU/z       z.scope             in kubepods-burstable-podU.slice
//   /a.slice/a-b.slice/z.scope       z.scope             in a-b.slice
//   /z, z                            z.scope             in DEFAULT
//
// DEFAULT is system.slice, and user.slice with a user's own manager, as in runc.
//
// In a path each directory becomes one level of slices: its name is escaped
// as systemd-escape(1) does ("-" is "\x2d"), one that is a slice's name and
// fits below the one before it is kept. A path must be clean: no empty, "."
// or ".." component. Errors start with "linux.cgroupsPath".
inline constexpr std::string_view kSystemSlice = "system.slice";
inline constexpr std::string_view kUserSlice = "user.slice";
Result<UnitName> name_unit(std::string_view cgroups_path, const ContainerId& id,
                           std::string_view default_slice = kSystemSlice);

// The name of the same container's service: "unitc-ID.service".
std::string service_name(const UnitName& name);

// systemd.unit(5), "Description": at most 255 bytes of letters, digits and
// ":-_.\@", and a suffix that is a unit type's.
Result<> check_unit_name(std::string_view name);

// systemd.slice(5): "-.slice", or no leading, trailing or double dash. Not
// deeper than kMaxDepth, since each level is a directory.
inline constexpr size_t kMaxDepth = 32;
Result<> check_slice_name(std::string_view name);

// The cgroup of a checked slice: "a-b.slice" is "/a.slice/a-b.slice",
// "-.slice" is "".
std::string slice_path(std::string_view slice);

// systemd-escape(1) of one path component.
std::string escape(std::string_view text);

}  // namespace unitc::unit
