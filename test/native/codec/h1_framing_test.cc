// Where bodies of HTTP/1 end, whether a connection goes on, and which heads are refused because
// others may think otherwise.
#include "codec/h1_framing.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace weft::codec {
namespace {

struct Framed {
  H1Fault fault = H1Fault::None;
  H1Framing framing;
};

Framed request(const std::string& fields, const std::string& version = "1.1") {
  const std::string text = "POST / HTTP/" + version + "\r\n" + fields + "\r\n";
  const auto head = std::make_unique<H1Head>();
  H1HeadReader reader(H1Kind::Request, {});
  EXPECT_EQ(reader.advance(text, *head), H1Read::Whole) << text;
  Framed framed;
  framed.fault = readRequestFraming(text, *head, framed.framing);
  return framed;
}

Framed response(int status, const std::string& fields, H1Method answered = H1Method::Other,
                const std::string& version = "1.1") {
  const std::string text =
      "HTTP/" + version + " " + std::to_string(status) + " text\r\n" + fields + "\r\n";
  const auto head = std::make_unique<H1Head>();
  H1HeadReader reader(H1Kind::Response, {});
  EXPECT_EQ(reader.advance(text, *head), H1Read::Whole) << text;
  Framed framed;
  framed.fault = readResponseFraming(text, *head, answered, framed.framing);
  return framed;
}

const std::string kHostLine = "Host: a\r\n";

TEST(H1Framing, OfARequest) {
  EXPECT_EQ(request(kHostLine).framing.body, H1Body::None);
  const Framed length = request(kHostLine + "content-length: 12\r\n");
  EXPECT_EQ(length.framing.body, H1Body::Length);
  EXPECT_EQ(length.framing.length, 12U);
  EXPECT_EQ(request(kHostLine + "content-length: 0\r\n").framing.body, H1Body::None);
  EXPECT_EQ(request(kHostLine + "content-length: 9223372036854775807\r\n").framing.length,
            9'223'372'036'854'775'807U);
  EXPECT_EQ(request(kHostLine + "transfer-encoding: Chunked\r\n").framing.body, H1Body::Chunked);
}

TEST(H1Framing, RefusesWhatIsAmbiguous) {
  const std::vector<std::pair<const char*, H1Fault>> cases = {
      {"content-length: 1\r\ncontent-length: 1\r\n", H1Fault::ManyContentLengths},
      {"content-length: 1\r\ncontent-length: 2\r\n", H1Fault::ManyContentLengths},
      {"content-length: 1, 1\r\n", H1Fault::ManyContentLengths},
      {"content-length: \r\n", H1Fault::BadContentLength},
      {"content-length: -1\r\n", H1Fault::BadContentLength},
      {"content-length: +1\r\n", H1Fault::BadContentLength},
      {"content-length: 0x1\r\n", H1Fault::BadContentLength},
      {"content-length: 1 1\r\n", H1Fault::BadContentLength},
      {"content-length: 1.0\r\n", H1Fault::BadContentLength},
      {"content-length: \"1\"\r\n", H1Fault::BadContentLength},
      {"content-length: 9223372036854775808\r\n", H1Fault::BadContentLength},
      {"content-length: 18446744073709551617\r\n", H1Fault::BadContentLength},
      {"content-length: 3\r\ntransfer-encoding: chunked\r\n", H1Fault::LengthAndCoding},
      {"transfer-encoding: chunked\r\ncontent-length: 3\r\n", H1Fault::LengthAndCoding},
      {"transfer-encoding: identity\r\ncontent-length: 3\r\n", H1Fault::LengthAndCoding},
      {"transfer-encoding: identity\r\n", H1Fault::UnknownTransferCoding},
      {"transfer-encoding: xchunked\r\n", H1Fault::UnknownTransferCoding},
      {"transfer-encoding: gzip, chunked\r\n", H1Fault::UnknownTransferCoding},
      {"transfer-encoding: chunked, chunked\r\n", H1Fault::UnknownTransferCoding},
      {"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
       H1Fault::UnknownTransferCoding},
      {"transfer-encoding: chunked;a=b\r\n", H1Fault::UnknownTransferCoding},
      {"transfer-encoding: \"chunked\"\r\n", H1Fault::UnknownTransferCoding},
      {"transfer-encoding:\r\n", H1Fault::UnknownTransferCoding},
      {"transfer-encoding: ch\xc3\xbcnked\r\n", H1Fault::UnknownTransferCoding},
      {"connection: content-length\r\ncontent-length: 1\r\n", H1Fault::ConnectionNamesFraming},
      {"connection: close, Host\r\n", H1Fault::ConnectionNamesFraming},
      {"connection: Transfer-Encoding\r\n", H1Fault::ConnectionNamesFraming},
  };
  for (const auto& [fields, fault] : cases) {
    EXPECT_EQ(request(kHostLine + fields).fault, fault) << fields;
    EXPECT_EQ(response(200, fields).fault, fault) << fields;
  }
  EXPECT_EQ(request("transfer-encoding: chunked\r\n", "1.0").fault, H1Fault::CodingInOldVersion);
}

TEST(H1Framing, WantsOneHost) {
  EXPECT_EQ(request("").fault, H1Fault::NoHost);
  EXPECT_EQ(request("", "1.0").fault, H1Fault::None);
  EXPECT_EQ(request("host: a\r\nHOST: a\r\n").fault, H1Fault::ManyHosts);
  EXPECT_EQ(request("host: a\r\nhost: b\r\n", "1.0").fault, H1Fault::ManyHosts);
  for (const char* host : {"a", "a:80", "[::1]:80", "a_b.example", "127.0.0.1", "xn--a"}) {
    EXPECT_EQ(request("host: " + std::string(host) + "\r\n").fault, H1Fault::None) << host;
  }
  for (const char* host : {"a b", "a/b", "http://a", "a?b", "a#b", "u@a", "a\tb", "a\\b", "<a>",
                           "\xc3\xa4", "a, b c", "", " "}) {
    EXPECT_EQ(request("host: " + std::string(host) + "\r\n").fault, H1Fault::BadHost) << host;
  }
}

TEST(H1Framing, OfAResponse) {
  EXPECT_EQ(response(200, "content-length: 3\r\n").framing.body, H1Body::Length);
  EXPECT_EQ(response(200, "transfer-encoding: chunked\r\n").framing.body, H1Body::Chunked);
  const Framed open = response(200, "");
  EXPECT_EQ(open.framing.body, H1Body::UntilClose);
  EXPECT_FALSE(open.framing.keepAlive);
  EXPECT_EQ(response(200, "content-length: 0\r\n").framing.body, H1Body::None);
  for (const int status : {100, 103, 204, 304}) {
    EXPECT_EQ(response(status, "content-length: 3\r\n").framing.body, H1Body::None) << status;
    EXPECT_EQ(response(status, "").framing.body, H1Body::None) << status;
    EXPECT_TRUE(response(status, "").framing.keepAlive) << status;
  }
  EXPECT_EQ(response(200, "content-length: 3\r\n", H1Method::Head).framing.body, H1Body::None);
  EXPECT_TRUE(response(200, "", H1Method::Head).framing.keepAlive);
  EXPECT_EQ(response(200, "content-length: 3\r\n", H1Method::Connect).framing.body, H1Body::Tunnel);
  EXPECT_EQ(response(407, "content-length: 3\r\n", H1Method::Connect).framing.body, H1Body::Length);
  EXPECT_EQ(response(101, "upgrade: a\r\nconnection: upgrade\r\n").framing.body, H1Body::Tunnel);
}

TEST(H1Framing, SaysWhetherTheConnectionGoesOn) {
  EXPECT_TRUE(request(kHostLine).framing.keepAlive);
  EXPECT_FALSE(request(kHostLine + "connection: close\r\n").framing.keepAlive);
  EXPECT_FALSE(request(kHostLine + "connection: a , CLOSE,,\r\n").framing.keepAlive);
  EXPECT_FALSE(
      request(kHostLine + "connection: keep-alive\r\nconnection: close\r\n").framing.keepAlive);
  EXPECT_TRUE(request(kHostLine + "connection: closed\r\n").framing.keepAlive);
  EXPECT_FALSE(request("", "1.0").framing.keepAlive);
  EXPECT_TRUE(request("connection: Keep-Alive\r\n", "1.0").framing.keepAlive);
  EXPECT_FALSE(request("connection: keep-alive, close\r\n", "1.0").framing.keepAlive);
}

TEST(H1Framing, KnowsUpgradesAndExpectations) {
  const std::string upgrade = kHostLine + "upgrade: websocket\r\n";
  EXPECT_TRUE(request(upgrade + "connection: Upgrade\r\n").framing.upgrade);
  EXPECT_FALSE(request(upgrade).framing.upgrade) << "not for this hop";
  EXPECT_FALSE(request(kHostLine + "connection: upgrade\r\n").framing.upgrade);
  EXPECT_FALSE(request(upgrade + "connection: upgrade\r\n", "1.0").framing.upgrade);
  const std::string expect = "expect: 100-Continue\r\ncontent-length: 1\r\n";
  EXPECT_TRUE(request(kHostLine + expect).framing.expectContinue);
  EXPECT_FALSE(request(expect, "1.0").framing.expectContinue);
  EXPECT_FALSE(request(kHostLine + "expect: 100-continue\r\n").framing.expectContinue);
}

TEST(H1Framing, KnowsMethodsThatChangeTheAnswer) {
  EXPECT_EQ(h1MethodOf("HEAD"), H1Method::Head);
  EXPECT_EQ(h1MethodOf("CONNECT"), H1Method::Connect);
  EXPECT_EQ(h1MethodOf("head"), H1Method::Other);
  EXPECT_EQ(h1MethodOf("GET"), H1Method::Other);
}

}  // namespace
}  // namespace weft::codec
