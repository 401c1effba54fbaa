// MixedTransports: a factory that makes plain or scripted transports, chosen for each side, so that
// every test of a session runs over all of them.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "support/scripted_transport.h"
#include "transport/plain_transport.h"

namespace weft::test {

enum class TransportKind : std::uint8_t { Plain, Ahead, RecordAtATime };

/// What runs on the two sides of the proxy.
struct Wiring {
  TransportKind downstream = TransportKind::Plain;
  TransportKind upstream = TransportKind::Plain;

  [[nodiscard]] bool spliceable() const noexcept {
    return downstream == TransportKind::Plain && upstream == TransportKind::Plain;
  }
};

[[nodiscard]] inline std::string nameOf(const Wiring& wiring) {
  constexpr std::array<const char*, 3> names = {"Plain", "Ahead", "RecordAtATime"};
  return std::string(names[static_cast<std::size_t>(wiring.downstream)]) + "To" +
         names[static_cast<std::size_t>(wiring.upstream)];
}

inline void PrintTo(const Wiring& wiring, std::ostream* out) {
  *out << nameOf(wiring);
}

/// One kind of transport, whoever made the connection.
class KindFactory {
 public:
  KindFactory(os::Sockets& sockets, TransportKind kind)
      : plain_(sockets),
        scripted_(sockets, kind == TransportKind::RecordAtATime ? ReadStyle::RecordAtATime
                                                                : ReadStyle::Ahead),
        isPlain_(kind == TransportKind::Plain) {}

  [[nodiscard]] transport::TransportFactory& get() noexcept {
    return isPlain_ ? static_cast<transport::TransportFactory&>(plain_) : scripted_;
  }

  [[nodiscard]] ScriptedTransportFactory& scripted() noexcept { return scripted_; }

 private:
  transport::PlainTransportFactory plain_;
  ScriptedTransportFactory scripted_;
  const bool isPlain_;
};

/// For the proxy: what it accepts is downstream, what it connects is upstream.
class MixedTransports final : public transport::TransportFactory {
 public:
  MixedTransports(os::Sockets& sockets, const Wiring& wiring)
      : downstream_(sockets, wiring.downstream), upstream_(sockets, wiring.upstream) {}

  [[nodiscard]] transport::TransportPtr accepted(int fd, bool unixSocket) noexcept override {
    return downstream_.get().accepted(fd, unixSocket);
  }

  [[nodiscard]] transport::TransportPtr connecting(int fd, bool unixSocket) noexcept override {
    return upstream_.get().connecting(fd, unixSocket);
  }

  void trim() noexcept override {
    downstream_.get().trim();
    upstream_.get().trim();
  }

  [[nodiscard]] KindFactory& downstream() noexcept { return downstream_; }

  [[nodiscard]] KindFactory& upstream() noexcept { return upstream_; }

 private:
  KindFactory downstream_;
  KindFactory upstream_;
};

}  // namespace weft::test
