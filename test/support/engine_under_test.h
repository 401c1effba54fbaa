// EngineUnderTest: the real engine with its threads, and calls that wait for its callbacks.
#pragma once

#include <atomic>
#include <cstdint>
#include <future>
#include <memory>

#include <unistd.h>

#include "base/assert.h"
#include "engine/engine.h"
#include "os/kernel_sockets.h"
#include "support/kernel_address.h"
#include "support/snapshots.h"

namespace weft::test {

/// Counts wake-ups; any thread.
class CountingListener final : public engine::EventListener {
 public:
  void eventsReady(std::uint32_t) noexcept override { ++count; }

  std::atomic<std::uint32_t> count{0};
};

class EngineUnderTest {
 public:
  explicit EngineUnderTest(std::uint32_t workerCount = 2)
      : engine(engine::Engine::start({.workerCount = workerCount,
                                      .eventRingBytes = std::size_t{64} * 1024,
                                      .cellCount = 16'384,
                                      .runCount = 1024},
                                     events)
                   .value()) {}

  EngineUnderTest(const EngineUnderTest&) = delete;
  EngineUnderTest& operator=(const EngineUnderTest&) = delete;

  /// Publishes what `config` says and waits until it is applied. The program ends when that fails.
  void publish() {
    std::promise<bool> applied;
    engine->publish(config.build(), [&applied](const engine::PublishFailure* failure) {
      applied.set_value(failure == nullptr);
    });
    WEFT_CHECK(applied.get_future().get());
  }

  /// Drains and waits for the end; returns how many were reset.
  std::uint64_t drain(base::Duration deadline, engine::DrainListeners listeners) {
    std::promise<std::uint64_t> drained;
    engine->drain({.deadline = deadline, .listeners = listeners},
                  [&drained](std::uint64_t forced) { drained.set_value(forced); });
    return drained.get_future().get();
  }

  engine::DumpResult dump(engine::DumpKind kind, std::uint32_t countMax = 10'000,
                          engine::ConnectionFilter filter = {}) {
    std::promise<engine::DumpResult> dumped;
    engine->dump({.kind = kind, .countMax = countMax, .filter = std::move(filter)},
                 [&dumped](engine::DumpResult result) { dumped.set_value(std::move(result)); });
    return dumped.get_future().get();
  }

  /// A cell of one worker, as TypeScript reads it.
  std::uint64_t cell(std::uint32_t worker, telemetry::WorkerCell which) {
    return std::atomic_ref<std::uint64_t>(engine->cells(worker)[static_cast<std::size_t>(which)])
        .load(std::memory_order_relaxed);
  }

  std::uint64_t cells(telemetry::WorkerCell which) {
    std::uint64_t sum = 0;
    for (std::uint32_t worker = 0; worker < engine->workerCount(); ++worker) {
      sum += cell(worker, which);
    }
    return sum;
  }

  SnapshotBuilder config;
  CountingListener events;
  std::unique_ptr<engine::Engine> engine;
};

/// A port of loopback that is free at this moment, on an IP address that no other call has. On
/// 127.0.0.1 the kernel may give the port to any connection before it is bound again, also to the
/// one that looks whether somebody listens there, which then meets itself.
[[nodiscard]] inline base::Address freeAddress() {
  static std::uint32_t calls = static_cast<std::uint32_t>(::getpid()) << 4U;
  ++calls;
  os::KernelSockets sockets;
  const int fd = sockets
                     .listen({.address = base::Address::ipv4(
                                  {127, static_cast<std::uint8_t>(1U + (calls >> 14U) % 250U),
                                   static_cast<std::uint8_t>((calls >> 7U) % 128U),
                                   static_cast<std::uint8_t>(1U + calls % 128U)},
                                  0),
                              .backlogCount = 1,
                              .unixMode = {},
                              .stream = {}})
                     .value();
  const base::Address address = boundAddress(fd);
  sockets.close(fd);
  return address;
}

}  // namespace weft::test
