// HttpClient: one HTTP/1.1 connection to an endpoint: connecting -> idle <-> busy with one request
// and its response -> closed. It knows where messages end, and whether the connection goes on
// behind them. Idle ones wait in the endpoint's pool. Owned by itself: whoever uses one ends it
// with close(), or it has told that it is gone. One worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/address.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/intrusive_list.h"
#include "codec/h1_chunk_reader.h"
#include "codec/h1_forward.h"
#include "codec/h1_framing.h"
#include "codec/h1_head.h"
#include "codec/h1_writer.h"
#include "os/buffer_pool.h"
#include "os/loop.h"
#include "os/object_pool.h"
#include "os/poller.h"
#include "snapshot/listener.h"
#include "telemetry/close_reason.h"
#include "transport/outbox.h"
#include "transport/side.h"
#include "upstream/cluster_runtime.h"
#include "upstream/connector.h"
#include "upstream/context.h"
#include "upstream/head_intake.h"
#include "upstream/http_memory.h"
#include "upstream/response_sink.h"

namespace weft::upstream {

/// Why a client is gone.
struct ClientFailure {
  telemetry::CloseReason reason = telemetry::CloseReason::ConnectFailed;
  int sysErrno = 0;
  bool connected = false;      ///< The connection had been made.
  bool reused = false;         ///< And had served a request before.
  bool responseBegun = false;  ///< A byte of the response had come.
  bool exhausted = false;      ///< This machine lacks something; another endpoint will not help.
};

/// A connection that carries something else from now on.
struct Detached {
  transport::Side side;
  os::Buffer read;  ///< What came behind the response.
  Endpoint* endpoint = nullptr;
  base::TimePoint since{};
  std::uint32_t connectUs = 0;
};

/// Nobody takes it: the connection ends.
void discard(Detached&& detached, ClusterRuntime& cluster, snapshot::Direction direction) noexcept;

/// Who has a request. Whatever is told may end in close().
class HttpClientOwner : public ResponseSink {
 public:
  /// Connected: a request can be sent.
  virtual void onClientReady() noexcept = 0;

  /// The client is gone.
  virtual void onClientFailed(const ClientFailure& failure) noexcept = 0;

  /// All that was to be sent is out, after a time in which it was not.
  virtual void onRequestTaken() noexcept = 0;

  /// All that one read has brought is told, and may be sent.
  virtual void onResponseRead() noexcept = 0;

  /// Behind the end of the response. The client is idle in its pool, or gone.
  virtual void onClientDone() noexcept = 0;

  /// Behind the head of a response after which the connection carries something else: detach() it.
  virtual void onTunnel() noexcept = 0;

  /// As ConnectorOwner.
  [[nodiscard]] virtual std::size_t writeProxyHeader(snapshot::ProxyVersion version,
                                                     base::MutableBytes into) noexcept = 0;

