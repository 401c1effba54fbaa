// Heads of HTTP/1: what is read of good ones, why bad ones are refused, and that no cut changes
// either.
#include "codec/h1_head.h"

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "codec/h1_fault.h"
#include "codec/h1_field_reader.h"
#include "codec/http_text.h"

namespace weft::codec {
namespace {

struct Outcome {
  H1Read read = H1Read::NeedMore;
  H1Fault fault = H1Fault::None;
  std::unique_ptr<H1Head> head = std::make_unique<H1Head>();
};

Outcome readWhole(std::string_view text, H1Kind kind = H1Kind::Request,
                  const H1Limits& limits = {}) {
  Outcome outcome;
  H1HeadReader reader(kind, limits);
  outcome.read = reader.advance(text, *outcome.head);
  outcome.fault = reader.fault();
  return outcome;
}

/// The same byte by byte; the first verdict is the last.
Outcome readByteByByte(std::string_view text, H1Kind kind, const H1Limits& limits) {
  Outcome outcome;
  H1HeadReader reader(kind, limits);
  for (std::size_t end = 0; end <= text.size() && outcome.read == H1Read::NeedMore; ++end) {
    outcome.read = reader.advance(text.substr(0, end), *outcome.head);
  }
  outcome.fault = reader.fault();
  return outcome;
}

/// The verdict, which must not depend on how the bytes come.
H1Fault faultOf(std::string_view text, H1Kind kind = H1Kind::Request, const H1Limits& limits = {}) {
  const Outcome whole = readWhole(text, kind, limits);
  const Outcome parts = readByteByByte(text, kind, limits);
  EXPECT_EQ(whole.read, parts.read) << text;
  EXPECT_EQ(whole.fault, parts.fault) << text;
  EXPECT_EQ(whole.read == H1Read::Bad, whole.fault != H1Fault::None) << text;
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Outcome two;
    H1HeadReader reader(kind, limits);
    two.read = reader.advance(text.substr(0, cut), *two.head);
    if (two.read == H1Read::NeedMore) {
      two.read = reader.advance(text, *two.head);
    }
    EXPECT_EQ(two.read, whole.read) << text << " cut at " << cut;
    EXPECT_EQ(reader.fault(), whole.fault) << text << " cut at " << cut;
    if (whole.read == H1Read::Whole) {
      EXPECT_EQ(two.head->bytes, whole.head->bytes);
      EXPECT_EQ(two.head->fieldCount, whole.head->fieldCount);
    }
  }
  return whole.fault;
}

H1Fault faultOfField(const std::string& line) {
  return faultOf("GET / HTTP/1.1\r\nhost: a\r\n" + line + "\r\n\r\n");
}

TEST(H1Head, ReadsARequest) {
  const std::string text =
      "POST /a?b=c%20d HTTP/1.1\r\nHost: example.com\r\nX-One:two \t\r\nempty:\r\n"
      "Content-LENGTH:  5\r\n\r\nhello";
  const Outcome got = readWhole(text);
  ASSERT_EQ(got.read, H1Read::Whole);
  const H1Head& head = *got.head;
  EXPECT_EQ(head.method.in(text), "POST");
  EXPECT_EQ(head.target.in(text), "/a?b=c%20d");
  EXPECT_EQ(head.minorVersion, 1);
  EXPECT_EQ(text.substr(head.bytes), "hello");
  const H1Fields fields = head.fieldsIn(text);
  ASSERT_EQ(fields.size(), 4U);
  EXPECT_EQ(fields.name(0), "Host");
  EXPECT_EQ(fields.value(0), "example.com");
  EXPECT_EQ(fields.at(0).name, FieldName::Host);
  EXPECT_EQ(fields.name(1), "X-One");
  EXPECT_EQ(fields.value(1), "two");
  EXPECT_EQ(fields.at(1).name, FieldName::Other);
  EXPECT_EQ(fields.value(2), "");
  EXPECT_EQ(fields.value(3), "5");
  EXPECT_EQ(fields.at(3).name, FieldName::ContentLength);
  EXPECT_EQ(faultOf(text), H1Fault::None);
}

TEST(H1Head, ReadsAResponse) {
  const std::string text = "HTTP/1.0 404 Not Found at all\r\na: b\r\n\r\n";
  const Outcome got = readWhole(text, H1Kind::Response);
  ASSERT_EQ(got.read, H1Read::Whole);
  EXPECT_EQ(got.head->status, 404);
  EXPECT_EQ(got.head->minorVersion, 0);
  EXPECT_EQ(got.head->reason.in(text), "Not Found at all");
  EXPECT_EQ(faultOf("HTTP/1.1 200 \r\n\r\n", H1Kind::Response), H1Fault::None);
  EXPECT_EQ(faultOf("HTTP/1.1 200\r\n\r\n", H1Kind::Response), H1Fault::None);
  EXPECT_EQ(faultOf("HTTP/1.1 299 \xc3\xa4\tb\r\n\r\n", H1Kind::Response), H1Fault::None);
}

TEST(H1Head, PassesOverOneEmptyLineBeforeARequest) {
  const Outcome got = readWhole("\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n");
  ASSERT_EQ(got.read, H1Read::Whole);
  EXPECT_EQ(got.head->bytes, 29U);
  EXPECT_EQ(faultOf("\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n"), H1Fault::None);
  EXPECT_EQ(faultOf("\r\n\r\nGET / HTTP/1.1\r\n\r\n"), H1Fault::BadMethod);
  EXPECT_EQ(faultOf("\r\nHTTP/1.1 200 OK\r\n\r\n", H1Kind::Response), H1Fault::BadVersion);
}

TEST(H1Head, TakesAnyMethodAndTarget) {
  for (const char* line :
       {"OPTIONS * HTTP/1.1", "CONNECT a.example:443 HTTP/1.1", "GET http://a.example/b HTTP/1.1",
        "m-search * HTTP/1.1", "X!#$%&'*+-.^_`|~9 / HTTP/1.1", "GET /\xc3\xa4 HTTP/1.0",
        "GET /{}|\\^\"<> HTTP/1.1"}) {
    EXPECT_EQ(faultOf(std::string(line) + "\r\n\r\n"), H1Fault::None) << line;
  }
}

TEST(H1Head, RefusesABadRequestLine) {
  const std::vector<std::pair<const char*, H1Fault>> cases = {
      {"GET", H1Fault::BadTarget},
      {"GET /", H1Fault::BadVersion},
      {"", H1Fault::BadMethod},
      {" GET / HTTP/1.1", H1Fault::BadMethod},
      {"GET\t/ HTTP/1.1", H1Fault::BadMethod},
      {"G@T / HTTP/1.1", H1Fault::BadMethod},
      {"G\xc3T / HTTP/1.1", H1Fault::BadMethod},
      {"GET  / HTTP/1.1", H1Fault::BadTarget},
      {"GET /a\tb HTTP/1.1", H1Fault::BadTarget},
      {"GET /a\x7f HTTP/1.1", H1Fault::BadTarget},
      {"GET /a\x01 HTTP/1.1", H1Fault::BadTarget},
      {"GET /a b HTTP/1.1", H1Fault::BadVersion},
      {"GET / HTTP/1.1 ", H1Fault::BadVersion},
      {"GET /  HTTP/1.1", H1Fault::BadVersion},
      {"GET / http/1.1", H1Fault::BadVersion},
      {"GET / HTTP/11", H1Fault::BadVersion},
      {"GET / HTTP/1.10", H1Fault::BadVersion},
      {"GET / HTTP/01.1", H1Fault::BadVersion},
      {"GET / HTTP/+1.1", H1Fault::BadVersion},
      {"GET / HTTP/1,1", H1Fault::BadVersion},
      {"GET / HTTP/0.9", H1Fault::UnknownVersion},
      {"GET / HTTP/1.2", H1Fault::UnknownVersion},
      {"GET / HTTP/2.0", H1Fault::UnknownVersion},
  };
  for (const auto& [line, fault] : cases) {
    EXPECT_EQ(faultOf("\r\n" + std::string(line) + "\r\nhost: a\r\n\r\n"), fault) << line;
  }
  EXPECT_EQ(faultOf(std::string("GET /\0 HTTP/1.1\r\n\r\n", 19)), H1Fault::BadTarget);
}

TEST(H1Head, RefusesABadStatusLine) {
  const std::vector<std::pair<const char*, H1Fault>> cases = {
      {"HTTP/1.1", H1Fault::BadStatus},
      {"HTTP/1.1 ", H1Fault::BadStatus},
      {"HTTP/1.1 20", H1Fault::BadStatus},
      {"HTTP/1.1 2000 OK", H1Fault::BadStatus},
      {"HTTP/1.1  200 OK", H1Fault::BadStatus},
      {"HTTP/1.1 099 OK", H1Fault::BadStatus},
      {"HTTP/1.1 2x0 OK", H1Fault::BadStatus},
      {"HTTP/1.1 +20 OK", H1Fault::BadStatus},
      {"HTTP/1.1 200\tOK", H1Fault::BadStatus},
      {"HTTP/1.1 200 O\x01K", H1Fault::BadStatus},
      {"HTTP/2.0 200 OK", H1Fault::UnknownVersion},
      {"ICY 200 OK", H1Fault::BadVersion},
      {" HTTP/1.1 200 OK", H1Fault::BadVersion},
      {"http/1.1 200 OK", H1Fault::BadVersion},
  };
  for (const auto& [line, fault] : cases) {
    EXPECT_EQ(faultOf(std::string(line) + "\r\n\r\n", H1Kind::Response), fault) << line;
  }
}

TEST(H1Head, RefusesBadFields) {
  const std::vector<std::pair<std::string, H1Fault>> cases = {
      {" a: b", H1Fault::ObsFold},
      {"\ta: b", H1Fault::ObsFold},
      {"a: b\r\n folded", H1Fault::ObsFold},
      {"a: b\r\n ", H1Fault::ObsFold},
      {"a", H1Fault::NoFieldName},
      {": b", H1Fault::NoFieldName},
      {"a : b", H1Fault::SpaceBeforeColon},
      {"a\t: b", H1Fault::SpaceBeforeColon},
      {"a b: c", H1Fault::BadFieldName},
      {"a(b): c", H1Fault::BadFieldName},
      {"\xc3\xa4: c", H1Fault::BadFieldName},
      {std::string("a\0: b", 5), H1Fault::BadFieldName},
      {std::string("a: b\0c", 6), H1Fault::BadFieldValue},
      {"a: b\x01", H1Fault::BadFieldValue},
      {"a: b\x7f", H1Fault::BadFieldValue},
      {"a: b\rc: d", H1Fault::BareCr},
      {"a: b\r", H1Fault::BareCr},
      {"\ra: b", H1Fault::BareCr},
      {"a: b\nc: d", H1Fault::BareLf},
      {"\na: b", H1Fault::BareLf},
      {"a: b\n\r\nc: d", H1Fault::BareLf},
  };
  for (const auto& [line, fault] : cases) {
    EXPECT_EQ(faultOfField(line), fault) << line;
  }
  EXPECT_EQ(faultOf("GET / HTTP/1.1\nhost: a\n\n"), H1Fault::BareLf);
  EXPECT_EQ(faultOf("GET / HTTP/1.1\r\nhost: a\r\n\n"), H1Fault::BareLf);
  EXPECT_EQ(faultOf("GET / HTTP/1.1\r\r\n\r\n"), H1Fault::BareCr);
}

TEST(H1Head, TakesWhatAFieldMayHold) {
  for (const char* line : {"a:b", "a: \t b\t ", "a:", "a: \t", "a: \xff\x80", "a: b:c",
                           "a: \"b,c\"", "!#$%&'*+-.^_`|~: 1"}) {
    EXPECT_EQ(faultOfField(line), H1Fault::None) << line;
  }
}

TEST(H1Head, KeepsItsLimits) {
  const std::string fits = "GET / HTTP/1.1\r\na: b\r\n\r\n";
  const auto size = static_cast<std::uint32_t>(fits.size());
  EXPECT_EQ(faultOf(fits, H1Kind::Request, {.headBytesMax = size}), H1Fault::None);
  EXPECT_EQ(faultOf(fits, H1Kind::Request, {.headBytesMax = size - 1}), H1Fault::HeadTooLong);
  EXPECT_EQ(faultOf("GET /" + std::string(100, 'a'), H1Kind::Request, {.headBytesMax = 50}),
            H1Fault::HeadTooLong);
  const std::string three = "GET / HTTP/1.1\r\na: 1\r\nb: 2\r\nc: 3\r\n\r\n";
  EXPECT_EQ(faultOf(three, H1Kind::Request, {.fieldsMax = 3}), H1Fault::None);
  EXPECT_EQ(faultOf(three, H1Kind::Request, {.fieldsMax = 2}), H1Fault::TooManyFields);
}

TEST(H1Head, WaitsForMore) {
  const std::string text = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
  for (std::size_t end = 0; end < text.size(); ++end) {
    EXPECT_EQ(readWhole(std::string_view(text).substr(0, end)).read, H1Read::NeedMore) << end;
  }
}

TEST(H1Head, NamesFaultsAndTheirStatus) {
  EXPECT_EQ(h1FaultName(H1Fault::ObsFold), "obs_fold");
  EXPECT_EQ(h1FaultName(H1Fault::BadTrailer), "bad_trailer");
  EXPECT_EQ(h1FaultStatus(H1Fault::BareLf), 400);
  EXPECT_EQ(h1FaultStatus(H1Fault::TooManyFields), 431);
  EXPECT_EQ(h1FaultStatus(H1Fault::UnknownTransferCoding), 501);
  EXPECT_EQ(h1FaultStatus(H1Fault::UnknownVersion), 505);
}

TEST(FieldNames, AreKnownInAnyCaseAndByEveryByte) {
  constexpr std::array<std::string_view, 11> kNames = {"te",
                                                       "host",
                                                       "accept",
                                                       "expect",
                                                       "upgrade",
                                                       "trailer",
                                                       "connection",
                                                       "keep-alive",
                                                       "content-length",
                                                       "proxy-connection",
                                                       "transfer-encoding"};
  for (const std::string_view lower : kNames) {
    const FieldName known = fieldNameOf(lower);
    EXPECT_NE(known, FieldName::Other) << lower;
    std::string name(lower);
    for (std::size_t at = 0; at < name.size(); ++at) {
      for (int byte = 0x20; byte < 256; ++byte) {
        name[at] = static_cast<char>(byte);
        EXPECT_EQ(fieldNameOf(name) == known, equalsLower(name, lower)) << name;
      }
      name[at] = lower[at];
    }
  }
}

}  // namespace
}  // namespace weft::codec
