// Counts the instructions of a pick, for each balancer with 10 endpoints and with 10,000: how many
// there are should make no difference. Each pick opens a connection, and the oldest of 200 closes,
// which is not counted. Run under
//   valgrind --tool=callgrind --collect-atstart=no bench_picks
// by bench/regress/main.ts, which reads a dump for each balancer and number of endpoints.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#define WEFT_HAS_CALLGRIND 1
#else
#define CALLGRIND_TOGGLE_COLLECT
#define CALLGRIND_DUMP_STATS_AT(name) static_cast<void>(name)
#define WEFT_HAS_CALLGRIND 0
#endif

#include "base/hash.h"
#include "base/random.h"
#include "upstream/balancer.h"
#include "upstream/hash_table_builder.h"

namespace weft::bench {

namespace {

using snapshot::BalancerType;
using upstream::EndpointState;

constexpr std::uint64_t kPicks = 4'000;
constexpr std::size_t kOpen = 200;

struct Case {
  const char* name;
  BalancerType type;
};

constexpr std::array<Case, 6> kCases = {{{"p2cEwma", BalancerType::P2cEwma},
                                         {"roundRobin", BalancerType::RoundRobin},
                                         {"leastConnections", BalancerType::LeastConnections},
                                         {"random", BalancerType::Random},
                                         {"ringHash", BalancerType::RingHash},
                                         {"maglev", BalancerType::Maglev}}};

class Picks {
 public:
  Picks(BalancerType type, std::uint32_t count) {
    cluster_.balancer = {.type = type,
                         .rttDefault = std::chrono::milliseconds(30),
                         .decay = std::chrono::seconds(10)};
    if (snapshot::needsKey(type)) {
      cluster_.balancer.loadBoundPercent = 125;
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::array<std::uint8_t, 4> ip = {10, 0, static_cast<std::uint8_t>(i >> 8U),
                                              static_cast<std::uint8_t>(i & 255U)};
      cluster_.endpoints.push_back({.id = {i}, .address = base::Address::ipv4(ip, 80)});
      states_.push_back(std::make_unique<EndpointState>(
          base::EndpointId{i}, cluster_.endpoints.back().address, cluster_.balancer.rttDefault));
      states_.back()->connectTime.observe(std::chrono::milliseconds(1), now_, {});
      members_.push_back(states_.back().get());
    }
    tables_ = upstream::buildHashTables(cluster_);
    balancer_ = upstream::makeBalancer(cluster_.balancer);
    balancer_->setMembers({.endpoints = members_,
                           .table = tables_ == nullptr ? nullptr : &tables_->table,
                           .ownZoneTable = nullptr});
  }

  void run(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      now_ += std::chrono::microseconds(20);
      const upstream::PickContext context{
          .now = now_, .random = random_, .tried = {}, .key = base::mixed(++key_)};
      CALLGRIND_TOGGLE_COLLECT;
      EndpointState* picked = balancer_->pick(context);
      CALLGRIND_TOGGLE_COLLECT;
      ++picked->connectionsNow;
      balancer_->loadChanged(*picked);
      EndpointState*& oldest = open_[key_ % kOpen];
      if (oldest != nullptr) {
        --oldest->connectionsNow;
        balancer_->loadChanged(*oldest);
      }
      oldest = picked;
    }
  }

 private:
  snapshot::Cluster cluster_;
  std::vector<std::unique_ptr<EndpointState>> states_;
  std::vector<EndpointState*> members_;
  std::shared_ptr<const upstream::HashTables> tables_;
  std::unique_ptr<upstream::Balancer> balancer_;
  base::TimePoint now_{std::chrono::hours(1)};
  base::Random random_{1};
  std::uint64_t key_ = 0;
  std::array<EndpointState*, kOpen> open_{};
};

}  // namespace

}  // namespace weft::bench

int main() {
  if (WEFT_HAS_CALLGRIND == 0) {
    std::fputs(
        "bench_picks was compiled without valgrind/callgrind.h: install valgrind and build "
        "again.\n",
        stderr);
    return 1;
  }
  for (const weft::bench::Case& one : weft::bench::kCases) {
    for (const std::uint32_t count : {10U, 10'000U}) {
      weft::bench::Picks picks(one.type, count);
      picks.run(weft::bench::kPicks);
      CALLGRIND_DUMP_STATS_AT("between");
      picks.run(weft::bench::kPicks);
      const std::string name = std::string(one.name) + " " + std::to_string(count);
      CALLGRIND_DUMP_STATS_AT(name.c_str());
    }
  }
  std::printf("%d\n", static_cast<int>(weft::bench::kPicks));
  return 0;
}
