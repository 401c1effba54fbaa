// One downstream connection of HTTP/1.1: requests and answers in order, where messages end, what
// belongs to a connection and is not passed on, and who is told what when something breaks.
#include "proxy/http_session.h"

#include <string>
#include <string_view>

#include "http_fixture.h"

namespace weft::test {
namespace {

using HttpSessionTest = HttpTest;

/// A body in chunks without its framing; sets `end` behind it, trailers not included.
std::string unchunked(const std::string& message, std::size_t at, std::size_t& end) {
  std::string body;
  for (;;) {
    const std::size_t lineEnd = message.find("\r\n", at);
    const std::size_t size = std::stoul(message.substr(at, lineEnd - at), nullptr, 16);
    at = lineEnd + 2;
    if (size == 0) {
      end = at;
      return body;
    }
    body += message.substr(at, size);
    at += size + 2;
  }
}

std::string bodyOf(const std::string& message) {
  std::size_t end = 0;
  return unchunked(message, message.find("\r\n\r\n") + 4, end);
}

/// With its body as one chunk: a cut in the middle of a chunk makes two of it.
std::string joined(const std::string& message) {
  const std::size_t at = message.find("\r\n\r\n", message.find("chunked")) + 4;
  std::size_t end = 0;
  const std::string body = unchunked(message, at, end);
  return message.substr(0, at) + std::to_string(body.size()) + "\r\n" + body + "\r\n0\r\n" +
         message.substr(end);
}

// ---- messages ----

TEST_P(HttpSessionTest, PassesARequestAndItsResponseOn) {
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  EXPECT_EQ(forwarded(), kGet);
  EXPECT_FALSE(client->over()) << "another request may follow";
  expectNothingHeld();
}

TEST_P(HttpSessionTest, UsesBothConnectionsAgain) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(exchange(kGet, kOk), kOk);
  }
  EXPECT_EQ(upstreams(), 1U);
  EXPECT_EQ(forwarded().size(), 5 * kGet.size());
  client->finish();
  world.settle();
  expectOver(CloseReason::Finished);
  EXPECT_EQ(world.endpoint().last().over(), false) << "it waits for somebody else's request";
}

TEST_P(HttpSessionTest, SharesConnectionsOfAnEndpoint) {
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  client = &world.connect();
  world.settle();
  client->send(kGet);
  world.settle();
  answer(kOk);
  EXPECT_EQ(client->received(), kOk);
  EXPECT_EQ(upstreams(), 1U);
}

TEST_P(HttpSessionTest, KeepsItsPoolWhenARequestCannotBeHeld) {
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  const std::uint64_t before = world.config.next.limits.bufferedBytesMax;
  world.config.next.limits.bufferedBytesMax = 1;
  world.publish();
  ask(kGet);
  EXPECT_EQ(connectionsNow(), 0U);
  world.config.next.limits.bufferedBytesMax = before;
  world.publish();
  for (int round = 0; round < 3; ++round) {
    Peer& peer = world.connect();
    peer.send(kGet);
    world.settle();
    answer(kOk);
    EXPECT_EQ(peer.received(), kOk);
  }
  EXPECT_LE(upstreams(), 2U) << "connections are used again";
}

TEST_P(HttpSessionTest, OpensAnotherConnectionWhileTheFirstIsBusy) {
  ask(kGet);
  Peer& second = world.connect();
  second.send(kGet);
  world.settle();
  ASSERT_EQ(upstreams(), 2U);
  world.endpoint().at(1).send(kOk);
  world.settle();
  EXPECT_EQ(second.received(), kOk);
  EXPECT_TRUE(client->received().empty());
  world.endpoint().at(0).send(kOk);
  world.settle();
  EXPECT_EQ(client->received(), kOk);
}

TEST_P(HttpSessionTest, AnswersPipelinedRequestsInOrder) {
  std::string requests;
  for (const char* path : {"/1", "/2", "/3"}) {
    requests += "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  }
  ask(requests);
  for (const char* body : {"1", "2", "3"}) {
    const std::size_t expected = static_cast<std::size_t>(body[0] - '0') * requests.size() / 3;
    EXPECT_EQ(forwarded().size(), expected) << "one at a time";
    const std::string response = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + std::string(body);
    answer(response);
    EXPECT_EQ(taken(), response);
  }
  EXPECT_EQ(upstreams(), 1U);
  expectNothingHeld();
}

TEST_P(HttpSessionTest, PassesABodyOn) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
  EXPECT_EQ(exchange(head + "hello", kOk), kOk);
  EXPECT_EQ(forwarded(), head + "hello");
}

