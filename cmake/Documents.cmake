# Documents that are made from the program: the targets `reference` (docs/reference, kept in the repository) and `docs`
# (the C++ API in <build>/docs/html; needs doxygen).

# What each program says about itself; tests/cli/reference_test.cpp compares.
set(_write_reference "")
foreach(program oneproxy oneproxy-train oneproxy-agent)
  if(TARGET ${program})
    list(APPEND _write_reference
      COMMAND ${program} --reference > ${PROJECT_SOURCE_DIR}/docs/reference/${program}.md)
  endif()
endforeach()
add_custom_target(reference ${_write_reference} COMMENT "docs/reference" VERBATIM)

find_program(ONEPROXY_DOXYGEN doxygen)
if(ONEPROXY_DOXYGEN)
  configure_file(docs/Doxyfile.in ${PROJECT_BINARY_DIR}/Doxyfile @ONLY)
  add_custom_target(docs COMMAND ${ONEPROXY_DOXYGEN} ${PROJECT_BINARY_DIR}/Doxyfile
    COMMENT "${PROJECT_BINARY_DIR}/docs/html" VERBATIM)
else()
  message(STATUS "C++ API as pages: off (needs doxygen)")
endif()
