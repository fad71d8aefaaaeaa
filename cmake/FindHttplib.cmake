# Finds cpp-httplib as a library, with OpenSSL, zlib and brotli (Debian: libcpp-httplib-dev): target Httplib::Httplib.
find_path(Httplib_INCLUDE_DIR httplib.h)
find_library(Httplib_LIBRARY cpp-httplib)
find_package(OpenSSL QUIET)
find_package(ZLIB QUIET)
find_path(Httplib_BROTLI_INCLUDE_DIR brotli/decode.h)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Httplib REQUIRED_VARS Httplib_LIBRARY Httplib_INCLUDE_DIR Httplib_BROTLI_INCLUDE_DIR
  OPENSSL_FOUND ZLIB_FOUND)
if(Httplib_FOUND AND NOT TARGET Httplib::Httplib)
  add_library(Httplib::Httplib INTERFACE IMPORTED)
  target_include_directories(Httplib::Httplib SYSTEM INTERFACE ${Httplib_INCLUDE_DIR})
  # The library was built with these; the classes' layouts depend on them.
  target_compile_definitions(Httplib::Httplib INTERFACE
    CPPHTTPLIB_OPENSSL_SUPPORT CPPHTTPLIB_ZLIB_SUPPORT CPPHTTPLIB_BROTLI_SUPPORT)
  target_link_libraries(Httplib::Httplib INTERFACE ${Httplib_LIBRARY} OpenSSL::SSL OpenSSL::Crypto ZLIB::ZLIB)
endif()
mark_as_advanced(Httplib_INCLUDE_DIR Httplib_LIBRARY Httplib_BROTLI_INCLUDE_DIR)
