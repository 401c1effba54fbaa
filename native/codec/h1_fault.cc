#include "codec/h1_fault.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft::codec {

namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(H1Fault::Count)> kNames = {
    "none",
    "bare_lf",
    "bare_cr",
    "head_too_long",
    "too_many_fields",
    "obs_fold",
    "no_field_name",
    "space_before_colon",
    "bad_field_name",
    "bad_field_value",
    "bad_method",
    "bad_target",
    "bad_version",
    "unknown_version",
    "bad_status",
    "bad_content_length",
    "many_content_lengths",
    "length_and_coding",
    "unknown_transfer_coding",
    "coding_in_old_version",
    "connection_names_framing",
    "no_host",
    "many_hosts",
    "bad_host",
    "bad_chunk_size",
    "chunk_too_large",
    "bad_chunk_extension",
    "chunk_line_too_long",
    "no_chunk_end",
    "bad_trailer",
};

}  // namespace

std::string_view h1FaultName(H1Fault fault) noexcept {
  return kNames.at(static_cast<std::size_t>(fault));
}

std::uint16_t h1FaultStatus(H1Fault fault) noexcept {
  switch (fault) {
    case H1Fault::HeadTooLong:
    case H1Fault::TooManyFields:
      return 431;
    case H1Fault::UnknownTransferCoding:
      return 501;
    case H1Fault::UnknownVersion:
      return 505;
    default:
      return 400;
  }
}

}  // namespace weft::codec
