// --8<-- [start:first]
#include <iostream>
#include <oarlock.hpp>

int main() {
  oarlock::store store("file:///tmp/oarlock-first/cpp");
  store.create_bucket();
  store.put("greeting", "hello");
  std::cout << store.get("greeting", {{"range", "0-3"}})["length"].as_int() << '\n';
}
// --8<-- [end:first]
