// The mailbox: order for each sender, a bound, nothing lost or kept, with several senders at once.
#include "os/mailbox.h"

#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace weft::os {
namespace {

struct Message {
  int sender = 0;
  int number = 0;
  std::shared_ptr<int> held;
};

bool post(Mailbox<Message>& mailbox, int number) {
  Message message{.sender = 0, .number = number, .held = nullptr};
  return mailbox.post(message);
}

TEST(MailboxTest, GivesMessagesInOrderAndThenNone) {
  Mailbox<Message> mailbox(4);
  Message taken;
  EXPECT_FALSE(mailbox.take(taken));
  EXPECT_TRUE(post(mailbox, 1));
  EXPECT_TRUE(post(mailbox, 2));
  ASSERT_TRUE(mailbox.take(taken));
  EXPECT_EQ(taken.number, 1);
  ASSERT_TRUE(mailbox.take(taken));
  EXPECT_EQ(taken.number, 2);
  EXPECT_FALSE(mailbox.take(taken));
}

TEST(MailboxTest, RefusesWhatDoesNotFitAndLeavesItWithTheSender) {
  Mailbox<Message> mailbox(2);
  EXPECT_TRUE(post(mailbox, 1));
  EXPECT_TRUE(post(mailbox, 2));
  Message third{.sender = 0, .number = 3, .held = std::make_shared<int>(3)};
  EXPECT_FALSE(mailbox.post(third));
  ASSERT_NE(third.held, nullptr);
  Message taken;
  ASSERT_TRUE(mailbox.take(taken));
  EXPECT_TRUE(mailbox.post(third));
}

TEST(MailboxTest, GoesRoundManyTimes) {
  Mailbox<Message> mailbox(8);
  Message taken;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(post(mailbox, i));
    ASSERT_TRUE(mailbox.take(taken));
    ASSERT_EQ(taken.number, i);
  }
}

TEST(MailboxTest, KeepsNothingOfAMessageThatWasTaken) {
  Mailbox<Message> mailbox(2);
  const auto held = std::make_shared<int>(1);
  Message sent{.sender = 0, .number = 0, .held = held};
  ASSERT_TRUE(mailbox.post(sent));
  EXPECT_EQ(sent.held, nullptr) << "it was moved";
  Message taken;
  ASSERT_TRUE(mailbox.take(taken));
  taken = {};
  EXPECT_EQ(held.use_count(), 1);
}

TEST(MailboxTest, TakesFromSeveralThreadsWithoutLossAndInEachOnesOrder) {
  constexpr int kSenders = 4;
  constexpr int kEach = 5000;
  Mailbox<Message> mailbox(64);
  std::vector<std::thread> senders;
  for (int sender = 0; sender < kSenders; ++sender) {
    senders.emplace_back([&mailbox, sender] {
      for (int i = 0; i < kEach; ++i) {
        Message sent{.sender = sender, .number = i, .held = std::make_shared<int>(i)};
        while (!mailbox.post(sent)) {
          std::this_thread::yield();
        }
      }
    });
  }
  std::vector<int> next(kSenders, 0);
  for (int taken = 0; taken < kSenders * kEach;) {
    Message received;
    if (!mailbox.take(received)) {
      std::this_thread::yield();
      continue;
    }
    ++taken;
    ASSERT_EQ(received.number, next.at(static_cast<std::size_t>(received.sender))++);
    ASSERT_EQ(*received.held, received.number);
  }
  for (std::thread& sender : senders) {
    sender.join();
  }
  Message none;
  EXPECT_FALSE(mailbox.take(none));
}

}  // namespace
}  // namespace weft::os
