#include "upstream/health_check.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "snapshot/cluster.h"
#include "upstream/availability.h"
#include "upstream/connect_close_reason.h"
#include "upstream/context.h"
#include "upstream/endpoint.h"

namespace weft::upstream {

namespace {

constexpr base::Duration kFirstWithin = std::chrono::seconds(1);

/// Half of it to either side.
constexpr std::int64_t kJitterPercent = 20;

}  // namespace

HealthCheck::HealthCheck(Context& context, Availability& availability, Endpoint& endpoint) noexcept
    : context_(context),
      availability_(availability),
      endpoint_(endpoint),
      probe_(context, endpoint.address, *this, context.checkSlots) {}

void HealthCheck::apply(const snapshot::HealthCheck& settings) noexcept {
  if (settings_ == settings) {
    return;
  }
  settings_ = settings;
  probe_.setQuestion(question());
  const auto within = static_cast<std::uint32_t>(std::min(settings.interval, kFirstWithin).count());
  probe_.start(base::Duration(context_.random.below(within)), settings.timeout);
}

std::string HealthCheck::question() const {
  if (settings_.type == snapshot::HealthCheckType::Tcp) {
    return {};
  }
  const std::string host = settings_.host.empty() ? endpoint_.address.toString() : settings_.host;
  return "GET " + settings_.path + " HTTP/1.1\r\nHost: " + host +
         "\r\nUser-Agent: weft\r\nConnection: close\r\n\r\n";
}

/// Many endpoints, and many proxies that started together, are asked at different times.
base::Duration HealthCheck::jittered() const noexcept {
  const std::int64_t whole = settings_.interval.count();
  const std::int64_t spread = std::clamp<std::int64_t>(whole * kJitterPercent / 100, 1, UINT32_MAX);
  return base::Duration(whole - spread / 2 +
                        context_.random.below(static_cast<std::uint32_t>(spread)));
}

void HealthCheck::onProbed(const base::Error* error) noexcept {
  availability_.countCheck(error == nullptr);
  if (error == nullptr) {
    failureCount_ = 0;
    ++successCount_;
    if (endpoint_.unhealthy && successCount_ >= settings_.consecutiveSuccesses) {
      availability_.checked(endpoint_, nullptr, settings_.interval);
    }
  } else if (endpointAtFault(*error)) {
    successCount_ = 0;
    ++failureCount_;
    if (!endpoint_.unhealthy && failureCount_ >= settings_.consecutiveFailures) {
      availability_.checked(endpoint_, error, settings_.interval);
    }
  }
  probe_.start(jittered(), settings_.timeout);
}

}  // namespace weft::upstream
