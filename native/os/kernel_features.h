// What the kernel lets this process do, found by trying.
#pragma once

#include <string>

namespace weft::os {

struct KernelFeatures {
  std::string release;      ///< '6.1.0-18-amd64'.
  bool splice = false;      ///< Bytes can go from one descriptor to another without being copied.
  bool pipeResize = false;  ///< A pipe can have 1 MiB.
  bool ipv6 = false;        ///< There is an IPv6 loopback address.
};

[[nodiscard]] KernelFeatures probeKernel();

}  // namespace weft::os
