#include "faulty_endpoint.h"

#include <chrono>

namespace weft::simulation {

namespace {

using test::Answer;

constexpr base::Duration kFlap = std::chrono::milliseconds(150);
constexpr std::size_t kSlowBytes = 700;

Answer answerOf(Mood mood) {
  switch (mood) {
    case Mood::Refuses:
      return Answer::Refused;
    case Mood::Silent:
      return Answer::Silence;
    case Mood::Unreachable:
      return Answer::Unreachable;
    default:
      return Answer::Listener;
  }
}

}  // namespace

const char* nameOf(Mood mood) {
  constexpr const char* kNames[kMoodCount] = {"well",         "slow",   "refuses", "silent",
                                              "unreachable",  "stalls", "mute",    "resets",
                                              "closes early", "flaps"};
  return kNames[static_cast<std::size_t>(mood)];
}

bool FaultyEndpoint::failsConnects() const noexcept {
  return mood_ == Mood::Refuses || mood_ == Mood::Silent || mood_ == Mood::Unreachable ||
         mood_ == Mood::Flaps;
}

void FaultyEndpoint::setMood(Mood mood, base::TimePoint now, base::Random& random) {
  mood_ = mood;
  moodSince_ = now;
  network_.setAnswer(address(), answerOf(mood));
  endpoint_.setAccepting(mood != Mood::Stalls);
  for (Visitor& visitor : visitors_) {
    if (mood == Mood::Resets && !visitor.peer->closed() && random.below(2) == 0) {
      visitor.peer->reset();
    }
    if (visitor.conversation != nullptr) {
      visitor.conversation->setServerPace(mood == Mood::Slow ? kSlowBytes : SIZE_MAX);
    }
  }
}

bool FaultyEndpoint::act(base::TimePoint now, const Conversations& conversations) {
  if (mood_ == Mood::Flaps) {
    const bool refuses = (now - moodSince_) / kFlap % 2 == 0;
    network_.setAnswer(address(), refuses ? Answer::Refused : Answer::Listener);
  }
  while (visitors_.size() < endpoint_.count()) {
    visitors_.push_back({.peer = &endpoint_.at(visitors_.size())});
  }
  bool any = false;
  for (Visitor& visitor : visitors_) {
    if (visitor.conversation == nullptr && !visitor.peer->closed() &&
        visitor.peer->failure() == 0) {
      any = receive(visitor, conversations) || any;
    }
  }
  return any;
}

bool FaultyEndpoint::receive(Visitor& visitor, const Conversations& conversations) {
  if (mood_ == Mood::ClosesEarly) {
    visitor.peer->close();
    return true;
  }
  if (mood_ == Mood::Mute) {
    return false;
  }
  bool any = false;
  if (greetsFirst_ && !visitor.greeted) {
    visitor.greeted = true;
    visitor.peer->send(Conversation::greetingOf(number_));
    any = true;
  }
  return meet(visitor, conversations) || any;
}

bool FaultyEndpoint::meet(Visitor& visitor, const Conversations& conversations) {
  const std::string& got = visitor.peer->received();
  if (got.size() < Conversation::kHeaderBytes) {
    // A probe, or a client that left; both end.
    if (visitor.peer->ended()) {
      visitor.peer->close();
      return true;
    }
    return false;
  }
  const auto number = Conversation::numberIn(got);
  if (!number || *number >= conversations.size()) {
    problem_ = "endpoint " + std::to_string(number_) + " got what no client sent";
    visitor.peer->reset();
    return true;
  }
  Conversation& conversation = *conversations[*number];
  if (conversation.met()) {
    problem_ = "conversation " + std::to_string(*number) + " came to a second endpoint";
    visitor.peer->reset();
    return true;
  }
  if (mood_ == Mood::Resets) {
    visitor.peer->reset();
    return true;
  }
  visitor.conversation = &conversation;
  conversation.meet(*visitor.peer, number_, visitor.greeted);
  conversation.setServerPace(mood_ == Mood::Slow ? kSlowBytes : SIZE_MAX);
  return true;
}

}  // namespace weft::simulation
