// Streams an object over the cxx bridge: `stream put URL KEY <file`, `stream get URL KEY >file`.
// Memory stays bounded, however large the object is.
//
//   c++ -std=c++17 stream.cpp $(pkg-config --cflags --libs oarlock-bridge) -o stream
//   ./stream put s3://bucket/prefix big.iso <big.iso

#include <array>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <oarlock/bridge.hpp>
#include <string>

namespace bridge = oarlock::bridge;

static std::array<std::uint8_t, 1 << 16> buffer;

static void put(const bridge::Store &store, const bridge::Arguments &arguments) {
  auto call = store.start("put", arguments, bridge::source_pushed(), bridge::sink_memory());
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), stdin))
    call->write({buffer.data(), count});
  std::cerr << call->wait()->get("size")->as_int() << " bytes sent\n";
}

static void get(const bridge::Store &store, const bridge::Arguments &arguments) {
  auto call = store.start("get", arguments, bridge::no_source(), bridge::sink_pulled());
  while (const std::size_t count = call->read({buffer.data(), buffer.size()}))
    std::fwrite(buffer.data(), 1, count, stdout);
  std::cerr << call->wait()->get("length")->as_int() << " bytes received\n";
}

int main(int argc, char **argv) {
  const std::string verb = argc == 4 ? argv[1] : "";
  if (verb != "put" && verb != "get") {
    std::cerr << "usage: " << argv[0] << " put|get URL KEY\n";
    return 2;
  }
  try {
    auto store = bridge::open(argv[2], *bridge::arguments());
    auto arguments = bridge::arguments();
    arguments->text("key", argv[3]);
    verb == "put" ? put(*store, *arguments) : get(*store, *arguments);
    return std::ferror(stdin) || std::fflush(stdout) != 0;
  } catch (const rust::Error &error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
