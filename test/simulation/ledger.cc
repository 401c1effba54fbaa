#include "ledger.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "support/memory_proxy.h"

namespace weft::simulation {

namespace {

/// The timeout of an attempt begins when the proxy sends it, which is before it is seen.
constexpr int kTimeoutSlack = 2;

std::string hex(std::size_t number) {
  char text[20];
  std::snprintf(text, sizeof text, "%zx", number);
  return text;
}

std::string chunk(std::string_view bytes) {
  return bytes.empty() ? "" : hex(bytes.size()) + "\r\n" + std::string(bytes) + "\r\n";
}

}  // namespace

std::uint32_t Ledger::add(Request request) {
  requests_.push_back(std::move(request));
  return static_cast<std::uint32_t>(requests_.size() - 1);
}

std::string Ledger::upBody(std::uint32_t id) const {
  return test::patternBytes(requests_.at(id).upBytes, 2 * std::uint64_t{id} + 1);
}

std::string Ledger::downBody(std::uint32_t id) const {
  return test::patternBytes(requests_.at(id).downBytes, 2 * std::uint64_t{id} + 2);
}

std::string Ledger::textOf(std::uint32_t id, bool chunked, bool last) const {
  const Request& request = requests_.at(id);
  std::string text = request.method + (request.retried ? " /retried/" : " /plain/") +
                     std::to_string(id) + " HTTP/1.1\r\nHost: web\r\n";
  text += last ? "Connection: close\r\n" : "";
  if (request.method == "GET") {
    return text + "\r\n";
  }
  const std::string body = upBody(id);
  if (!chunked) {
    return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  const std::string_view halves(body);
  const std::size_t half = body.size() / 2;
  return text + "Transfer-Encoding: chunked\r\n\r\n" + chunk(halves.substr(0, half)) +
         chunk(halves.substr(half)) + "0\r\n\r\n";
}

std::optional<std::uint32_t> Ledger::idOf(const test::HttpMessage& message) const {
  char route[16];
  unsigned id = 0;
  const std::string line = message.head.substr(message.method.size());
  const bool read = std::sscanf(line.c_str(), " /%15[a-z]/%9u HTTP/1.1\r\n", route, &id) == 2;
  if (!read || id >= requests_.size()) {
    return std::nullopt;
  }
  const Request& request = requests_[id];
  const bool right = request.method == message.method &&
                     std::string_view(route) == (request.retried ? "retried" : "plain");
  return right ? std::optional<std::uint32_t>(id) : std::nullopt;
}

/// RFC 9110 9.2.2 and docs/traffic.md, "Retries".
bool Ledger::mayGoAgain(const Request& request, base::TimePoint now) const {
  if (!isIdempotent(request)) {
    return false;
  }
  const Attempt& last = request.attempts.back();
  if (request.retried && now - last.at >= attemptTimeout_ / kTimeoutSlack) {
    return true;
  }
  switch (last.fate) {
    case Fate::Lost:
      return request.retried || last.reused;
    case Fate::Answered:
      return request.retried && last.status == kRetryStatus;
    case Fate::Open:
    case Fate::Cut:
      break;
  }
  return false;
}

std::string Ledger::see(std::uint32_t id, const Attempt& attempt) {
  Request& request = requests_.at(id);
  const bool again = !request.attempts.empty();
  if (again && !mayGoAgain(request, attempt.at)) {
    return "request " + std::to_string(id) + " (" + request.method +
           ") was sent again after fate " +
           std::to_string(static_cast<int>(request.attempts.back().fate)) + ", status " +
           std::to_string(request.attempts.back().status);
  }
  if (request.status != 0) {
    return "request " + std::to_string(id) + " was sent again after its answer";
  }
  request.attempts.push_back(attempt);
  // The first, those of the route, and one for a connection that died of its age.
  if (request.attempts.size() > 1 + (request.retried ? kRetriesMax : 0) + 1) {
    return "request " + std::to_string(id) + " was sent " +
           std::to_string(request.attempts.size()) + " times";
  }
  return {};
}

std::string Ledger::answer(std::uint32_t id, const test::HttpMessage& message) {
  Request& request = requests_.at(id);
  const std::string what = "request " + std::to_string(id) + " got ";
  if (request.status != 0) {
    return what + "two answers";
  }
  request.status = message.status;
  request.answeredHere = !message.field("weft-error").empty();
  if (request.answeredHere) {
    return {};
  }
  if (message.field("x-id") != std::to_string(id)) {
    return what + "the answer of " + message.field("x-id");
  }
  const bool sent = std::ranges::any_of(request.attempts, [&message](const Attempt& attempt) {
    return attempt.status == message.status;
  });
  if (!sent) {
    return what + std::to_string(message.status) + ", which nobody sent";
  }
  if (message.status == 200 && message.body != downBody(id)) {
    return what + "other bytes";
  }
  return {};
}

}  // namespace weft::simulation
