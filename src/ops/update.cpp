// SPDX-License-Identifier: Apache-2.0
// unitc update: new limits for a container that lives.
#include <algorithm>
#include <cerrno>

#include "base/log.hpp"
#include "base/text.hpp"
#include "cgroup/cgroup.hpp"
#include "host/block.hpp"
#include "host/facts.hpp"
#include "ops/ending.hpp"
#include "ops/locate.hpp"
#include "ops/ops.hpp"
#include "ops/update_resources.hpp"
#include "resctrl/group.hpp"
#include "resctrl/schemata.hpp"
#include "state/status.hpp"
#include "systemd/manager.hpp"
#include "unit/translate.hpp"

namespace unitc::ops {
namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

constexpr char kBurst[] = "cpu.max.burst";
constexpr char kQuota[] = "cpu.max";

Failure not_running() {
    return Failure{Error{ESRCH, "container not running"}};
}

// Is anything given that is only complete together with what is in force?
bool needs_current(const oci::Resources& resources) {
    const bool cpu = resources.cpu && (resources.cpu->quota || resources.cpu->period ||
                                       resources.cpu->idle || resources.cpu->shares);
    return cpu || (resources.memory && resources.memory->swap) || !resources.unified.empty();
}

// memory.checkBeforeUpdate, in runc's words: a limit below what is in use
// would end the container. A group without a memory controller uses nothing.
Result<> check_usage(const oci::Resources& resources, const Fd& group) {
    if (!resources.memory || !resources.memory->check_before_update.value_or(false))
        return {};
    const uint64_t usage = cgroup::read_number(group, "memory.current").value_or(0);
    const auto check = [usage](int64_t limit, std::string_view what) -> Result<> {
        if (limit <= 0 || usage == 0 || static_cast<uint64_t>(limit) > usage)
            return {};
        return fail("rejecting " + std::string{what} + " limit " + std::to_string(limit) +
                    " <= usage " + std::to_string(usage));
    };
    TRY(check(resources.memory->swap.value_or(0), "memory+swap"));
    return check(resources.memory->limit.value_or(0), "memory");
}

// The kernel takes no quota below the burst in force, and systemd would only
// log that it was not taken.
Result<> check_burst(const oci::Resources& resources, const Fd& group) {
    if (!resources.cpu || resources.cpu->burst || resources.cpu->quota.value_or(0) <= 0)
        return {};
    const uint64_t burst = cgroup::read_number(group, kBurst).value_or(0);
    if (burst > static_cast<uint64_t>(*resources.cpu->quota))
        return fail("linux.resources.cpu.quota: is " + std::to_string(*resources.cpu->quota) +
                    ", must be at least the burst in force, " + std::to_string(burst));
    return {};
}

// One change under way: files first, since they can be put back, and the
// properties, which are all or none.
class Change {
public:
    Change(const Group& group, const unit::UnitPlan& plan)
        : group_(group),
          plan_(plan),
          before_(cgroup::read_files(group.fd, plan.cgroup_files)),
          burst_(cgroup::read_number(group.fd, kBurst).value_or(0)) {}

    Result<> perform(systemd::Manager& manager) {
        Files later;
        auto done = write(later);
        if (done)
            done = set_properties(manager, later);
        if (done)
            done = keep_burst();
        if (!done)
            put_back();
        return done;
    }

private:
    Result<> write(Files& later) const {
        for (const auto& file : plan_.cgroup_files) {
            // The period of an unlimited quota: systemd writes the file first.
            if (file.first == kQuota) {
                later.push_back(file);
                continue;
            }
            const auto written = cgroup::write_files(group_.fd, {file});
            if (written)
                continue;
            // A burst above the quota in force; it fits the new one, perhaps.
            if (file.first != kBurst || plan_.properties.empty())
                return written;
            later.push_back(file);
        }
        return {};
    }

    Result<> set_properties(systemd::Manager& manager, Files& later) const {
        const auto refused = TRY(manager.set_properties(group_.unit, plan_));
        for (const unit::Fallback& fallback : plan_.fallbacks)
            if (std::find(refused.begin(), refused.end(), fallback.property) != refused.end())
                later.emplace_back(fallback.file, fallback.content);
        return cgroup::write_files(group_.fd, later);
    }

    // With every change of a CPU property systemd writes cpu.max, and kernels
    // before 6.10 then take the burst's microseconds for nanoseconds.
    Result<> keep_burst() const {
        std::string wanted = std::to_string(burst_);
        for (const auto& [name, content] : plan_.cgroup_files)
            if (name == kBurst)
                wanted = content;
        const auto now = cgroup::read_number(group_.fd, kBurst);
        if (!now || std::to_string(*now) == wanted)
            return {};
        return cgroup::write_files(group_.fd, {{kBurst, wanted}});
    }

