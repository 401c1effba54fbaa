#include "conversation.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "support/memory_proxy.h"

namespace weft::simulation {

namespace {

constexpr std::string_view kMark = "weft";

std::string headerOf(std::uint32_t number) {
  char text[Conversation::kHeaderBytes + 1];
  std::snprintf(text, sizeof text, "weft%07u\n", number);
  return text;
}

}  // namespace

std::uint32_t drawSize(base::Random& random, std::uint32_t max) {
  const double share = static_cast<double>(random.below(1000)) / 1000.0;
  return static_cast<std::uint32_t>(std::exp(share * std::log(static_cast<double>(max))));
}

Plan drawPlan(base::Random& random, std::uint32_t bytesMax, bool peaceful) {
  Plan plan;
  plan.kind = static_cast<PlanKind>(random.below(peaceful ? 5 : 7));
  plan.upBytes = drawSize(random, bytesMax);
  plan.downBytes = drawSize(random, bytesMax);
  plan.resetAtBytes = random.below(plan.downBytes + 1);
  plan.patience = std::chrono::milliseconds(random.below(plan.kind == PlanKind::Leaves ? 60 : 900));
  return plan;
}

Conversation::Conversation(std::uint32_t number, const Plan& plan, test::Peer& client,
                           base::TimePoint now)
    : number_(number),
      plan_(plan),
      began_(now),
      client_(client),
      up_(headerOf(number) + test::patternBytes(plan.upBytes, 2 * number + 1)),
      down_(test::patternBytes(plan.downBytes, 2 * number + 2)) {
  if (plan_.kind == PlanKind::Pauses) {
    client_.setReadMax(0);
  }
}

std::optional<std::uint32_t> Conversation::numberIn(std::string_view bytes) {
  std::uint32_t number = 0;
  const std::string header(bytes.substr(0, kHeaderBytes));
  if (!header.starts_with(kMark) || std::sscanf(header.c_str(), "weft%7u\n", &number) != 1 ||
      header != headerOf(number)) {
    return std::nullopt;
  }
  return number;
}

std::string Conversation::greetingOf(std::uint32_t endpoint) {
  char text[kGreetingBytes + 1];
  std::snprintf(text, sizeof text, "ep%05u\n", endpoint % 100'000);
  return text;
}

void Conversation::meet(test::Peer& server, std::uint32_t endpoint, bool greeted) {
  server_ = &server;
  const std::string greeting = greetingOf(endpoint);
  down_.insert(0, greeting);
  downGiven_ = greeted ? greeting.size() : 0;
}

bool Conversation::give(test::Peer& peer, const std::string& bytes, std::size_t& given,
                        std::size_t until) {
  const std::size_t end = std::min(until, bytes.size());
  if (given >= end || peer.closed() || peer.failure() != 0) {
    return false;
  }
  peer.send(std::string_view(bytes).substr(given, end - given));
  given = end;
  return true;
}

bool Conversation::finish(test::Peer& peer, bool& finished) {
  if (finished || peer.closed() || peer.failure() != 0) {
    return false;
  }
  peer.finish();
  finished = true;
  return true;
}

bool Conversation::act(base::TimePoint now) {
  const bool client = actClient(now);
  const bool server = server_ != nullptr && actServer();
  return client || server;
}

bool Conversation::actClient(base::TimePoint now) {
  if (client_.closed() || client_.failure() != 0) {
    return false;
  }
  const bool patient = now - began_ < plan_.patience && !hurried_;
  switch (plan_.kind) {
    case PlanKind::Leaves:
    case PlanKind::ClientResets: {
      const bool enough = client_.received().size() >= plan_.resetAtBytes && met();
      if (plan_.kind == PlanKind::Leaves ? !patient : enough || hurried_) {
        client_.reset();
        clientReset_ = true;
        return true;
      }
      return give(client_, up_, upGiven_, up_.size());
    }
    case PlanKind::EndpointEndsFirst:
      if (!client_.ended()) {
        return give(client_, up_, upGiven_, kHeaderBytes);
      }
      break;
    case PlanKind::Holds:
      if (patient) {
        return give(client_, up_, upGiven_, up_.size());
      }
      break;
    case PlanKind::Pauses:
      if (!patient) {
        client_.readOn();
      }
      break;
    case PlanKind::Exchange:
    case PlanKind::ClientEndsFirst:
      break;
  }
  const bool gave = give(client_, up_, upGiven_, up_.size());
  return finish(client_, clientFinished_) || gave;
}

bool Conversation::actServer() {
  if (server_->closed() || server_->failure() != 0) {
    return false;
  }
  if (plan_.kind == PlanKind::ClientEndsFirst && !server_->ended()) {
    return false;
  }
  // One piece after the other has gone out.
  if (pace_ != SIZE_MAX && downGiven_ < down_.size()) {
    return server_->sentAll() &&
           give(*server_, down_, downGiven_, downGiven_ + (hurried_ ? down_.size() : pace_));
  }
  const bool gave = give(*server_, down_, downGiven_, down_.size());
  return (peaceful() && finish(*server_, serverFinished_)) || gave;
}

bool Conversation::over() const {
  const auto overAt = [](const test::Peer& peer) { return peer.closed() || peer.over(); };
  return overAt(client_) && (server_ == nullptr || overAt(*server_));
}

bool Conversation::whole() const {
  return server_ != nullptr && client_.ended() && server_->ended() && client_.received() == down_ &&
         server_->received() == up_;
}

std::string Conversation::problem() const {
  const std::string client = clientProblem();
  const std::string server = server_ == nullptr ? std::string() : serverProblem();
  if (client.empty() && server.empty()) {
    return {};
  }
  return "conversation " + std::to_string(number_) + ": client: " + client +
         "; endpoint: " + server;
}

std::string Conversation::clientProblem() const {
  const std::string& got = client_.received();
  if (server_ == nullptr) {
    // Whoever greets first is known by the greeting only.
    const bool greeting = got.empty() || std::string_view("ep").starts_with(got.substr(0, 2));
    if (!greeting || got.size() > kGreetingBytes) {
      return "received what no endpoint sent";
    }
    return client_.ended() && !earlyEndExpected_ ? "an end, and no endpoint" : "";
  }
  if (!std::string_view(down_).starts_with(got)) {
    return "received what was not sent";
  }
  if (client_.ended() && (got.size() < down_.size() || !serverFinished_)) {
    return "an end after " + std::to_string(got.size()) + " of " + std::to_string(down_.size());
  }
  return {};
}

std::string Conversation::serverProblem() const {
  const std::string& got = server_->received();
  if (!std::string_view(up_).starts_with(got)) {
    return "received what was not sent";
  }
  if (server_->ended() && (got.size() < up_.size() || !clientFinished_)) {
    return "an end after " + std::to_string(got.size()) + " of " + std::to_string(up_.size());
  }
  return {};
}

}  // namespace weft::simulation
