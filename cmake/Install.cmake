# `cmake --install`, find_package(oneproxy), and packages by CPack.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(config ${CMAKE_INSTALL_LIBDIR}/cmake/oneproxy)

set(rooms base space measure store predict adapt search pipeline data report reproduce)
list(TRANSFORM rooms PREPEND oneproxy_)
set_target_properties(oneproxy_core PROPERTIES EXPORT_NAME core)
install(TARGETS ${rooms} oneproxy_core EXPORT oneproxy)
install(EXPORT oneproxy DESTINATION ${config} NAMESPACE oneproxy:: FILE oneproxyTargets.cmake)
install(DIRECTORY include/oneproxy DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} PATTERN train EXCLUDE)
install(DIRECTORY models DESTINATION ${CMAKE_INSTALL_DATADIR}/oneproxy)
install(FILES LICENSE CITATION.cff docs/third_party.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
# What exactly the programs are linked with, as found when they are installed or packed.
set(programs "")
foreach(program oneproxy oneproxy-agent oneproxy-mpi oneproxy-train)
  if(TARGET ${program})
    string(APPEND programs " \"$<TARGET_FILE:${program}>\"")
  endif()
endforeach()
install(CODE "
  set(folder \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DOCDIR}\")
  file(MAKE_DIRECTORY \"\${folder}\")
  execute_process(COMMAND bash \"${PROJECT_SOURCE_DIR}/scripts/linked-libraries\"${programs}
    OUTPUT_FILE \"\${folder}/linked-libraries.tsv\" RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR \"scripts/linked-libraries failed\")
  endif()")

# The libraries are static, so whoever links them finds what they use, in the same way.
foreach(part yaml-cpp Xnnpack OpenCvDnn OpenCvMl Pqxx Httplib)
  if(${part}_FOUND)
    list(APPEND ONEPROXY_OPTIONAL ${part})
  endif()
endforeach()
configure_package_config_file(cmake/oneproxyConfig.cmake.in ${PROJECT_BINARY_DIR}/oneproxyConfig.cmake
  INSTALL_DESTINATION ${config})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/oneproxyConfigVersion.cmake
  VERSION ${ONEPROXY_VERSION_NUMBERS} COMPATIBILITY SameMinorVersion)
file(GLOB finders cmake/Find*.cmake)
install(FILES ${PROJECT_BINARY_DIR}/oneproxyConfig.cmake ${PROJECT_BINARY_DIR}/oneproxyConfigVersion.cmake ${finders}
  DESTINATION ${config})

set(CPACK_PACKAGE_VERSION ${ONEPROXY_VERSION})
set(CPACK_PACKAGE_VENDOR "The oneproxy developers")
set(CPACK_PACKAGE_CONTACT "The oneproxy developers <oneproxy@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Networks worth deploying on a device, from a few dozen measurements there")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_GENERATOR "DEB;TGZ")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "python3, python3-numpy")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
include(CPack)
