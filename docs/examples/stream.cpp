// A stream in C++; run by tests/driver/test_site.py with a store's URL.
#include <iostream>
#include <oarlock.hpp>

int main(int argc, char **argv) {
  oarlock::store store(argc > 1 ? argv[1] : "file:///tmp/oarlock-first/cpp");
  store.put("big.iso", std::string(1000000, 'x'));
  // --8<-- [start:stream]
  size_t total = 0;
  store.get("big.iso", {}, oarlock::sink::to([&total](std::string_view data) {
              total += data.size();  // the bytes as they arrive
            }));
  std::string first(1000, '\0');
  auto file = store.open_reader("big.iso");  // a std::istream that seeks
  file.read(first.data(), 1000);
  // --8<-- [end:stream]
  std::cout << total << ' ' << file.gcount() << '\n';
}
