# Finds XNNPACK and its thread pool (Debian: libxnnpack-dev, libpthreadpool-dev): target Xnnpack::Xnnpack.
# Xnnpack_VERSION is the Debian package's, since XNNPACK has no releases; "" where another way put it here.
find_path(Xnnpack_INCLUDE_DIR xnnpack.h)
find_path(Xnnpack_POOL_INCLUDE_DIR pthreadpool.h)
find_library(Xnnpack_LIBRARY XNNPACK)
find_library(Xnnpack_POOL_LIBRARY pthreadpool)
execute_process(COMMAND dpkg-query -W -f "\${Version}" libxnnpack-dev
  OUTPUT_VARIABLE Xnnpack_VERSION ERROR_QUIET RESULT_VARIABLE _status)
if(NOT _status EQUAL 0)
  set(Xnnpack_VERSION "")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Xnnpack
  REQUIRED_VARS Xnnpack_LIBRARY Xnnpack_POOL_LIBRARY Xnnpack_INCLUDE_DIR Xnnpack_POOL_INCLUDE_DIR
  VERSION_VAR Xnnpack_VERSION)
if(Xnnpack_FOUND AND NOT TARGET Xnnpack::Xnnpack)
  add_library(Xnnpack::Xnnpack INTERFACE IMPORTED)
  target_include_directories(Xnnpack::Xnnpack SYSTEM INTERFACE ${Xnnpack_INCLUDE_DIR} ${Xnnpack_POOL_INCLUDE_DIR})
  target_link_libraries(Xnnpack::Xnnpack INTERFACE ${Xnnpack_LIBRARY} ${Xnnpack_POOL_LIBRARY})
endif()
mark_as_advanced(Xnnpack_INCLUDE_DIR Xnnpack_POOL_INCLUDE_DIR Xnnpack_LIBRARY Xnnpack_POOL_LIBRARY)
