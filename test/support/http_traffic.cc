#include "support/http_traffic.h"

#include <algorithm>
#include <utility>

#include "telemetry/cells.h"

namespace weft::test {

namespace {

constexpr std::size_t kCallBytes[] = {1, 10, 1000, 10'000, 65'536};
constexpr int kRetriesMax = 2;
constexpr const char* kMethods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "BREW"};

bool mayGoTwice(const std::string& method) {
  return method != "POST" && method != "BREW";
}

std::string chunked(const std::string& body, Choices& choices) {
  std::string text;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t bytes = std::min<std::size_t>(1 + choices.below(5000), body.size() - at);
    std::string size;
    for (std::size_t rest = bytes; rest > 0; rest /= 16) {
      size.insert(size.begin(), "0123456789abcdef"[rest % 16]);
    }
    text += size + (choices.oneIn(8) ? ";ext=1" : "") + "\r\n" + body.substr(at, bytes) + "\r\n";
    at += bytes;
  }
  return text + "0\r\n" + (choices.oneIn(3) ? "X-Trailer: 1\r\n" : "") + "\r\n";
}

/// Fields and body.
std::string withBody(const std::string& fields, const std::string& body, Choices& choices) {
  if (choices.oneIn(2)) {
    return fields + "Transfer-Encoding: chunked\r\n\r\n" + chunked(body, choices);
  }
  return fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

HttpTraffic::HttpTraffic(MemoryProxy& world, Choices& choices, const HttpTrafficOptions& options)
    : world_(world), choices_(choices), options_(options) {
  world_.poller().shuffle(world_.network.random());
  world_.config.cluster(1).connectTimeout = std::chrono::hours(1);
  snapshot::Listener& listener = world_.config.listener(1);
  listener.protocol = options.detects ? snapshot::Protocol::Detect : snapshot::Protocol::Http1;
  listener.serverFirstAfter = std::chrono::milliseconds(20);
  listener.detectTimeout = std::chrono::hours(1);
  listener.http.headTimeout = std::chrono::hours(1);
  if (options.routed) {
    route();
  }
  world_.publish();
  for (std::size_t i = 0; i < options.clientCount; ++i) {
    clients_.push_back({.peer = &world_.connect(), .ids = {}, .methods = {}});
    clients_.back().peer->setCallBytes(choices_.oneOf(kCallBytes));
  }
}

void HttpTraffic::route() {
  retriesAll_ = choices_.oneIn(2);
  snapshot::HttpRule rule;
  rule.backendRefs.push_back({.clusterId = base::ClusterId{1},
                              .requestHeaders = {.set = {{"x-routed", "1"}}},
                              .responseHeaders = {.add = {{"x-answered", "1"}}}});
  rule.retry = snapshot::Retry{.attemptsMax = kRetriesMax,
                               .statuses = {503},
                               .onReset = true,
                               .onTimeout = true,
                               .anyMethod = retriesAll_,
                               .backoffMin = std::chrono::milliseconds(5),
                               .backoffMax = std::chrono::milliseconds(30)};
  rule.timeouts.backendRequest = std::chrono::milliseconds(150);
  rule.timeouts.request = std::chrono::seconds(2);
  if (choices_.oneIn(3)) {
    rule.fault = snapshot::Fault{.delay = std::chrono::milliseconds(20), .delayShare = 500'000};
  }
  if (choices_.oneIn(2)) {
    shadow_ = &world_.addEndpoint(2, addressOf("10.0.1.2:90"), 2);
    world_.config.cluster(2).connectTimeout = std::chrono::hours(1);
    rule.mirrors.push_back({.timeout = std::chrono::milliseconds(300),
                            .backend = {.clusterId = base::ClusterId{2},
                                        .requestHeaders = {.set = {{"x-routed", "1"}}}}});
  }
  world_.config.setRoutes(1, {rule});
}

void HttpTraffic::run() {
  while (choices_.more()) {
    switch (choices_.below(8)) {
      case 0:
      case 1:
        ask(clients_[choices_.below(static_cast<std::uint32_t>(clients_.size()))]);
        break;
      case 2:
        world_.proxy.turn();
        break;
      case 3:
      case 4:
        world_.once();
        break;
      case 5:
        world_.advance(std::chrono::milliseconds(choices_.below(40)));
        break;
      case 6:
        serve();
        break;
      case 7: {
        Peer& peer = *clients_[choices_.below(static_cast<std::uint32_t>(clients_.size()))].peer;
        if (peer.closed()) {
          break;
        }
        if (choices_.oneIn(20)) {
          choices_.oneIn(2) ? finishPeer(peer) : peer.reset();
        } else {
          peer.setReadMax(peer.received().size() + choices_.below(50'000));
        }
        break;
      }
    }
  }
}

void HttpTraffic::ask(Client& client) {
  if (client.peer->closed() || ended_.contains(client.peer) || client.ids.size() > 20) {
    return;
  }
  const std::string id = std::to_string(sent_.size() + 1);
  const std::string method = choices_.oneOf(kMethods);
  const bool hasBody = method == "POST" || method == "PUT";
  const std::string body =
      hasBody ? patternBytes(choices_.below(static_cast<std::uint32_t>(options_.bodyBytesMax)),
                             sent_.size() + 1)
              : std::string();
  std::string fields = "Host: a\r\nX-Id: " + id + "\r\n";
  if (choices_.oneIn(20)) {
    fields += "Connection: close\r\n";
  }
  std::string message = method + " /" + id + " HTTP/1.1\r\n";
  message += hasBody ? withBody(fields, body, choices_) : fields + "\r\n";
  if (options_.breaks && choices_.oneIn(8)) {
    breakOne(message);
    client.broken = true;
    anyBroken_ = true;
  }
  if (!client.broken) {
    client.ids.push_back(id);
    client.methods.push_back(method);
  }
  sent_[id] = {.method = method, .body = body};
  client.peer->send(message);
}

void HttpTraffic::breakOne(std::string& message) {
  const auto at = static_cast<std::size_t>(
      choices_.below(static_cast<std::uint32_t>(std::min<std::size_t>(message.size(), 300))));
  constexpr const char* kInserted[] = {"\n",
                                       "\r",
                                       " ",
                                       "\t",
                                       ":",
                                       "0",
                                       "\r\n",
                                       "x",
                                       "Content-Length: 3\r\n",
                                       "Transfer-Encoding: chunked\r\n"};
  switch (choices_.below(3)) {
    case 0:
      message.erase(at, 1 + choices_.below(3));
      break;
    case 1:
      message.insert(at, choices_.oneOf(kInserted));
      break;
    default:
      message[at] = static_cast<char>(choices_.below(256));
  }
}

/// Each connection of the endpoint may answer what came whole.
void HttpTraffic::serve() {
  serve(world_.endpoint());
  if (shadow_ != nullptr) {
    serve(*shadow_);
  }
}

void HttpTraffic::serve(Endpoint& endpoint) {
  for (std::size_t i = 0; i < endpoint.count(); ++i) {
    Peer& peer = endpoint.at(i);
    if (peer.closed() || ended_.contains(&peer) || (!finishing_ && choices_.oneIn(3))) {
      continue;
    }
    const HttpMessages got = requestsIn(peer.received());
    std::size_t& answered = answered_[&peer];
    if (answered < got.messages.size() && got.messages[answered].whole) {
      const HttpMessage request = got.messages[answered++];
      answer(peer, request);
    } else if (peer.over()) {
      finishPeer(peer);
    }
  }
}

void HttpTraffic::answer(Peer& peer, const HttpMessage& request) {
  const std::string fields = "X-Id: " + request.field("x-id") + "\r\n";
  const std::string body = patternBytes(
      choices_.below(static_cast<std::uint32_t>(options_.bodyBytesMax)), request.head.size());
  std::string message = choices_.oneIn(6) ? "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" : "";
  const std::uint32_t kind = finishing_ ? 0 : choices_.below(20);
  if (kind == 1) {
    message += "HTTP/1.1 204 No Content\r\n" + fields + "\r\n";
  } else if (request.method == "HEAD") {
    message += "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: 1234\r\n\r\n";
  } else if (kind == 2) {
    peer.send(message + "HTTP/1.1 200 OK\r\n" + fields + "\r\n" + body);
    finishPeer(peer);
    return;
  } else if (kind == 3) {
    choices_.oneIn(2) ? peer.reset() : peer.close();
    return;
  } else if (kind == 4) {
    message += withBody("HTTP/1.1 200 OK\r\n" + fields + "Connection: close\r\n", body, choices_);
    peer.send(message);
    finishPeer(peer);
    return;
  } else if (kind >= 6 && kind < 9 && options_.routed) {
    message = withBody("HTTP/1.1 503 Busy\r\n" + fields, body, choices_);
  } else if (kind == 5 && options_.breaks) {
    message += withBody("HTTP/1.1 200 OK\r\n" + fields, body, choices_);
    breakOne(message);
    anyBroken_ = true;
  } else {
    message += withBody("HTTP/1.1 200 OK\r\n" + fields, body, choices_);
  }
  peer.send(message);
}

void HttpTraffic::finishPeer(Peer& peer) {
  ended_.insert(&peer);
  peer.finish();
}

/// Everybody reads, endpoints answer what they got, clients end.
void HttpTraffic::finish() {
  finishing_ = true;
  for (Client& client : clients_) {
    client.peer->readOn();
  }
  for (int round = 0; round < 200; ++round) {
    world_.advance(std::chrono::milliseconds(100));
    serve();
  }
  for (Client& client : clients_) {
    if (!client.peer->closed()) {
      finishPeer(*client.peer);
    }
  }
  for (int round = 0; round < 20; ++round) {
    world_.advance(std::chrono::seconds(1));
    serve();
  }
  world_.proxy.drain(std::chrono::seconds(1), false);
  world_.advance(std::chrono::seconds(5));
  world_.proxy.stop();
  world_.settle();
}

std::string HttpTraffic::problem() {
  for (const Client& client : clients_) {
    if (std::string found = problemOf(client); !found.empty()) {
      return found;
    }
  }
  for (Endpoint* endpoint : {&world_.endpoint(), shadow_}) {
    if (endpoint != nullptr) {
      if (std::string found = problemOf(*endpoint); !found.empty()) {
        return found;
      }
    }
  }
  return counterProblem();
}

std::string HttpTraffic::problemOf(const Client& client) {
  const HttpMessages got =
      responsesIn(client.peer->received(), client.methods, client.peer->ended());
  if (!got.bad.empty() && !client.broken) {
    return "a client got what is no response: " + got.bad;
  }
  std::size_t number = 0;
  for (const HttpMessage& response : got.messages) {
    if (response.status < 200) {
      continue;
    }
    const bool own = !response.field("weft-error").empty();
    if (number >= client.ids.size()) {
      return client.broken ? "" : "a client got a response that it had not asked for";
    }
    if (!own && !anyBroken_ && response.field("x-id") != client.ids[number]) {
      return "request " + client.ids[number] + " got the response to " + response.field("x-id");
    }
    servedCount_ += !own && response.whole ? 1 : 0;
    ++number;
  }
  return {};
}

std::string HttpTraffic::problemOf(Endpoint& endpoint) {
  std::map<std::string, int> seen;
  const bool retried = options_.routed && &endpoint != shadow_;
  for (std::size_t i = 0; i < endpoint.count(); ++i) {
    std::string found = problemOf(endpoint.at(i), seen, retried ? 1 + kRetriesMax : 1);
    if (!found.empty()) {
      return found;
    }
  }
  return {};
}

std::string HttpTraffic::problemOf(Peer& server, std::map<std::string, int>& seen,
                                   int attempts) const {
  const HttpMessages got = requestsIn(server.received());
  if (!got.bad.empty()) {
    return "an endpoint got what is no request: " + got.bad;
  }
  for (const HttpMessage& request : got.messages) {
    const std::string id = request.field("x-id");
    const auto sent = sent_.find(id);
    if (anyBroken_) {
      continue;
    }
    if (sent == sent_.end()) {
      return "an endpoint got a request that nobody sent";
    }
    if (request.whole && request.body != sent->second.body) {
      return "the body of request " + id + " changed";
    }
    if (options_.routed && request.field("x-routed") != "1") {
      return "request " + id + " lacks what its route sets";
    }
    // Each attempt may meet a connection that dies of age.
    const bool replayed = mayGoTwice(request.method);
    const int seenMax = replayed ? 2 * attempts : retriesAll_ ? attempts : 1;
    if (++seen[id] > seenMax) {
      return "request " + id + " was seen too often";
    }
  }
  return {};
}

std::string HttpTraffic::counterProblem() {
  using telemetry::EndpointTcpCell;
  using telemetry::WorkerCell;
  const auto worker = [this](WorkerCell cell) { return world_.proxy.workerCell(cell); };
  if (worker(WorkerCell::ConnectionsNow) != 0 || world_.proxy.worker().load() != 0) {
    return "connections count that are over";
  }
  if (worker(WorkerCell::BufferedBytesNow) != 0) {
    return "bytes are held for nobody";
  }
  if (world_.endpoint().count() > 0 &&
      world_.proxy.endpointCell(1, 1, EndpointTcpCell::kOpenNow) != 0) {
    return "connections to the endpoint count that are over";
  }
  return {};
}

}  // namespace weft::test
