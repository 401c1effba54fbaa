// ClientHellos of real clients and made to measure: the names, the cuts by records and reads, and
// what is refused.
#include "codec/client_hello.h"

#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "codec/client_hello_reader.h"
#include "codec/hello_format.h"
#include "codec/sniffer.h"
#include "support/first_messages.h"

namespace weft::codec {
namespace {

using test::alpnExtension;
using test::CapturedHello;
using test::counted;
using test::extension;
using test::helloMessage;
using test::number;
using test::readHellos;
using test::records;
using test::serverNameExtension;

using Verdict = ClientHelloReader::Verdict;

Verdict read(std::string_view bytes) {
  return ClientHelloReader().advance(base::bytesOf(bytes));
}

std::vector<std::string> alpnOf(const ClientHello& hello) {
  std::vector<std::string> names;
  for (const std::string_view name : hello.alpn()) {
    names.emplace_back(name);
  }
  return names;
}

ClientHello parsed(std::string_view bytes) {
  const std::optional<ClientHello> hello = ClientHello::parse(base::bytesOf(bytes));
  if (!hello.has_value()) {
    std::abort();
  }
  return *hello;
}

ClientHello parsedWith(std::string_view extensions) {
  return parsed(records(helloMessage(extensions)));
}

std::string changed(std::string_view bytes, std::size_t at, char byte) {
  return std::string(bytes.substr(0, at)) + byte + std::string(bytes.substr(at + 1));
}

/// As Chrome does it: GREASE in front and behind (RFC 8701), a post-quantum key share, padding.
std::string browserExtensions() {
  const std::string shares = number(0x2a2a, 2) + counted(number(0, 1), 2) + number(0x11ec, 2) +
                             counted(std::string(1216, '\x11'), 2) + number(29, 2) +
                             counted(std::string(32, '\x22'), 2);
  return extension(0x3a3a, "") + serverNameExtension("shop.example.com") + extension(23, "") +
         extension(0xff01, number(0, 1)) + extension(35, "") +
         alpnExtension({"\x6a\x6a", "h2", "http/1.1"}) + extension(51, counted(shares, 2)) +
         extension(43, counted(number(0x4a4a03040303, 6), 1)) + extension(0x5a5a, number(0, 1)) +
         extension(21, std::string(201, '\0'));
}

TEST(ClientHello, HasTheNamesThatRealClientsSend) {
  for (const CapturedHello& hello : readHellos()) {
    const ClientHello names = parsed(hello.bytes);
    EXPECT_EQ(names.serverName(), hello.serverName) << hello.file;
    EXPECT_EQ(alpnOf(names), hello.alpn) << hello.file;
  }
}

TEST(ClientHello, HasTheSameNamesWhateverTheRecords) {
  const std::string message = helloMessage(browserExtensions());
  for (std::size_t recordBytes = 1; recordBytes <= message.size(); ++recordBytes) {
    const std::string bytes = records(message, recordBytes);
    const ClientHello names = parsed(bytes);
    ASSERT_EQ(names.serverName(), "shop.example.com") << recordBytes;
    ASSERT_EQ(alpnOf(names), (std::vector<std::string>{"\x6a\x6a", "h2", "http/1.1"}));
    ASSERT_EQ(Sniffer().advance(base::bytesOf(bytes)), Sniffed::Tls);
  }
}

TEST(ClientHello, IsKnownByteByByteWhateverTheRecords) {
  const std::string message = helloMessage(browserExtensions());
  for (const std::size_t recordBytes : {1U, 2U, 3U, 5U, 7U, 64U, 1000U, 16384U}) {
    const std::string bytes = records(message, recordBytes);
    ClientHelloReader reader;
    for (std::size_t end = 1; end < bytes.size(); ++end) {
      ASSERT_EQ(reader.advance(base::bytesOf(std::string_view(bytes).substr(0, end))),
                Verdict::NeedMore)
          << recordBytes << " " << end;
    }
    ASSERT_EQ(reader.advance(base::bytesOf(bytes)), Verdict::Whole);
  }
}

TEST(ClientHello, LeavesWhatComesBehindAlone) {
  const std::string early = std::string("\x17\x03\x03\x00\x05", 5) + "early";
  EXPECT_EQ(parsed(records(helloMessage(serverNameExtension("a"))) + early).serverName(), "a");
}

TEST(ClientHello, IsTakenUpToSixteenKibibytes) {
  const std::size_t empty = helloMessage(extension(21, "")).size();
  const std::string fits =
      helloMessage(extension(21, std::string(kClientHelloBytesMax - empty, '\0')));
  EXPECT_EQ(fits.size(), kClientHelloBytesMax);
  EXPECT_EQ(read(records(fits)), Verdict::Whole);
  EXPECT_EQ(read(records(fits, 100)), Verdict::Whole);
  const std::string exceeds =
      helloMessage(extension(21, std::string(kClientHelloBytesMax + 1 - empty, '\0')));
  EXPECT_EQ(read(records(exceeds)), Verdict::Malformed);
  EXPECT_EQ(read(records(exceeds).substr(0, 9)), Verdict::Malformed);
}

TEST(ClientHello, MayHaveNoExtensions) {
  const std::string body = number(0x0301, 2) + std::string(32, 'r') + number(0, 1) +
                           counted(number(0x000a, 2), 2) + counted(number(0, 1), 1);
  EXPECT_EQ(read(records(number(1, 1) + counted(body, 3))), Verdict::Whole);
  EXPECT_EQ(read(records(number(1, 1) + counted(body + number(0, 2), 3))), Verdict::Whole);
  EXPECT_EQ(read(records(number(1, 1) + counted(body + number(0, 1), 3))), Verdict::Malformed);
  EXPECT_EQ(read(records(number(1, 1) + counted(body + number(0, 3), 3))), Verdict::Malformed);
}

TEST(ClientHello, NormalizesServerNames) {
  EXPECT_EQ(parsedWith(serverNameExtension("WWW.Example.COM")).serverName(), "www.example.com");
  EXPECT_EQ(parsedWith(serverNameExtension("example.com.")).serverName(), "example.com");
  EXPECT_EQ(parsedWith(serverNameExtension("_srv.a-b.example")).serverName(), "_srv.a-b.example");
  EXPECT_EQ(parsedWith(serverNameExtension(std::string(255, 'a'))).serverName().size(), 255U);
}

TEST(ClientHello, HasNoServerNameWhenWhatWasSentIsNone) {
  for (const std::string& name :
       {std::string("a\0b", 3), std::string("a b"), std::string("caf\xc3\xa9.example"),
        std::string("[::1]"), std::string("*.example.com"), std::string(256, 'a'),
        std::string("a\n"), std::string(".")}) {
    const std::string bytes = records(helloMessage(serverNameExtension(name)));
    EXPECT_EQ(parsed(bytes).serverName(), "") << name;
    EXPECT_EQ(Sniffer().advance(base::bytesOf(bytes)), Sniffed::Tls);
  }
  EXPECT_EQ(parsedWith(extension(10, "ab")).serverName(), "");
  EXPECT_TRUE(parsedWith(extension(10, "ab")).alpn().empty());
}

TEST(ClientHello, LeavesAlpnNamesBeyondTheLimitOut) {
  std::vector<std::string> names(8, std::string(127, 'x'));
  EXPECT_EQ(alpnOf(parsedWith(alpnExtension(names))), names);
  names.emplace_back("h2");
  names.emplace_back("h3");
  EXPECT_EQ(alpnOf(parsedWith(alpnExtension(names))).size(), 8U);
}

TEST(ClientHello, RefusesListsThatDoNotFit) {
  const std::string name = number(0, 1) + counted("a.example", 2);
  const std::vector<std::string> wrong = {
      extension(0, ""),
      extension(0, number(0, 2)),
      extension(0, counted(name, 2) + "x"),
      extension(0, counted(name + "x", 2)),
      extension(0, counted(name + name, 2)),
      extension(0, counted(number(1, 1) + counted("a.example", 2), 2)),
      extension(0, counted(number(0, 1) + counted("", 2), 2)),
      extension(16, ""),
      extension(16, number(0, 2)),
      extension(16, counted(counted("", 1), 2)),
      extension(16, counted(counted("h2", 1) + "x", 2)),
      extension(16, counted(counted("h2", 1), 2) + "x"),
      extension(16, counted("\x09h2", 2)),
      serverNameExtension("a") + serverNameExtension("b"),
      alpnExtension({"h2"}) + alpnExtension({"h2"}),
      extension(21, "abc") + "xyz",
      number(21, 2) + number(9, 2) + "abc",
  };
  for (const std::string& extensions : wrong) {
    const std::string bytes = records(helloMessage(extensions));
    EXPECT_EQ(read(bytes), Verdict::Malformed) << testing::PrintToString(extensions);
    EXPECT_EQ(ClientHello::parse(base::bytesOf(bytes)), std::nullopt);
  }
}

TEST(ClientHello, RefusesRecordsThatDoNotFit) {
  const std::string message = helloMessage(serverNameExtension("a.example"));
  const std::string whole = records(message);
  EXPECT_EQ(read(whole), Verdict::Whole);
  EXPECT_EQ(read(changed(whole, 0, '\x17')), Verdict::Malformed);
  EXPECT_EQ(read(changed(whole, 1, '\x02')), Verdict::Malformed);
  EXPECT_EQ(read(changed(whole, 2, '\x05')), Verdict::Malformed);
  EXPECT_EQ(read(changed(whole, 3, '\x41')), Verdict::Malformed);
  EXPECT_EQ(read(changed(whole, 4, static_cast<char>(whole[4] + 1))), Verdict::Malformed);
  EXPECT_EQ(read(changed(whole, 5, '\x02')), Verdict::Malformed);
  EXPECT_EQ(read(changed(whole, 9, '\x02')), Verdict::Malformed);
  const std::string cut = records(message, 20);
  EXPECT_EQ(read(changed(cut, 25, '\x17')), Verdict::Malformed);
  EXPECT_EQ(read(changed(cut, 29, '\x00')), Verdict::Malformed);
}

}  // namespace
}  // namespace weft::codec
