// Probe: one connect made by the proxy itself, after a delay and with a deadline, to find out
// whether an address answers, and where that is wanted one request of HTTP on it. No client waits
// for it. ProbeSlots bounds how many of a kind connect
// at once in a worker; the others wait their turn. Used by one worker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "base/address.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/intrusive_list.h"
#include "os/loop.h"
#include "os/sockets.h"

namespace weft::upstream {

class Probe;
struct Context;

class ProbeSlots {
 public:
  /// Descriptors that probes of one kind may hold in one worker.
  static constexpr std::uint32_t kOpenMax = 64;

  ProbeSlots() = default;

  ProbeSlots(const ProbeSlots&) = delete;
  ProbeSlots& operator=(const ProbeSlots&) = delete;

  [[nodiscard]] std::uint32_t openNow() const noexcept { return openNow_; }

 private:
  friend class Probe;

  /// True when the probe may connect; else it is called when its turn comes.
  [[nodiscard]] bool take(Probe& probe) noexcept;
  void release() noexcept;

  base::IntrusiveList<Probe, Probe> waiting_;
  std::uint32_t openNow_ = 0;
  bool passingOn_ = false;
};

class ProbeOwner {
 public:
  /// Null: the address answered. The probe is idle and may be started again in the call; it must
  /// not be destroyed there.
  virtual void onProbed(const base::Error* error) noexcept = 0;

 protected:
  ~ProbeOwner() = default;
};

class Probe final : public base::ListNode<Probe>, private os::Pollable, private os::Timer {
 public:
  /// The address, the owner and the slots outlive it.
  Probe(Context& context, const base::Address& address, ProbeOwner& owner,
        ProbeSlots& slots) noexcept
      : context_(context), address_(address), owner_(owner), slots_(slots) {}

  ~Probe();

  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  /// A request of HTTP/1 that is sent on the connection; a status of 200 to 399 is an answer.
  /// Empty: the connection is one.
  void setQuestion(std::string question) { question_ = std::move(question); }

  /// Connects after `delay` and gives up `timeout` later. One that has not begun to connect is
  /// moved; one that connects already goes on.
  void start(base::Duration delay, base::Duration timeout) noexcept;

  /// Nothing is reported. REQUIRES: outside of the readiness part of a turn.
  void stop() noexcept;

  [[nodiscard]] bool connecting() const noexcept {
    return state_ == State::Connecting || state_ == State::Asking;
  }

 private:
  friend class ProbeSlots;

  enum class State : std::uint8_t { Idle, Delayed, Queued, Connecting, Asking };

  /// Of 'HTTP/1.1 200'.
  static constexpr std::size_t kStatusLineBytes = 12;

  void onReady(os::Ready ready) noexcept override;
  void onTimer() noexcept override;
  void connect() noexcept;
  void ask() noexcept;
  void hear() noexcept;
  void finish(const base::Error* error) noexcept;
  void close() noexcept;

  Context& context_;
  const base::Address& address_;
  ProbeOwner& owner_;
  ProbeSlots& slots_;
  base::Duration timeout_{};
  std::string question_;
  std::size_t askedBytes_ = 0;
  std::array<char, kStatusLineBytes> heard_{};
  std::size_t heardBytes_ = 0;
  int fd_ = os::kNoFd;
  State state_ = State::Idle;
};

}  // namespace weft::upstream
