# Finds ONNX Runtime's C header and shared library:
#   ONNXRUNTIME_ROOT (CMake or environment variable): an official release, unpacked
#   the system's (Debian 13: libonnxruntime-dev)
#   npm's, as scripts/bootstrap installs them under .deps/
# The library is loaded when it is first needed, so that the programs also run where it is absent. It is copied to lib/
# beside bin/, where they look first.
set(_npm ${PROJECT_SOURCE_DIR}/.deps/node_modules)
file(GLOB _npm_headers ${_npm}/com.github.asus4.onnxruntime/Plugins/*/*.xcframework/*/onnxruntime.framework/Headers
  ${_npm}/com.github.asus4.onnxruntime/Plugins/*/*.xcframework/*/*/onnxruntime.framework/Headers)
find_path(OnnxRuntime_INCLUDE_DIR onnxruntime_c_api.h
  HINTS ${ONNXRUNTIME_ROOT} $ENV{ONNXRUNTIME_ROOT} PATH_SUFFIXES include include/onnxruntime include/onnxruntime/core/session
  PATHS ${_npm_headers})
if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(_npm_arch arm64)
else()
  set(_npm_arch x64)
endif()
find_library(OnnxRuntime_LIBRARY NAMES onnxruntime libonnxruntime.so.1
  HINTS ${ONNXRUNTIME_ROOT} $ENV{ONNXRUNTIME_ROOT} PATH_SUFFIXES lib
  PATHS ${_npm}/onnxruntime-node/bin/napi-v6/linux/${_npm_arch})
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OnnxRuntime REQUIRED_VARS OnnxRuntime_LIBRARY OnnxRuntime_INCLUDE_DIR)
if(OnnxRuntime_FOUND)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
  get_filename_component(_real ${OnnxRuntime_LIBRARY} REALPATH)
  configure_file(${_real} ${PROJECT_BINARY_DIR}/lib/libonnxruntime.so.1 COPYONLY)
  add_library(OnnxRuntime::Headers INTERFACE IMPORTED)
  target_include_directories(OnnxRuntime::Headers SYSTEM INTERFACE ${OnnxRuntime_INCLUDE_DIR})
endif()
mark_as_advanced(OnnxRuntime_INCLUDE_DIR OnnxRuntime_LIBRARY)
