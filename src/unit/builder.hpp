// SPDX-License-Identifier: Apache-2.0
// A UnitPlan while it is being made. Everything is kept by name, so that a
// later source (linux.resources.unified) replaces what an earlier one said.
#pragma once

#include <string>
#include <string_view>

#include "host/facts.hpp"
#include "oci/config.hpp"
#include "unit/name.hpp"
#include "unit/translate.hpp"

namespace unitc::unit {

class Builder {
public:
    explicit Builder(const host::Facts& facts, const CurrentLimits& current = {})
        : facts_(facts), current_(current) {}

    // Of the unit as it is; of one that is still to be made, nothing is set.
    const CurrentLimits& current() const { return current_; }

    bool bfq() const { return facts_.bfq; }
    bool is_service() const { return facts_.as_service; }

    void set(std::string_view name, Value value);
    void unset(std::string_view name);
    // Units are lists: adds one that is not in it yet.
    void add_to_list(std::string_view name, const std::string& unit);
    const Property* find(std::string_view name) const;

    // A cgroup file that has no property. Dropped with a warning when its
    // controller is not on this machine.
    void file(std::string_view field, std::string_view name, std::string content);
    void no_file(std::string_view name);

    // What the file must hold after the job; replaces what was expected.
    void expect(std::string_view name, std::string content);
    void expect_nothing(std::string_view name);

    void fallback(std::string_view property, std::string_view file, std::string content);
    void warn(std::string message);

    // Is the controller of `field` here? Warns once per controller if not.
    bool has_controller(std::string_view controller, std::string_view field);

    UnitPlan take() { return std::move(plan_); }

private:
    const host::Facts& facts_;
    CurrentLimits current_;
    UnitPlan plan_;
    std::vector<std::string> missing_;
};

// One function per part of linux.resources. Each refuses what cgroup v2 or
// systemd cannot do, naming the field.
Result<> add_memory(const oci::Memory& memory, Builder& builder);
Result<> add_cpu(const oci::Cpu& cpu, Builder& builder);
Result<> add_cpuset(const oci::Cpu& cpu, Builder& builder);
Result<> add_pids(int64_t limit, Builder& builder);
Result<> add_io(const oci::BlockIo& io, Builder& builder);
Result<> add_devices(const std::vector<oci::DeviceRule>& rules, Builder& builder);
Result<> add_unified(const std::vector<std::pair<std::string, std::string>>& unified,
                     Builder& builder);
Result<> add_unmapped(const oci::Resources& resources, Builder& builder);

// All of these but the devices.
Result<> add_resources(const oci::Resources& resources, Builder& builder);
Result<UnitPlan> translate_inside(const oci::Config& config, const oci::Resources& resources,
                                  const ContainerId& id, const host::Service& service,
                                  Builder& builder);

// Makes a service of the scope: before the annotations, and after them.
Result<> begin_service(UnitName& name, Builder& builder);
Result<> finish_service(const oci::Config& config, Builder& builder);

void add_lifecycle(const ContainerId& id, const UnitName& name, Builder& builder);
Result<> add_annotations(const oci::StringMap& annotations, Builder& builder);
// After the annotations, whose own say goes first.
void add_stop_signal(const oci::StringMap& annotations, Builder& builder);
Result<> add_caller(const host::Service& caller, Builder& builder);

// Shared by the typed fields and by `unified`.
void set_memory(std::string_view property, std::string_view file, uint64_t bytes, Builder& builder);
void set_cpu_weight(uint64_t weight, Builder& builder);  // 0: idle
void end_cpu_idle(Builder& builder);                     // if the group is idle
// Quota and period in µs; kInfinity: none, and the unit's own or the default.
Result<> set_cpu_quota(uint64_t quota, uint64_t period, Builder& builder);
Result<> set_cpuset(std::string_view field, std::string_view list, bool memory_nodes,
                    Builder& builder);
void set_pids(uint64_t limit, Builder& builder);
enum class Throttle { ReadBps, WriteBps, ReadIops, WriteIops };
void set_throttle(Throttle kind, int64_t major, int64_t minor, uint64_t rate, Builder& builder);
std::string device_path(int64_t major, int64_t minor);  // "/dev/block/8:0"
void set_device_weight(int64_t major, int64_t minor, uint64_t weight, Builder& builder);

}  // namespace unitc::unit
