// "--name value" arguments of the load programs.

#pragma once

#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "net.h"

namespace weft::bench {

class Options {
 public:
  // Reads argv from `first` on, in pairs.
  Options(int argc, char** argv, int first) {
    for (int i = first; i < argc; i += 2) {
      const std::string_view name = argv[i];
      if (!name.starts_with("--") || i + 1 >= argc) {
        die("expected '--name value', got '" + std::string(name) + "'");
      }
      values_.emplace(name.substr(2), argv[i + 1]);
    }
  }

  bool has(const std::string& name) const { return values_.contains(name); }

  std::string text(const std::string& name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) {
      die("--" + name + " is missing");
    }
    return found->second;
  }

  double number(const std::string& name, double fallback) const {
    const auto found = values_.find(name);
    return found == values_.end() ? fallback : std::strtod(found->second.c_str(), nullptr);
  }

  size_t count(const std::string& name, size_t fallback) const {
    return static_cast<size_t>(number(name, static_cast<double>(fallback)));
  }

 private:
  std::map<std::string, std::string> values_;
};

// A length of time given in seconds, as nanoseconds.
inline uint64_t secondsToNs(double seconds) {
  return static_cast<uint64_t>(seconds * 1e9);
}

}  // namespace weft::bench
