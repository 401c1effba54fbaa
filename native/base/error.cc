#include "base/error.h"

#include <cerrno>

namespace weft::base {

namespace {

ErrorCode codeOf(int sysErrno) noexcept {
  switch (sysErrno) {
    case ECONNREFUSED:
    case ENOENT:
      return ErrorCode::Refused;
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED:
      return ErrorCode::Reset;
    case ETIMEDOUT:
      return ErrorCode::Lost;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
      return ErrorCode::Unreachable;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case ENOSPC:
    case EAGAIN:
      return ErrorCode::Exhausted;
    case EACCES:
    case EPERM:
      return ErrorCode::Permission;
    case EADDRINUSE:
      return ErrorCode::InUse;
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case ENAMETOOLONG:
    case ENOTDIR:
      return ErrorCode::BadAddress;
    case EINVAL:
      return ErrorCode::InvalidArgument;
    default:
      return ErrorCode::System;
  }
}

}  // namespace

Error errorFromErrno(int sysErrno, Side side, const char* text) noexcept {
  return Error{.text = text, .sysErrno = sysErrno, .code = codeOf(sysErrno), .side = side};
}

const char* errorCodeName(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::Refused:
      return "refused";
    case ErrorCode::Timeout:
      return "timeout";
    case ErrorCode::Reset:
      return "reset";
    case ErrorCode::Lost:
      return "lost";
    case ErrorCode::Unreachable:
      return "unreachable";
    case ErrorCode::Exhausted:
      return "exhausted";
    case ErrorCode::Permission:
      return "permission";
    case ErrorCode::InUse:
      return "in use";
    case ErrorCode::BadAddress:
      return "bad address";
    case ErrorCode::ClusterLimit:
      return "cluster limit";
    case ErrorCode::PendingLimit:
      return "pending limit";
    case ErrorCode::EndpointLimit:
      return "endpoint limit";
    case ErrorCode::NoEndpoint:
      return "no endpoint";
    case ErrorCode::FailFast:
      return "fail fast";
    case ErrorCode::Unhealthy:
      return "unhealthy";
    case ErrorCode::InvalidArgument:
      return "invalid argument";
    case ErrorCode::System:
      return "system";
  }
  return "system";
}

}  // namespace weft::base
