# Finds OpenCV's networks alone (Debian: libopencv-dnn-dev); OpenCV's own CMake file wants all of its modules.
# Target OpenCvDnn::OpenCvDnn.
find_path(OpenCvDnn_INCLUDE_DIR opencv2/dnn.hpp PATH_SUFFIXES opencv4)
find_library(OpenCvDnn_LIBRARY opencv_dnn)
find_library(OpenCvDnn_CORE_LIBRARY opencv_core)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenCvDnn
  REQUIRED_VARS OpenCvDnn_LIBRARY OpenCvDnn_CORE_LIBRARY OpenCvDnn_INCLUDE_DIR)
if(OpenCvDnn_FOUND AND NOT TARGET OpenCvDnn::OpenCvDnn)
  add_library(OpenCvDnn::OpenCvDnn INTERFACE IMPORTED)
  target_include_directories(OpenCvDnn::OpenCvDnn SYSTEM INTERFACE ${OpenCvDnn_INCLUDE_DIR})
  target_link_libraries(OpenCvDnn::OpenCvDnn INTERFACE ${OpenCvDnn_LIBRARY} ${OpenCvDnn_CORE_LIBRARY})
endif()
mark_as_advanced(OpenCvDnn_INCLUDE_DIR OpenCvDnn_LIBRARY OpenCvDnn_CORE_LIBRARY)
