// Uploads a file, downloads it again and compares the two: transfer URL FILE. Prints bytes and seconds.
// Settings come from the environment: OARLOCK_ENDPOINT is the setting `endpoint`, and so on, beside what AWS
// programs read.
//
//   c++ -std=c++17 transfer.cpp $(pkg-config --cflags --libs oarlock) -o transfer && ./transfer
//   s3://bucket/prefix big.iso

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <oarlock.hpp>
#include <string>

extern char **environ;

static oarlock::options settings() {
  const std::string lead = "OARLOCK_";
  oarlock::options settings;
  for (char **entry = environ; *entry; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    if (text.compare(0, lead.size(), lead) != 0 || equals == std::string::npos) continue;
    std::string name = text.substr(lead.size(), equals - lead.size());
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    settings.set(name, text.substr(equals + 1));
  }
  return settings;
}

static bool same(const std::string &one, const std::string &other) {
  std::ifstream left(one, std::ios::binary), right(other, std::ios::binary);
  using bytes = std::istreambuf_iterator<char>;
  return left && right && std::equal(bytes(left), bytes(), bytes(right), bytes());
}

template <typename Work>
static double seconds(Work work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

int main(int argc, char **argv) {
  if (argc != 3) {
    std::cerr << "usage: " << argv[0] << " URL FILE\n";
    return 2;
  }
  try {
    const std::string file = argv[2], back = file + ".back", key = file.substr(file.find_last_of('/') + 1);
    const oarlock::store store(argv[1], settings());
    std::int64_t bytes = 0;
    const double up = seconds([&] { store.put(key, oarlock::source::file(file)); });
    const double down =
        seconds([&] { bytes = store.get(key, {}, oarlock::sink::file(back))["length"].as_int(); });
    const bool verified = same(file, back);
    std::remove(back.c_str());
    std::printf("%lld bytes up in %.3f s, down in %.3f s, %s\n", static_cast<long long>(bytes), up, down,
                verified ? "verified" : "DIFFERENT");
    return verified ? 0 : 1;
  } catch (const oarlock::error &error) {
    std::cerr << error.kind_name() << ": " << error.what() << '\n';
    return 1;
  }
}
