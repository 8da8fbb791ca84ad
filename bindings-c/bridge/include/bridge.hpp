// The cxx bridge of oarlock: typed C++ over boxes and slices instead of the C ABI's handles and pointers.
//
// Link liboarlock-bridge.a, which holds the whole library:
//   c++ -std=c++17 program.cpp $(pkg-config --cflags --libs oarlock-bridge)
// A failure is thrown as rust::Error, whose text begins with the kind's name ("NotFound: …").
// bridge/generated.h declares the functions, with their comments, at its end.

#ifndef OARLOCK_BRIDGE_HPP
#define OARLOCK_BRIDGE_HPP

#include "bridge/cxx.h"
#include "bridge/generated.h"

#endif