 protected:
  ~HttpClientOwner() = default;
};

class HttpClient final : public base::ListNode<HttpClient>,
                         public os::Pollable,
                         private os::Continuation,
                         private os::Retired,
                         public ConnectorOwner {
 public:
  /// `target`: where to connect in place of the endpoint's address; copied.
  HttpClient(Context& context, ClusterRuntime& cluster, Endpoint& endpoint,
             snapshot::Direction direction, const base::Address* target) noexcept;
  ~HttpClient();

  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Makes the connection, which is reserved. The owner is told of the outcome, perhaps in this
  /// call.
  void connect(HttpClientOwner& owner, bool again) noexcept;

  /// An open connection for which `endpoint` has been held. It waits in the pool.
  void adopt(transport::Side side) noexcept;

  /// For one more request. REQUIRES: idle, and taken out of the pool.
  void use(HttpClientOwner& owner) noexcept;

  // ---- the request ----

  /// False when there is no memory; then nothing but close() is left.
  [[nodiscard]] bool sendHead(const codec::H1Request& request) noexcept;
  [[nodiscard]] bool sendBody(base::Bytes bytes) noexcept;

  /// Takes some of the body out of a socket without a copy, and says how much. 0: it is to be sent.
  [[nodiscard]] std::size_t spliceBody(transport::Side& from, std::uint64_t bytesMax) noexcept;

  [[nodiscard]] bool sendEnd(const codec::H1Trailers& trailers) noexcept;

  /// What was gathered goes out. May end in onClientFailed().
  void flush() noexcept;

  /// What was to go out waits for the endpoint.
  [[nodiscard]] bool blocked() const noexcept { return blocked_; }

  // ---- the response ----

  /// Whoever takes the response has no room; until resume() nothing more is read.
  void pause() noexcept { paused_ = true; }

  void resume() noexcept;

  /// The bytes behind a response that switched protocols. The client is gone; load and connection
  /// of the endpoint are the caller's.
  [[nodiscard]] Detached detach() noexcept;

  /// Gone, whatever it was doing; the owner is not told. `reset`: the endpoint sees one.
  void close(bool reset) noexcept;

  [[nodiscard]] bool connecting() const noexcept { return state_ == State::Connecting; }

  [[nodiscard]] std::uint32_t connectUs() const noexcept { return connectUs_; }

  /// Whether a request for this may use it.
  [[nodiscard]] bool fits(snapshot::Direction direction,
                          const base::Address* target) const noexcept;

  /// The endpoint has said something, or is gone, although nobody asked. `sure`: the kernel is
  /// asked, too.
  [[nodiscard]] bool spoilt(bool sure) noexcept;

  [[nodiscard]] base::TimePoint idleSince() const noexcept { return idleSince_; }

 private:
  enum class State : std::uint8_t { Connecting, Idle, Busy, Closed };

  /// What of the response is next.
  enum class Part : std::uint8_t { Head, Length, Chunks, UntilClose, Over };

  void onReady(os::Ready ready) noexcept override;
  void onContinue() noexcept override;
  void dispose() noexcept override;
  void onConnected(Connected connected) noexcept override;
  void onConnectFailed(const base::Error& error, std::uint32_t attemptCount) noexcept override;
  [[nodiscard]] std::size_t writeProxyHeader(snapshot::ProxyVersion version,
                                             base::MutableBytes into) noexcept override;

  void run() noexcept;
  [[nodiscard]] bool quiet() noexcept;
  [[nodiscard]] std::size_t readMore() noexcept;
  [[nodiscard]] std::size_t spliceMore() noexcept;
  void readEnded() noexcept;
  void feed(base::Bytes bytes, bool buffered) noexcept;
  [[nodiscard]] std::size_t step(std::string_view held) noexcept;
  [[nodiscard]] std::size_t stepHead(std::string_view held) noexcept;
  void headRead(std::string_view held, const codec::H1Head& head) noexcept;
  [[nodiscard]] std::size_t stepChunks(std::string_view held) noexcept;
  [[nodiscard]] std::size_t passBody(std::string_view held, std::uint64_t bytesMax) noexcept;
  void responseOver(const codec::H1Trailers& trailers) noexcept;
  void done() noexcept;
  void becomeIdle() noexcept;
  void wrote(const transport::Outbox::Flushed& flushed) noexcept;
  void fail(telemetry::CloseReason reason, int sysErrno, bool exhausted = false) noexcept;
  void end(int sysErrno, bool reset) noexcept;
  void opened() noexcept;
  [[nodiscard]] telemetry::Cells& cells() const noexcept;

  Context& context_;
  HttpMemory& memory_;
  ClusterRuntime& cluster_;
  Endpoint& endpoint_;
  HttpClientOwner* owner_ = nullptr;
  os::PoolPtr<Connector> connector_;
  std::unique_ptr<base::Address> target_;
  transport::Side side_;
  transport::Outbox outbox_;
  os::Buffer in_;  ///< Of the response, and not yet told.
  HeadIntake intake_;
  codec::H1ChunkReader chunks_{codec::H1Limits{}};
  std::uint64_t bodyLeft_ = 0;
  base::TimePoint opened_{};
  base::TimePoint idleSince_{};
  base::TimePoint closeAt_{};  ///< Its age is reached; zero: never.
  int writeErrno_ = 0;
  std::uint32_t connectUs_ = 0;
  std::uint32_t interimCount_ = 0;
  snapshot::Direction direction_;
  State state_ = State::Connecting;
  Part part_ = Part::Over;
  codec::H1Method method_ = codec::H1Method::Other;
  bool upgradeAsked_ = false;
  bool requestChunked_ = false;
  bool requestEnded_ = false;
  bool responseBegun_ = false;
  bool keepAlive_ = false;
  bool paused_ = false;
  bool reused_ = false;
  bool held_ = false;  ///< The endpoint's connection counts as ours.
  bool blocked_ = false;
  bool tunnel_ = false;
  bool writeFailed_ = false;  ///< What the endpoint sent before may still be read.
};

static_assert(sizeof(HttpClient) <= 384);

}  // namespace weft::upstream
