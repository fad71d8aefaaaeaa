# Everything from outside. Names of the Debian packages stand in scripts/bootstrap.

find_package(Threads REQUIRED)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(Protobuf REQUIRED)
find_package(ONNX REQUIRED)
find_package(dnnl REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)  # oneDNN's threads
find_package(Xnnpack QUIET)  # optional
find_package(Pqxx QUIET)  # optional: stores on a PostgreSQL server
find_package(yaml-cpp QUIET)  # optional: spaces described in files
find_package(OnnxRuntime)  # optional; see FindOnnxRuntime.cmake for where it is looked for
if(ONEPROXY_TRAIN STREQUAL AUTO)
  find_package(Torch QUIET)
  find_package(ZLIB QUIET)
  if(Torch_FOUND AND ZLIB_FOUND)
    set(ONEPROXY_TRAIN ON)
  else()
    message(STATUS "Training of supernets: off (needs LibTorch and zlib)")
    set(ONEPROXY_TRAIN OFF)
  endif()
elseif(ONEPROXY_TRAIN)
  find_package(Torch REQUIRED)
  find_package(ZLIB REQUIRED)
endif()
if(ONEPROXY_TESTS)
  find_package(GTest REQUIRED)
endif()
if(ONEPROXY_BENCH)
  find_package(benchmark REQUIRED)
endif()
