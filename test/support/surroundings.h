// Surroundings: the clients and endpoints around a proxy under test, over whatever sockets it runs
// on. They speak what the wiring says. One thread.
#pragma once

#include <memory>
#include <vector>

#include "support/mixed_transports.h"
#include "support/peer.h"

namespace weft::test {

class Surroundings {
 public:
  Surroundings(os::Sockets& sockets, const Wiring& wiring)
      : sockets_(sockets),
        clientTransports_(sockets, wiring.downstream),
        endpointTransports_(sockets, wiring.upstream) {}

  /// A client of the proxy.
  Peer& connect(const base::Address& address);

  /// Port 0 is given a free one by `boundAddress`, which says where a descriptor listens.
  Endpoint& listen(const base::Address& address, base::Address (*boundAddress)(os::Sockets&, int),
                   std::uint32_t backlogCount = 4096);

  /// Lets everybody do what can be done now. False when that was nothing.
  bool step();

  [[nodiscard]] KindFactory& clientTransports() { return clientTransports_; }

  [[nodiscard]] KindFactory& endpointTransports() { return endpointTransports_; }

  [[nodiscard]] os::Sockets& sockets() { return sockets_; }

  [[nodiscard]] std::vector<std::unique_ptr<Peer>>& clients() { return clients_; }

  [[nodiscard]] std::vector<std::unique_ptr<Endpoint>>& endpoints() { return endpoints_; }

 private:
  os::Sockets& sockets_;
  KindFactory clientTransports_;
  KindFactory endpointTransports_;
  std::vector<std::unique_ptr<Peer>> clients_;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
};

}  // namespace weft::test
