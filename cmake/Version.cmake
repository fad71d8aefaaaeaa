# ONEPROXY_VERSION: 1.2.0 on the tag v1.2.0, 1.2.0+5.g1a2b3c4 five commits after it, 0.1.0+g1a2b3c4 (project()'s version)
# where no tag is. In an archive that git made without a clone (`git archive`) the same, from .git_archival.txt;
# project()'s version alone where nothing is known. Changes that are not committed are not told: CMake looks once, when it
# configures. ONEPROXY_VERSION_NUMBERS: what stands before "+".
set(_described "")
find_package(Git QUIET)
if(GIT_FOUND)
  # The folder may belong to another user; a repository around an unpacked archive is not ours.
  execute_process(COMMAND ${GIT_EXECUTABLE} -c safe.directory=* -C ${PROJECT_SOURCE_DIR} rev-parse --show-prefix
    OUTPUT_VARIABLE _prefix ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE _status)
  if(_status EQUAL 0 AND _prefix STREQUAL "")
    execute_process(COMMAND ${GIT_EXECUTABLE} -c safe.directory=* -C ${PROJECT_SOURCE_DIR}
      describe --tags --always --abbrev=7 --match "v[0-9]*" --exclude "*-*"
      OUTPUT_VARIABLE _described ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  endif()
endif()
if(_described STREQUAL "" AND EXISTS ${PROJECT_SOURCE_DIR}/.git_archival.txt)
  file(STRINGS ${PROJECT_SOURCE_DIR}/.git_archival.txt _lines)
  foreach(_line IN LISTS _lines)
    if(_line MATCHES "^describe: (v[0-9].*)$")
      set(_described ${CMAKE_MATCH_1})
    elseif(_line MATCHES "^commit: (.......)" AND _described STREQUAL "")
      set(_described ${CMAKE_MATCH_1})
    endif()
  endforeach()
endif()

if(_described MATCHES "^v([0-9.]+)$")
  set(ONEPROXY_VERSION ${CMAKE_MATCH_1})
elseif(_described MATCHES "^v([0-9.]+)-([0-9]+)-(g[0-9a-f]+)$")
  set(ONEPROXY_VERSION ${CMAKE_MATCH_1}+${CMAKE_MATCH_2}.${CMAKE_MATCH_3})
elseif(_described MATCHES "^[0-9a-f]+$")
  set(ONEPROXY_VERSION ${PROJECT_VERSION}+g${_described})
else()
  set(ONEPROXY_VERSION ${PROJECT_VERSION})
endif()
string(REGEX MATCH "^[0-9.]+" ONEPROXY_VERSION_NUMBERS ${ONEPROXY_VERSION})
set(ONEPROXY_VERSION ${ONEPROXY_VERSION} CACHE INTERNAL "Version of this build, for scripts")
