// The tutorial in C++; run by tests/driver/test_site.py.

// --8<-- [start:open]
#include <iostream>
#include <oarlock.hpp>

int main(int argc, char **argv) {
  oarlock::store store(argc > 1 ? argv[1] : "file:///tmp/oarlock-first/cpp");
  // --8<-- [end:open]

  // --8<-- [start:first]
  store.create_bucket();
  store.put("greeting", "hello", {{"content_type", "text/plain"}});
  std::cout << store.get("greeting")["body"].as_bytes() << '\n';
  // --8<-- [end:first]

  // --8<-- [start:range]
  auto reply = store.get("greeting", {{"range", "0-3"}});
  std::cout << reply["body"].as_bytes() << ' ' << reply["meta"]["size"].as_int() << '\n';
  // --8<-- [end:range]

  // --8<-- [start:files]
  store.put("big", std::string(1000, 'x'));
  store.get("big", {}, oarlock::sink::file("big"));  // a file that is whole, or not there
  // --8<-- [end:files]

  // --8<-- [start:list]
  for (const auto &page : store.list())
    for (auto entry : page["entries"])
      std::cout << entry["key"].as_str() << ' ' << entry["size"].as_int() << '\n';
  // --8<-- [end:list]

  // --8<-- [start:errors]
  try {
    store.get("no-such-key");
  } catch (const oarlock::error &error) {
    std::cout << error.kind_name() << '\n';
  }
  // --8<-- [end:errors]
}
