# The rules that every target follows.

add_library(oneproxy_options INTERFACE)
target_compile_options(oneproxy_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)  # false positives of GCC 12 in std::string
if(ONEPROXY_SANITIZE)
  target_compile_options(oneproxy_options INTERFACE -fsanitize=${ONEPROXY_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(oneproxy_options INTERFACE -fsanitize=${ONEPROXY_SANITIZE})
  if(ONEPROXY_SANITIZE MATCHES undefined)
    # The checks of every single access, which take a third of the build, find little that AddressSanitizer does not.
    target_compile_options(oneproxy_options INTERFACE -fno-sanitize-recover=undefined
      -fno-sanitize=null,alignment,object-size,vptr)
  endif()
endif()
find_program(ONEPROXY_MOLD mold)
if(ONEPROXY_MOLD)
  target_link_options(oneproxy_options INTERFACE -fuse-ld=mold)
endif()
find_program(ONEPROXY_CCACHE ccache)
if(ONEPROXY_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ONEPROXY_CCACHE})
endif()

# Headers that most files of a target include, read once. ccache must be told that it may look behind them.
option(ONEPROXY_PRECOMPILED_HEADERS "Precompile the headers that are slowest to read" OFF)
if(ONEPROXY_PRECOMPILED_HEADERS AND CMAKE_CXX_COMPILER_LAUNCHER MATCHES "ccache$")
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
function(oneproxy_precompile target)
  if(ONEPROXY_PRECOMPILED_HEADERS)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()

# oneproxy_room(NAME USES ROOM... LIBRARIES TARGET... PRIVATE_LIBRARIES TARGET...)
# One folder under src/ = one library, which may use exactly the rooms named.
function(oneproxy_room name)
  cmake_parse_arguments(room "" "" "USES;LIBRARIES;PRIVATE_LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  if(NOT sources)
    set(sources ${PROJECT_BINARY_DIR}/empty.cpp)
    file(WRITE ${sources} "")
  endif()
  add_library(oneproxy_${name} STATIC ${sources})
  add_library(oneproxy::${name} ALIAS oneproxy_${name})
  set_target_properties(oneproxy_${name} PROPERTIES LINKER_LANGUAGE CXX EXPORT_NAME ${name})
  target_include_directories(oneproxy_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
  target_compile_features(oneproxy_${name} PUBLIC cxx_std_20)  # its headers need it
  list(TRANSFORM room_USES PREPEND oneproxy::)
  target_link_libraries(oneproxy_${name} PUBLIC ${room_USES} ${room_LIBRARIES}
    PRIVATE ${room_PRIVATE_LIBRARIES} $<BUILD_INTERFACE:oneproxy_options>)
endfunction()
