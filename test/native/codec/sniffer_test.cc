// The sniffer over what clients of real protocols send first: the verdict, and that no cut changes
// it.
#include "codec/sniffer.h"

#include <algorithm>
#include <cstddef>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "codec/request_line.h"
#include "support/first_messages.h"

namespace weft::codec {
namespace {

using test::allMessages;
using test::CapturedHello;
using test::FirstMessage;
using test::readFirstMessages;
using test::readHellos;

Sniffed sniff(std::string_view bytes) {
  return Sniffer().advance(base::bytesOf(bytes));
}

/// The verdict when the bytes come up to each of `ends`, and then whole.
Sniffed sniffInParts(std::string_view bytes, const std::vector<std::size_t>& ends) {
  Sniffer sniffer;
  Sniffed verdict = Sniffed::NeedMore;
  for (const std::size_t end : ends) {
    const Sniffed next = sniffer.advance(base::bytesOf(bytes.substr(0, end)));
    EXPECT_TRUE(verdict == Sniffed::NeedMore || next == verdict) << "a verdict changed";
    verdict = next;
  }
  return sniffer.advance(base::bytesOf(bytes));
}

/// The number of bytes after which the verdict is known, when they come one by one.
std::size_t decidedAfter(std::string_view bytes) {
  Sniffer sniffer;
  for (std::size_t end = 1; end <= bytes.size(); ++end) {
    if (sniffer.advance(base::bytesOf(bytes.substr(0, end))) != Sniffed::NeedMore) {
      return end;
    }
  }
  return bytes.size() + 1;
}

TEST(Sniffer, KnowsTheFirstMessagesOfRealProtocols) {
  const std::vector<FirstMessage> messages = readFirstMessages();
  std::set<std::string> names;
  for (const FirstMessage& message : messages) {
    EXPECT_EQ(sniff(message.bytes), message.verdict) << message.name;
    EXPECT_TRUE(names.insert(message.name).second) << message.name << " is there twice";
  }
  EXPECT_GE(messages.size(), 90U);
}

TEST(Sniffer, KnowsTheHellosOfRealClients) {
  const std::vector<CapturedHello> hellos = readHellos();
  for (const CapturedHello& hello : hellos) {
    EXPECT_EQ(sniff(hello.bytes), Sniffed::Tls) << hello.file;
    EXPECT_EQ(decidedAfter(hello.bytes), hello.bytes.size()) << hello.file;
  }
  EXPECT_GE(hellos.size(), 10U);
}

TEST(Sniffer, SaysTheSameForEverySplitInTwo) {
  for (const FirstMessage& message : allMessages()) {
    for (std::size_t end = 0; end <= message.bytes.size(); ++end) {
      ASSERT_EQ(sniffInParts(message.bytes, {end}), message.verdict) << message.name << " " << end;
    }
  }
}

TEST(Sniffer, SaysTheSameByteByByte) {
  for (const FirstMessage& message : allMessages()) {
    std::vector<std::size_t> ends;
    for (std::size_t end = 0; end <= message.bytes.size(); ++end) {
      ends.push_back(end);
    }
    ASSERT_EQ(sniffInParts(message.bytes, ends), message.verdict) << message.name;
  }
}

TEST(Sniffer, SaysTheSameForEverySplitInThreeOfAShortMessage) {
  for (const FirstMessage& message : allMessages()) {
    const std::size_t size = std::min<std::size_t>(message.bytes.size(), 64);
    for (std::size_t first = 0; first <= size; ++first) {
      for (std::size_t second = first; second <= size; ++second) {
        ASSERT_EQ(sniffInParts(message.bytes, {first, second}), message.verdict)
            << message.name << " " << first << " " << second;
      }
    }
  }
}

TEST(Sniffer, SaysTheSameOfChangedMessagesForRandomSplits) {
  const std::vector<FirstMessage> messages = allMessages();
  std::mt19937 random(1);  // NOLINT(bugprone-random-generator-seed)
  const auto below = [&random](std::size_t count) { return random() % count; };
  for (int round = 0; round < 40'000; ++round) {
    std::string bytes = messages[below(messages.size())].bytes;
    for (std::size_t change = below(4); change > 0; --change) {
      bytes[below(bytes.size())] = static_cast<char>(below(256));
    }
    bytes.resize(1 + below(bytes.size()));
    std::vector<std::size_t> ends;
    for (std::size_t end = below(8); end <= bytes.size(); end += 1 + below(bytes.size())) {
      ends.push_back(end);
    }
    ASSERT_EQ(sniffInParts(bytes, ends), sniff(bytes)) << testing::PrintToString(bytes);
  }
}

TEST(Sniffer, DecidesAsEarlyAsItIsCertain) {
  EXPECT_EQ(decidedAfter("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 16U);
  EXPECT_EQ(decidedAfter("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 24U);
  EXPECT_EQ(decidedAfter("ping"), 1U);
  EXPECT_EQ(decidedAfter("PING\r\n"), 5U);
  EXPECT_EQ(decidedAfter("SET key value\r\n"), 8U);
  EXPECT_EQ(decidedAfter("SSH-2.0-x\r\n"), 5U);
  EXPECT_EQ(decidedAfter("GET / RTSP/1.0\r\n"), 7U);
  EXPECT_EQ(decidedAfter(std::string(40, 'A')), 33U);
  EXPECT_EQ(decidedAfter(std::string(100, '\0')), 1U);
}

TEST(Sniffer, WaitsForMoreOfWhatCanBecomeHttp) {
  for (const std::string_view bytes :
       {"G", "GET", "GET ", "GET /", "GET / ", "GET / HTTP/1", "GET / HTTP/1.1", "GET / HTTP/1.1\r",
        "PRI", "PRI * HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r", "PRIVATE", "CONNECT", "CONNECT a",
        "A-METHOD", "GET http", "GET http:", "GET http://a"}) {
    EXPECT_EQ(sniff(bytes), Sniffed::NeedMore) << bytes;
  }
}

TEST(Sniffer, SaysNothingOfNothing) {
  Sniffer sniffer;
  EXPECT_EQ(sniffer.advance({}), Sniffed::NeedMore);
  EXPECT_EQ(sniffer.advance(base::bytesOf("\x01")), Sniffed::Opaque);
}

TEST(Sniffer, AMethodThatBeginsAsThePrefaceIsHttp1) {
  EXPECT_EQ(sniff("PRI * HTTP/1.1\r\n"), Sniffed::Http1);
  EXPECT_EQ(sniff("PRIME /numbers HTTP/1.1\r\n"), Sniffed::Http1);
  EXPECT_EQ(sniff("PRI * HTTP/2.0\r\n\r\nSM\r\n\rx"), Sniffed::Opaque);
  EXPECT_EQ(sniff("PRI * HTTP/2.0\r\nHost: a"), Sniffed::Opaque);
}

TEST(Sniffer, RefusesRequestLinesThatAreNot) {
  for (const std::string_view line :
       {" GET / HTTP/1.1\r\n",         "GET  / HTTP/1.1\r\n",      "GET /  HTTP/1.1\r\n",
        "GET / HTTP/1.1 \r\n",         "GET / HTTP/1.1\r\r\n",     "GET / HTTP/11\r\n",
        "GET / HTTP/1.\r\n",           "GET / http/1.1\r\n",       "GET / HTTP/2.0\r\n",
        "GET /\tx HTTP/1.1\r\n",       "GET /\x7f HTTP/1.1\r\n",   "GET HTTP/1.1\r\n",
        "GET a:80 HTTP/1.1\r\n",       "GET http:/a HTTP/1.1\r\n", "GET http:// HTTP/1.1\r\n",
        "GET ** HTTP/1.1\r\n",         "CONNECT / HTTP/1.1\r\n",   "CONNECT a HTTP/1.1\r\n",
        "CONNECT a: HTTP/1.1\r\n",     "CONNECT :80 HTTP/1.1\r\n", "CONNECT a:80/ HTTP/1.1\r\n",
        "CONNECT u@a:80 HTTP/1.1\r\n", "-GET / HTTP/1.1\r\n",      "_ / HTTP/1.1\r\n",
        "G3T / HTTP/1.1\r\n",          "G:T / HTTP/1.1\r\n"}) {
    EXPECT_EQ(sniff(line), Sniffed::Opaque) << line;
  }
}

TEST(Sniffer, TakesMethodsUpToTheirLimit) {
  EXPECT_EQ(sniff(std::string(kMethodBytesMax, 'M').append(" / HTTP/1.1\r\n")), Sniffed::Http1);
  EXPECT_EQ(sniff(std::string(kMethodBytesMax + 1, 'M').append(" / HTTP/1.1\r\n")),
            Sniffed::Opaque);
}

TEST(Sniffer, HoldsNoMoreThanItsLimit) {
  const std::string_view before = "GET /";
  const std::string_view after = " HTTP/1.1\r\n";
  const std::string fits =
      std::string(before).append(kSniffBytesMax - before.size() - after.size(), 'x').append(after);
  EXPECT_EQ(sniff(fits), Sniffed::Http1);
  EXPECT_EQ(decidedAfter(fits), kSniffBytesMax);
  const std::string exceeds = std::string(before)
                                  .append(kSniffBytesMax + 1 - before.size() - after.size(), 'x')
                                  .append(after);
  EXPECT_EQ(sniff(exceeds), Sniffed::Opaque);
  EXPECT_EQ(sniffInParts(exceeds, {100, kSniffBytesMax - 1}), Sniffed::Opaque);
  EXPECT_EQ(sniff(std::string_view(exceeds).substr(0, kSniffBytesMax - 1)), Sniffed::NeedMore);
  EXPECT_EQ(sniff(std::string_view(exceeds).substr(0, kSniffBytesMax)), Sniffed::Opaque);
}

TEST(Sniffer, RandomBytesAreOpaque) {
  std::mt19937 random(2);  // NOLINT(bugprone-random-generator-seed)
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(200, '\0');
    for (char& byte : bytes) {
      byte = static_cast<char>(random());
    }
    ASSERT_EQ(sniff(bytes), Sniffed::Opaque) << testing::PrintToString(bytes);
  }
}

}  // namespace
}  // namespace weft::codec
