#include "asker.h"

#include <string_view>

#include "conversation.h"
#include "support/http_messages.h"

namespace weft::simulation {

namespace {

constexpr const char* kMethods[] = {"GET", "GET", "PUT", "POST"};
/// One body in so many is long.
constexpr std::uint32_t kLongOneIn = 40;
constexpr std::uint32_t kLongBytes = 80'000;

}  // namespace

void Asker::fail(const std::string& text) {
  if (problem_.empty()) {
    problem_ = text;
  }
}

bool Asker::act(base::TimePoint now) {
  if (peer_.closed()) {
    return false;
  }
  if (plan_.patience && now - began_ >= *plan_.patience) {
    peer_.reset();
    return true;
  }
  const std::size_t answeredBefore = answeredCount_;
  read();
  if (peer_.over()) {
    peer_.close();
    return true;
  }
  bool any = answeredCount_ > answeredBefore;
  if (any) {
    const auto think = static_cast<std::uint32_t>(plan_.thinkMax.count());
    nextAt_ = now + base::Duration(random_.below(think + 1));
  }
  while (mayAsk(now)) {
    ask();
    any = true;
  }
  const bool enough = hurried_ || asked_.size() == plan_.count;
  if (enough && answeredCount_ == asked_.size() && !finished_) {
    peer_.finish();
    finished_ = true;
    any = true;
  }
  return any;
}

bool Asker::mayAsk(base::TimePoint now) const {
  const bool free = plan_.pipelines || (answeredCount_ == asked_.size() && now >= nextAt_);
  return free && asked_.size() < plan_.count && !hurried_;
}

void Asker::ask() {
  const std::string method = kMethods[random_.below(std::size(kMethods))];
  const auto size = [this] {
    const bool isLong = !plan_.shortOnly && random_.below(kLongOneIn) == 0;
    return isLong ? kLongBytes : drawSize(random_, plan_.bytesMax);
  };
  const std::uint32_t id = ledger_.add({.method = method,
                                        .retried = random_.below(3) != 0,
                                        .upBytes = method == "GET" ? 0 : size(),
                                        .downBytes = size()});
  asked_.push_back(id);
  const bool last = plan_.saysLast && asked_.size() == plan_.count;
  peer_.send(ledger_.textOf(id, random_.below(2) == 0, last));
}

void Asker::read() {
  const std::string& got = peer_.received();
  if (got.size() == lookedBytes_ && peer_.ended() == lookedAtEnd_) {
    return;
  }
  lookedBytes_ = got.size();
  lookedAtEnd_ = peer_.ended();
  std::vector<std::string> methods;
  for (std::size_t i = answeredCount_; i < asked_.size(); ++i) {
    methods.push_back(ledger_.at(asked_[i]).method);
  }
  const std::string_view rest = std::string_view(got).substr(doneBytes_);
  const test::HttpMessages found = test::responsesIn(rest, methods, peer_.ended());
  if (!found.bad.empty()) {
    fail("a client got no response: " + found.bad);
  }
  for (const test::HttpMessage& message : found.messages) {
    if (!message.whole) {
      break;
    }
    if (answeredCount_ == asked_.size()) {
      fail("a client got an answer without a question");
      break;
    }
    doneBytes_ += message.bytes;
    if (const std::string problem = ledger_.answer(asked_[answeredCount_++], message);
        !problem.empty()) {
      fail(problem);
    }
  }
  if (peer_.ended() && doneBytes_ < got.size()) {
    fail("a client got an end in the middle of a response");
  }
}

}  // namespace weft::simulation
