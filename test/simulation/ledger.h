// Ledger: every request of a simulation, with what its client asked for, where it was seen and what
// it got. Clients and endpoints write into it, and it says when that cannot be. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "support/http_messages.h"

namespace weft::simulation {

/// How an endpoint treated a request that it has seen.
enum class Fate : std::uint8_t {
  Open,      ///< Not yet, or never.
  Answered,  ///< With a whole response.
  Lost,      ///< It ended the connection without a byte of a response.
  Cut,       ///< It ended the connection in the middle of one.
};

struct Attempt {
  std::uint32_t endpoint = 0;
  base::TimePoint at{};
  bool reused = false;  ///< The connection had served another request before.
  Fate fate = Fate::Open;
  int status = 0;
};

struct Request {
  std::string method;
  bool retried = false;  ///< Its route tries again, if its method may.
  std::uint32_t upBytes = 0;
  std::uint32_t downBytes = 0;
  std::vector<Attempt> attempts{};
  int status = 0;             ///< That its client got; 0: nothing yet.
  bool answeredHere = false;  ///< By the proxy itself.
};

class Ledger {
 public:
  static constexpr int kRetryStatus = 503;
  static constexpr std::uint32_t kRetriesMax = 2;

  /// An attempt may be given up after so long.
  void setAttemptTimeout(base::Duration timeout) noexcept { attemptTimeout_ = timeout; }

  /// Its number.
  std::uint32_t add(Request request);

  [[nodiscard]] Request& at(std::uint32_t id) { return requests_.at(id); }

  [[nodiscard]] const std::vector<Request>& all() const noexcept { return requests_; }

  [[nodiscard]] static bool isIdempotent(const Request& request) {
    return request.method != "POST";
  }

  /// The text of a request, its body in one piece or in chunks.
  [[nodiscard]] std::string textOf(std::uint32_t id, bool chunked, bool last) const;

  /// The request that an endpoint has got the head of; none: no client asks that.
  [[nodiscard]] std::optional<std::uint32_t> idOf(const test::HttpMessage& message) const;

  [[nodiscard]] std::string upBody(std::uint32_t id) const;
  [[nodiscard]] std::string downBody(std::uint32_t id) const;

  /// An endpoint has got the head. What is wrong with that; empty: nothing.
  [[nodiscard]] std::string see(std::uint32_t id, const Attempt& attempt);

  /// A client got this in answer. What is wrong with that; empty: nothing.
  [[nodiscard]] std::string answer(std::uint32_t id, const test::HttpMessage& message);

 private:
  [[nodiscard]] bool mayGoAgain(const Request& request, base::TimePoint now) const;

  std::vector<Request> requests_;
  base::Duration attemptTimeout_ = base::Duration::max();
};

}  // namespace weft::simulation
