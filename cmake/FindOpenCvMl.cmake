# Finds OpenCV's machine learning alone (Debian: libopencv-ml-dev); OpenCV's own CMake file wants all of its modules.
# Target OpenCvMl::OpenCvMl.
find_path(OpenCvMl_INCLUDE_DIR opencv2/ml.hpp PATH_SUFFIXES opencv4)
find_library(OpenCvMl_LIBRARY opencv_ml)
find_library(OpenCvMl_CORE_LIBRARY opencv_core)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenCvMl
  REQUIRED_VARS OpenCvMl_LIBRARY OpenCvMl_CORE_LIBRARY OpenCvMl_INCLUDE_DIR)
if(OpenCvMl_FOUND AND NOT TARGET OpenCvMl::OpenCvMl)
  add_library(OpenCvMl::OpenCvMl INTERFACE IMPORTED)
  target_include_directories(OpenCvMl::OpenCvMl SYSTEM INTERFACE ${OpenCvMl_INCLUDE_DIR})
  target_link_libraries(OpenCvMl::OpenCvMl INTERFACE ${OpenCvMl_LIBRARY} ${OpenCvMl_CORE_LIBRARY})
endif()
mark_as_advanced(OpenCvMl_INCLUDE_DIR OpenCvMl_LIBRARY OpenCvMl_CORE_LIBRARY)
