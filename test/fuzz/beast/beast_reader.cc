#include "beast/beast_reader.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/optional.hpp>

namespace weft::test {

namespace {

namespace beast = boost::beast;
using beast::error_code;

/// Notes what Beast says of a message.
template <bool isRequest>
class Notes final : public beast::http::basic_parser<isRequest> {
 public:
  explicit Notes(HttpMessage& message) : message_(message) {
    this->eager(true);
    this->header_limit(std::numeric_limits<std::uint32_t>::max());
    this->body_limit(std::numeric_limits<std::uint64_t>::max());
  }

 private:
  void on_request_impl(beast::http::verb /*verb*/, beast::string_view method,
                       beast::string_view target, int version, error_code& /*error*/) override {
    message_.method = std::string(method);
    message_.target = std::string(target);
    message_.minorVersion = version - 10;
  }

  void on_response_impl(int status, beast::string_view /*reason*/, int version,
                        error_code& /*error*/) override {
    message_.status = status;
    message_.minorVersion = version - 10;
  }

  void on_field_impl(beast::http::field /*field*/, beast::string_view name,
                     beast::string_view value, error_code& /*error*/) override {
    HttpFields& fields = this->is_header_done() ? message_.trailers : message_.fields;
    fields.emplace_back(std::string(name), std::string(value));
  }

  void on_header_impl(error_code& /*error*/) override {}

  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/,
                         error_code& /*error*/) override {}

  std::size_t on_body_impl(beast::string_view body, error_code& /*error*/) override {
    message_.body.append(body.data(), body.size());
    return body.size();
  }

  void on_chunk_header_impl(std::uint64_t /*size*/, beast::string_view /*extensions*/,
                            error_code& /*error*/) override {}

  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, beast::string_view body,
                                 error_code& /*error*/) override {
    message_.body.append(body.data(), body.size());
    return body.size();
  }

  void on_finish_impl(error_code& /*error*/) override {}

  HttpMessage& message_;
};

template <bool isRequest>
BeastReading read(std::string_view bytes, bool skipsBody) {
  BeastReading reading;
  Notes<isRequest> notes(reading.message);
  notes.skip(skipsBody);
  error_code error;
  std::size_t taken = 0;
  // A step may end between two parts of a message, with bytes left.
  while (!error && !notes.is_done() && taken < bytes.size()) {
    const std::string_view rest = bytes.substr(taken);
    const std::size_t step = notes.put(boost::asio::buffer(rest.data(), rest.size()), error);
    taken += step;
    if (step == 0) {
      break;
    }
  }
  if (error == beast::http::error::need_more) {
    error = {};
  }
  if (!error && notes.is_header_done() && !notes.is_done() && notes.need_eof()) {
    notes.put_eof(error);
  }
  reading.message.bytes = taken;
  reading.message.whole = !error && notes.is_done();
  reading.message.keepAlive = notes.is_header_done() && notes.keep_alive();
  reading.refusal = error ? error.message() : std::string();
  return reading;
}

}  // namespace

BeastReading beastRequest(std::string_view bytes) {
  return read<true>(bytes, false);
}

BeastReading beastResponse(std::string_view bytes, bool answersHead) {
  return read<false>(bytes, answersHead);
}

}  // namespace weft::test
