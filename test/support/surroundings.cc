#include "support/surroundings.h"

namespace weft::test {

Peer& Surroundings::connect(const base::Address& address) {
  const int fd = sockets_.connect(address, {}).value();
  const bool unixSocket = address.family() == base::AddressFamily::Unix;
  clients_.push_back(std::make_unique<Peer>(clientTransports_.get().connecting(fd, unixSocket)));
  return *clients_.back();
}

Endpoint& Surroundings::listen(const base::Address& address,
                               base::Address (*boundAddress)(os::Sockets&, int),
                               std::uint32_t backlogCount) {
  const int fd =
      sockets_
          .listen({.address = address, .backlogCount = backlogCount, .unixMode = {}, .stream = {}})
          .value();
  endpoints_.push_back(std::make_unique<Endpoint>(sockets_, endpointTransports_.get(), fd,
                                                  boundAddress(sockets_, fd)));
  return *endpoints_.back();
}

bool Surroundings::step() {
  bool any = false;
  for (const std::unique_ptr<Peer>& client : clients_) {
    any = client->step() || any;
  }
  for (const std::unique_ptr<Endpoint>& endpoint : endpoints_) {
    any = endpoint->step() || any;
  }
  return any;
}

}  // namespace weft::test
