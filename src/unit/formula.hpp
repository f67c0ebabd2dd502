// SPDX-License-Identifier: Apache-2.0
// The numbers of cgroup v1 and of OCI as those of systemd; pure arithmetic.
#pragma once

#include <cstdint>

namespace unitc::unit {

// cpu.shares (2 to 262144) → CPUWeight (1 to 10000): the curve that runc, crun
// and youki agreed on, through (2, 1), (1024, 100) and (262144, 10000).
uint64_t weight_of_shares(uint64_t shares);

// A quota (µs per period) → CPUQuotaPerSecUSec, rounded up to 10000.
uint64_t per_second_of_quota(uint64_t quota, uint64_t period);

// The quota that systemd writes into cpu.max for a CPUQuotaPerSecUSec.
uint64_t kept_quota(uint64_t per_second, uint64_t period);

// blkio weight (10 to 1000) → IOWeight (1 to 10000), spread evenly. For a
// machine without bfq, of which blkio's weights were.
uint64_t io_weight_of_blkio(uint64_t weight);

// io.bfq.weight (1 to 1000) → the IOWeight for which systemd writes it.
uint64_t io_weight_of_bfq(uint64_t weight);

}  // namespace unitc::unit