TEST_P(HttpSessionTest, PassesChunksAndTrailersOnWithoutExtensions) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n";
  ask(head + "5;a=b\r\nhello\r\n06\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n");
  EXPECT_EQ(forwarded(), head + "5\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n");
  const std::string response =
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 2\r\n\r\n";
  answer(response);
  EXPECT_EQ(taken(), response);
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  EXPECT_EQ(upstreams(), 1U);
}

TEST_P(HttpSessionTest, GivesTheSameForEveryCut) {
  const std::string request =
      "POST /p HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: "
      "1\r\n\r\n";
  const std::string response =
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n0\r\nU: 2\r\n\r\n";
  ask("");
  std::size_t seen = 0;
  for (std::size_t cut = 1; cut < std::max(request.size(), response.size()); ++cut) {
    ask(request.substr(0, std::min(cut, request.size())));
    ask(request.substr(std::min(cut, request.size())));
    ASSERT_EQ(upstreams(), 1U);
    ASSERT_EQ(joined(forwarded().substr(seen)), request) << cut;
    seen = forwarded().size();
    answer(response.substr(0, std::min(cut, response.size())));
    answer(response.substr(std::min(cut, response.size())));
    ASSERT_EQ(joined(taken()), response) << cut;
  }
  expectNothingHeld();
}

TEST_P(HttpSessionTest, TakesOneByteAtATime) {
  for (const char byte :
       std::string_view("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab")) {
    ask(std::string(1, byte));
  }
  EXPECT_TRUE(forwarded().ends_with("\r\n\r\nab"));
  for (const char byte : kOk) {
    answer(std::string(1, byte));
  }
  EXPECT_EQ(taken(), kOk);
  expectNothingHeld();
}

