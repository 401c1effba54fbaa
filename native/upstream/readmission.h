// Readmission: probes one endpoint that fails until it answers, in each worker that has seen it
// fail.
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "upstream/probe.h"

namespace weft::upstream {

class Availability;
struct Context;
struct Endpoint;

/// Made with the first failure of the endpoint.
class Readmission final : private ProbeOwner {
 public:
  Readmission(Context& context, Availability& availability, Endpoint& endpoint) noexcept;

  Readmission(const Readmission&) = delete;
  Readmission& operator=(const Readmission&) = delete;

  ~Readmission() = default;

  void start(base::Duration delay, base::Duration timeout) noexcept {
    probe_.start(delay, timeout);
  }

  void stop() noexcept { probe_.stop(); }

 private:
  void onProbed(const base::Error* error) noexcept override;

  Availability& availability_;
  Endpoint& endpoint_;
  Probe probe_;
};

}  // namespace weft::upstream
