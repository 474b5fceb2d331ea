# Flags every target of ours gets; third-party headers come in as SYSTEM and stay quiet.
add_library(saker_options INTERFACE)
target_compile_options(saker_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Wcast-align
  -Woverloaded-virtual -Wnull-dereference -Wimplicit-fallthrough -Werror -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these inside std:: and absl:: headers when it inlines them into ours.
  target_compile_options(saker_options INTERFACE -Wno-null-dereference -Wno-maybe-uninitialized -Wno-restrict)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_definitions(saker_options INTERFACE _FORTIFY_SOURCE=2)
endif()
set(SAKER_SANITIZE "" CACHE STRING "Sanitizers for every target, e.g. address,undefined or thread")
if(SAKER_SANITIZE)
  add_compile_options(-fsanitize=${SAKER_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SAKER_SANITIZE})
  if(SAKER_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan) # Boost.Asio has fences, which this sanitizer does not see
  endif()
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # libstdc++ 12's own stable_sort uses what C++17 deprecates, and clang blames the caller.
  target_compile_options(saker_options INTERFACE -Wno-deprecated-declarations)
endif()