TEST_P(HttpSessionTest, PassesInterimResponsesOn) {
  const std::string response =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  ask("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  answer(response);
  EXPECT_EQ(taken(), response);
  ask("hi");
  EXPECT_TRUE(forwarded().ends_with("hi"));
  answer(kOk);
  EXPECT_EQ(taken(), kOk);
}

TEST_P(HttpSessionTest, KnowsResponsesWithoutABody) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
  EXPECT_EQ(exchange("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", head), head);
  const std::string notModified = "HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n";
  EXPECT_EQ(exchange(kGet, notModified), notModified);
  EXPECT_EQ(exchange(kGet, "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"),
            "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  EXPECT_EQ(upstreams(), 1U);
}

TEST_P(HttpSessionTest, ReadsAResponseUntilItsConnectionEnds) {
  ask(kGet);
  answer("HTTP/1.1 200 OK\r\n\r\nsome");
  answer(" more");
  world.endpoint().last().finish();
  world.settle();
  EXPECT_EQ(taken(), "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nsome more");
  EXPECT_TRUE(client->ended());
}

TEST_P(HttpSessionTest, LeavesOutWhatBelongsToAConnection) {
  ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, x-mine\r\nX-Mine: 1\r\nKeep-Alive: "
      "5\r\nX-Yours: 2\r\nTE: trailers\r\n\r\n");
  EXPECT_EQ(forwarded(),
            "GET / HTTP/1.1\r\nHost: a\r\nX-Yours: 2\r\nconnection: te\r\nte: trailers\r\n\r\n");
  answer(
      "HTTP/1.1 200 OK\r\nConnection: x-hop\r\nX-Hop: 1\r\nContent-Length: 0\r\nKeep-Alive: "
      "9\r\n\r\n");
  EXPECT_EQ(taken(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST_P(HttpSessionTest, EndsWhenTheClientWantsIt) {
  EXPECT_EQ(exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", kOk),
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nconnection: close\r\n\r\nhi");
  EXPECT_EQ(forwarded(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(client->ended());
  expectOver(CloseReason::Finished);
  EXPECT_FALSE(world.endpoint().last().over()) << "that was between us and the client";
}

TEST_P(HttpSessionTest, KeepsTheClientWhenTheEndpointEnds) {
  EXPECT_EQ(exchange(kGet, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"),
            kOk);
  world.endpoint().last().finish();
  world.settle();
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  EXPECT_EQ(upstreams(), 2U);
}

// ---- HTTP/1.0 ----

TEST_P(HttpSessionTest, AnswersWhoSpeaksTheOldVersion) {
  EXPECT_EQ(exchange("GET / HTTP/1.0\r\nHost: a\r\n\r\n", kOk),
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nconnection: close\r\n\r\nhi");
  EXPECT_EQ(forwarded(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(client->ended());
}

TEST_P(HttpSessionTest, SaysWhereAnOldRequestWent) {
  ask("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(forwarded(), "GET / HTTP/1.1\r\nhost: 10.0.0.1:80\r\n\r\n");
}

TEST_P(HttpSessionTest, GivesAnOldClientNoChunksAndNoInterimResponses) {
  ask("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
  answer(
      "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  EXPECT_EQ(taken(), "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc");
  EXPECT_TRUE(client->ended());
}

TEST_P(HttpSessionTest, KeepsAnOldClientThatAsksForIt) {
  EXPECT_EQ(exchange("GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n", kOk),
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nconnection: keep-alive\r\n\r\nhi");
  EXPECT_FALSE(client->over());
}

// ---- targets ----

TEST_P(HttpSessionTest, MakesAPathOfAUri) {
  ask("GET http://real.example/x?y HTTP/1.1\r\nHost: other.example\r\nA: b\r\n\r\n");
  EXPECT_EQ(forwarded(), "GET /x?y HTTP/1.1\r\nA: b\r\nhost: real.example\r\n\r\n");
}

TEST_P(HttpSessionTest, PassesUnknownMethodsAndTheServerItselfOn) {
  ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(forwarded(), "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  answer(kOk);
  ask("BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(forwarded().ends_with("BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n"));
}

// ---- switching protocols ----

TEST_P(HttpSessionTest, CarriesAnythingBehindAnUpgrade) {
  ask("GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly");
  EXPECT_EQ(forwarded(),
            "GET /chat HTTP/1.1\r\nHost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
  answer(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nfirst");
  EXPECT_EQ(taken(),
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: "
            "websocket\r\n\r\nfirst");
  EXPECT_TRUE(forwarded().ends_with("early"));
  ask("more");
  EXPECT_TRUE(forwarded().ends_with("earlymore"));
  client->finish();
  world.settle();
  EXPECT_TRUE(world.endpoint().last().ended());
  answer("last words");
  EXPECT_EQ(taken(), "last words");
  world.endpoint().last().finish();
  world.settle();
  expectOver(CloseReason::Finished);
}

TEST_P(HttpSessionTest, CarriesAnythingBehindConnect) {
  ask("CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n");
  EXPECT_EQ(forwarded(), "CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n");
  answer("HTTP/1.1 200 Connected\r\nContent-Length: 7\r\n\r\nraw");
  EXPECT_EQ(taken(), "HTTP/1.1 200 Connected\r\n\r\nraw");
  ask("up");
  EXPECT_TRUE(forwarded().ends_with("\r\n\r\nup"));
}

TEST_P(HttpSessionTest, ServesAFailedUpgradeAsAnyOther) {
  EXPECT_EQ(exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", kOk),
            kOk);
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  EXPECT_EQ(upstreams(), 1U);
}

TEST_P(HttpSessionTest, NeverAsksForHttp2) {
  ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: "
      "h2c\r\nHTTP2-Settings: AAM\r\n\r\n");
  EXPECT_EQ(forwarded(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n");
  expectReply(502, CloseReason::ResponseInvalid);
}

// ---- refusing ----

TEST_P(HttpSessionTest, RefusesWhatIsAmbiguousAndForwardsNothing) {
  ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: "
      "chunked\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n");
  expectReply(400, CloseReason::RequestInvalid);
  EXPECT_TRUE(client->ended());
  EXPECT_EQ(upstreams(), 0U);
  client->finish();
  world.settle();
  expectOver(CloseReason::RequestInvalid);
}

TEST_P(HttpSessionTest, RefusesABadRequestBehindAGoodOne) {
  ask(std::string(kGet) + "GET /b HTTP/1.1\r\nHost: a\r\nBad : x\r\n\r\n");
  answer(kOk);
  EXPECT_TRUE(client->received().starts_with(kOk));
  taken();
  EXPECT_NE(client->received().find("HTTP/1.1 400"), std::string::npos);
  EXPECT_EQ(forwarded(), kGet);
}

TEST_P(HttpSessionTest, RefusesABadChunk) {
  ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX");
  expectReply(400, CloseReason::RequestInvalid);
  EXPECT_EQ(world.endpoint().last().failure(), ECONNRESET) << "it must not take it for whole";
}

TEST_P(HttpSessionTest, SaysTooLargeOfALongHead) {
  ask("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(70'000, 'x'));
  expectReply(431, CloseReason::RequestInvalid);
  client->finish();
  world.settle();
  expectNothingHeld();
}

TEST_P(HttpSessionTest, GivesUpOnASlowHead) {
  ask("GET / HTTP/1.1\r\n");
  for (int i = 0; i < 12; ++i) {
    ask("A: b\r\n");
    world.advance(std::chrono::seconds(1));
  }
  expectReply(408, CloseReason::RequestTimeout);
  EXPECT_TRUE(client->ended());
}

TEST_P(HttpSessionTest, RefusesABadResponse) {
  ask(kGet);
  answer("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab");
  expectReply(502, CloseReason::ResponseInvalid);
  EXPECT_TRUE(world.endpoint().last().over());
  EXPECT_EQ(exchange(kGet, kOk), kOk) << "the client is not at fault";
}

TEST_P(HttpSessionTest, RefusesAnAnswerThatNobodyAskedFor) {
  EXPECT_EQ(exchange(kGet, std::string(kOk) + std::string(kOk)), kOk);
  EXPECT_TRUE(world.endpoint().last().over());
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  EXPECT_EQ(upstreams(), 2U);
}

TEST_P(HttpSessionTest, GivesUpOnInterimResponsesWithoutEnd) {
  ask(kGet);
  const std::string interim = "HTTP/1.1 102 Processing\r\n\r\n";
  for (int i = 0; i < 1000; ++i) {
    world.endpoint().last().send(interim);
  }
  world.settle();
  EXPECT_EQ(taken().size(), 1000 * interim.size());
  answer(interim);
  expectReply(502, CloseReason::ResponseInvalid);
}

// ---- what breaks ----

TEST_P(HttpSessionTest, SaysThatNobodyListens) {
  world.network.setAnswer(MemoryProxy::endpointAddress(), Answer::Refused);
  ask(kGet);
  expectReply(502, CloseReason::ConnectRefused);
  EXPECT_FALSE(client->over()) << "the next request may fare better";
  world.network.setAnswer(MemoryProxy::endpointAddress(), Answer::Listener);
  world.advance(std::chrono::seconds(60));
  EXPECT_EQ(exchange(kGet, kOk), kOk);
}

TEST_P(HttpSessionTest, AnswersInJsonToWhoWantsIt) {
  world.network.setAnswer(MemoryProxy::endpointAddress(), Answer::Refused);
  ask("GET / HTTP/1.1\r\nHost: a\r\nAccept: application/json, */*\r\n\r\n");
  EXPECT_TRUE(taken().ends_with("\r\n\r\n{\"error\":\"connect_refused\"}\n"));
}

TEST_P(HttpSessionTest, AnswersHeadWithoutABody) {
  world.network.setAnswer(MemoryProxy::endpointAddress(), Answer::Refused);
  ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(taken().ends_with("\r\n\r\n"));
}

TEST_P(HttpSessionTest, DropsTheRestOfAShortBodyAfterAnAnswerOfItsOwn) {
  world.network.setAnswer(MemoryProxy::endpointAddress(), Answer::Refused);
  ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
  expectReply(502, CloseReason::ConnectRefused);
  world.network.setAnswer(MemoryProxy::endpointAddress(), Answer::Listener);
  world.advance(std::chrono::seconds(60));
  ask("def");
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  EXPECT_EQ(forwarded(), kGet);
}

TEST_P(HttpSessionTest, SaysThatTheEndpointClosed) {
  ask(kGet);
  world.endpoint().last().finish();
  world.settle();
  expectReply(502, CloseReason::UpstreamClosed);
}

TEST_P(HttpSessionTest, CutsAResponseThatIsCut) {
  ask(kGet);
  answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  world.endpoint().last().finish();
  world.settle();
  EXPECT_EQ(client->failure(), ECONNRESET) << "an end in order would make it look whole";
  expectOver(CloseReason::UpstreamClosed);
  EXPECT_EQ(world.proxy.sink().of(EventKind::ConnectionClosed).at(0).numbers.at(10), 1U)
      << "one connect is counted once";
}

TEST_P(HttpSessionTest, CutsChunksThatAreCut) {
  ask(kGet);
  answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
  world.endpoint().last().reset();
  world.settle();
  EXPECT_EQ(client->failure(), ECONNRESET);
  expectOver(CloseReason::UpstreamReset);
}

TEST_P(HttpSessionTest, TellsTheEndpointThatTheClientIsGone) {
  ask(kGet);
  client->finish();
  world.settle();
  EXPECT_TRUE(world.endpoint().last().over());
  expectOver(CloseReason::DownstreamGone);
}

TEST_P(HttpSessionTest, TellsTheEndpointThatABodyWasCut) {
  ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
  client->finish();
  world.settle();
  EXPECT_EQ(world.endpoint().last().failure(), ECONNRESET);
  expectOver(CloseReason::DownstreamGone);
}

TEST_P(HttpSessionTest, GivesUpOnASilentEndpoint) {
  world.config.listener(1).idleTimeout = std::chrono::seconds(30);
  world.publish();
  ask(kGet);
  world.advance(std::chrono::seconds(40));
  expectReply(504, CloseReason::IdleTimeout);
  EXPECT_TRUE(world.endpoint().last().over());
}

TEST_P(HttpSessionTest, EndsAConnectionThatNobodyUses) {
  world.config.listener(1).idleTimeout = std::chrono::seconds(30);
  world.publish();
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  world.advance(std::chrono::seconds(40));
  EXPECT_TRUE(client->ended());
  expectOver(CloseReason::IdleTimeout);
}

TEST_P(HttpSessionTest, TakesAnEarlyAnswerAndLetsTheClientReadIt) {
  ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nstart");
  answer("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
  ask("more of it");
  EXPECT_EQ(taken(), "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
  EXPECT_TRUE(client->ended());
  EXPECT_EQ(client->failure(), 0);
  world.advance(std::chrono::seconds(2));
  expectOver(CloseReason::Finished);
}

// ---- again on another connection ----

TEST_P(HttpSessionTest, AsksAgainWhenAConnectionDiesThatHadServedBefore) {
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  client->send("PUT /b HTTP/1.1\r\nHost: web\r\nContent-Length: 3\r\n\r\nabc");
  Peer& old = world.endpoint().last();
  ASSERT_TRUE(world.until([&old] { return old.received().ends_with("abc"); }));
  old.reset();
  world.settle();
  ASSERT_EQ(upstreams(), 2U);
  EXPECT_EQ(forwarded(), "PUT /b HTTP/1.1\r\nHost: web\r\nContent-Length: 3\r\n\r\nabc");
  answer(kOk);
  EXPECT_EQ(taken(), kOk);
}

TEST_P(HttpSessionTest, NeverAsksTwiceForWhatMayHaveHappened) {
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  ask("POST / HTTP/1.1\r\nHost: web\r\n\r\n");
  world.endpoint().last().reset();
  world.settle();
  EXPECT_EQ(upstreams(), 1U);
  expectReply(502, CloseReason::UpstreamReset);
}

TEST_P(HttpSessionTest, AsksOnceOnlyOnAFreshConnection) {
  ask(kGet);
  world.endpoint().last().reset();
  world.settle();
  EXPECT_EQ(upstreams(), 1U);
  expectReply(502, CloseReason::UpstreamReset);
}

TEST_P(HttpSessionTest, TriesAnotherEndpointWhenOneCannotBeConnectedTo) {
  world.addEndpoint(2, addressOf("10.0.1.2:90"));
  world.publish();
  world.network.setAnswer(MemoryProxy::endpointAddress(), Answer::Refused);
  for (int i = 0; i < 5; ++i) {
    client = &world.connect();
    client->send(kGet);
    world.settle();
    world.around().endpoints().at(1)->last().send(kOk);
    world.settle();
    ASSERT_EQ(client->received(), kOk);
  }
}

// ---- idle connections ----

TEST_P(HttpSessionTest, ClosesIdleConnectionsToEndpoints) {
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  world.advance(std::chrono::milliseconds(2500));
  EXPECT_FALSE(world.endpoint().last().over());
  world.advance(std::chrono::milliseconds(1000));
  EXPECT_TRUE(world.endpoint().last().ended());
}

TEST_P(HttpSessionTest, ForgetsAConnectionThatTheEndpointCloses) {
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  world.endpoint().last().finish();
  world.settle();
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  EXPECT_EQ(upstreams(), 2U);
}

TEST_P(HttpSessionTest, ClosesOldConnections) {
  world.config.cluster(1).http.ageMax = std::chrono::seconds(10);
  world.publish();
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  for (int i = 0; i < 12; ++i) {
    world.advance(std::chrono::seconds(1));
    EXPECT_EQ(exchange(kGet, kOk), kOk);
  }
  EXPECT_EQ(upstreams(), 2U);
}

TEST_P(HttpSessionTest, ClosesIdleConnectionsOfAnEndpointThatLeaves) {
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  world.config.removeEndpoint(1, 1);
  world.publish();
  world.settle();
  EXPECT_TRUE(world.endpoint().last().ended());
  ask(kGet);
  expectReply(503, CloseReason::NoEndpoint);
}

// ---- back-pressure ----

TEST_P(HttpSessionTest, HoldsNoMoreThanASlowClientTakes) {
  const std::string body = patternBytes(4'000'000);
  client = &world.connect();
  client->setReadMax(1000);
  ask(kGet);
  answer("HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n" + body);
  EXPECT_LE(world.proxy.workerCell(WorkerCell::BufferedBytesNow), 262'144U);
  EXPECT_FALSE(world.endpoint().last().sentAll());
  client->readOn();
  world.settle();
  EXPECT_TRUE(client->received().ends_with(body));
  EXPECT_EQ(client->received().size(), body.size() + 44);
  expectNothingHeld();
  taken();
  EXPECT_EQ(exchange(kGet, kOk), kOk);
}

TEST_P(HttpSessionTest, SplicesALongBodyExactly) {
  const std::string body = patternBytes(4'000'000);
  ask(std::string(kGet) + std::string(kGet));
  answer("HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n" + body);
  EXPECT_TRUE(taken().ends_with(body));
  const bool plain =
      GetParam().downstream == TransportKind::Plain && GetParam().upstream == TransportKind::Plain;
  EXPECT_EQ(world.sockets.callCount(Call::SpliceIn) > 0, plain);
  answer(kOk);
  EXPECT_EQ(taken(), kOk) << "not a byte of the next response went through the pipe";
  EXPECT_EQ(upstreams(), 1U);
}

TEST_P(HttpSessionTest, SplicesNothingThatIsBehindABody) {
  world.network.setBuffers(16'000'000, 16'000'000);
  const std::string response =
      "HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n" + patternBytes(400'000);
  ask(kGet);
  answer(response + patternBytes(100'000, 2));
  EXPECT_EQ(taken(), response);
  EXPECT_FALSE(client->over());
  EXPECT_TRUE(world.endpoint().last().over()) << "nobody asked for what is behind it";
}

TEST_P(HttpSessionTest, CutsASplicedBodyThatIsCut) {
  client = &world.connect();
  client->setReadMax(100'000);
  ask(kGet);
  answer("HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n" + patternBytes(1'000'000));
  world.endpoint().last().finish();
  world.settle();
  client->readOn();
  world.settle();
  EXPECT_EQ(client->failure(), ECONNRESET);
  expectOver(CloseReason::UpstreamClosed);
}

TEST_P(HttpSessionTest, HoldsNoMoreThanASlowEndpointTakes) {
  const std::string body = patternBytes(4'000'000);
  ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n");
  Peer& slow = world.endpoint().last();
  slow.setReadMax(1000);
  ask(body);
  EXPECT_LE(world.proxy.workerCell(WorkerCell::BufferedBytesNow), 524'288U);
  EXPECT_FALSE(client->sentAll());
  slow.readOn();
  world.settle();
  EXPECT_TRUE(slow.received().ends_with(body));
  answer(kOk);
  EXPECT_EQ(taken(), kOk);
  expectNothingHeld();
}

TEST_P(HttpSessionTest, SplicesALongBodyOfARequestExactly) {
  const std::string head = "PUT /a HTTP/1.1\r\nHost: web\r\nContent-Length: 4000000\r\n\r\n";
  const std::string body = patternBytes(4'000'000);
  ask(head);
  ask(body + std::string(kGet));
  EXPECT_EQ(forwarded(), head + body) << "not a byte of the next request went through the pipe";
  const bool plain =
      GetParam().downstream == TransportKind::Plain && GetParam().upstream == TransportKind::Plain;
  EXPECT_EQ(world.sockets.callCount(Call::SpliceIn) > 0, plain);
  EXPECT_EQ(world.proxy.listenerCell(1, ListenerTcpCell::kReadBytes),
            head.size() + body.size() + kGet.size());
  answer(kOk);
  EXPECT_EQ(taken(), kOk);
  EXPECT_EQ(forwarded(), head + body + std::string(kGet));
  answer(kOk);
  EXPECT_EQ(taken(), kOk);
  EXPECT_EQ(upstreams(), 1U);
  expectNothingHeld();
}

TEST_P(HttpSessionTest, CutsASplicedRequestThatIsCut) {
  ask("PUT /a HTTP/1.1\r\nHost: web\r\nContent-Length: 4000000\r\n\r\n");
  world.endpoint().last().setReadMax(100'000);
  ask(patternBytes(2'000'000));
  client->reset();
  world.settle();
  world.endpoint().last().readOn();
  world.settle();
  EXPECT_EQ(world.endpoint().last().failure(), ECONNRESET);
  expectOver(CloseReason::DownstreamReset);
}

TEST_P(HttpSessionTest, AnEndpointThatAnswersInTheMiddleOfASplicedRequestIsHeard) {
  ask("PUT /a HTTP/1.1\r\nHost: web\r\nContent-Length: 4000000\r\n\r\n");
  world.endpoint().last().setReadMax(100'000);
  ask(patternBytes(2'000'000));
  answer("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  world.endpoint().last().reset();
  world.settle();
  EXPECT_TRUE(taken().starts_with("HTTP/1.1 413 ")) << "before all of it was sent";
  expectNothingHeld();
}

TEST_P(HttpSessionTest, ReadsNoMoreInATurnThanItsShare) {
  world.network.setBuffers(64'000'000, 64'000'000);
  ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 16000000\r\n\r\n");
  client->send(patternBytes(16'000'000));
  while (client->step()) {
  }
  world.proxy.turn();
  EXPECT_LE(world.proxy.listenerCell(1, ListenerTcpCell::kReadBytes), 2'200'000U)
      << "one share for its readiness, one for what was left to do";
  world.settle();
  EXPECT_EQ(world.proxy.listenerCell(1, ListenerTcpCell::kReadBytes), 16'000'054U);
}

TEST_P(HttpSessionTest, PassesLongChunkedBodiesOnBothWays) {
  const std::string body = patternBytes(1'000'000);
  std::string chunks;
  for (std::size_t at = 0; at < body.size(); at += 50'000) {
    chunks += "c350\r\n" + body.substr(at, 50'000) + "\r\n";
  }
  chunks += "0\r\n\r\n";
  ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
  EXPECT_EQ(bodyOf(forwarded()), body);
  answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
  EXPECT_EQ(bodyOf(taken()), body);
  expectNothingHeld();
}

// ---- drain ----

TEST_P(HttpSessionTest, EndsIdleConnectionsWhenItDrains) {
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  world.proxy.drain(std::chrono::seconds(10), false);
  world.settle();
  EXPECT_TRUE(client->ended());
  EXPECT_TRUE(world.proxy.drained());
}

TEST_P(HttpSessionTest, EndsIdleConnectionsOfAListenerThatLeaves) {
  EXPECT_EQ(exchange(kGet, kOk), kOk);
  Peer& busy = world.connect();
  busy.send(kGet);
  world.settle();
  world.config.removeListener(1);
  world.config.listener(2).address = addressOf("10.0.0.1:81");
  world.publish();
  world.settle();
  EXPECT_TRUE(client->ended());
  EXPECT_FALSE(busy.over());
  answer(kOk);
  EXPECT_TRUE(busy.received().ends_with("connection: close\r\n\r\nhi")) << busy.received();
  EXPECT_TRUE(busy.ended());
}

TEST_P(HttpSessionTest, FinishesWhatIsUnderWayWhenItDrains) {
  ask(kGet);
  world.proxy.drain(std::chrono::seconds(10), false);
  world.settle();
  EXPECT_FALSE(client->over());
  answer(kOk);
  EXPECT_EQ(taken(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nconnection: close\r\n\r\nhi");
  EXPECT_TRUE(client->ended());
  world.settle();
  EXPECT_TRUE(world.proxy.drained());
  EXPECT_EQ(world.proxy.forcedCount(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Transports, HttpSessionTest, testing::ValuesIn(kAllWirings), wiringName);

}  // namespace
}  // namespace weft::test
