#!/bin/sh
# Builds and installs liboarlock, then runs everything that is special to C and C++: headers, symbols, linking in each way, the
# programs beside this script, and the C ones again under valgrind. Prints "N passed, N failed" last; fails if one did.
# PROFILE=dev (the default) or release. Needs a C and C++ compiler, make, pkg-config, cmake, valgrind and libcjson-dev.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
profile=${PROFILE:-dev}
target=${CARGO_TARGET_DIR:-$root/target}
prefix=$target/c/$profile
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

# A check: its name, then a command whose output is shown only if it fails.
check() {
  name=$1
  shift
  if "$@" >"$work/log" 2>&1; then
    passed=$((passed + 1))
    echo "ok $name"
  else
    failed=$((failed + 1))
    echo "FAILED $name"
    tail -40 "$work/log"
  fi
}

# A program of tests: its name, then a command that ends with "N passed, N failed".
program() {
  name=$1
  shift
  timeout 300 "$@" >"$work/log" 2>&1
  status=$?
  counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$work/log" | tail -1)
  if [ $status -ne 0 ] || [ -z "$counts" ]; then
    echo "FAILED $name (status $status)"
    tail -60 "$work/log"
    [ "${counts#* }" = 0 ] && counts=
  else
    echo "ok $name: ${counts% *} tests"
  fi
  counts=${counts:-0 1}
  passed=$((passed + ${counts% *}))
  failed=$((failed + ${counts#* }))
}

make -s -C "$root/bindings-c" install PREFIX="$prefix" DESTDIR= PROFILE="$profile" || exit 1
make -s -C "$root/tests/agents/c" PROFILE="$profile" || exit 1
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
flags="$(pkg-config --cflags oarlock)"
shared="$(pkg-config --libs oarlock) -Wl,-rpath,$prefix/lib"
static="$prefix/lib/liboarlock.a $(pkg-config --static --libs-only-l oarlock | sed 's/-loarlock//')"
version=$(pkg-config --modversion oarlock)
c="cc -std=c99 -D_GNU_SOURCE -g -Wall -Wextra -pedantic -Werror -pthread $flags -DEXPECTED_VERSION=\"$version\""
cxx="c++ -std=c++17 -g -Wall -Wextra -pedantic -Werror -pthread $flags"
bridge=$(pkg-config --cflags --libs oarlock-bridge)

only_ours() {
  symbols=$(nm -D --defined-only "$prefix/lib/liboarlock.so" | awk '{print $3}')
  echo "$symbols" | grep -v '^oarlock_' && return 1
  for symbol in $(grep -v 'static inline' "$prefix/include/oarlock.h" | grep -o '\boarlock_[a-z_]*(' | tr -d '(' | sort -u); do
    echo "$symbols" | grep -qx "$symbol" || grep -q "static inline.*\b$symbol(" "$prefix/include/oarlock.h" || { echo "$symbol is not exported"; return 1; }
  done
}
nothing_else_is_global() {
  nm -g --defined-only "$prefix/lib/liboarlock.a" | awk 'NF == 3 {print $3}' >"$work/globals" && grep -qx oarlock_start "$work/globals" &&
    ! grep -v '^oarlock_' "$work/globals"
}
# Two libraries with Rust's run-time library in one program: their symbols do not meet.
beside_another() {
  echo 'unsafe extern "C" { fn oarlock_version() -> *const std::ffi::c_char; } fn main() { println!("{:?}", unsafe { std::ffi::CStr::from_ptr(oarlock_version()) }); }' >"$work/beside.rs" &&
    rustc --edition 2024 "$work/beside.rs" -o "$work/beside" -C link-arg="$prefix/lib/liboarlock.a" -C link-args="-lgcc_s -lutil -lrt -lpthread -lm -ldl" && "$work/beside" | grep -q "$version"
}
soname() { readelf -d "$prefix/lib/liboarlock.so" | grep -q "SONAME.*\[liboarlock\.so\.${version%.*}\]"; }
foreign() { ! readelf -d "$prefix/lib/liboarlock.so" | grep NEEDED | grep -vE 'lib(c|m|dl|rt|util|pthread|gcc_s)\.so|ld-linux'; }
staged() {
  make -s -C "$root/bindings-c" install PREFIX=/usr DESTDIR="$work/stage" PROFILE="$profile" &&
    test -e "$work/stage/usr/lib/liboarlock.so" &&
    test -e "$work/stage/usr/lib/liboarlock-bridge.a" && test -e "$work/stage/usr/include/oarlock/bridge.hpp" &&
    make -s -C "$root/bindings-c" install PREFIX=/usr DESTDIR="$work/plain" PROFILE="$profile" BRIDGE=no STATIC=no &&
    ! ls "$work/plain/usr/lib" "$work/plain/usr/include/oarlock" | grep bridge
}
# The prefix is moved, and the libraries lie deeper in it.
moved() {
  make -s -C "$root/bindings-c" install PREFIX="$work/made" LIBDIR=lib/multi DESTDIR= PROFILE="$profile" BRIDGE=no STATIC=no && mv "$work/made" "$work/moved" &&
    $c "$root/bindings-c/examples/get.c" -o "$work/get-moved" $(PKG_CONFIG_PATH="$work/moved/lib/multi/pkgconfig" pkg-config --cflags --libs oarlock) &&
    [ "$(PKG_CONFIG_PATH="$work/moved/lib/multi/pkgconfig" pkg-config --variable=libdir oarlock | xargs realpath)" = "$(realpath "$work/moved/lib/multi")" ] &&
    mkdir "$work/project" && cp "$root/bindings-c/examples/get.c" "$work/project" &&
    printf '%s\n' 'cmake_minimum_required(VERSION 3.16)' 'project(p C)' 'find_package(oarlock REQUIRED)' 'add_executable(get get.c)' \
      'target_link_libraries(get oarlock::oarlock)' >"$work/project/CMakeLists.txt" &&
    cmake -S "$work/project" -B "$work/project/build" -Doarlock_DIR="$work/moved/lib/multi/cmake/oarlock" && cmake --build "$work/project/build" &&
    { "$work/project/build/get"; [ $? -eq 2 ]; }
}
too_old() { ! c++ -std=c++14 -fsyntax-only $flags -include oarlock.hpp -x c++ "$work/main.c" 2>"$work/why" && grep -q 'needs C++17' "$work/why"; }
found_by_cmake() {
  cmake -S "$here/cmake" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$prefix" && cmake --build "$work/cmake" &&
    for each in shared_c shared_cpp static_c bridge_cpp; do "$work/cmake/$each"; [ $? -eq 2 ] || return 1; done
}
transfers() {
  mkdir "$work/place" && dd if=/dev/urandom of="$work/file" bs=1M count=20 && "$work/transfer" "file://$work/place" "$work/file" &&
    "$work/get" "file://$work/place" file | cmp - "$work/file"
}

streams() {
  "$work/stream" put "file://$work/place" streamed <"$work/file" && "$work/stream" get "file://$work/place" streamed | cmp - "$work/file" &&
    ! "$work/stream" get "file://$work/place" nothing 2>"$work/why" && grep -q '^NotFound: ' "$work/why"
}
explains() {
  "$work/explain" "file://$work/place" --check region=r >"$work/rows" && grep -q '^check delete  *ok' "$work/rows" &&
    grep -q '^region  *r  *setting' "$work/rows" && ! "$work/explain" "file://$work/nowhere"
}

fetches_through() {
  echo here >"$work/upstream" && for source in fetched stored; do
    "$work/through" "file://$work/place" kept "file://$work/upstream" 2>"$work/why" | cmp - "$work/upstream" && grep -qx $source "$work/why" || return 1
  done
}
loops() {
  "$work/epoll" "file://$work/place" file kept streamed | sort >"$work/rows" && [ "$(wc -l <"$work/rows")" -eq 3 ] && grep -qx 'kept: 5 bytes' "$work/rows" &&
    ! "$work/epoll" "file://$work/place" file nothing 2>"$work/why" && grep -q '^nothing: NotFound: ' "$work/why"
}
# A real encrypted object in the test server, which ends when its standard input does.
encrypts() {
  mkfifo "$work/stay" && { "$target/debug/fake-s3" --access-key AKIDC --secret-key canary-c-Zq7W <"$work/stay" >"$work/announced" & } && exec 9>"$work/stay" &&
    until [ -s "$work/announced" ]; do kill -0 $! || return 1; sleep 0.1; done
  url="s3://letters?endpoint=$(sed 's/.*"endpoint":"\([^"]*\)".*/\1/' "$work/announced")&region=us-east-1"
  export AWS_ACCESS_KEY_ID=AKIDC AWS_SECRET_ACCESS_KEY=canary-c-Zq7W AWS_EC2_METADATA_DISABLED=true
  printf '%s\n' '{"op":"open","url":"'"$url"'","settings":{}}' '{"op":"call","store":1,"verb":"create_bucket","args":{}}' | "$root/tests/agents/c/build/agent" &&
    OARLOCK_KEY=$(head -c 32 /dev/zero | base64) "$work/encrypt" "$url" letter "$work/file" | cmp - "$work/file" &&
    ! OARLOCK_KEY=short "$work/encrypt" "$url" letter "$work/file" && "$work/get" "$url" letter >"$work/sealed" && ! cmp -s "$work/sealed" "$work/file"
  status=$?
  exec 9>&-
  unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
  return $status
}
# Installed by dpkg into a root of their own, where the libraries that they depend on are not.
debian() {
  "$root/scripts/deb" library "$work/deb" "$profile" && mkdir -p "$work/root/var/lib/dpkg" && : >"$work/root/var/lib/dpkg/status" &&
    dpkg --root="$work/root" --force-depends --force-unsafe-io -i "$work"/deb/*.deb && for each in liboarlock0 liboarlock-dev; do
      dpkg-deb -f "$work/deb/$each"_*.deb Depends | grep -Eq 'libc6 \(>= 2\.|liboarlock0 \(= ' && grep -q 'aws-lc-sys' "$work/root/usr/share/doc/$each/copyright" || return 1
    done
  libraries=$work/root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)
  $c $(PKG_CONFIG_PATH="$libraries/pkgconfig" pkg-config --cflags oarlock) "$work/root/usr/share/doc/liboarlock-dev/examples/get.c" -o "$work/get-debian" \
    $(PKG_CONFIG_PATH="$libraries/pkgconfig" pkg-config --libs oarlock) && LD_LIBRARY_PATH="$libraries" "$work/get-debian" "file://$work/place" kept | cmp - "$work/upstream"
}
# With the suppressions nothing is left, of any kind; what a program itself forgets is still found.
suppressed() {
  every="valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=all --show-leak-kinds=all --suppressions=$prefix/share/oarlock/oarlock.supp"
  echo '#include <oarlock.h>
int main(int count, char **words) { oarlock_store *store = NULL; return count != 2 || oarlock_store_open(words[1], NULL, &store, NULL); }' >"$work/forgets.c"
  $every "$work/epoll" "file://$work/place" kept kept && $c "$work/forgets.c" -o "$work/forgets" $shared && { $every "$work/forgets" "file://$work/place"; [ $? -eq 99 ]; }
}

echo 'int main(void) { return 0; }' >"$work/main.c"
check "the header is C99" $c -include oarlock.h -fsyntax-only "$work/main.c"
check "the header is C++17" $cxx -include oarlock.h -x c++ -fsyntax-only "$work/main.c"
check "the skin is C++17" $cxx -include oarlock.hpp -x c++ -fsyntax-only "$work/main.c"
check "the skin refuses C++14" too_old
check "exports oarlock_ and nothing else" only_ours
check "the static library has oarlock_ and nothing else" nothing_else_is_global
check "the static library links beside another Rust" beside_another
check "has its SONAME" soname
check "needs only the system's own libraries" foreign
check "installs below DESTDIR" staged
check "may be moved, with its libraries in a directory below lib" moved
check "cmake finds it" found_by_cmake
check "pkg-config links the C example" $c "$root/bindings-c/examples/get.c" -o "$work/get" $shared
check "pkg-config links the C++ example" $cxx "$root/bindings-c/examples/transfer.cpp" -o "$work/transfer" $shared
check "the examples move a file" transfers
check "pkg-config links the example of the bridge" $cxx "$root/bindings-c/examples/stream.cpp" -o "$work/stream" $bridge
check "the example of the bridge streams a file" streams
sed -n '/^```cpp$/,/^```$/{/^```/d;p}' "$root/bindings-c/README.md" >"$work/readme.cpp"
check "the README's program builds" $cxx "$work/readme.cpp" -o "$work/readme" $bridge
check "pkg-config links the example that explains" $c "$root/bindings-c/examples/explain.c" -o "$work/explain" $shared
check "the example explains" explains
for each in epoll encrypt through; do
  check "pkg-config links the example $each" $c "$root/bindings-c/examples/$each.c" -o "$work/$each" $shared
done
check "the example reads through" fetches_through
check "the example with epoll fetches many" loops
check "the example encrypts" encrypts
if command -v dpkg-architecture >/dev/null; then
  check "the Debian packages install and build a program" debian
else
  echo "the Debian packages are not tried: this machine has no dpkg-architecture"
fi

for each in conventions calls fork; do
  check "$each builds" $c "$here/$each.c" -o "$work/$each" $shared
  program "$each" "$work/$each" "$work"
done
check "conventions builds with the static library" $c "$here/conventions.c" -o "$work/conventions-static" $static
program "conventions, static" "$work/conventions-static" "$work"
check "skin builds" $cxx "$here/skin.cpp" -o "$work/skin" $shared
program "skin" "$work/skin" "$work"
check "bridge builds" $cxx "$here/bridge.cpp" -o "$work/bridge" $bridge
program "bridge" "$work/bridge" "$work"

# Memory that is lost, read before it is written, or used after it was freed is an error; the runtime's own threads live on at the end.
careful="valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect --show-leak-kinds=definite,indirect"
agent_under_valgrind() {
  mkdir -p "$work/agent-place" && sed "s|URL|file://$work/agent-place|" "$here/agent-requests" | $careful "$root/tests/agents/c/build/agent" >"$work/answers" && cat "$work/answers" &&
    [ "$(wc -l <"$work/answers")" -eq "$(wc -l <"$here/agent-requests")" ]
}
if command -v valgrind >/dev/null; then
  program "conventions under valgrind" $careful "$work/conventions" "$work"
  program "calls under valgrind" $careful "$work/calls" "$work"
  check "the agent under valgrind" agent_under_valgrind
  check "the suppressions hide the run-time's memory alone" suppressed
else
  echo "FAILED valgrind is not installed"
  failed=$((failed + 1))
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