    void put_back() const {
        for (const auto& file : before_)
            if (file.first == kQuota)
                continue;  // systemd's to put back
            else if (const auto written = cgroup::write_files(group_.fd, {file}); !written)
                log::debug(written.error().message);
    }

    const Group& group_;
    const unit::UnitPlan& plan_;
    Files before_;
    uint64_t burst_;
};

// A unit that it has frozen systemd takes new properties for, and touches no
// cgroup ("Cannot realize cgroup for frozen unit", systemd 254 and later). So
// what it would write is written for it: the same values as its properties.
Result<> realize_frozen(const Group& group, const Files& expected) {
    for (const auto& [name, content] : expected) {
        const bool a_device_only_systemd_knows = content.find('*') != std::string::npos;
        if (a_device_only_systemd_knows || cgroup::verify_files(group.fd, {{name, content}}))
            continue;
        for (const std::string_view line : text::split(content, '\n'))
            TRY(cgroup::write_files(group.fd, {{name, std::string{line}}}));
    }
    return cgroup::verify_files(group.fd, expected);
}

Result<> update_group(const Group& group, state::Status status, const oci::Resources& resources,
                      const UpdateRequest& request, Deadline deadline) {
    host::Facts facts = TRY(host::read());
    facts.bfq = unit::needs_bfq(resources) && host::has_bfq();
    systemd::Manager manager = TRY(systemd::Manager::connect(deadline));
    unit::CurrentLimits current;
    if (needs_current(resources))
        current = TRY(manager.current_limits(group.unit));
    const unit::UnitPlan plan = TRY(unit::translate_update(resources, current, facts));
    TRY(check_usage(resources, group.fd));
    TRY(check_burst(resources, group.fd));
    for (const std::string& warning : plan.warnings)
        log::warning(in_words_of(request, warning));
    // From here on the world changes.
    TRY(Change(group, plan).perform(manager));
    auto verified = cgroup::verify_files(group.fd, plan.expected_files);
    if (!verified && status == state::Status::Paused)
        return realize_frozen(group, plan.expected_files);
    return verified;
}

// Of Intel RDT; put back unless all the rest is done.
class Schemata {
public:
    Schemata() = default;
    Schemata(const Schemata&) = delete;
    ~Schemata() {
        if (before_.empty())
            return;
        if (const auto done = resctrl::change(root_, group_, before_); !done)
            log::warning("put back schemata: " + done.error().message);
    }

    Result<> change(const state::Record& record, const UpdateRequest& request) {
        oci::IntelRdt wanted;
        wanted.l3_cache_schema = request.l3_cache_schema;
        wanted.mem_bw_schema = request.mem_bw_schema;
        const std::string lines = resctrl::wanted_lines(wanted);
        if (lines.empty())
            return {};
        const std::string option =
            wanted.l3_cache_schema.empty() ? "--mem-bw-schema" : "--l3-cache-schema";
        if (record.rdt_group.empty())
            return fail(option + ": the container was made without linux.intelRdt");
        root_ = TRY_IN(option, resctrl::open());
        group_ = record.rdt_group;
        before_ = TRY_IN(option, resctrl::change(root_, group_, lines));
        return {};
    }

    void keep() { before_.clear(); }

private:
    Fd root_;
    std::string group_;
    std::string before_;
};

}  // namespace

Result<> update(const Globals& globals, const UpdateRequest& request) {
    const oci::Resources resources = TRY(resources_of(request));
    const Deadline deadline = deadline_of(globals);
    const state::Entry entry = TRY(find_entry(globals, request.id, deadline));
    const state::Record record = TRY(entry.load());
    const state::Truth truth = TRY(state::ask(entry, record));
    if (truth.status == state::Status::Stopped)
        return not_running();
    const auto group = TRY(find_group(record, deadline));
    if (!group)
        return not_running();
    if (group->inside)
        return fail("the container is in the cgroup of '" + record.service +
                    "': systemctl set-property sets the limits of that");
    Schemata schemata;
    TRY(schemata.change(record, request));
    auto updated = update_group(*group, truth.status, resources, request, deadline);
    if (updated)
        schemata.keep();
    if (!updated)
        return Failure{Error{updated.error().code, in_words_of(request, updated.error().message)}};
    return {};
}

}  // namespace unitc::ops
