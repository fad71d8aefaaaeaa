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
find_package(OpenCvDnn QUIET)  # optional
find_package(OpenCvMl QUIET)  # optional: random forests of the kernel predictor
find_package(Httplib QUIET)  # optional: agents
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
set(MPI_CXX_SKIP_MPICXX TRUE)  # the C interface is used
if(ONEPROXY_MPI STREQUAL AUTO)
  find_package(MPI QUIET COMPONENTS CXX)
  set(ONEPROXY_MPI ${MPI_CXX_FOUND})
  if(NOT ONEPROXY_MPI)
    message(STATUS "Fleets on many machines: off (needs MPI, e.g. libopenmpi-dev)")
  endif()
elseif(ONEPROXY_MPI)
  find_package(MPI REQUIRED COMPONENTS CXX)
endif()
# Debian's own Python first: that is where scripts/bootstrap --python puts numpy. -DPython_EXECUTABLE=... takes another.
if(ONEPROXY_PYTHON STREQUAL AUTO OR ONEPROXY_PYTHON)
  find_program(Python_EXECUTABLE python3 PATHS /usr/bin NO_DEFAULT_PATH)
  set(PYBIND11_FINDPYTHON ON)
  find_package(Python QUIET COMPONENTS Interpreter Development.Module)
  find_package(pybind11 QUIET)
  if(NOT pybind11_FOUND OR NOT Python_Development.Module_FOUND)
    if(NOT ONEPROXY_PYTHON STREQUAL AUTO)
      message(FATAL_ERROR "The Python module needs pybind11 and Python's headers (scripts/bootstrap --python)")
    endif()
    message(STATUS "Python module: off (needs pybind11 and Python's headers)")
    set(ONEPROXY_PYTHON OFF)
  else()
    set(ONEPROXY_PYTHON ON)
  endif()
endif()
if(ONEPROXY_TESTS)
  find_package(GTest REQUIRED)
endif()
if(ONEPROXY_BENCH)
  find_package(benchmark REQUIRED)
endif()
