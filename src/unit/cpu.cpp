// SPDX-License-Identifier: Apache-2.0
// linux.resources.cpu → CPUWeight, CPUQuotaPerSecUSec, CPUQuotaPeriodUSec.
#include <algorithm>

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

// Logarithm and power by their series, exact to some 1e-15: for these alone
// libm would be loaded at every start of the program.
constexpr double kLn2 = 0.693147180559945309417;
constexpr double kLn10 = 2.302585092994045684018;
constexpr int kTerms = 24;

double log_2(uint64_t number) {
    int whole = 0;
    auto rest = static_cast<double>(number);
    for (; rest >= 2.0; rest /= 2.0)
        ++whole;
    // ln(x) = 2 · artanh((x − 1) / (x + 1))
    const double t = (rest - 1.0) / (rest + 1.0);
    double sum = 0.0;
    double power = t;
    for (int n = 0; n < kTerms; ++n, power *= t * t)
        sum += power / (2 * n + 1);
    return whole + 2.0 * sum / kLn2;
}

double power_of_10(double exponent) {
    // e^x for the x that is left after the halvings, squared back.
    constexpr int kHalvings = 6;
    const double x = exponent * kLn10 / (1 << kHalvings);
    double result = 1.0;
    double term = 1.0;
    for (int n = 1; n < kTerms; ++n) {
        term *= x / n;
        result += term;
    }
    for (int n = 0; n < kHalvings; ++n)
        result *= result;
    return result;
}

uint64_t current_period(const Builder& builder) {
    const uint64_t period = builder.current().cpu_period;
    return period == kInfinity ? kDefaultPeriod : period;
}

// A period alone changes how often, not how long: the quota stays.
uint64_t current_quota(const Builder& builder) {
    const uint64_t per_second = builder.current().cpu_quota_per_second;
    return per_second == kInfinity ? kInfinity : kept_quota(per_second, current_period(builder));
}

}  // namespace

uint64_t weight_of_shares(uint64_t shares) {
    if (shares <= 2)
        return 1;
    if (shares >= 262'144)
        return 10'000;
    const double l = log_2(shares);
    const double weight = power_of_10((l * l + 125.0 * l) / 612.0 - 7.0 / 34.0);
    // Rounded up, but the curve meets 100 at 1024 shares exactly: the last
    // bits of a double must not make that 101.
    const auto whole = static_cast<uint64_t>(weight);
    return weight - static_cast<double>(whole) > 1e-9 ? whole + 1 : whole;
}

uint64_t per_second_of_quota(uint64_t quota, uint64_t period) {
    // systemd keeps a quota in its unit file as a percentage, 252 in whole ones
    // (10 ms per second), and cuts off the rest at the next daemon-reload.
    // Rounded up here, as runc does, a reload changes nothing.
    constexpr uint64_t kStep = 10'000;
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

void end_cpu_idle(Builder& builder) {
    if (builder.current().cpu_weight != 0 || builder.find("CPUWeight") != nullptr)
        return;
    // No weight of its own: systemd's default.
    builder.set("CPUWeight", kInfinity);
    if (builder.has_controller("cpu", "linux.resources.cpu"))
        builder.expect("cpu.idle", "0");
}

Result<> set_cpu_quota(uint64_t quota, uint64_t period, Builder& builder) {
    const uint64_t used = period == kInfinity ? current_period(builder) : period;
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
    builder.no_file("cpu.max");
    if (!builder.has_controller("cpu", "linux.resources.cpu"))
        return {};
    // systemd writes its default period where there is no quota. The one that
    // was asked for has no effect there, but is what readers look for.
    const std::string unlimited = "max " + std::to_string(used);
    if (quota == kInfinity && used != kDefaultPeriod)
        builder.file("linux.resources.cpu", "cpu.max", unlimited);
    if (quota == kInfinity)
        builder.expect("cpu.max", unlimited);
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
            builder.warn(std::string{kField} +
                         "shares: unable to apply both shares and idle: an idle group has no "
                         "weight, ignored");
    } else if (cpu.shares.value_or(0) != 0) {
        set_cpu_weight(weight_of_shares(*cpu.shares), builder);
    } else if (cpu.idle) {
        end_cpu_idle(builder);
    }

    const int64_t quota = cpu.quota.value_or(0);
    const uint64_t period = cpu.period.value_or(0);
    if (quota != 0 || period != 0) {
        const uint64_t wanted = quota > 0    ? static_cast<uint64_t>(quota)
                                : quota == 0 ? current_quota(builder)
                                             : kInfinity;
        TRY_IN(std::string{kField} + (wanted < kShortest ? "quota" : "period"),
               set_cpu_quota(wanted, period == 0 ? kInfinity : period, builder));
    }
    if (cpu.burst)
        builder.file(std::string{kField} + "burst", "cpu.max.burst", std::to_string(*cpu.burst));
    return {};
}

}  // namespace unitc::unit
