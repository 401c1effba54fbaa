#include "codec/h1_forward.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/header_edits.h"
#include "codec/h1_field_reader.h"
#include "codec/h1_framing.h"
#include "codec/h1_head.h"
#include "codec/h1_target.h"
#include "codec/h1_writer.h"
#include "codec/http_text.h"

namespace weft::codec {

namespace {

/// Of the lines that are added beside what a head names itself.
constexpr std::size_t kAddedBytesMax = 256;

constexpr std::uint16_t kNoContent = 204;

bool listHas(std::string_view list, std::string_view lower) noexcept {
  for (std::string_view item = nextListItem(list); !item.empty(); item = nextListItem(list)) {
    if (equalsLower(item, lower)) {
      return true;
    }
  }
  return false;
}

/// Whether a field of that name lists it.
bool fieldsHave(const H1Fields& fields, FieldName name, std::string_view lower) noexcept {
  for (std::size_t index = 0; index < fields.size(); ++index) {
    if (fields.at(index).name == name && listHas(fields.value(index), lower)) {
      return true;
    }
  }
  return false;
}

void markName(const H1Fields& fields, FieldName name, FieldBits& marked) noexcept {
  for (std::size_t index = 0; index < fields.size(); ++index) {
    if (fields.at(index).name == name) {
      marked.set(index);
    }
  }
}

bool hasName(const H1Fields& fields, FieldName name) noexcept {
  for (std::size_t index = 0; index < fields.size(); ++index) {
    if (fields.at(index).name == name) {
      return true;
    }
  }
  return false;
}

void writeLines(std::string_view held, const H1Head& head, const FieldBits& leftOut,
                H1Writer& writer) noexcept {
  writer.fields(held, std::span(head.fields).first(head.fieldCount), head.bytes - kLineEndBytes,
                leftOut);
}

void writeUpgrade(const H1Fields& fields, H1Writer& writer) noexcept {
  for (std::size_t index = 0; index < fields.size(); ++index) {
    if (fields.at(index).name == FieldName::Upgrade) {
      writer.field("upgrade", fields.value(index));
    }
  }
}

/// What is removed, and what gets another value.
void markEdits(const H1Fields& fields, const base::HeaderEdits& edits, FieldBits& marked) noexcept {
  const auto mark = [&](std::string_view lower) {
    for (std::size_t index = 0; index < fields.size(); ++index) {
      if (equalsLower(fields.name(index), lower)) {
        marked.set(index);
      }
    }
  };
  for (const std::string_view name : edits.remove) {
    mark(name);
  }
  for (const base::HeaderField& field : edits.set) {
    mark(field.name);
  }
}

void writeEdits(const base::HeaderEdits& edits, H1Writer& writer) noexcept {
  for (const std::vector<base::HeaderField>* fields : {&edits.set, &edits.add}) {
    for (const base::HeaderField& field : *fields) {
      writer.field(field.name, field.value);
    }
  }
}

std::size_t editedBytes(const base::HeaderEdits* edits) noexcept {
  return edits == nullptr ? 0 : edits->bytes();
}

/// One space or none, a number without zeros in front, nothing behind.
bool isPlain(std::string_view held, const H1Field& field) noexcept {
  const std::size_t behindColon = field.nameAt + field.nameBytes + std::size_t{1};
  const std::size_t behindValue = field.valueAt + std::size_t{field.valueBytes};
  const bool padded = field.valueAt - behindColon > 1 || held[behindColon] == '\t';
  const bool zeros = field.valueBytes > 1 && held[field.valueAt] == '0';
  return !padded && !zeros && held[behindValue] == '\r';
}

/// Whether a Content-Length is spelled as some programs refuse it, valid as it is (RFC 9110 5.5 and
/// 8.6). It is left out then, and written anew.
bool takesOddLength(std::string_view held, const H1Fields& fields, FieldBits& marked) noexcept {
  for (std::size_t index = 0; index < fields.size(); ++index) {
    if (fields.at(index).name == FieldName::ContentLength && !marked.test(index) &&
        !isPlain(held, fields.at(index))) {
      marked.set(index);
      return true;
    }
  }
  return false;
}

/// RFC 9112 3.2.2: what the target names counts, and Host is replaced.
void writeHost(const H1Request& request, const H1Fields& fields, H1Writer& writer) noexcept {
  if (!request.host.empty()) {
    writer.field("host", request.host);
  } else if (request.target.form == H1TargetForm::Absolute) {
    writer.field("host", request.target.authority);
  } else if (!hasName(fields, FieldName::Host)) {
    writer.field("host", request.defaultHost);
  }
}

/// What this connection says for itself.
void writeConnection(const H1Request& request, const H1Fields& fields, H1Writer& writer) noexcept {
  const bool upgrade = forwardsUpgrade(request);
  const bool trailers = fieldsHave(fields, FieldName::Te, "trailers");
  if (upgrade) {
    writer.field("connection", trailers ? "upgrade, te" : "upgrade");
    writeUpgrade(fields, writer);
  } else if (trailers) {
    writer.field("connection", "te");
  }
  if (trailers) {
    writer.field("te", "trailers");
  }
}

}  // namespace

std::size_t forwardedBytesMax(const H1Request& request) noexcept {
  // What is added of the head's own may double it.
  return std::size_t{2} * request.head.bytes + request.defaultHost.size() + request.path.size() +
         request.host.size() + editedBytes(request.edits) + request.added.size() + kAddedBytesMax;
}

std::size_t forwardedBytesMax(const H1Response& response) noexcept {
  return std::size_t{2} * response.head.bytes + editedBytes(response.edits) + response.via.size() +
         response.cookie.size() + kAddedBytesMax;
}

bool forwardsUpgrade(const H1Request& request) noexcept {
  return request.framing.upgrade &&
         !fieldsHave(request.head.fieldsIn(request.held), FieldName::Upgrade, "h2c");
}

void forwardRequest(const H1Request& request, H1Writer& writer) noexcept {
  const H1Head& head = request.head;
  const H1Fields fields = head.fieldsIn(request.held);
  const H1Target& target = request.target;
  FieldBits leftOut;
  markHopByHop(fields, leftOut);
  if (request.edits != nullptr) {
    markEdits(fields, *request.edits, leftOut);
  }
  if (request.replaced != nullptr) {
    leftOut |= *request.replaced;
  }
  if (target.form == H1TargetForm::Absolute || !request.host.empty()) {
    markName(fields, FieldName::Host, leftOut);
  }
  const bool oddLength =
      request.framing.lengthGiven && takesOddLength(request.held, fields, leftOut);
  const std::string_view method = head.method.in(request.held);
  if (!request.path.empty()) {
    writer.requestLine(method, request.path);
  } else if (target.form == H1TargetForm::Authority) {
    writer.requestLine(method, target.authority);
  } else {
    writer.requestLine(method, target.path, target.slashLacks);
  }
  writeLines(request.held, head, leftOut, writer);
  writeHost(request, fields, writer);
  if (request.edits != nullptr) {
    writeEdits(*request.edits, writer);
  }
  writer.text(request.added);
  writeConnection(request, fields, writer);
  if (request.framing.body == H1Body::Chunked) {
    writer.field("transfer-encoding", "chunked");
  } else if (oddLength) {
    writer.field("content-length", request.framing.length);
  }
  writer.endFields();
}

void forwardResponse(const H1Response& response, H1Writer& writer) noexcept {
  const H1Head& head = response.head;
  const H1Fields fields = head.fieldsIn(response.held);
  const bool interim = head.status < 200;
  const bool switches = response.framing.body == H1Body::Tunnel;
  FieldBits leftOut;
  markHopByHop(fields, leftOut);
  if (response.edits != nullptr) {
    markEdits(fields, *response.edits, leftOut);
  }
  if (interim || switches || head.status == kNoContent) {
    // RFC 9110 8.6: there must be none, and somebody may wait for what it says.
    markName(fields, FieldName::ContentLength, leftOut);
  }
  writer.statusLine(head.status, head.reason.in(response.held));
  writeLines(response.held, head, leftOut, writer);
  if (response.edits != nullptr) {
    writeEdits(*response.edits, writer);
  }
  if (!response.via.empty()) {
    writer.text("via: 1.1 ");
    writer.text(response.via);
    writer.text("\r\n");
  }
  if (!response.cookie.empty()) {
    writer.field("set-cookie", response.cookie);
  }
  if (switches && interim) {
    writer.field("connection", "upgrade");
    writeUpgrade(fields, writer);
  } else if (!interim && !switches) {
    if (response.framing.body == H1Body::Chunked && response.minorVersion > 0) {
      writer.field("transfer-encoding", "chunked");
    }
    if (!response.keepAlive) {
      writer.field("connection", "close");
    } else if (response.minorVersion == 0) {
      writer.field("connection", "keep-alive");
    }
  }
  writer.endFields();
}

}  // namespace weft::codec
