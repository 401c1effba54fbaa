// HttpTraffic: clients and an endpoint that speak HTTP/1 through a MemoryProxy and do whatever the
// choices say: pipeline, send bodies in pieces, break messages, answer late, in chunks, with errors
// or not at all, end and reset; and what must be true of it: no response reaches another request
// than its own, no request is seen twice that must not be, what endpoints and clients get is
// well-formed, and nothing is left at the end. One thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/choices.h"
#include "support/http_messages.h"
#include "support/memory_proxy.h"

namespace weft::test {

struct HttpTrafficOptions {
  std::size_t clientCount = 2;
  std::size_t bodyBytesMax = 20'000;
  bool breaks = false;   ///< Some messages are broken.
  bool detects = false;  ///< The listener finds out what comes.
  bool routed = false;   ///< Requests have a route with edits, timeouts, retries and copies.
};

class HttpTraffic {
 public:
  HttpTraffic(MemoryProxy& world, Choices& choices, const HttpTrafficOptions& options);

  HttpTraffic(const HttpTraffic&) = delete;
  HttpTraffic& operator=(const HttpTraffic&) = delete;

  /// Does something for as long as there are choices.
  void run();

  /// Lets everything come to its end.
  void finish();

  /// What is not as it must be, after finish(); an empty text when all is.
  [[nodiscard]] std::string problem();

  /// Responses that reached their clients whole, and were not the proxy's own.
  [[nodiscard]] std::size_t servedCount() const noexcept { return servedCount_; }

 private:
  struct Sent {
    std::string method;
    std::string body;
  };

  struct Client {
    Peer* peer;
    std::vector<std::string> ids;      ///< In the order of their requests.
    std::vector<std::string> methods;  ///< The same.
    bool broken = false;               ///< What it sends from here on may be anything.
  };

  void route();
  void ask(Client& client);
  void serve();
  void serve(Endpoint& endpoint);
  void answer(Peer& peer, const HttpMessage& request);
  void finishPeer(Peer& peer);
  void breakOne(std::string& message);
  [[nodiscard]] std::string problemOf(const Client& client);
  [[nodiscard]] std::string problemOf(Endpoint& endpoint);
  [[nodiscard]] std::string problemOf(Peer& server, std::map<std::string, int>& seen,
                                      int attempts) const;
  [[nodiscard]] std::string counterProblem();

  MemoryProxy& world_;
  Choices& choices_;
  const HttpTrafficOptions options_;
  std::vector<Client> clients_;
  std::map<std::string, Sent> sent_;
  Endpoint* shadow_ = nullptr;             ///< That gets copies.
  std::set<Peer*> ended_;                  ///< They send nothing more.
  std::map<Peer*, std::size_t> answered_;  ///< Requests of a connection that were answered.
  std::size_t servedCount_ = 0;
  bool anyBroken_ = false;
  bool retriesAll_ = false;  ///< Also what must not be done twice.
  bool finishing_ = false;
};

}  // namespace weft::test
