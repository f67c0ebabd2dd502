// SPDX-License-Identifier: Apache-2.0
// linux.resources.cpu → CPUWeight, CPUQuotaPerSecUSec, CPUQuotaPeriodUSec.
#include <algorithm>
#include <cmath>

#include "unit/builder.hpp"
#include "unit/formula.hpp"

namespace unitc::unit {
namespace {

constexpr char kField[] = "linux.resources.cpu.";
constexpr uint64_t kDefaultPeriod = 100'000;
// The kernel's bounds (max_cfs_quota_period and min_cfs_quota_period of
// kernel/sched); systemd would move other values into them without a word.
constexpr uint64_t kShortest = 1'000;
constexpr uint64_t kLongestPeriod = 1'000'000;

}  // namespace

uint64_t weight_of_shares(uint64_t shares) {
    if (shares <= 2)
        return 1;
    if (shares >= 262'144)
        return 10'000;
    const double l = std::log2(static_cast<double>(shares));
    const double exponent = (l * l + 125.0 * l) / 612.0 - 7.0 / 34.0;
    // The curve meets 100 at 1024 shares exactly; the last bit of a double
    // must not make that 101.
    const double weight = std::pow(10.0, exponent);
    const double nearest = std::round(weight);
    return static_cast<uint64_t>(std::fabs(weight - nearest) < 1e-9 ? nearest : std::ceil(weight));
}

uint64_t per_second_of_quota(uint64_t quota, uint64_t period) {
    // systemd keeps a quota in its unit file as a percentage with two digits
    // (since 253), that is in 100 µs per second, and cuts off the rest at the
    // next daemon-reload. Rounded up here, a reload changes nothing.
    constexpr uint64_t kStep = 100;
    const uint64_t exact = (quota * 1'000'000 + period - 1) / period;
    return (exact + kStep - 1) / kStep * kStep;
}

void set_cpu_weight(uint64_t weight, Builder& builder) {
    builder.set("CPUWeight", weight);
    builder.expect_nothing("cpu.weight");
    builder.expect_nothing("cpu.idle");
    if (!builder.has_controller("cpu", "linux.resources.cpu"))
        return;
    if (weight == 0)
        builder.expect("cpu.idle", "1");
    else
        builder.expect("cpu.weight", std::to_string(weight));
}

Result<> set_cpu_quota(uint64_t quota, uint64_t period, Builder& builder) {
    const uint64_t used = period == kInfinity ? kDefaultPeriod : period;
    if (used < kShortest || used > kLongestPeriod)
        return fail("is " + std::to_string(used) + ", must be a period of 1000 to 1000000 µs");
    // systemd multiplies by 10^6 in 64 bits.
    constexpr uint64_t kLargest = 10'000'000'000'000;
    if (quota != kInfinity && (quota < kShortest || quota > kLargest))
        return fail("is " + std::to_string(quota) +
                    ", must be a quota of at least 1000 µs, or unlimited");
    if (period != kInfinity)
        builder.set("CPUQuotaPeriodUSec", period);
    const uint64_t per_second = quota == kInfinity ? kInfinity : per_second_of_quota(quota, used);
    builder.set("CPUQuotaPerSecUSec", per_second);
    if (!builder.has_controller("cpu", "linux.resources.cpu"))
        return {};
    // systemd uses the default period where there is no quota.
    if (quota == kInfinity)
        builder.expect("cpu.max", "max " + std::to_string(kDefaultPeriod));
    else
        builder.expect("cpu.max",
                       std::to_string(kept_quota(per_second, used)) + " " + std::to_string(used));
    return {};
}

uint64_t kept_quota(uint64_t per_second, uint64_t period) {
    // Split, so that the product cannot overflow.
    const uint64_t seconds = per_second / 1'000'000;
    const uint64_t rest = per_second % 1'000'000;
    return std::max(seconds * period + rest * period / 1'000'000, kShortest);
}

Result<> add_cpu(const oci::Cpu& cpu, Builder& builder) {
    if (cpu.realtime_runtime.value_or(0) != 0 || cpu.realtime_period.value_or(0) != 0)
        return fail(std::string{kField} +
                    "realtimeRuntime: cgroup v2 has no limits on real-time scheduling");
    if (cpu.idle && *cpu.idle != 0 && *cpu.idle != 1)
        return fail(std::string{kField} + "idle: is " + std::to_string(*cpu.idle) +
                    ", must be 0 or 1");
    const bool idle = cpu.idle.value_or(0) == 1;
    if (idle) {
        set_cpu_weight(0, builder);
        if (cpu.shares.value_or(0) != 0)
            builder.warn(std::string{kField} + "shares: an idle group has no weight, ignored");
    } else if (cpu.shares.value_or(0) != 0) {
        set_cpu_weight(weight_of_shares(*cpu.shares), builder);
    }

    const int64_t quota = cpu.quota.value_or(0);
    const uint64_t period = cpu.period.value_or(0);
    if (quota != 0 || period != 0)
        TRY_IN(std::string{kField} +
                   (quota > 0 && static_cast<uint64_t>(quota) < kShortest ? "quota" : "period"),
               set_cpu_quota(quota > 0 ? static_cast<uint64_t>(quota) : kInfinity,
                             period == 0 ? kInfinity : period, builder));
    if (cpu.burst)
        builder.file(std::string{kField} + "burst", "cpu.max.burst", std::to_string(*cpu.burst));
    return {};
}

}  // namespace unitc::unit
