#include "codec/sniffer.h"

#include <algorithm>

#include "base/bytes.h"
#include "codec/client_hello_reader.h"
#include "codec/hello_format.h"
#include "codec/request_line.h"

namespace weft::codec {

namespace {

Sniffed fromLine(RequestLine::Verdict verdict) noexcept {
  switch (verdict) {
    case RequestLine::Verdict::NeedMore:
      return Sniffed::NeedMore;
    case RequestLine::Verdict::Http1:
      return Sniffed::Http1;
    case RequestLine::Verdict::Http2:
      return Sniffed::Http2;
    case RequestLine::Verdict::No:
      break;
  }
  return Sniffed::Opaque;
}

Sniffed fromHello(ClientHelloReader::Verdict verdict) noexcept {
  switch (verdict) {
    case ClientHelloReader::Verdict::NeedMore:
      return Sniffed::NeedMore;
    case ClientHelloReader::Verdict::Whole:
      return Sniffed::Tls;
    case ClientHelloReader::Verdict::Malformed:
      break;
  }
  return Sniffed::Opaque;
}

}  // namespace

Sniffed Sniffer::advance(base::Bytes held) noexcept {
  if (verdict_ != Sniffed::NeedMore || held.empty()) {
    return verdict_;
  }
  const base::Bytes looked = held.first(std::min(held.size(), kSniffBytesMax));
  if (looked.front() == kHandshakeRecord) {
    verdict_ = fromHello(hello_.advance(looked));
  } else if (canBeginMethod(looked.front())) {
    verdict_ = fromLine(requestLine_.advance(looked));
  } else {
    verdict_ = Sniffed::Opaque;
  }
  if (verdict_ == Sniffed::NeedMore && looked.size() == kSniffBytesMax) {
    verdict_ = Sniffed::Opaque;
  }
  return verdict_;
}

}  // namespace weft::codec
