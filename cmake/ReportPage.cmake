# The page that a run ends with (web/): bundled with ECharts by esbuild, both from npm in the versions of
# web/package-lock.json, and compiled into oneproxy_report. Without npm, or where it cannot fetch them, the build goes on
# without the page and says so.
set(ONEPROXY_PAGE AUTO CACHE STRING "Build the report's page (needs npm): AUTO, ON or OFF")

# Puts web/'s packages into <build>/web/node_modules. RESULT: "" or what went wrong.
function(_oneproxy_page_packages result)
  set(web ${PROJECT_SOURCE_DIR}/web)
  set(folder ${PROJECT_BINARY_DIR}/web)
  set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${web}/package-lock.json)
  set(${result} "" PARENT_SCOPE)
  file(SHA256 ${web}/package-lock.json wanted)
  set(present "")
  if(EXISTS ${folder}/packages.sha256)
    file(READ ${folder}/packages.sha256 present)
  endif()
  if(present STREQUAL wanted)
    return()
  endif()
  file(COPY ${web}/package.json ${web}/package-lock.json DESTINATION ${folder})
  execute_process(COMMAND ${ONEPROXY_NPM} ci --ignore-scripts --no-audit --no-fund --fetch-retries=1
    WORKING_DIRECTORY ${folder} TIMEOUT 240 RESULT_VARIABLE status
    OUTPUT_FILE ${folder}/npm.log ERROR_FILE ${folder}/npm.log)
  if(status EQUAL 0)
    file(WRITE ${folder}/packages.sha256 ${wanted})
  else()
    set(${result} "npm could not fetch its packages; its output is in ${folder}/npm.log" PARENT_SCOPE)
  endif()
endfunction()

function(oneproxy_report_page target)
  if(NOT ONEPROXY_PAGE)
    return()
  endif()
  find_program(ONEPROXY_NPM npm)
  find_program(ONEPROXY_NODE NAMES node nodejs)
  if(ONEPROXY_NPM AND ONEPROXY_NODE)
    _oneproxy_page_packages(problem)
  else()
    set(problem "npm and node were not found")
  endif()
  if(problem)
    if(ONEPROXY_PAGE STREQUAL AUTO)
      message(STATUS "Page of the report: off (${problem})")
      return()
    endif()
    message(FATAL_ERROR "ONEPROXY_PAGE=${ONEPROXY_PAGE}: ${problem}")
  endif()
  set(folder ${PROJECT_BINARY_DIR}/web)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/web/src/*)
  add_custom_command(OUTPUT ${folder}/page.cpp BYPRODUCTS ${folder}/page.html
    COMMAND ${ONEPROXY_NODE} ${PROJECT_SOURCE_DIR}/web/build.mjs page.html page.cpp
    WORKING_DIRECTORY ${folder} DEPENDS ${PROJECT_SOURCE_DIR}/web/build.mjs ${sources} ${folder}/packages.sha256
    COMMENT "Bundling the page of the report" VERBATIM)
  target_sources(${target} PRIVATE ${folder}/page.cpp)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src/report)
  target_compile_definitions(${target} PRIVATE ONEPROXY_HAS_PAGE)
endfunction()
