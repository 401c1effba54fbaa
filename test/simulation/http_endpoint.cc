#include "http_endpoint.h"

#include <chrono>

namespace weft::simulation {

namespace {

using std::chrono::milliseconds;
using test::Answer;

constexpr std::string_view kHealthy = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

}  // namespace

const char* nameOf(HttpMood mood) {
  constexpr const char* kNames[kHttpMoodCount] = {"well",        "slow",   "errs", "errs often",
                                                  "errs seldom", "closes", "cuts", "mute",
                                                  "refuses",     "resets"};
  return kNames[static_cast<std::size_t>(mood)];
}

void HttpEndpoint::fail(const std::string& text) {
  if (problem_.empty()) {
    problem_ = "endpoint " + std::to_string(number_) + ": " + text;
  }
}

void HttpEndpoint::setMood(HttpMood mood) {
  mood_ = mood;
  network_.setAnswer(endpoint_.address(),
                     mood == HttpMood::Refuses ? Answer::Refused : Answer::Listener);
  for (Visitor& visitor : visitors_) {
    if (mood == HttpMood::Resets && !visitor.peer->closed()) {
      if (visitor.id) {
        ledger_.at(*visitor.id).attempts.at(visitor.attempt).fate = Fate::Lost;
      }
      visitor.peer->reset();
    }
  }
}

bool HttpEndpoint::act(base::TimePoint now) {
  while (visitors_.size() < endpoint_.count()) {
    visitors_.push_back({.peer = &endpoint_.at(visitors_.size())});
  }
  bool any = false;
  for (Visitor& visitor : visitors_) {
    any = (!visitor.peer->closed() && actFor(visitor, now)) || any;
  }
  return any;
}

bool HttpEndpoint::actFor(Visitor& visitor, base::TimePoint now) {
  if (visitor.answerAt && mood_ != HttpMood::Mute && now >= *visitor.answerAt) {
    answer(visitor);
    return true;
  }
  if (visitor.peer->received().size() != visitor.lookedBytes) {
    visitor.lookedBytes = visitor.peer->received().size();
    return look(visitor, now);
  }
  if (visitor.peer->over() && visitor.peer->sentAll()) {
    visitor.peer->close();
    return true;
  }
  return false;
}

bool HttpEndpoint::look(Visitor& visitor, base::TimePoint now) {
  if (visitor.finished) {
    return false;
  }
  const auto got = std::string_view(visitor.peer->received()).substr(visitor.doneBytes);
  const test::HttpMessages found = test::requestsIn(got);
  if (!found.bad.empty()) {
    fail("got no request: " + found.bad);
  }
  if (found.messages.empty()) {
    return false;
  }
  if (mood_ == HttpMood::Resets) {
    visitor.peer->reset();
    return true;
  }
  const test::HttpMessage& first = found.messages.front();
  if (first.head.starts_with("GET /health ")) {
    visitor.doneBytes += first.bytes;
    visitor.peer->send(kHealthy);
    return true;
  }
  meet(visitor, first, now);
  if (first.whole && got.size() > first.bytes) {
    fail("got more than one request at a time");
  }
  return true;
}

void HttpEndpoint::meet(Visitor& visitor, const test::HttpMessage& message, base::TimePoint now) {
  if (!visitor.id) {
    visitor.id = ledger_.idOf(message);
    if (!visitor.id) {
      fail("got what no client sent: " + message.head.substr(0, 60));
      return;
    }
    ++seenCount_;
    const std::string problem = ledger_.see(
        *visitor.id, {.endpoint = number_, .at = now, .reused = visitor.servedCount > 0});
    visitor.attempt = ledger_.at(*visitor.id).attempts.size() - 1;
    if (!problem.empty()) {
      fail(problem);
    }
  }
  const std::string body = ledger_.upBody(*visitor.id);
  if (!std::string_view(body).starts_with(message.body) ||
      (message.whole && message.body.size() != body.size())) {
    fail("got other bytes of request " + std::to_string(*visitor.id));
  }
  if (message.whole) {
    visitor.requestBytes = message.bytes;
    visitor.answerAt = now + milliseconds(random_.below(mood_ == HttpMood::Slow ? 400 : 15));
  }
}

int HttpEndpoint::drawStatus() {
  const std::uint32_t drawn = random_.below(100);
  const std::uint32_t errors = mood_ == HttpMood::Errs         ? 100
                               : mood_ == HttpMood::ErrsOften  ? 75
                               : mood_ == HttpMood::ErrsSeldom ? 15
                                                               : 0;
  return drawn >= errors ? 200 : drawn % 2 == 0 ? 500 : Ledger::kRetryStatus;
}

void HttpEndpoint::answer(Visitor& visitor) {
  const std::uint32_t id = *visitor.id;
  Attempt& attempt = ledger_.at(id).attempts.at(visitor.attempt);
  visitor.answerAt.reset();
  if (mood_ == HttpMood::Closes) {
    attempt.fate = Fate::Lost;
    random_.below(2) == 0 ? visitor.peer->close() : visitor.peer->reset();
    return;
  }
  attempt.status = drawStatus();
  const std::string body = attempt.status == 200 ? ledger_.downBody(id) : "busy";
  std::string text = "HTTP/1.1 " + std::to_string(attempt.status) +
                     " Said\r\nX-Id: " + std::to_string(id) + "\r\n";
  const std::uint32_t coding = random_.below(8);
  if (coding == 0 && mood_ != HttpMood::Cuts) {
    visitor.peer->send(text + "\r\n" + body);
    visitor.peer->finish();
    visitor.finished = true;
  } else {
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    const bool cut = mood_ == HttpMood::Cuts && !body.empty();
    attempt.fate = cut ? Fate::Cut : Fate::Answered;
    visitor.peer->send(text + body.substr(0, cut ? body.size() / 2 : body.size()));
    if (cut) {
      visitor.peer->finish();
      visitor.finished = true;
      return;
    }
  }
  attempt.fate = Fate::Answered;
  visitor.doneBytes += visitor.requestBytes;
  visitor.id.reset();
  ++visitor.servedCount;
}

}  // namespace weft::simulation
